/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --all: every process, one row each. */
#include "live/procs.h"
#include "cmd/session.h"

#include <stdlib.h>

int mode_all_processes(struct session *s)
{
	struct options *opt = &s->opt;
	struct process *list = NULL;
	size_t n = 0;
	int err;

	if (opt->npids)
		return 0;
	err = procs_list(NULL, &list, &n);
	for (size_t i = 0; i < n && !err; i++)
		if (!list[i].kernel_thread)
			err = options_add_pid(opt, list[i].pid);
	free(list);
	return err;
}

static bool all_is_of_process(const struct diag_message *m)
{
	return m->class == DIAG_INCOMPLETE && m->pid;
}

void mode_all_messages(struct session *s)
{
	struct diag *d = &s->diag;
	unsigned failed = d->dropped, kept = 0;

	for (unsigned i = 0; i < d->n; i++)
		failed += all_is_of_process(&d->message[i]);
	if (failed <= 3)
		return;
	for (unsigned i = 0; i < d->n; i++) {
		if (all_is_of_process(&d->message[i]))
			free(d->message[i].text);
		else
			d->message[kept++] = d->message[i];
	}
	d->n = kept;
	d->dropped = 0;
	diag_add(
		d, DIAG_INCOMPLETE,
		"%u of %u processes could not be read completely: they ended, or gupinfo may not read them",
		failed, s->opt.npids);
}

int mode_all(struct session *s)
{
	int err = mode_all_processes(s);

	return err ? session_exit(s, err) : session_view(s, &render_all_view, false);
}
