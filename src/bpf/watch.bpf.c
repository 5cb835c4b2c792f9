/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * watch.bpf.c - writes what followed processes do to a ring: nobody is stopped.
 *
 * Calls are seen where their functions return (fexit), which costs other calls and other processes
 * nothing; where that is not permitted, by the tracepoint of all calls.  Forks, execs and exits have
 * tracepoints of their own.
 */
#include "event/watch_record.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

char LICENSE[] SEC("license") = "GPL";

enum { BPF_MAP_TYPE_RINGBUF = 27 };
enum { BPF_RB_NO_WAKEUP = 1, BPF_RB_FORCE_WAKEUP = 2 };

#define OFFSET_VEC __builtin_offsetof(struct watch_record, vec_addr)
#define OFFSET_FEW __builtin_offsetof(struct watch_record, arg[WATCH_FEW])
#define WAKE_NS 1000000

enum {
#define TRACER_CALL(id, ...) CALL_##id,
#include "trace/tracer.def"
#undef TRACER_CALL
};

BPF_RECORDS(followed, struct watch_followed, 1);

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 << 20);
} ring SEC(".maps");

struct watch_shared watch;
const volatile struct watch_regs regs_of;

static __always_inline void lose(void)
{
	__sync_fetch_and_add(&watch.lost, 1);
}

/* Fills a record, for which there may be no room. */
static __always_inline struct watch_record *fill(struct watch_record *r, u8 what, u32 pid,
						 u32 tid)
{
	if (!r) {
		lose();
		return NULL;
	}
	r->what = what;
	r->pid = pid;
	r->tid = tid;
	r->time_ns = bpf_ktime_get_ns();
	r->nvec = r->call = r->shares_mm = 0;
	r->child = 0;
	r->ret = 0;
	return r;
}

/* Returns a record of no call; NULL: there is no room. */
static __always_inline struct watch_record *begin(u8 what, u32 pid, u32 tid)
{
	return fill(bpf_ringbuf_reserve(&ring, OFFSET_FEW, 0), what, pid, tid);
}

/* Wakes gupinfo at once, but not all the time: that takes the process some microseconds. */
static __always_inline void submit_urgent(struct watch_record *r)
{
	bool wake = r->time_ns - watch.woken_ns > WAKE_NS;

	if (wake)
		watch.woken_ns = r->time_ns;
	bpf_ringbuf_submit(r, wake ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP);
}

/* Copies the first iovecs, which the call has just read, before the process changes them. */
static __always_inline void copy_vector(struct watch_record *r, u64 addr, u64 n)
{
	if (n > WATCH_VECTORS)
		n = WATCH_VECTORS;
	r->vec_addr = addr;
	if (!bpf_probe_read_user(r->vec, n * 16, (void *)addr))
		r->nvec = n;
}

/* Returns which argument of @call points to iovecs, whose number is the next one; 0: none. */
static __always_inline u32 vector_of(u8 call)
{
	switch (call) {
	case CALL_VMSPLICE:
	case CALL_PROCESS_MADVISE:
		return 1;
	case CALL_IO_URING_REGISTER:
		return 2;
	case CALL_PROCESS_VM_READV:
	case CALL_PROCESS_VM_WRITEV:
		return 3;
	default:
		return 0;
	}
}

/* Returns the byte of @pid among those that are followed. */
static __always_inline u8 *followed_at(u32 pid)
{
	u32 zero = 0;
	struct watch_followed *f = bpf_map_lookup_elem(&followed, &zero);

	return f ? &f->pid[pid & (WATCH_PIDS - 1)] : NULL;
}

static __always_inline bool follows(u32 pid)
{
	u8 *at = followed_at(pid);

	return at && *at;
}

static __always_inline bool is_followed(void)
{
	return follows(bpf_get_current_pid_tgid() >> 32);
}

/* The verifier knows the offsets, as they are constant, so that no helper has to read the registers. */
static __always_inline u64 argument(const void *regs, u32 i)
{
	return *(const u64 *)(regs + regs_of.arg[i]);
}

static __always_inline void set_call(struct watch_record *r, const void *regs, u8 call,
				     s64 ret, u32 nargs)
{
	r->call = call;
	r->ret = ret;
	for (u32 i = 0; i < nargs; i++)
		r->arg[i] = argument(regs, i);
}

/* Calls without a fourth argument, which come by the thousand. */
static __always_inline bool has_few(u8 call)
{
	return call == CALL_MUNMAP || call == CALL_MPROTECT || call == CALL_MADVISE;
}

