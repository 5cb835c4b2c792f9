/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "trace/trace_int.h"

#include "lib/array.h"
#include "os/clock.h"
#include "os/confine.h"

/* ---- calls that are under way */

static struct trace_call *call_of(struct trace *t, pid_t tid)
{
	struct trace_call *c = t->call;

	while (c && c->tid != tid)
		c = c->next;
	return c;
}

static void forget_call(struct trace *t, pid_t tid)
{
	for (struct trace_call **c = &t->call; *c; c = &(*c)->next)
		if ((*c)->tid == tid) {
			struct trace_call *gone = *c;

			*c = gone->next;
			free(gone);
			return;
		}
}

/* ---- an event: look at its ranges in the process and its relatives, tell the difference */

static bool related(const struct trace_process *p, const struct trace_process *q)
{
	if (p == q)
		return true;
	return p->family == q->family && !q->borrowed && !q->foreign && !q->exiting &&
	       !q->execing;
}

/* Collects the ranges of @c that are @owner's, for @looker (a relative has the same addresses). */
static unsigned ranges_of(const struct trace_call *c, pid_t owner,
			  struct event_range out[TRACE_RANGES])
{
	unsigned n = 0;

	for (unsigned i = 0; i < c->nranges; i++)
		if (c->range[i].pid == owner)
			out[n++] = c->range[i];
	return n;
}

/* Returns the owner of a call's pages: the caller, or the process that the call names. */
static struct trace_process *owner_of(struct trace *t, const struct trace_call *c)
{
	pid_t pid = c->nranges ? c->range[0].pid : c->event.pid;
	struct trace_process *p = trace_state_find(t, pid);

	if (!p && pid != c->event.pid && (p = trace_state_add(t, pid)))
		p->foreign = true;
	return p;
}

/* Emits what changed before call @c in its ranges, in its process and relatives. */
static int look_before(struct trace *t, const struct trace_call *c)
{
	struct event_range range[TRACE_RANGES];
	struct trace_process *own = owner_of(t, c);
	unsigned n = own ? ranges_of(c, own->pid, range) : 0;
	int r = 0;

	if (c->no_pages || !own || (!n && !c->whole))
		return 0;
	for (struct trace_process *p = t->process; p && !r; p = p->next)
		if (related(own, p) && !(c->event.kind == EVENT_FORK && p != own))
			r = trace_state_between(t, p, range, c->whole ? 0 : n);
	return r;
}

/* Emits @e with the differences of @own and its relatives, in all memory when @n is 0. */
static int tell_pages(struct trace *t, struct event *e, struct trace_process *own,
		      const struct event_range *range, unsigned n, bool relatives_only)
{
	struct trace_scopes scopes = { 0 };
	int r = 0;

	for (struct trace_process *p = t->process; p && !r; p = p->next)
		if (related(own, p) && !(relatives_only && p == own))
			r = trace_state_compare(t, p, range, n, &scopes);
	return trace_state_emit_scopes(t, e, own, &scopes, r);
}

/* ---- stops */

static void watch(struct trace_process *p, const struct event_range *range, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (p->nwatched < TRACE_WATCHED &&
		    !ARRAY_ANY(k, p->nwatched,
			       p->watched[k].start <= range[i].start &&
				       p->watched[k].end >= range[i].end))
			p->watched[p->nwatched++] = range[i];
}

/* Notes the call that @stop enters in *@ret; NULL when it does not matter.  0 or -ENOMEM. */
static int enter_call(struct trace *t, const struct tracer_stop *stop,
		      struct trace_call **ret)
{
	struct trace_call *c = calloc(1, sizeof(*c));

	*ret = NULL;
	if (!c)
		return -ENOMEM;
	forget_call(t, stop->tid);
	if (!trace_call_entry(t, stop, c)) {
		free(c);
		return 0;
	}
	c->next = t->call;
	*ret = t->call = c;
	return 0;
}

