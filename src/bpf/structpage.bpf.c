/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * structpage.bpf.c - reads leaf page-table entries and the struct pages behind them.
 *
 * The programs run on request (SYSCALL programs, BPF_PROG_TEST_RUN) in the context of gupinfo.
 * A descriptor of /proc/PID/pagemap names the process: its private_data is the mm
 * (pagemap_open(), fs/proc/task_mmu.c), and the open descriptor keeps the mm_struct and the pgd
 * page allocated.  "observe" walks its page tables, which the verifier follows for some milliseconds.  For few
 * pages, and where there is no bpf_rdonly_cast(), src/live/peek.c does so, on what "peek" copies.
 */
#define CAST 1
#include "page/structpage.h"

#include "leaves.bpf.h"

#define HOLES 8 /* entries above leaves that are empty, which are handled together */

/*
 * Scattered struct pages are in no cache.  Loads that nothing waits for fetch many at a time, the more the
 * fewer instructions are between them; the walk over the table then finds them there.  Some entries
 * behind the range may be touched, too: to leave them out would be one more branch, of which the verifier
 * follows both ways, eight times.
 */
static long touch_step(u32 i, struct structpage_walk **at)
{
	struct structpage_walk *w = *at;
	const u64 *pt = &w->pt[i * GROUP & (512 - GROUP)];
	u64 all = ~0ULL, any = 0, sum = 0;

	for (u32 k = 0; k < GROUP; k++) {
		all &= pt[k];
		any |= pt[k];
	}
	if ((all & call.valid) == call.valid && !(any & call.special)) {
		for (u32 k = 0; k < GROUP; k++)
			sum += load64(page_of(pt[k]));
	} else if (any) {
		for (u32 k = 0; k < GROUP; k++)
			if ((pt[k] & (call.valid | call.special)) == call.valid)
				sum += load64(page_of(pt[k]));
	}
	w->touched = sum;
	return 0;
}

/* Prepares for the leaf entries of the current table, of which there are @n. */
static __always_inline void ahead(struct structpage_walk *w, u32 n)
{
	bpf_loop((n + GROUP - 1) / GROUP, touch_step, &w, 0);
}

/* Returns how many entries from the empty one at @ptr on are: all of an aligned group, or one. */
static __always_inline u64 empty_entries(u64 ptr)
{
	u64 any = ptr & (8 * HOLES - 1);

	if (any)
		return 1;
	for (u32 k = 1; k < HOLES; k++)
		any |= load64(ptr + 8 * k);
	return any ? 1 : HOLES;
}

#include "walk.bpf.h"

#include "calibrate.bpf.h"
#include "vmas.bpf.h"

char LICENSE[] SEC("license") = "GPL";

BPF_RECORDS(peeks, struct structpage_peek, STRUCTPAGE_PEEKS);

/* Reads what the process's mm knows, and whether it is still there. */
static __always_inline void look_at_mm(struct structpage_walk *w)
{
	struct file *file = file_of(w->fd);
	u64 mm = file ? (u64)BPF_CORE_READ(file, private_data) : 0;

	w->err = -3; /* -ESRCH */
	if (!mm)
		return;
	w->pgd = (u64)BPF_CORE_READ((struct mm_struct *)mm, pgd);
	w->mm_flags = read_mm_flags(mm);
	w->mm_seq = 0;
	if (bpf_core_field_exists(struct mm_struct___seq, mm_lock_seq.sequence))
		w->mm_seq =
			BPF_CORE_READ((struct mm_struct___seq *)mm, mm_lock_seq.sequence);
	/* 0: the process has died, and the kernel freed its tables */
	w->mm_users = BPF_CORE_READ((struct mm_struct *)mm, mm_users.counter);
	if (w->mm_users)
		w->err = 0;
}

static long peek_step(u32 i, struct structpage_walk **at)
{
	u32 slot = (*at)->peeks + i, bytes;
	struct structpage_peek *p = bpf_map_lookup_elem(&peeks, &slot);

	if (!p)
		return 1;
	bytes = p->bytes;
	if (bytes > sizeof(p->data))
		bytes = sizeof(p->data);
	p->err = bpf_probe_read_kernel(p->data, bytes, (void *)p->addr);
	return 0;
}

SEC("gupinfo.syscall")
int peek(const u32 *ctx)
{
	u32 i = *ctx;
	struct structpage_walk *w = bpf_map_lookup_elem(&walks, &i);

	if (!w)
		return 0;
	bpf_loop(w->npeeks, peek_step, &w, 0);
	look_at_mm(w); /* what was read is of a process that is still there */
	return 0;
}

SEC("gupinfo.syscall")
int observe(const u32 *ctx)
{
	u32 i = *ctx;
	struct structpage_walk *w = bpf_map_lookup_elem(&walks, &i);

	if (!w)
		return 0;
	walk_reset(w);
	look_at_mm(w);
	if (w->err)
		return 0;
	/* a kernel without preemption runs nothing else meanwhile */
	w->steps =
		bpf_loop(w->gentle ? STRUCTPAGE_GENTLE : STRUCTPAGE_STEPS, step, &w, 0);
	walk_settle(w);
	look_at_mm(w);
	return 0;
}
