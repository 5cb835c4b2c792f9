/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event/watch_record.h"
#include "lib/array.h"
#include "live/bpfprog.h"
#include "trace/trace_int.h"
#include "os/clock.h"
#include "os/readfile.h"

/* ---- the followed processes */

struct trace_process *trace_state_find(struct trace *t, pid_t pid)
{
	struct trace_process *p = t->process;

	while (p && p->pid != pid)
		p = p->next;
	return p;
}

struct trace_process *trace_state_add(struct trace *t, pid_t pid)
{
	struct trace_process *p = trace_state_find(t, pid), **last = &t->process;

	if (p)
		return p;
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->pid = pid;
	p->family = ++t->families;
	while (*last)
		last = &(*last)->next;
	*last = p;
	return p;
}

void trace_state_drop(struct trace *t, pid_t pid)
{
	for (struct trace_process **p = &t->process; *p; p = &(*p)->next)
		if ((*p)->pid == pid) {
			struct trace_process *gone = *p;

			*p = gone->next;
			trace_state_release(t, gone);
			store_free(gone->now);
			free(gone);
			return;
		}
}

/* ---- looking */

/* Returns when [@start, @end) of @p was last read. */
static u64 read_last(const struct trace_process *p, u64 start, u64 end)
{
	u64 since = p->full_ns;

	for (unsigned i = 0; i < MIN(p->nscans, TRACE_LOOKS); i++)
		if (p->scan_log[i].start <= start && p->scan_log[i].end >= end)
			since = MAX(since, p->scan_log[i].time_ns);
	return since;
}

/* A collect_options.tick that ends a long reading when a signal asks gupinfo to end. */
static int look_tick(void *ctx, const struct process *process, u64 entries)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	sigset_t pending;

	if (sigpending(&pending))
		return 0;
	return ARRAY_ANY(i, ARRAY_SIZE(ends), sigismember(&pending, ends[i]) == 1)
		       ? -EINTR
		       : 0;
}

/* Collects @n ranges of @p, or everything. */
static int collect_fresh(struct trace *t, struct trace_process *p,
			 const struct event_range *range, unsigned n, struct store **ret)
{
	struct collect_range part[TRACE_RANGES];
	struct collect_options opt = { .pids = &p->pid,
				       .npids = 1,
				       .ranges = n ? part : NULL,
				       .nranges = n,
				       .holes = t->opt.holes,
				       .whole = true,
				       /* a command runs to its own end */
				       .tick = t->opt.argv ? NULL : look_tick,
				       .model = t->opt.model };
	int r;

	for (unsigned i = 0; i < n; i++)
		part[i] = (struct collect_range){ range[i].start, range[i].end };
	/* who is not stopped is seen to exec by the memory that is held */
	if (!p->held && (t->nheld < TRACE_HELD || t->opt.no_stop))
		trace_state_hold(t,
				 p); /* if it cannot, reading fails for the same reason */
	if (n && p->held && p->now)
		opt.known = &store_process_by_pid(p->now, p->pid)->process;
	/* Ranges without pages and processes that end are events: drop the messages. */
	r = store_collect(t->src, &opt, t->pool, NULL, ret);
	if (r || store_process_by_pid(*ret, p->pid))
		return r;
	store_free(*ret);
	return -ESRCH;
}

int trace_state_read(struct trace *t, struct trace_process *p,
		     const struct event_range *range, unsigned n,
		     struct store **ret_before)
{
	u64 begin = clock_now(), start = UINT64_MAX, end = 0;
	struct store *fresh, *before = NULL;
	int r;

	if (!p->now)
		n = p->foreign ? n : 0;
	r = collect_fresh(t, p, range, n, &fresh);
	if (r)
		return r;
	if (!n || !p->now) {
		p->full_ns = begin;
		p->cost_ns = clock_now() - begin;
		if (ret_before)
			*ret_before = p->now;
		else
			store_free(p->now);
		p->now = fresh;
		return 0;
	}
	for (unsigned i = 0; i < n; i++) {
		start = MIN(start, range[i].start);
		end = MAX(end, range[i].end);
	}
	if (ret_before) {
		before = store_part(p->now, p->pid, start, end);
		r = before ? 0 : -ENOMEM;
	}
	for (unsigned i = 0; !r && i < n; i++)
		r = store_merge(p->now, fresh, p->pid, range[i].start, range[i].end);
	store_free(fresh);
	if (r) {
		store_free(before);
		return r;
	}
	for (unsigned i = 0; i < n; i++)
		p->scan_log[p->nscans++ % TRACE_LOOKS] =
			(struct trace_scan){ range[i].start, range[i].end, begin };
	if (ret_before)
		*ret_before = before;
	return 0;
}