/* @call of a followed process, whose arguments are in @regs, has returned @ret. */
static __always_inline int returned(const void *regs, u8 call, s64 ret)
{
	u64 id = bpf_get_current_pid_tgid();
	u32 vec = vector_of(call);
	struct watch_record *r;

	if ((*(const u16 *)(regs + regs_of.mode) & regs_of.mode_mask) !=
	    regs_of.mode_value)
		return 0;
	if (call == CALL_MMAP && !watch.each_mmap &&
	    !(argument(regs, 3) & watch.mmap_pages))
		return 0;
	if (has_few(call)) {
		r = begin(WATCH_CALL, id >> 32, id);
		if (r) {
			set_call(r, regs, call, ret, WATCH_FEW);
			bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP);
		}
		return 0;
	}
	r = fill(vec ? bpf_ringbuf_reserve(&ring, sizeof(*r), 0)
		     : bpf_ringbuf_reserve(&ring, OFFSET_VEC, 0),
		 WATCH_CALL, id >> 32, id);
	if (!r)
		return 0;
	set_call(r, regs, call, ret, ARRAY_SIZE(r->arg));
	if (!vec) { /* calls that come by the thousand are fetched now and then, in packs */
		bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP);
		return 0;
	}
	copy_vector(r, r->arg[vec & 3], r->arg[(vec & 3) + 1]);
	submit_urgent(r);
	return 0;
}

/* The function of a call returns: (regs, ret). */
#define CALL(id, name)                                                                  \
	SEC("fexit") int name(u64 *ctx)                                                 \
	{                                                                               \
		return is_followed() ? returned((void *)ctx[0], CALL_##id, ctx[1]) : 0; \
	}
CALL(VMSPLICE, vmsplice)
CALL(MMAP, mmap)
CALL(MUNMAP, munmap)
CALL(MREMAP, mremap)
CALL(MPROTECT, mprotect)
CALL(PKEY_MPROTECT, pkey_mprotect)
CALL(MADVISE, madvise)
CALL(PROCESS_MADVISE, process_madvise)
CALL(IO_URING_REGISTER, io_uring_register)
CALL(PROCESS_VM_READV, process_vm_readv)
CALL(PROCESS_VM_WRITEV, process_vm_writev)

/* Any call returns: (regs, ret). */
SEC("tp_btf/sys_exit")
int call_returns(u64 *ctx)
{
	const void *regs = (void *)ctx[0];
	u32 number;
	u8 call;

	if (!is_followed())
		return 0;
	watch.calls++;
	number = *(const u32 *)(regs + regs_of.number);
	if (number >= WATCH_CALLS)
		return 0;
	call = watch.call_of[number];
	return call ? returned(regs, call - 1, ctx[1]) : 0;
}

/* (parent, child): the child has not run. */
SEC("raw_tp/sched_process_fork")
int forked(u64 *ctx)
{
	struct task_struct *parent = (void *)ctx[0], *child = (void *)ctx[1];
	u32 pid = BPF_CORE_READ(parent, tgid), new = BPF_CORE_READ(child, tgid);
	struct watch_record *r;
	u8 *at = followed_at(new);

	if (new == pid || !at || !follows(pid))
		return 0;
	*at = 1;
	r = begin(WATCH_FORK, pid, BPF_CORE_READ(parent, pid));
	if (!r)
		return 0;
	r->child = new;
	r->shares_mm = BPF_CORE_READ(parent, mm) == BPF_CORE_READ(child, mm);
	submit_urgent(r);
	return 0;
}

SEC("raw_tp/sched_process_exec")
int execed(u64 *ctx)
{
	u64 id = bpf_get_current_pid_tgid();
	struct watch_record *r = is_followed() ? begin(WATCH_EXEC, id >> 32, id) : NULL;

	if (r)
		submit_urgent(r);
	return 0;
}

/* do_exit() has counted this thread out of ->live. */
SEC("raw_tp/sched_process_exit")
int exited(u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	u64 id = bpf_get_current_pid_tgid();
	u8 *at = followed_at(id >> 32);
	struct watch_record *r;

	if (!at || !*at || BPF_CORE_READ(task, signal, live.counter))
		return 0;
	*at = 0;
	r = begin(WATCH_EXIT, id >> 32, id);
	if (!r)
		return 0;
	r->ret = BPF_CORE_READ(task, signal, group_exit_code);
	if (!r->ret)
		r->ret = BPF_CORE_READ(task, group_leader, exit_code);
	submit_urgent(r);
	return 0;
}
