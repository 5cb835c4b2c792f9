/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --who: every process that maps a page, and every other holder. */
#include "cmd/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "page/holders.h"
#include "live/procs.h"
#include "render/render_who.h"

struct who {
	struct session *s;
	struct kernel kernel;
	struct source_machine machine;
	u64 pfn;
	/* The current process. */
	const struct process *process;
	const struct vma *vma;
	u64 *hit; /* addresses that map the page; NULL: not known beforehand */
	size_t nhits;
	bool have_hits;
	struct render_who_map *map;
	size_t nmaps;
	int err;
};

static u64 who_leaf_pages(const struct page_run *p)
{
	return p->size / 4096;
}

/* Adds @page, an entry of the current process that maps the page. */
static int who_add(struct who *w, const struct page_run *page)
{
	struct render_who_map *m = realloc(w->map, (w->nmaps + 1) * sizeof(*m));

	if (!m)
		return w->err = -ENOMEM;
	w->map = m;
	m += w->nmaps++;
	memset(m, 0, sizeof(*m));
	m->pid = w->process->pid;
	memcpy(m->comm, w->process->comm, sizeof(m->comm) - 1);
	m->page = *page;
	vma_perms(w->vma, m->perms);
	memcpy(m->name, w->vma->name, sizeof(m->name));
	return 0;
}

static int who_raw(void *ctx, const struct raw_page *raw, size_t n)
{
	struct who *w = ctx;

	for (size_t i = 0; i < n; i++) {
		struct page_run page;
		u64 leaf;

		if (!(raw[i].has & RAW_HAS_PFN))
			continue;
		page_read(&w->machine.page, w->vma, &raw[i], &page);
		leaf = who_leaf_pages(&page);
		if (w->pfn < page.pfn || w->pfn >= page.pfn + page.pages * leaf)
			continue;
		/* Of a run, keep only the leaf that maps the page. */
		leaf = (w->pfn - page.pfn) / leaf;
		page.addr += leaf * page.size;
		page.pfn += leaf * who_leaf_pages(&page);
		if (page.why[PAGE_F_FOLIO] == PAGE_WHY_KNOWN &&
		    (1ULL << page.order) <= who_leaf_pages(&page))
			page.head_pfn = page.pfn;
		page.pages = 1;
		if (who_add(w, &page))
			return w->err;
	}
	return 0;
}

static int who_vma(void *ctx, const struct vma *vma)
{
	struct who *w = ctx;
	const struct source_ops *ops = w->s->source->ops;
	int err = 0;

	w->vma = vma;
	if (!w->have_hits)
		return ops->observe(w->s->source, w->process->pid, vma, vma->start,
				    vma->end, who_raw, w);
	for (size_t i = 0; i < w->nhits && !err; i++)
		if (w->hit[i] >= vma->start && w->hit[i] < vma->end)
			err = ops->observe(w->s->source, w->process->pid, vma, w->hit[i],
					   w->hit[i] + 1, who_raw, w);
	return err;
}

static int who_hit(void *ctx, const struct raw_page *raw, size_t n)
{
	struct who *w = ctx;
	u64 *more = realloc(w->hit, (w->nhits + n) * sizeof(*more));

	if (!more)
		return -ENOMEM;
	w->hit = more;
	for (size_t i = 0; i < n; i++) {
		u64 in = raw[i].level == RAW_LEVEL_PTE && w->pfn > raw[i].pfn
				 ? w->pfn - raw[i].pfn
				 : 0;

		w->hit[w->nhits++] = raw[i].addr + in * 4096;
	}
	return 0;
}

/* Searches one process; -errno when it could not be read. */
static int who_process(struct who *w, pid_t pid)
{
	const struct source_ops *ops = w->s->source->ops;
	struct process p;
	int err = ops->open(w->s->source, pid, &p);

	if (err)
		return err;
	w->process = &p;
	w->nhits = 0;
	w->have_hits = false;
	if (ops->find) {
		err = ops->find(w->s->source, pid, w->pfn, w->pfn + 1, who_hit, w);
		w->have_hits = err != -ENOTSUP;
	}
	if (!w->have_hits || (!err && w->nhits))
		err = ops->vmas(w->s->source, pid, who_vma, w);
	ops->release(w->s->source, pid);
	return err;
}

static int who_first(void *ctx, const struct raw_page *raw, size_t n)
{
	u64 *addr_pfn = ctx;

	(void)n;
	if (raw->has & RAW_HAS_PFN) {
		u64 in = (addr_pfn[0] - raw->addr) / 4096;

		addr_pfn[1] = raw->pfn + in;
	}
	return 1;
}

struct who_address {
	struct who *w;
	pid_t pid;
	u64 at[2]; /* address, PFN */
};

