/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/escape.h"
#include "render/rows.h"
#include "report/blockers.h"

#include <errno.h>
#include <stdlib.h>

/* "32768 frames: 30101 free, 2650 would move, 17 would not" */
static void blockers_sums(FILE *out, const char *area, const struct blockers *b)
{
	const u64 *n = b->frames;
	u64 all = 0;

	for (unsigned i = FRAME_ABSENT + 1; i < FRAME_STATES; i++)
		all += n[i];
	if (b->inode)
		fprintf(out, "page cache of ");
	fprintf(out, "%s: %llu frames: %llu free, %llu would move, %llu would not",
		ESCAPED(area, 400), all, n[FRAME_FREE], n[FRAME_MOVES], n[FRAME_BLOCKS]);
	if (n[FRAME_UNKNOWN])
		fprintf(out, ", %llu unknown", n[FRAME_UNKNOWN]);
	fputc('\n', out);
}

int render_blockers(const struct render_options *opt, const char *area,
		    struct blockers *b, const struct source_machine *m)
{
	const struct report_head head = { b->kernel, m };
	bool people = !opt->json && opt->format == TABLE_TEXT && !opt->noheadings;
	struct blockers_row *list = NULL;
	size_t n = 0;
	int err = blockers_rows(b, &list, &n);

	if (err)
		return err;
	if (people)
		blockers_sums(opt->out, area, b);
	if (n || !people)
		err = rows_items(opt, COLUMNS_BLOCKER, &head, list, sizeof(*list), n);
	free(list);
	return err ? err : ferror(opt->out) ? -EIO : 0;
}