static int on_entry(struct trace *t, const struct tracer_stop *stop)
{
	struct trace_call *c;
	int r = enter_call(t, stop, &c);

	if (!c) {
		tracer_skip(t->tracer);
		return r;
	}
	r = look_before(t, c);
	struct trace_process *p = trace_state_find(t, stop->pid);
	if (p && c->event.kind == EVENT_EXEC)
		p->execing = true;
	return r;
}

static int on_return(struct trace *t, const struct tracer_stop *stop)
{
	struct trace_call *c = call_of(t, stop->tid);
	struct event_range range[TRACE_RANGES];
	struct trace_process *own;
	int r = stop->seen ? enter_call(t, stop, &c) : 0;

	if (!c)
		return r;
	trace_call_return(t, stop, c);
	c->event.time_ns = stop->time_ns;
	if (c->whole ||
	    c->event.kind == EVENT_FORK) { /* emitted at TRACER_FORKED, _EXECED */
		struct trace_process *p = trace_state_find(t, stop->pid);

		if (p && c->event.kind == EVENT_EXEC)
			p->execing = false;
		if (stop->ret < 0 && p)
			r = trace_state_emit(t, &c->event, p);
	} else if ((own = owner_of(t, c))) {
		unsigned n = ranges_of(c, own->pid, range);

		c->event.range = range;
		c->event.nranges = n;
		if (c->dropped)
			c->event.incomplete = "more ranges than are compared";
		if (stop->passed && n)
			c->event.incomplete = "the process ran on and changed them again";
		if (c->no_pages || !n || stop->passed)
			r = trace_state_emit(t, &c->event,
					     trace_state_find(t, stop->pid));
		else
			r = tell_pages(t, &c->event, own, range, n, false);
		if (c->watches && stop->ret >= 0)
			watch(own, range, n);
		if (own->foreign)
			trace_state_drop(t, own->pid);
	}
	forget_call(t, stop->tid);
	return r;
}

static int on_forked(struct trace *t, const struct tracer_stop *stop)
{
	struct trace_process *p = trace_state_find(t, stop->pid);
	struct trace_process *child = trace_state_add(t, stop->child);
	struct trace_call *c = call_of(t, stop->tid);
	struct event e = { .kind = EVENT_FORK, .pid = stop->pid, .tid = stop->tid };
	struct trace_scopes scopes = { 0 };
	int r = 0, read = 0;

	if (!p || !child)
		return p ? -ENOMEM : 0;
	if (c)
		e = c->event;
	child->ppid = stop->pid;
	child->borrowed = stop->shares_mm;
	if (!stop->shares_mm) {
		child->family = p->family;
		p->forked_ns = stop->time_ns;
	}
	memcpy(child->watched, p->watched, sizeof(child->watched));
	child->nwatched = p->nwatched;
	e.child = stop->child;
	e.shares_mm = stop->shares_mm;
	e.has_ret = true;
	e.ret = stop->child;
	e.time_ns = stop->time_ns;
	if (!stop->shares_mm) {
		r = stop->passed ? 0 : trace_state_compare(t, p, NULL, 0, &scopes);
		read = r ? r : trace_state_read(t, child, NULL, 0, NULL);
		r = read == -ENOMEM ? read : r;
	}
	if (stop->seen && read)
		e.incomplete = "the child had ended before it could be looked at";
	else if (stop->passed)
		e.incomplete =
			"the process ran on, and was looked at a moment before or forked again";
	return trace_state_emit_scopes(t, &e, p, &scopes, r);
}

/* gupinfo itself called the command's own exec: name the program that runs now. */
static void name_program(struct event *e)
{
	struct event_arg *a = &e->arg[0];
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/exe", e->pid);
	ssize_t n = readlink(path, a->text, sizeof(a->text) - 1);
	if (n <= 0)
		return;
	a->text[n] = '\0';
	a->name = "path";
	a->kind = EVENT_ARG_TEXT;
	e->nargs = 1;
}