static int who_address_vma(void *ctx, const struct vma *vma)
{
	struct who_address *a = ctx;
	struct source *src = a->w->s->source;

	if (a->at[0] < vma->start || a->at[0] >= vma->end)
		return 0;
	src->ops->observe(src, a->pid, vma, a->at[0], a->at[0] + 4096, who_first, a->at);
	return 1;
}

/* Returns the PFN of --who: given, or of an address of --pid. */
static int who_target(struct who *w)
{
	struct session *s = w->s;
	struct who_address a = { .w = w, .at = { s->opt.explain & ~4095ULL } };
	struct process p;
	int err;

	w->pfn = s->opt.explain;
	if (!s->opt.npids)
		return 0;
	a.pid = s->opt.pids[0];
	err = s->source->ops->open(s->source, a.pid, &p);
	if (!err) {
		err = s->source->ops->vmas(s->source, a.pid, who_address_vma, &a);
		s->source->ops->release(s->source, a.pid);
	}
	if (err < 0) {
		diag_add(&s->diag, DIAG_ERROR, "process %d: %s", (int)a.pid,
			 strerror(-err));
		return err;
	}
	if (!a.at[1]) {
		diag_add(&s->diag, DIAG_ERROR,
			 "no page frame is known at %llx of process %d",
			 (unsigned long long)s->opt.explain, (int)a.pid);
		return -ENOENT;
	}
	w->pfn = a.at[1];
	return 0;
}

/* Searches all processes; returns their number, and how many could not be read. */
static int who_scan(struct who *w, size_t *ret_n, size_t *ret_unread)
{
	struct process *list;
	size_t n, unread = 0;
	int err = procs_list(NULL, &list, &n);

	if (err)
		return err;
	for (size_t i = 0; i < n && !w->err; i++) {
		err = who_process(w, list[i].pid);
		if (err && err != -ESRCH && err != -ENOENT) /* gone, or a kernel thread */
			unread++;
		if (err && err != -ESRCH && err != -ENOENT)
			diag_add(&w->s->diag, DIAG_INCOMPLETE, "process %d: %s",
				 (int)list[i].pid, strerror(-err));
	}
	free(list);
	*ret_n = n;
	*ret_unread = unread;
	return w->err;
}

static int who_show(struct who *w, size_t n, size_t unread)
{
	struct session *s = w->s;
	const struct holders *h = NULL;
	struct holders_ledger ledger;
	struct render_who view = { .pfn = w->pfn,
				   .map = w->map,
				   .nmaps = w->nmaps,
				   .kernel = &w->kernel,
				   .machine = &w->machine,
				   .processes = n,
				   .unread = unread };
	struct page_run page = { .pfn = w->pfn,
				 .head_pfn = w->pfn,
				 .pages = 1,
				 .size = 4096,
				 .expected = -1,
				 .leaf = RAW_LEVEL_PTE };
	pid_t pids[64];
	unsigned npids = 0;

	for (size_t i = 0; i < w->nmaps && npids < ARRAY_SIZE(pids); i++)
		pids[npids++] = w->map[i].pid;
	if (s->source->ops->holders &&
	    !s->source->ops->holders(s->source, pids, npids, &h)) {
		if (!h->complete)
			diag_add(&s->diag, DIAG_INCOMPLETE, "holders: %s", h->why);
		holders_explain(h, w->nmaps ? &w->map[0].page : &page,
				npids ? pids[0] : 0, &ledger);
		view.ledger = &ledger;
	}
	if (unread)
		diag_add(&s->diag, DIAG_INCOMPLETE,
			 "%zu of %zu processes could not be read", unread, n);
	return render_who(&s->opt.render, &view, s->opt.json || s->opt.json_lines);
}

int mode_who(struct session *s)
{
	struct who w = { .s = s };
	size_t n = 0, unread = 0;
	int err;

	if (s->opt.replay || s->opt.npids > 1) {
		diag_add(&s->diag, DIAG_ERROR,
			 "--who takes a PFN, or with one --pid an address; it looks at "
			 "this "
			 "machine only");
		return EXIT_USAGE;
	}
	err = s->source->ops->machine(s->source, &w.machine);
	if (!err)
		err = kernel_resolve(&w.machine.kernel, &w.kernel);
	w.machine.page.kernel = &w.kernel;
	if (!err && w.machine.page.pfns_hidden) {
		diag_add(&s->diag, DIAG_ERROR, "%s", page_why_text(PAGE_WHY_PFN_HIDDEN));
		return EXIT_FAILED;
	}
	if (!err)
		err = who_target(&w);
	if (!err)
		err = who_scan(&w, &n, &unread);
	if (!err)
		err = who_show(&w, n, unread);
	free(w.hit);
	free(w.map);
	return session_exit(s, err);
}
