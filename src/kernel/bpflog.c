/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/bpflog.h"

#include <stdio.h>
#include <string.h>

#include "lib/text.h"
#include "lib/pure.h"

#define BPFLOG_BEGIN "-- BEGIN PROG LOAD LOG --\n"
#define BPFLOG_END "-- END PROG LOAD LOG --"

/* The lines of print_verification_stats() and around them, kernel/bpf/verifier.c. */
static const char bpflog_statistics[] =
	"processed |verification time |stack depth |" BPFLOG_END;

static void bpflog_keep(struct bpflog *l, const char *line, size_t len)
{
	size_t have = strlen(l->line);

	snprintf(l->line + have, sizeof(l->line) - have, "%.*s", (int)MIN(len, 1000U),
		 line);
	for (char *c = l->line; *c; c++)
		if ((u8)*c < ' ')
			*c = ' ';
}

/* Extracts the verdict from the log at @text; @message names the program. */
static void bpflog_verdict(struct bpflog *l, const char *message, const char *text)
{
	const char *name = strchr(message, '\''), *line = text, *last = NULL;
	const char *name_end = name ? strchr(name + 1, '\'') : NULL;
	size_t len, last_len = 0;

	for (; *line; line += len + (line[len] == '\n')) {
		len = strcspn(line, "\n");
		if (len && !text_begins(line, bpflog_statistics)) {
			last = line;
			last_len = len;
		}
	}
	if (!last)
		return;
	l->verifier = true;
	l->line[0] = '\0';
	if (name_end && name_end < text) {
		bpflog_keep(l, name + 1, (size_t)(name_end - name - 1));
		bpflog_keep(l, ": ", 2);
	}
	bpflog_keep(l, last, last_len);
}

void bpflog_add(struct bpflog *l, const char *message)
{
	const char *log = strstr(message, BPFLOG_BEGIN);

	if (l->verifier)
		return;
	if (log) {
		bpflog_verdict(l, message, log + strlen(BPFLOG_BEGIN));
	} else if (!l->line[0]) {
		if (!strncmp(message, "libbpf: ", 8))
			message += 8;
		bpflog_keep(l, message, strcspn(message, "\n"));
	}
}
