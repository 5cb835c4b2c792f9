/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --who: every process that maps a page, and every other holder. */
#include "cmd/session.h"

#include <errno.h>
#include <stdlib.h>

#include "gup/frame.h"
#include "lib/array.h"
#include "page/holders.h"
#include "live/page_owner.h"
#include "report/collect.h"
#include "render/render_who.h"

struct who {
	struct session *s;
	const struct source_machine *machine;
	u64 base; /* bytes of a base page */
	u64 pfn;
	struct collect_range *hit; /* entries of the process in work that map the page */
	size_t nhits, hit_room;
	struct render_who_map *map;
	size_t nmaps, room;
	struct verdict_cache *classes; /* of ->map; those of a collection go with it */
	bool filtered; /* --filter did not hold for some entry that maps the page */
};

/* Keeps @row's page when it is or holds the frame: of a run the one leaf. */
static int who_raw(void *ctx, const struct report_row *row)
{
	struct who *w = ctx;
	const struct filter *filter = w->s->filter;
	const struct page_class *class = row->run.class;
	u64 size = class->page.size, nth = (w->pfn - row->run.pfn) / (size / w->base);
	u64 addr = row->run.addr + nth * size;
	struct report_row one = *row;

	if (!(row->raw->has & RAW_HAS_PFN) || w->pfn < row->run.pfn ||
	    nth >= row->run.pages)
		return 0;
	page_cut(&one.run, addr, addr + size, w->base);
	if (filter && filter_match(filter, &one) != TRI_YES) {
		w->filtered = true;
		return 0;
	}
	struct render_who_map m = { *row->process, *row->vma, one.run };
	int err = verdict_cache_class(w->classes, &class->page, row->raw, class->verdicts,
				      &m.run.class);

	return err ? err : array_put(&w->map, &w->nmaps, &w->room, sizeof(m), &m);
}

static const struct report_view who_view = { .raw = who_raw };

static int who_hit(void *ctx, const struct raw_page *raw, size_t n)
{
	struct who *w = ctx;
	for (size_t i = 0; i < n; i++) {
		u64 in = raw[i].level == RAW_LEVEL_PTE && w->pfn > raw[i].pfn
				 ? w->pfn - raw[i].pfn
				 : 0;
		u64 addr = raw[i].addr + in * w->base;

		struct collect_range new = { addr, addr + 1 };

		if (array_put(&w->hit, &w->nhits, &w->hit_room, sizeof(new), &new))
			return -ENOMEM;
	}
	return 0;
}

/* One process; -errno when it could not be read, 1 when it could in part, which is said. */
static int who_process(struct who *w, pid_t pid)
{
	struct source *src = w->s->source;
	struct collect_options opt = { .pids = &pid, .npids = 1, .whole = true };
	struct diag unsaid;
	struct process p;
	int err = src->ops->open(src, pid, &p);
	bool all = true;

	if (err)
		return err;
	w->nhits = 0;
	if (src->ops->find) {
		err = src->ops->find(src, pid, w->pfn, w->pfn + 1, who_hit, w);
		all = err == -ENOTSUP;
	}
	if (all || (!err && w->nhits)) {
		diag_init(&unsaid);
		opt.ranges = w->hit;
		opt.nranges = all ? 0 : (unsigned)w->nhits;
		err = collect_run(src, &opt, &who_view, w, &unsaid);
		for (unsigned i = 0; i < unsaid.n && err >= 0; i++)
			if (unsaid.message[i].class != DIAG_NOTE) {
				diag_add(&w->s->diag, DIAG_INCOMPLETE, "%s",
					 unsaid.message[i].text);
				err = 1;
			}
		diag_deinit(&unsaid);
	}
	src->ops->release(src, pid);
	return err;
}

/* Where --who's address is looked up. */
struct who_at {
	u64 addr, base;
	u64 pfn; /* 0: not known */
};

static int who_first(void *ctx, const struct report_row *row)
{
	struct who_at *at = ctx;

	if (row->raw->has & RAW_HAS_PFN)
		at->pfn = row->run.pfn + (at->addr - row->run.addr) / at->base;
	return 1;
}

/* Returns the PFN of --who: given, of a physical address, or of an address of --pid. */
static int who_target(struct session *s, u64 *ret)
{
	static const struct report_view first = { .raw = who_first };
	u64 addr = s->opt.explain[0];
	struct who_at at = { addr, kernel_page_size(&s->source->machine->kernel), 0 };
	struct collect_range range = { addr, addr + 1 };
	struct collect_options opt = {
		.pids = s->opt.pids, .npids = 1, .ranges = &range, .nranges = 1
	};
	int err;

	*ret = s->opt.physical ? addr / at.base : addr;
	if (!s->opt.npids)
		return 0;
	err = collect_run(s->source, &opt, &first, &at, &s->diag);
	*ret = at.pfn;
	if (err < 0 || at.pfn)
		return MIN(err, 0);
	return session_fail(s, -ENOENT, "no page frame is known at %llx of process %d",
			    addr, (int)s->opt.pids[0]);
}

