/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --dmesg: the kernel's own dumps of pages, explained. */
#include "cmd/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report/dmesg.h"

#define DMESG_LINE 4096 /* longer lines are cut */

/* Finds the rules: --model, the release of the log, or those of the newest kernel. */
static int dmesg_model(struct session *s, const struct dmesg *d, struct kernel *ret)
{
	struct kernel_evidence ev;
	const char *why = "";
	char release[16] = "";

	kernel_evidence_init(&ev);
	strcpy(ev.arch, "x86_64");
	ev.pmd_size = 2 << 20;
	if (s->opt.model)
		return session_model(s, &ev, ret);
	snprintf(release, sizeof(release), "%.*s",
		 (int)MIN(strspn(d->release, "0123456789."), sizeof(release) - 1),
		 d->release);
	if (release[0] && !kernel_resolve_model(&ev, release, ret, &why))
		return 0;
	diag_add(
		&s->diag, DIAG_NOTE,
		"the log does not begin with the kernel's release: judged by the rules of the newest; --model chooses");
	return kernel_resolve_model(&ev, KERNEL_NEWEST, ret, &why)
		       ? session_fail(s, EXIT_FAILED, "%s", why)
		       : 0;
}

/* Reads lines, of any length, to the end. */
static int dmesg_read(FILE *in, struct dmesg *d)
{
	char line[DMESG_LINE];
	int err = 0;

	while (!err && fgets(line, sizeof(line), in)) {
		size_t len = strlen(line);

		if (len && line[len - 1] == '\n')
			line[len - 1] = '\0';
		else
			for (int c = 0; c != '\n' && c != EOF;)
				c = getc(in);
		err = dmesg_line(d, line);
	}
	return err ? err : ferror(in) ? -EIO : dmesg_end(d);
}

int mode_dmesg(struct session *s)
{
	const char *path = s->opt.value[OPTION_DMESG];
	FILE *in = strcmp(path, "-") ? fopen(path, "re") : stdin;
	struct source_machine machine = { .kernel.page_size = KERNEL_PAGE_LEAST };
	struct dmesg d = { 0 };
	struct kernel kernel;
	const struct report_head head = { &kernel, &machine };
	int err;

	if (!in)
		return session_fail(s, EXIT_FAILED, "cannot read %s: %m", path);
	session_confine(s);
	err = dmesg_read(in, &d);
	if (in != stdin)
		fclose(in);
	if (err) {
		err = session_exit(s, err);
	} else {
		err = dmesg_model(s, &d, &kernel);
		machine.page.kernel = &kernel;
		machine.kernel = kernel.ev;
		if (!err)
			err = session_exit(s, render_dmesg(&s->opt.render, &d, &head));
	}
	dmesg_deinit(&d);
	return err;
}
