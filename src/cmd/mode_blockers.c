/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --blockers: what of an area of physical memory would not move now, why, and whose it is. */
#include "cmd/session.h"

#include <errno.h>
#include <stdlib.h>

#include "live/live_area.h"
#include "live/procs.h"
#include "render/render_blockers.h"
#include "report/blockers.h"
#include "report/collect.h"

struct blockers_scan {
	struct session *s;
	struct blockers b;
	struct live_area area;
	const struct process *process; /* whose entries are searched */
	size_t unread;
};

static int blockers_hit(void *ctx, const struct raw_page *raw, size_t n)
{
	struct blockers_scan *scan = ctx;
	const struct kernel_evidence *ev = &scan->s->source->machine->kernel;
	u64 huge = ev->pmd_size / kernel_page_size(ev);
	int err = 0;

	for (size_t i = 0; i < n && !err; i++) {
		u64 frames = raw[i].level == RAW_LEVEL_PMD   ? huge
			     : raw[i].level == RAW_LEVEL_PUD ? huge * huge
							     : 1;

		err = blockers_map(&scan->b, scan->process->pid, scan->process->comm,
				   raw[i].addr, raw[i].pfn, raw[i].pages * frames);
	}
	return err;
}

/* Finds which of the blocking frames @pid maps. */
static int blockers_search(struct blockers_scan *scan, pid_t pid)
{
	struct source *src = scan->s->source;
	const struct blockers *b = &scan->b;
	struct process p;
	int err = src->ops->open(src, pid, &p);

	if (err)
		return err;
	scan->process = &p;
	err = src->ops->find(src, pid, b->run[0].pfn,
			     b->run[b->nruns - 1].pfn + b->run[b->nruns - 1].pages,
			     blockers_hit, scan);
	src->ops->release(src, pid);
	blockers_sort(&scan->b);
	return err;
}

/* Searches processes until all that is mapped has an owner. */
static int blockers_owners(struct blockers_scan *scan)
{
	struct process *list = NULL;
	size_t n = 0;
	int err = scan->b.unowned && scan->s->source->ops->find
			  ? procs_list(NULL, &list, &n)
			  : 0;

	blockers_sort(&scan->b);
	for (size_t i = 0; i < n && scan->b.unowned && err != -ENOMEM; i++) {
		if (list[i].kernel_thread)
			continue;
		err = blockers_search(scan, list[i].pid);
		if (err == -ENOTSUP)
			break;
		scan->unread += err && err != -ESRCH && err != -ENXIO && err != -ENOENT;
	}
	free(list);
	return err == -ENOMEM ? err : 0;
}

static void blockers_holders(struct session *s, struct holders **ret)
{
	if (!s->source->ops->holders || s->source->ops->holders(s->source, NULL, 0, ret))
		*ret = NULL;
	else if (!(*ret)->complete)
		diag_add(&s->diag, DIAG_INCOMPLETE, "holders: %s", (*ret)->why);
}

/* Names what could not be read, and returns the status that scripts ask for. */
static int blockers_status(struct blockers_scan *scan)
{
	struct session *s = scan->s;
	const u64 *n = scan->b.frames;
	int status;

	if (n[FRAME_UNKNOWN])
		diag_add(&s->diag, DIAG_INCOMPLETE,
			 "of %llu frames it is not known whether they would move",
			 (unsigned long long)n[FRAME_UNKNOWN]);
	if (scan->unread)
		diag_add(&s->diag, DIAG_INCOMPLETE,
			 "%zu processes could not be read: not every owner is known",
			 scan->unread);
	session_missing(s, &s->diag);
	status = session_exit(s, 0);
	return n[FRAME_BLOCKS] && status != EXIT_FAILED ? EXIT_FOUND : status;
}

int mode_blockers(struct session *s)
{
	struct source *src = s->source;
	struct blockers_scan scan = { .s = s };
	struct holders *holders = NULL;
	char why[300];
	int err;

	if (s->opt.replay || !src->ops->frames)
		return session_fail(s, EXIT_USAGE,
				    "--blockers looks at this machine only");
	err = live_area_find(src->machine, s->opt.value[OPTION_BLOCKERS], &scan.area, why,
			     sizeof(why));
	if (err)
		return session_fail(s, err == -EINVAL ? EXIT_USAGE : EXIT_FAILED,
				    "--blockers: %s", why);
	if (!src->machine->evidence[SOURCE_KPAGEFLAGS].ok)
		return session_fail(s, EXIT_FAILED, "%s",
				    src->machine->evidence[SOURCE_KPAGEFLAGS].why);
	blockers_holders(s, &holders);
	blockers_init(&scan.b, s->has_model ? &s->model : src->machine->page.kernel,
		      &src->machine->page, holders);
	for (unsigned i = 0; i < scan.area.n && !err; i++)
		err = src->ops->frames(src, scan.area.range[i].start,
				       scan.area.range[i].end, blockers_add, &scan.b);
	if (!err)
		err = blockers_owners(&scan);
	if (!err)
		err = render_blockers(&s->opt.render, s->opt.value[OPTION_BLOCKERS],
				      &scan.b, src->machine);
	err = err ? session_exit(s, err) : blockers_status(&scan);
	blockers_deinit(&scan.b);
	return err;
}
