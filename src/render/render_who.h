/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * render_who.h - --who as text and JSON.
 *
 * Knows: layout.  Never: how mappers and holders were found.  Owns: nothing.
 */
#ifndef GUPINFO_RENDER_WHO_H
#define GUPINFO_RENDER_WHO_H

#include "page/holders.h"
#include "render/render.h"

/* One entry that maps the page. */
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
	const struct holders_ledger *ledger; /* NULL: holders were not looked for */
	const struct kernel *kernel;
	const struct source_machine *machine;
	size_t processes; /* looked at */
	size_t unread;    /* that could not be read */
};

/* Returns 0 or -errno. */
int render_who(const struct render_options *opt, const struct render_who *who, bool json);

#endif
