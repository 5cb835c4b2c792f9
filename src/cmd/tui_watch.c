/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/tui_watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "live/procs.h"
#include "cmd/vma_cache.h"
#include "os/clock.h"

#define ROUND_NS 250e6   /* the time between two rounds */
#define BUDGET 0.006     /* of one core, for reading the pages on the screen */
#define BACK_BUDGET 0.02 /* likewise, for other pages of a family that is read in parts */
#define VMAS_BUDGET 0.003  /* likewise, for the list of mappings */
#define ALIGN (2ull << 20) /* parts are cut at the ends of huge pages */
#define ANEW_BUDGET 0.05   /* likewise, for everything after a fork or exit */
#define ANEW_NS 500e6      /* a family for which that takes longer is read in parts */
#define PASS_BUDGET \
	0.035          /* likewise, for everything again and again, each fourth round */
#define PASS_AGE 900e6 /* if that is enough */
#define PASS_NS 150e6  /* a family for which that takes longer is read in parts */
#define FAMILY_NS 1000000000ull
#define SAMPLE_NS 900000000ull /* between two samples of the timeline */

/* Returns the CPU time of gupinfo, also of the threads that read for it. */
static u64 cpu_clock(void)
{
	return clock_of(CLOCK_PROCESS_CPUTIME_ID);
}

int tui_watch_init(struct tui_watch *w, struct source *src, const struct kernel *model,
		   struct tui *t)
{
	memset(w, 0, sizeof(*w));
	w->src = vma_cache_new(src);
	w->model = model;
	w->t = t;
	w->start_ns = clock_now();
	w->ns_per_page = 200;
	return w->src ? 0 : -ENOMEM;
}

void tui_watch_deinit(struct tui_watch *w)
{
	if (w->src)
		w->src->ops->close(w->src);
	store_free(w->live);
	memset(w, 0, sizeof(*w));
}

static u64 session_ns(const struct tui_watch *w)
{
	return clock_now() - w->start_ns;
}

/* ---- one read */

/* Counts what was read: a page of any size costs about the same as a hole. */
static u64 count_pages(const struct store *s)
{
	u64 n = 0;

	for (size_t i = 0; i < s->nprocs; i++)
		for (size_t j = 0; j < s->proc[i].nvmas; j++) {
			const struct store_vma *v = &s->proc[i].vma[j];

			for (size_t k = 0; k < store_nrows(v); k++) {
				const struct page_run *row = &v->rows->row[k];

				n += row->class->page.kind == PAGE_NONE ? 1 : row->pages;
			}
		}
	return n;
}

/*
 * Collects [start, end) of @pids (end 0: everything) into a store of the live one's pool.
 * Returns 0 and a store that the caller frees, or -errno.
 */
static int collect(struct tui_watch *w, const pid_t *pids, unsigned npids, u64 start,
		   u64 end, struct diag *diag, struct store **ret)
{
	struct collect_range range = { start, end };
	struct collect_options c = {
		.pids = pids,
		.npids = npids,
		.ranges = end ? &range : NULL,
		.nranges = end != 0,
		.holes = true,
		/* A part that ended early would look as if pages had gone. */
		.whole = w->live != NULL,
		.model = w->model
	};

	return store_collect(w->src, &c, w->live, diag, ret);
}

/* Reads a part of one process again and notifies the view.  Returns 0 or -errno. */
static int read_part(struct tui_watch *w, pid_t pid, u64 start, u64 end)
{
	u64 t0 = cpu_clock(), pages;
	struct tui_status *status = tui_state_status(w->t);
	struct store *fresh;
	int err = collect(w, &pid, 1, start, end, NULL, &fresh);

	if (err)
		return err;
	pages = count_pages(fresh);
	err = store_merge(w->live, fresh, pid, start, end);
	store_free(fresh);
	double ns = (double)(cpu_clock() - t0);
	if (pages > 64)
		w->ns_per_page = w->ns_per_page * 0.7 + ns / (double)pages * 0.3;
	status->scan_ms += ns / 1e6;
	if (err)
		return err;
	status->seen_s = (double)session_ns(w) / 1e9;
	tui_view_changed(w->t, pid, start, end);
	if (!w->traced)
		tui_history_sample(tui_state_history(w->t), w->live, pid, start, end,
				   session_ns(w), SAMPLE_NS);
	return 0;
}

/* ---- processes that come and go */

