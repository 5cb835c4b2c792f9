/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mkpages - makes a page state in itself, says where, and waits until its input closes.
 *
 *	mkpages --list		the states and operations, with why one cannot be made here
 *	mkpages --bpf		exit 0 where the BPF reader must work; else 77 and why it need not
 *	mkpages STATE		prints "pid=… addr=0x… len=… page=0x… size=…", waits for end of file
 *
 * STATE is "base" or "base+op+op@N…", see src/pagestate/pagestate.h.  Exit: 0, 2 usage, 77 not possible here.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "need_bpf.h"
#include "pagestate/pagestate_factory.h"

static void list(void)
{
	char why[PAGESTATE_WHY];

	puts("# states");
	for (unsigned i = 0; i < PAGESTATES; i++) {
		if (!pagestate_factory_row(i))
			continue;
		printf("%-18s %s", pagestate_factory_row(i)->name,
		       pagestate_factory_row(i)->text);
		if (pagestate_factory_available(i, why))
			printf(" [not here: %s]", why);
		putchar('\n');
	}
	puts("# operations");
	for (unsigned i = 0; i < PAGESTATE_OPS; i++)
		printf("+%-17s %s\n", pagestate_op_row(i)->name,
		       pagestate_op_row(i)->text);
}

int main(int argc, char **argv)
{
	const char *excuse;
	struct pagestate s;
	char buf[256];
	int err;

	if (argc == 2 && !strcmp(argv[1], "--list")) {
		list();
		return 0;
	}
	if (argc == 2 && !strcmp(argv[1], "--bpf")) {
		excuse = bpf_excuse();
		if (excuse)
			puts(excuse);
		return excuse ? 77 : 0;
	}
	if (argc != 2 || argv[1][0] == '-') {
		fprintf(stderr, "usage: mkpages --list | --bpf | STATE\n");
		return 2;
	}
	err = pagestate_factory_make(&s, argv[1], false);
	if (err) {
		fprintf(stderr, "mkpages: %s: %s\n", argv[1], s.why);
		return err == -EINVAL ? 2 : err == -EOPNOTSUPP ? 77 : 1;
	}
	printf("pid=%d addr=%p len=%zu page=%p size=%zu\n", getpid(), (void *)s.addr,
	       s.len, (void *)s.page, s.leaf);
	fflush(stdout);
	while (read(0, buf, sizeof(buf)) > 0)
		;
	pagestate_factory_drop(&s);
	return 0;
}
