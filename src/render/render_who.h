/* SPDX-License-Identifier: GPL-2.0-or-later */
/* render_who.h - --who as text and JSON. */
#pragma once

#include "page/holders.h"
#include "render/render.h"

/* An entry that maps the page, with what was judged of it. */
struct render_who_map {
	struct process process;
	struct vma vma;
	struct page_run run;
};

struct render_who {
	u64 pfn;
	const struct render_who_map *map;
	size_t nmaps;
	bool filtered; /* there are other entries, for which --filter did not hold */
	/* of a frame that no entry was found for: what it is, NULL: not known, and in words */
	const char *frame, *frame_text;
	const char *owner; /* lines on who allocated it, untrusted; NULL: not noted */
	const struct holders_ledger *ledger; /* NULL: nobody looked for holders */
	struct report_head head;
	size_t processes; /* searched */
	size_t unread;    /* could not be read */
};

/* As a document of all, unless columns of the entries were chosen. */
int render_who(const struct render_options *opt, const struct render_who *who);