static void note(struct tui_watch *w, pid_t pid, const char *what, const char *text)
{
	struct tui_moment m = { .kind = TUI_MOMENT_EVENT,
				.pid = pid,
				.what = (char *)what,
				.text = (char *)text,
				.time_ns = session_ns(w) };

	tui_history_add(tui_state_history(w->t), &m,
			w->live ? store_copy(w->live) : NULL);
	tui_view_moment(w->t);
}

bool tui_watch_over(const struct tui_watch *w)
{
	return w->npids && !ARRAY_ANY(i, w->npids, !w->gone[i]);
}

static void mark_gone(struct tui_watch *w, pid_t pid)
{
	char text[80];

	for (unsigned i = 0; i < w->npids; i++) {
		if (w->pid[i] != pid || w->gone[i])
			continue;
		w->gone[i] = true;
		if (w->traced)
			continue;
		snprintf(text, sizeof(text), "the process is gone; seen last at %.1f s",
			 tui_state_status(w->t)->seen_s);
		note(w, pid, "exit", text);
		if (tui_watch_over(w)) /* the last picture stays */
			tui_state_status(w->t)->target = TUI_TARGET_GONE;
		else
			store_merge_drop(w->live, pid);
		w->stale = true;
		tui_state_live(w->t, w->live);
	}
}

/* Everything has just been read, from @start_ns of the session and @cpu_ns of the CPU clock on. */
static void all_is_new(struct tui_watch *w, u64 start_ns, u64 cpu_ns)
{
	w->full_ns = w->crawl_ns = start_ns;
	w->pass_ns = cpu_clock() - cpu_ns;
	w->back_pid = 0;
	w->back_at = 0;
	w->stale = false;
}

/* Reads all of @pid into the live store. */
static bool read_process(struct tui_watch *w, pid_t pid)
{
	struct store *fresh;
	int err = collect(w, &pid, 1, 0, 0, NULL, &fresh);

	if (err)
		return false;
	err = store_merge_add(w->live, fresh, pid);
	store_free(fresh);
	if (!err)
		tui_state_live(w->t, w->live);
	return !err;
}

/*
 * Reads the whole family at once, after a fork or exit and, where that is quick, again and again, so
 * that no total is older than a second.  Returns false when it is not time, or would take too long.
 */
static bool read_anew(struct tui_watch *w)
{
	u64 cpu = cpu_clock(), start = session_ns(w);
	double pass = (double)w->pass_ns, age = (double)(start - w->full_ns);

	if ((!w->stale || clock_now() < w->anew_next_ns || pass > ANEW_NS) &&
	    (pass > PASS_NS || age < MAX(PASS_AGE, pass / PASS_BUDGET)))
		return false;
	for (unsigned i = 0; i < w->npids; i++) {
		if (w->gone[i] || !read_process(w, w->pid[i]))
			continue;
		tui_view_changed(w->t, w->pid[i], 0, UINT64_MAX);
		tui_history_sample(tui_state_history(w->t), w->live, w->pid[i], 0,
				   UINT64_MAX, session_ns(w), SAMPLE_NS);
	}
	all_is_new(w, start, cpu);
	w->anew_next_ns = clock_now() + (u64)((double)w->pass_ns / ANEW_BUDGET);
	tui_state_status(w->t)->seen_s = (double)session_ns(w) / 1e9;
	tui_state_status(w->t)->scan_ms += (double)w->pass_ns / 1e6;
	return true;
}

/* Process @pid runs another program; the pages of the old one stay in earlier moments. */
static void execed(struct tui_watch *w, pid_t pid, const struct process *p)
{
	char text[80 + 4 * sizeof(p->comm)];

	if (!read_process(w, pid)) /* the next reading finds the reason */
		return;
	tui_view_changed(w->t, pid, 0, UINT64_MAX);
	snprintf(text, sizeof(text),
		 "it runs %s now; the program before was seen last at %.1f s",
		 ESCAPED(p->comm, 4 * sizeof(p->comm)), tui_state_status(w->t)->seen_s);
	note(w, pid, "exec", text);
	tui_state_status(w->t)->seen_s = (double)session_ns(w) / 1e9;
}

/* The memory of @pid has gone, by exit or by exec. */
static void lost(struct tui_watch *w, pid_t pid)
{
	const struct store_process *was = store_process_by_pid(w->live, pid);
	struct process now;

	vma_cache_drop(w->src, pid);
	if (!was || w->src->ops->open(w->src, pid, &now) ||
	    now.start_time != was->process.start_time)
		mark_gone(w, pid);
	else if (!w->traced)
		execed(w, pid, &now);
}

