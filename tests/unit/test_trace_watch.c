/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel writes of processes that run, from bytes: no BPF, no root. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "trace/trace_int.h"
#include "event/watch_record.h"

#include "fake_source.h"
#include "test.h"

#define MAPPED (BIT(3) | BIT(5) | BIT(11) | BIT(12) | BIT(14))

static struct fake_source fake;
static struct diag diag;
static struct trace t;
static struct watch_record list[8];
static struct vma vmas[1];
static struct raw_page raw[2];

static struct seen {
	unsigned n;
	struct {
		u8 kind, forked;
		pid_t pid, child;
		u64 start, end, time_ns, looked_ns, changes;
		s64 ret, arg;
		bool incomplete;
	} at[16];
} seen;

static int on_event(void *ctx, const struct event *e)
{
	struct seen *s = ctx;

	EXPECT(s->n < ARRAY_SIZE(s->at));
	s->at[s->n].kind = e->kind;
	s->at[s->n].forked = e->forked;
	s->at[s->n].pid = e->pid;
	s->at[s->n].child = e->child;
	s->at[s->n].start = e->nranges ? e->range[0].start : 0;
	s->at[s->n].end = e->nranges ? e->range[0].end : 0;
	s->at[s->n].time_ns = e->time_ns;
	s->at[s->n].looked_ns = e->looked_ns;
	s->at[s->n].changes = e->nchanges;
	s->at[s->n].ret = e->ret;
	s->at[s->n].arg = e->nargs ? e->arg[0].num : -1;
	s->at[s->n++].incomplete = e->incomplete != NULL;
	return 0;
}

static const struct event_view view = { .event = on_event };

/* Process 42 has two pages at 0x10000 and is followed; nothing was seen of it. */
static void begin(void)
{
	fake_source_init(&fake);
	diag_init(&diag);
	vmas[0] = (struct vma){
		.start = 0x10000, .end = 0x20000, .read = true, .write = true
	};
	raw[0] = fake_source_anon(0x10000, 1, 100, MAPPED, 1);
	raw[1] = fake_source_anon(0x11000, 1, 101, MAPPED, 1);
	fake.vmas = vmas;
	fake.nvmas = 1;
	fake.raw = raw;
	fake.nobs = 2;
	seen = (struct seen){ 0 };
	t = (struct trace){ .src = &fake.source,
			    .view = &view,
			    .view_ctx = &seen,
			    .diag = &diag,
			    .opt = { .no_stop = true },
			    .status = -1,
			    .handle = trace_handle,
			    .record = list,
			    .record_room = ARRAY_SIZE(list) };
	t.pool = store_new(&(struct store_options){ 0 }, NULL);
	EXPECT(t.pool && trace_state_add(&t, 42));
	EXPECT_INT(trace_state_read(&t, trace_state_find(&t, 42), NULL, 0, NULL), 0);
}

static void end(void)
{
	while (t.process)
		trace_state_drop(&t, t.process->pid);
	store_free(t.pool);
	free(t.member);
	diag_deinit(&diag);
}

/* Adds a record of a call of process 42 with two arguments. */
static struct watch_record *called(u8 call, u64 first, u64 second)
{
	struct watch_record *r = &list[t.nrecords++];

	*r = (struct watch_record){ .what = WATCH_CALL,
				    .call = call,
				    .pid = 42,
				    .tid = 43,
				    .time_ns = 1000 * t.nrecords,
				    .arg = { first, second } };
	return r;
}

TEST(a_call_is_seen_with_its_time_and_looked_at_later)
{
	begin();
	fake.nobs = 1; /* 0x11000 is unmapped */
	called(TRACER_MUNMAP, 0x11000, 0x1000);
	EXPECT_INT(trace_watch_handle(&t), 0);
	EXPECT_INT(t.nrecords, 0);
	EXPECT_INT(seen.n, 1);
	EXPECT_INT(seen.at[0].kind, EVENT_MUNMAP);
	EXPECT_INT(seen.at[0].arg, 0x11000);
	EXPECT_INT(seen.at[0].start, 0x11000);
	EXPECT_INT(seen.at[0].end, 0x12000);
	EXPECT_INT(seen.at[0].time_ns, 1000);
	EXPECT(seen.at[0].looked_ns > 1000);
	EXPECT_INT(seen.at[0].changes, 1);
	EXPECT(!seen.at[0].incomplete);
	end();
}

TEST(a_fork_that_was_not_emitted_yet_is_known)
{
	struct trace_process *p;

	begin();
	p = trace_state_find(&t, 42);
	raw[1] = fake_source_anon(0x11000, 1, 102, MAPPED, 1);
	list[t.nrecords++] = (struct watch_record){ .what = WATCH_FORK,
						    .pid = 42,
						    .tid = 42,
						    .child = 43,
						    .time_ns = p->full_ns };
	EXPECT_INT(trace_state_between(&t, p, NULL, 0), 0);
	EXPECT_INT(seen.n, 1);
	EXPECT_INT(seen.at[0].forked, TRI_YES);
	/* before the states were read */
	raw[1] = fake_source_anon(0x11000, 1, 103, MAPPED, 1);
	EXPECT_INT(trace_state_between(&t, p, NULL, 0), 0);
	EXPECT_INT(seen.n, 2);
	EXPECT_INT(seen.at[1].forked, TRI_UNKNOWN); /* nothing writes what it does */
	/* it was emitted, and the pages were not compared */
	raw[1] = fake_source_anon(0x11000, 1, 104, MAPPED, 1);
	p->forked_ns = p->full_ns;
	EXPECT_INT(trace_state_between(&t, p, NULL, 0), 0);
	EXPECT_INT(seen.n, 3);
	EXPECT_INT(seen.at[2].forked, TRI_YES);
	end();
}

