/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/collect.h"

#include <errno.h>

#include "lib/pure.h"

static int look_row(void *ctx, const struct report_row *row)
{
	struct collect_look *l = ctx;

	l->pfn = row->run.pfn;
	l->page = *report_page(row);
	l->verdicts = *row->run.class->verdicts;
	l->mergeable = row->vma->flags & VF(MERGEABLE) && l->page.kind != PAGE_KSM;
	return 1;
}

int collect_look(struct source *src, pid_t pid, u64 addr, const struct kernel *model,
		 bool holders, struct collect_look *ret)
{
	static const struct report_view view = { .row = look_row };
	struct collect_range range = { .start = addr, .end = addr + 1 };
	struct collect_options opt = { .pids = &pid,
				       .npids = 1,
				       .ranges = &range,
				       .nranges = 1,
				       .each = true,
				       .holders = holders,
				       .holes = true,
				       .model = model };
	int err = collect_run(src, &opt, &view, ret, NULL);

	return err > 0 ? 0 : err ? err : -ENOENT;
}