static int on_execed(struct trace *t, const struct tracer_stop *stop)
{
	struct trace_process *p = trace_state_add(t, stop->pid);
	struct trace_call *c = call_of(t, stop->tid);
	struct event e = { .kind = EVENT_EXEC, .pid = stop->pid, .tid = stop->pid };
	struct store *now;
	int r;

	if (!p)
		return -ENOMEM;
	/* A call of the leader that another thread's exec has ended is not the exec. */
	if (c && c->event.kind == EVENT_EXEC)
		e = c->event;
	e.time_ns = stop->time_ns;
	e.tid = stop->pid;
	trace_state_comm(stop->pid, e.comm);
	if (!e.nargs)
		name_program(&e);
	/* exec took the old memory: relatives own its pages now.  Then read the new one. */
	now = p->now;
	p->now = NULL;
	if (!p->borrowed && now)
		r = tell_pages(t, &e, p, NULL, 0, true);
	else
		r = trace_state_emit(t, &e, p);
	store_free(now);
	p->family = ++t->families;
	p->borrowed = p->exiting = p->execing = false;
	p->nwatched = p->nscans = 0;
	trace_state_release(t, p);
	return r ?: trace_state_read(t, p, NULL, 0, NULL) == -ENOMEM ? -ENOMEM : 0;
}

/* The process still has its pages: emits what it did last. */
static int on_exiting(struct trace *t, const struct tracer_stop *stop)
{
	struct trace_process *own = trace_state_find(t, stop->pid);
	int r = 0;

	if (!own || own->borrowed)
		return 0;
	for (struct trace_process *p = t->process; p && !r; p = p->next)
		if (related(own, p))
			r = trace_state_between(t, p, NULL, 0);
	own->exiting = true;
	return r;
}

static int on_exited(struct trace *t, const struct tracer_stop *stop)
{
	struct trace_process *p = trace_state_find(t, stop->pid);
	struct event e = { .kind = EVENT_EXIT, .pid = stop->pid, .tid = stop->pid };
	int r;

	if (!p)
		return 0;
	trace_state_exit(&e, stop->status);
	e.time_ns = stop->time_ns;
	r = trace_state_emit_last(t, p);
	if (!r)
		r = p->borrowed ? trace_state_emit(t, &e, p)
				: tell_pages(t, &e, p, NULL, 0, true);
	trace_state_drop(t, stop->pid);
	while (t->call && call_of(t, stop->pid))
		forget_call(t, stop->pid);
	return r;
}

/* ---- between stops */

/* Looks for silent changes: in watched ranges often, everywhere now and then or if @all. */
static int look(struct trace *t, bool all)
{
	u64 now = clock_now();
	int r = 0;

	t->tick_ns = now;
	for (struct trace_process *p = t->process; p && !r; p = p->next) {
		/* read everything at most 5 % of the time, and not more than once a second */
		bool full = all || now - p->full_ns > MAX(1000000000ULL, 20 * p->cost_ns);

		if (p->borrowed || p->foreign || p->execing || p->exiting || !p->now ||
		    (!full && !p->nwatched))
			continue;
		r = trace_state_between(t, p, p->watched, full ? 0 : p->nwatched);
	}
	return r;
}

int trace_look(struct trace *t)
{
	return look(t, true);
}

int trace_handle(struct trace *t, const struct tracer_stop *stop)
{
	t->held = stop->pid;
	switch (stop->what) {
	case TRACER_ENTRY:
		return on_entry(t, stop);
	case TRACER_RETURN:
		return on_return(t, stop);
	case TRACER_FORKED:
		return on_forked(t, stop);
	case TRACER_EXECED:
		return on_execed(t, stop);
	case TRACER_EXITING:
		return on_exiting(t, stop);
	case TRACER_EXITED:
		t->held = 0;
		return on_exited(t, stop);
	default:
		t->held = 0;
		return -EINTR;
	}
}