TEST(stores_of_a_process_that_ran_on_are_not_the_calls)
{
	begin();
	raw[1] = fake_source_anon(0x12000, 1, 102, MAPPED, 1); /* populated meanwhile */
	called(TRACER_MADVISE, 0x11000, 0x2000);
	EXPECT_INT(trace_watch_handle(&t), 0);
	EXPECT_INT(seen.n, 2);
	EXPECT_INT(seen.at[0].kind, EVENT_MADVISE);
	EXPECT_INT(seen.at[0].changes, 1); /* gone */
	EXPECT_INT(seen.at[1].kind, EVENT_WRITE_FAULT);
	EXPECT_INT(seen.at[1].changes, 1);
	EXPECT_INT(seen.at[1].looked_ns, 0);
	end();
}

TEST(pages_that_were_changed_again_are_not_read)
{
	begin();
	fake.nobs = 1;
	called(TRACER_MPROTECT, 0x10000, 0x2000);
	called(TRACER_MUNMAP, 0x11000, 0x1000);
	called(TRACER_MUNMAP, 0x30000, 0x1000);
	EXPECT_INT(trace_watch_handle(&t), 0);
	EXPECT_INT(seen.n, 3);
	EXPECT(seen.at[0].incomplete && !seen.at[0].changes && !seen.at[0].looked_ns);
	EXPECT(!seen.at[1].incomplete && seen.at[1].changes == 1);
	EXPECT(!seen.at[2].incomplete && !seen.at[2].changes);
	end();
	begin();
	strcpy(fake.machine.kernel.arch, "aarch64");
	called(TRACER_MPROTECT, 0x10000, 0x2000);
	called(TRACER_MUNMAP, 0xb400000000011000, 0x1000); /* a tag */
	EXPECT_INT(trace_watch_handle(&t), 0);
	EXPECT(seen.at[0].incomplete && !seen.at[0].looked_ns);
	EXPECT_INT(seen.at[1].start, 0x11000);
	end();
}

/* The kernel copied what the call read; the process has none of it. */
TEST(vectors_are_those_of_the_call)
{
	struct watch_record *r;

	begin();
	r = called(TRACER_VMSPLICE, 9, 0x7000);
	r->arg[2] = 1;
	r->ret = 0x1800;
	r->vec_addr = 0x7000;
	r->nvec = 1;
	r->vec[0] = 0x10000;
	r->vec[1] = 0x1800;
	EXPECT_INT(trace_watch_handle(&t), 0);
	EXPECT_INT(seen.at[0].kind, EVENT_VMSPLICE);
	EXPECT_INT(seen.at[0].start, 0x10000);
	EXPECT_INT(seen.at[0].end, 0x12000);
	EXPECT_INT(trace_state_find(&t, 42)->nwatched, 1);
	end();
}

TEST(a_child_that_is_gone_is_named)
{
	begin();
	list[t.nrecords++] = (struct watch_record){
		.what = WATCH_FORK, .pid = 42, .tid = 42, .child = 77, .time_ns = 5
	};
	list[t.nrecords++] = (struct watch_record){
		.what = WATCH_EXIT, .pid = 77, .tid = 77, .ret = 3 << 8, .time_ns = 6
	};
	/* again: it was seen in /proc before */
	list[t.nrecords++] = (struct watch_record){
		.what = WATCH_EXIT, .pid = 77, .tid = 77, .ret = 3 << 8, .time_ns = 6
	};
	EXPECT_INT(trace_watch_handle(&t), 0);
	EXPECT_INT(seen.n, 2);
	EXPECT_INT(seen.at[0].kind, EVENT_FORK);
	EXPECT_INT(seen.at[0].child, 77);
	EXPECT(seen.at[0].incomplete);
	EXPECT_INT(seen.at[1].kind, EVENT_EXIT);
	EXPECT_INT(seen.at[1].arg, 3);
	EXPECT(!trace_state_find(&t, 77));
	end();
}

TEST(an_exec_that_was_seen_in_proc_is_no_event)
{
	begin();
	list[t.nrecords++] = (struct watch_record){
		.what = WATCH_EXEC, .pid = 42, .tid = 42, .time_ns = 1
	};
	EXPECT_INT(trace_watch_handle(&t), 0);
	EXPECT_INT(seen.n, 0);
	list[t.nrecords++] = (struct watch_record){
		.what = WATCH_EXEC, .pid = 42, .tid = 42, .time_ns = UINT64_MAX / 2
	};
	EXPECT_INT(trace_watch_handle(&t), 0);
	EXPECT_INT(seen.n, 1);
	EXPECT_INT(seen.at[0].kind, EVENT_EXEC);
	end();
}