/* Searches @n processes; returns how many could not be read. */
static int who_scan(struct who *w, const pid_t *pids, size_t n, size_t *ret_unread)
{
	int err = 0;

	for (size_t i = 0; i < n && err != -ENOMEM; i++) {
		err = who_process(w, pids[i]);
		if (!err || err == -ENOMEM || err == -ESRCH || err == -ENXIO ||
		    err == -ENOENT)
			continue; /* gone, ended, or a kernel thread */
		++*ret_unread;
		if (err < 0)
			diag_add_process(&w->s->diag, DIAG_INCOMPLETE, pids[i], "%s",
					 collect_why(err));
	}
	return err == -ENOMEM ? err : 0;
}

static int who_is(void *ctx, const struct raw_page *raw, const struct vma *file)
{
	struct render_who *ret = ctx;
	struct frame frame;

	frame_judge(ret->head.kernel, &ret->head.machine->page, raw, file, &frame);
	ret->frame = frame.kind;
	ret->frame_text = frame.text;
	return 0;
}

/* Classifies the frame, which no entry was found for. */
static void who_frame(const struct who *w, struct render_who *ret)
{
	struct source *src = w->s->source;
	const struct source_evidence *file = &w->machine->evidence[SOURCE_KPAGEFLAGS];

	ret->frame_text = file->ok ? "/proc/kpageflags cannot be read" : file->why;
	u64 pfn = MIN(w->pfn, UINT64_MAX - 1); /* no frame is as high as either */

	if (src->ops->frames)
		src->ops->frames(src, pfn, pfn + 1, who_is, ret);
}

static int who_show(struct who *w, const struct render_options *opt, size_t n,
		    size_t unread)
{
	struct session *s = w->s;
	struct holders *h = NULL;
	struct holders_ledger ledger;
	struct render_who view = { .pfn = w->pfn,
				   .map = w->map,
				   .nmaps = w->nmaps,
				   .filtered = w->filtered,
				   .head = { w->machine->page.kernel, w->machine },
				   .processes = n,
				   .unread = unread };
	const struct page_class unmapped = {
		.page = { .size = w->base, .expected = -1, .leaf = RAW_LEVEL_PTE }
	};
	const struct page_run frame = { .pfn = w->pfn, .pages = 1, .class = &unmapped };
	char owner[PAGE_OWNER_MAX + 1];
	pid_t pids[64];
	unsigned npids = 0;

	for (size_t i = 0; i < w->nmaps && npids < ARRAY_SIZE(pids); i++)
		pids[npids++] = w->map[i].process.pid;
	if (s->source->ops->holders &&
	    !s->source->ops->holders(s->source, pids, npids, &h)) {
		if (!h->complete)
			diag_add(&s->diag, DIAG_INCOMPLETE, "holders: %s", h->why);
		holders_explain(h, w->nmaps ? &w->map[0].run : &frame,
				npids ? pids[0] : 0, &ledger);
		view.ledger = &ledger;
	}
	if (!w->nmaps && !w->filtered)
		who_frame(w, &view);
	if (!page_owner_read(w->pfn, owner))
		view.owner = owner;
	if (unread)
		diag_add(&s->diag, DIAG_INCOMPLETE,
			 "%zu of %zu processes could not be read", unread, n);
	return render_who(opt, &view);
}

int mode_who_page(struct session *s, u64 pfn, const pid_t *pids, size_t n,
		  const struct render_options *opt)
{
	struct who w = { .s = s,
			 .machine = s->source->machine,
			 .base = kernel_page_size(&s->source->machine->kernel),
			 .pfn = pfn,
			 .classes = verdict_cache_new(SIZE_MAX, true) };
	size_t unread = 0;
	int err = w.classes ? who_scan(&w, pids, n, &unread) : -ENOMEM;

	if (!err)
		err = who_show(&w, opt, n, unread);
	free(w.hit);
	free(w.map);
	verdict_cache_unref(w.classes);
	return err;
}

int mode_who(struct session *s)
{
	u64 pfn = 0;
	int err;

	if (s->opt.area)
		return mode_blockers_who(s);
	if (s->opt.replay || s->opt.npids > !s->opt.physical)
		return session_fail(
			s, EXIT_USAGE,
			"--who takes a PFN, phys:ADDR, an area or a file, or with one --pid an address; it looks at this machine only");
	if (s->source->machine->page.pfns_hidden)
		return session_fail(s, EXIT_FAILED, "%s",
				    page_why_texts[PAGE_WHY_PFN_HIDDEN]);
	err = who_target(s, &pfn);
	s->opt.npids = 0; /* anybody may map the page */
	if (!err)
		err = mode_all_processes(s);
	if (!err)
		err = mode_who_page(s, pfn, s->opt.pids, s->opt.npids, &s->opt.render);
	return session_exit(s, err);
}
