/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --all: every process, one row each. */
#include "cmd/session.h"

#include <stdlib.h>

static bool all_has_memory(const struct session *s, const struct process *p)
{
	return !p->kernel_thread;
}

int mode_all_processes(struct session *s)
{
	return s->opt.npids ? 0 : session_processes(s, NULL, all_has_memory);
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