void tui_watch_drop(struct tui_watch *w, const pid_t *but, unsigned n)
{
	for (unsigned i = 0; i < w->npids; i++)
		if (!ARRAY_ANY(k, n, but[k] == w->pid[i]))
			vma_cache_drop(w->src, w->pid[i]);
}

int tui_watch_pids(struct tui_watch *w, const pid_t *pids, unsigned npids,
		   struct diag *diag)
{
	struct store *fresh, *old = w->live;
	u64 t0 = clock_now(), cpu = cpu_clock(), start = session_ns(w);
	int err;

	npids = MIN(npids, TUI_WATCH_PIDS);
	w->live = NULL;
	err = collect(w, pids, npids, 0, 0, diag, &fresh);
	if (err) {
		w->live = old;
		return err;
	}
	tui_watch_drop(w, pids, npids);
	memcpy(w->pid, pids, npids * sizeof(*pids));
	memset(w->gone, 0, sizeof(w->gone));
	w->npids = npids;
	w->live = fresh;
	tui_state_live(w->t, fresh);
	store_free(old);
	double ns = (double)(clock_now() - t0);
	u64 pages = count_pages(fresh);
	if (pages > 64)
		w->ns_per_page = ns / (double)pages;
	tui_state_status(w->t)->scan_ms = ns / 1e6;
	tui_state_status(w->t)->target = TUI_TARGET_SAMPLED;
	tui_state_status(w->t)->seen_s = (double)session_ns(w) / 1e9;
	tui_state_now(w->t, session_ns(w));
	all_is_new(w, start, cpu);
	for (unsigned i = 0; i < npids; i++)
		tui_history_sample(tui_state_history(w->t), fresh, pids[i], 0, UINT64_MAX,
				   session_ns(w), 0);
	tui_view_moment(w->t);
	return 0;
}

int tui_watch_read(struct tui_watch *w, const pid_t *pids, unsigned npids,
		   struct diag *diag)
{
	return collect(w, pids, npids, 0, 0, diag, &w->live);
}

static void add_process(struct tui_watch *w, pid_t pid, pid_t parent)
{
	char text[80];

	if (w->npids == TUI_WATCH_PIDS || !read_process(w, pid))
		return;
	w->pid[w->npids] = pid;
	w->gone[w->npids++] = false;
	w->stale = true;
	read_anew(w);
	snprintf(text, sizeof(text), "child of %d, seen now", (int)parent);
	note(w, pid, "fork", text);
}

/* Adds the children of followed processes. */
static void read_family(struct tui_watch *w)
{
	struct process *list;
	size_t n;

	if (procs_list(NULL, &list, &n))
		return;
	for (size_t i = 0; i < n; i++)
		if (ARRAY_ANY(k, w->npids, w->pid[k] == list[i].ppid) &&
		    !ARRAY_ANY(k, w->npids, w->pid[k] == list[i].pid))
			add_process(w, list[i].pid, list[i].ppid);
	free(list);
}

/* Reads the list of mappings again. */
static int read_vmas(struct tui_watch *w, pid_t pid)
{
	struct process p;
	struct store *fresh;
	int err;

	vma_cache_forget(w->src, pid);
	err = w->src->ops->open(w->src, pid, &p);
	if (err)
		return err;
	fresh = store_new(&(struct store_options){ .holes = true }, w->live);
	if (!fresh)
		return -ENOMEM;
	err = store_view.process(fresh, &p);
	if (!err) {
		struct vma_cache_vmas ctx = { fresh, &p };

		err = w->src->ops->vmas(w->src, pid, false, vma_cache_to_store, &ctx);
	}
	if (!err)
		err = store_merge(w->live, fresh, pid, 0, 0);
	store_free(fresh);
	if (!err)
		tui_view_changed(w->t, pid, 0, 0);
	return err;
}

/* ---- a round */

static u64 budget_bytes(const struct tui_watch *w, double budget)
{
	double pages = budget * ROUND_NS / MAX(w->ns_per_page, 1.0);

	return MAX((u64)(pages * KERNEL_PAGE_LEAST), ALIGN) & ~(ALIGN - 1);
}