int trace_state_compare(struct trace *t, struct trace_process *p,
			const struct event_range *range, unsigned n,
			struct trace_scopes *scopes)
{
	struct store *before = NULL;
	int r = trace_state_read(t, p, range, n, &before);

	if (r || !before)
		return r == -ENOMEM ? r : 0;
	for (unsigned i = 0; i < MAX(n, 1); i++) {
		struct event_scope *new = array_add(&scopes->scope, &scopes->n,
						    &scopes->room, sizeof(*new));

		if (!new) {
			if (!i)
				store_free(before);
			return -ENOMEM;
		}
		*new = (struct event_scope){ .pid = p->pid,
					     .start = n ? range[i].start : 0,
					     .end = n ? range[i].end : UINT64_MAX,
					     .before = before,
					     .after = p->now };
	}
	return 0;
}

static void forget(struct trace_scopes *scopes)
{
	const struct store *last = NULL;

	for (size_t i = 0; i < scopes->n; i++) {
		if (scopes->scope[i].before != last)
			store_free((struct store *)scopes->scope[i].before);
		last = scopes->scope[i].before;
	}
	free(scopes->scope);
}

/* ---- telling */

int trace_state_members(struct trace *t, struct trace_process *first, struct event *e)
{
	size_t n = 0;

	/* First the process itself, then the child of a fork, then the rest of the family. */
	for (unsigned pass = 0; pass < 3; pass++)
		for (struct trace_process *p = t->process; p; p = p->next) {
			unsigned rank = p == first ? 0 : p->pid == e->child ? 1 : 2;
			const struct store_process *sp;

			if (rank != pass ||
			    (rank && first && p->family != first->family) ||
			    p->foreign != (first && first->foreign))
				continue;
			struct event_member *m =
				array_add(&t->member, &n, &t->nmembers_room, sizeof(*m));
			if (!m)
				return -ENOMEM;
			m->pid = p->pid;
			m->ppid = p->ppid;
			m->now = p->borrowed ? NULL : p->now;
			sp = p->now ? store_process_by_pid(p->now, p->pid) : NULL;
			if (sp)
				memcpy(m->comm, sp->process.comm, sizeof(m->comm));
		}
	e->member = t->member;
	e->nmembers = (unsigned)n;
	return 0;
}

