/* SPDX-License-Identifier: GPL-2.0-or-later */
/* render_who.h - --who as text and JSON. */
#ifndef GUPINFO_RENDER_WHO_H
#define GUPINFO_RENDER_WHO_H

#include "page/holders.h"
#include "render/render.h"

/* An entry that maps the page. */
struct render_who_map {
	pid_t pid;
	char comm[16]; /* untrusted */
	struct page_run page;
	char perms[5];
	char name[VMA_NAME_MAX]; /* of the mapping; untrusted */
};

struct render_who {
	u64 pfn;
	const struct render_who_map *map;
	size_t nmaps;
	const struct holders_ledger *ledger; /* NULL: nobody looked for holders */
	const struct kernel *kernel;
	const struct source_machine *machine;
	size_t processes; /* searched */
	size_t unread;    /* could not be read */
};

int render_who(const struct render_options *opt, const struct render_who *who, bool json);

#endif