/* Reads the next part of the screen; small pictures are one part. */
static int read_visible(struct tui_watch *w)
{
	u64 start, end, part = budget_bytes(w, BUDGET);
	pid_t pid;

	tui_state_visible(w->t, &pid, &start, &end);
	if (start >= end || !store_process_by_pid(w->live, pid))
		return 0;
	u64 at = w->part_at;
	if (at < start || at >= end)
		at = start;
	u64 to = MIN(end, (at + part) & ~(ALIGN - 1));
	if (to <= at)
		to = end;
	w->part_at = to >= end ? 0 : to;
	int err = read_part(w, pid, at, to);
	/* Always read the page under the cursor, in the whole family. */
	u64 page = kernel_page_size(&w->live->kernel.ev),
	    addr = ROUND_DOWN(tui_state_addr(w->t), page);
	for (unsigned i = 0; !err && i < w->npids && i < 8 && addr; i++) {
		const struct store_process *p = store_process_by_pid(w->live, w->pid[i]);

		if (w->gone[i] || !p || !store_vma_at(p, addr) ||
		    (w->pid[i] == pid && addr >= at && addr < to))
			continue;
		int e = read_part(w, w->pid[i], addr, addr + page);
		if (e == -ESRCH)
			lost(w, w->pid[i]);
	}
	if (err == -ESRCH)
		lost(w, pid);
	return err;
}

/* Reads a part of what is not on the screen, so that totals do not become stale. */
static void read_background(struct tui_watch *w)
{
	const struct store_process *p = NULL;
	u64 left = budget_bytes(w, BACK_BUDGET);

	for (unsigned tries = 0; tries <= w->npids && left; tries++) {
		if (w->back_pid >= w->npids) {
			w->back_pid = 0;
			w->full_ns = w->crawl_ns;
			w->crawl_ns = session_ns(w);
		}
		pid_t pid = w->pid[w->back_pid];
		p = w->gone[w->back_pid] ? NULL : store_process_by_pid(w->live, pid);
		size_t i = p ? store_vma_from(p, w->back_at) : 0;
		if (!p || i >= p->nvmas) {
			w->back_pid++;
			w->back_at = 0;
			continue;
		}
		/* Join several small mappings in one part; holes between them cost nothing. */
		u64 start = MAX(w->back_at, p->vma[i].vma.start), end = start;
		for (; i < p->nvmas && left; i++) {
			u64 from = MAX(start, p->vma[i].vma.start);
			u64 take = MIN(left, p->vma[i].vma.end - from);

			end = from + take;
			left -= take;
		}
		w->back_at = end;
		if (read_part(w, pid, start, end) == -ESRCH)
			lost(w, pid);
		return;
	}
}

static void read_lists(struct tui_watch *w)
{
	u64 now = clock_now(), t0 = cpu_clock();
	double ns;

	if (now < w->vmas_next_ns)
		return;
	for (unsigned i = 0; i < w->npids; i++)
		if (!w->gone[i] && read_vmas(w, w->pid[i]) == -ESRCH)
			lost(w, w->pid[i]);
	ns = (double)(cpu_clock() - t0);
	w->vmas_next_ns = now + (u64)MAX(ns / VMAS_BUDGET, 500e6);
	if (now < w->family_next_ns)
		return;
	t0 = cpu_clock();
	read_family(w);
	ns = (double)(cpu_clock() - t0);
	w->family_next_ns = now + (u64)MAX(ns / VMAS_BUDGET, (double)FAMILY_NS);
}

/* Measures gupinfo's CPU time over the last seconds. */
static void measure_cpu(struct tui_watch *w)
{
	u64 now = clock_now(), used = cpu_clock();

	if (now < w->cpu_next_ns)
		return;
	if (w->usage_ns)
		tui_state_status(w->t)->cpu_percent =
			(double)(used - w->used_ns) / (double)(now - w->usage_ns) * 100;
	w->used_ns = used;
	w->usage_ns = now;
	w->cpu_next_ns = now + 2000000000u;
}

void tui_watch_round(struct tui_watch *w)
{
	tui_state_now(w->t, session_ns(w));
	tui_state_status(w->t)->refreshes = 1e9 / ROUND_NS;
	measure_cpu(w);
	if (!w->live || tui_watch_over(w))
		return;
	tui_state_status(w->t)->scan_ms = 0;
	if (!w->traced)
		read_lists(w);
	if (w->traced || !read_anew(w))
		read_visible(w);
	if (w->traced || tui_watch_over(w))
		return;
	if ((double)w->pass_ns > PASS_NS)
		read_background(w);
	tui_state_status(w->t)->age_s = (double)(session_ns(w) - w->full_ns) / 1e9;
}