void trace_state_comm(pid_t pid, char comm[64])
{
	char path[64];

	comm[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	readfile_line(AT_FDCWD, path, comm, 64);
}

void trace_state_exit(struct event *e, int status)
{
	bool killed = (status & 0x7f) != 0;

	e->arg[0].name = killed ? "signal" : "status";
	e->arg[0].num = killed ? status & 0x7f : status >> 8 & 0xff;
	e->nargs = 1;
}

int trace_state_emit(struct trace *t, struct event *e, struct trace_process *p)
{
	struct event_change *change = NULL;
	struct event_family family = { 0 };
	int r = trace_state_members(t, p, e);

	if (t->opt.no_stop && e->nscopes && !event_is_between(e) && !e->since_ns)
		e->looked_ns = clock_now() + t->realtime_offset;

	if (!r)
		r = event_compare(e, &change, &e->nchanges);
	if (r || (event_is_between(e) && !e->nchanges)) {
		free(change);
		return r;
	}
	e->change = change;
	event_warn(e);
	r = event_family_of(e, &family);
	e->family = family.run;
	e->nfamily = family.n;
	e->seq = ++t->seq;
	e->start_ns = t->start_ns + t->realtime_offset;
	e->time_ns += t->realtime_offset;
	if (e->since_ns)
		e->since_ns += t->realtime_offset;
	if (p && e->nmembers && !e->comm[0])
		memcpy(e->comm, e->member[0].comm, sizeof(e->comm));
	if (p && !e->comm[0])
		trace_state_comm(p->pid, e->comm);
	if (!r && t->view->event)
		r = t->view->event(t->view_ctx, e);
	free(family.run);
	free(change);
	return r;
}

int trace_state_emit_scopes(struct trace *t, struct event *e, struct trace_process *p,
			    struct trace_scopes *scopes, int r)
{
	struct event fault = { .kind = EVENT_WRITE_FAULT,
			       .pid = e->pid,
			       .tid = e->pid,
			       .since_ns = t->tick_ns,
			       .forked = e->kind == EVENT_FORK,
			       .scope = scopes->scope,
			       .nscopes = scopes->n };

	e->forked = fault.forked;
	e->scope = scopes->scope;
	e->nscopes = scopes->n;
	if (!r)
		r = trace_state_emit(t, e, p);
	fault.time_ns = clock_now();
	if (!r && t->opt.no_stop && scopes->n) /* what it did before, or did since */
		r = trace_state_emit(t, &fault, p);
	forget(scopes);
	return r;
}

/*
 * Whether @p has forked since @since_ns, which may not be emitted yet: fetches what the kernel wrote.
 * Unknown when nothing writes that.
 */
static enum tri forked_since(struct trace *t, const struct trace_process *p, u64 since_ns)
{
	if (p->forked_ns >= since_ns)
		return TRI_YES;
	if (t->watch)
		bpfprog_fetch(t->watch, 0);
	for (size_t i = 0; i < t->nrecords; i++)
		if (t->record[i].what == WATCH_FORK &&
		    (pid_t)t->record[i].pid == p->pid && !t->record[i].shares_mm &&
		    t->record[i].time_ns >= since_ns)
			return TRI_YES;
	return tri_from(t->watch, false);
}

int trace_state_between(struct trace *t, struct trace_process *p,
			const struct event_range *range, unsigned n)
{
	struct event e = { .pid = p->pid, .tid = p->pid, .since_ns = UINT64_MAX };
	struct trace_scopes scopes = { 0 };
	int r;

	if (p->borrowed)
		return 0;
	for (unsigned i = 0; i < n; i++)
		e.since_ns = MIN(e.since_ns, read_last(p, range[i].start, range[i].end));
	if (!n)
		e.since_ns = p->full_ns;
	r = trace_state_compare(t, p, range, n, &scopes);
	e.forked = t->opt.no_stop ? forked_since(t, p, e.since_ns) : TRI_NO;
	e.scope = scopes.scope;
	e.nscopes = scopes.n;
	e.time_ns = clock_now();
	for (unsigned pass = 0; !r && pass < 2; pass++) {
		struct event one = e;

		one.kind = pass ? EVENT_CHANGE : EVENT_WRITE_FAULT;
		r = trace_state_emit(t, &one, p);
	}
	forget(&scopes);
	return r;
}

/* Passes the last state of a process to the view. */
int trace_state_emit_last(struct trace *t, struct trace_process *p)
{
	struct event_member m = { .pid = p->pid, .ppid = p->ppid, .now = p->now };
	const struct store_process *sp =
		p->now ? store_process_by_pid(p->now, p->pid) : NULL;

	if (!sp || p->borrowed || p->foreign || !t->view->process)
		return 0;
	memcpy(m.comm, sp->process.comm, sizeof(m.comm));
	return t->view->process(t->view_ctx, &m);
}

int trace_state_hold(struct trace *t, struct trace_process *p)
{
	struct process process;
	int r = t->src->ops->open(t->src, p->pid, &process);

	p->held = !r;
	t->nheld += p->held;
	return r;
}

void trace_state_release(struct trace *t, struct trace_process *p)
{
	if (p->held)
		t->src->ops->release(t->src, p->pid);
	t->nheld -= p->held;
	p->held = false;
}

int trace_state_attach(struct trace *t, pid_t pid)
{
	struct trace_process *p = trace_state_add(t, pid);
	struct event e = { .kind = EVENT_ATTACH, .pid = pid, .tid = pid };
	int r;

	if (!p)
		return -ENOMEM;
	r = t->opt.no_stop ? trace_state_hold(t, p) : 0;
	if (!r)
		r = trace_state_read(t, p, NULL, 0, NULL);
	if (r == -ESRCH || r == -ENOMEM)
		return r;
	if (r)
		e.incomplete = strerror(-r);
	e.time_ns = clock_now();
	return trace_state_emit(t, &e, p);
}