int trace_step(struct trace *t, int timeout_ms)
{
	int interval = t->opt.interval_ms ? (int)t->opt.interval_ms : 200;
	u64 end = clock_now() + (u64)MAX(timeout_ms, 0) * 1000000ULL;
	struct tracer_stop stop;

	if (!t->tracer)
		return trace_sample_step(t, timeout_ms);
	do {
		t->held = 0;
		int r = tracer_next(t->tracer,
				    timeout_ms < 0 ? interval : MIN(interval, timeout_ms),
				    &stop);
		if (r < 0)
			return r;
		bool stopped = r == 1;
		if (stopped)
			r = trace_handle(t, &stop);
		if (!r && clock_now() - t->tick_ns >= (u64)interval * 1000000ULL)
			r = look(t, false);
		if (r || stopped)
			return r ? r : 1;
	} while (timeout_ms < 0 || clock_now() < end);
	return 0;
}

pid_t trace_held(const struct trace *t)
{
	return t->held;
}

const struct event_member *trace_members(struct trace *t, unsigned *ret_n)
{
	struct event e = { 0 };

	*ret_n = trace_state_members(t, NULL, &e) ? 0 : e.nmembers;
	return t->member;
}

/* ---- life */

static int begin(struct trace *t)
{
	const struct source_machine *m = t->src->machine;
	struct report_head head = { .machine = m,
				    .kernel = t->opt.model ? t->opt.model
							   : m->page.kernel };

	return t->view->begin ? t->view->begin(t->view_ctx, &head) : 0;
}

int trace_new(const struct trace_options *opt, struct source *src,
	      const struct event_view *view, void *view_ctx, struct diag *diag,
	      struct trace **ret)
{
	struct trace *t = calloc(1, sizeof(*t));
	struct tracer_options topt = { .argv = opt->argv,
				       .pids = opt->pids,
				       .npids = opt->npids,
				       .each_mmap = opt->each_mmap,
				       .sigpipe_default = opt->sigpipe_default };
	int r;

	if (!t)
		return -ENOMEM;
	t->opt = *opt;
	t->src = src;
	t->view = view;
	t->view_ctx = view_ctx;
	t->diag = diag;
	t->status = -1;
	t->handle = trace_handle;
	t->start_ns = t->tick_ns = clock_now();
	t->realtime_offset = clock_of(CLOCK_REALTIME) - t->start_ns;
	t->pool = store_new(&(struct store_options){ .holes = opt->holes }, NULL);
	r = t->pool ? begin(t) : -ENOMEM;
	if (!r)
		r = opt->no_stop ? trace_sample_new(t)
				 : tracer_new(&topt, diag, &t->tracer);
	for (unsigned i = 0; !r && !opt->argv && i < opt->npids; i++)
		r = trace_state_attach(t, opt->pids[i]);
	if (r) {
		trace_free(t);
		return r;
	}
	if (opt->argv)
		confine_caps(CONFINE_TRACE);
	*ret = t;
	return 0;
}

void trace_free(struct trace *t)
{
	if (!t)
		return;
	tracer_free(t->tracer);
	if (!t->tracer)
		trace_sample_free(t);
	while (t->process)
		trace_state_drop(t, t->process->pid);
	while (t->call)
		forget_call(t, t->call->tid);
	store_free(t->pool);
	free(t->member);
	free(t);
}

int trace_run(const struct trace_options *opt, struct source *src,
	      const struct event_view *view, void *view_ctx, struct diag *diag,
	      int *ret_status)
{
	struct trace *t;
	int r = trace_new(opt, src, view, view_ctx, diag, &t);

	*ret_status = -1;
	if (r)
		return r == -EINTR ? 0 : r; /* asked to end before it began */
	while ((r = trace_step(t, -1)) == 1 || !r)
		;
	/* Let the processes go before slow work: nobody should wait for gupinfo's output. */
	if (r == -EINTR && t->tracer && !t->opt.argv)
		tracer_start_let_go(t->tracer);
	if (r == -ECHILD || r == -EINTR)
		r = 0;
	else if (t->tracer && t->opt.argv)
		tracer_follow_silently(t->tracer);
	*ret_status = t->tracer ? tracer_status(t->tracer) : t->status;
	for (struct trace_process *p = t->process; p && !r; p = p->next)
		r = trace_state_emit_last(t, p);
	if (!r && view->end)
		r = view->end(view_ctx, *ret_status);
	trace_free(t);
	return r;
}
