/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * structpage.bpf.c - reads leaf page-table entries and the struct pages behind them.
 *
 * The programs run on request (SYSCALL programs, BPF_PROG_TEST_RUN) in the context of gupinfo.
 * A descriptor of /proc/PID/pagemap names the process: its private_data is the mm
 * (pagemap_open(), fs/proc/task_mmu.c), and the open descriptor keeps the mm_struct and the pgd
 * page allocated.  Lower tables may be freed at any time.  So the programs read every table
 * whole and then the entry that points to it again: when it has changed, they discard what came
 * from the table and read anew.  Each leaf entry is read again after its page, likewise.
 */
#include "leaves.bpf.h"

#include "calibrate.bpf.h"
#include "vmas.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/* --- the walk */

/* Finishes the current table: did it belong to the process all the time? */
static __always_inline void table_done(struct structpage_walk *w, const bool cast)
{
	u64 again = load64(w->pmd_ptr, cast);

	settle(w);
	w->table = 0;
	w->addr = w->base + w->to * PAGE;
	if ((again ^ w->pmd) & ~call.ignore) {
		if (w->table_tries < TRIES) { /* the last try is delivered as raced */
			w->table_tries++;
			w->n = w->table_rec;
			w->closed = 0;
			forget_likes(w);
			w->addr = w->base;
			return;
		}
	}
	w->table_rec = w->n;
	w->table_tries = 0;
}

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
			sum += load64(page_of(pt[k]), true);
	} else if (any) {
		for (u32 k = 0; k < GROUP; k++)
			if ((pt[k] & (call.valid | call.special)) == call.valid)
				sum += load64(page_of(pt[k]), true);
	}
	w->touched = sum;
	return 0;
}

/* Handles a PMD or PUD leaf. */
static __always_inline void huge_leaf(struct structpage_walk *w, u64 addr, u64 e, u64 ptr,
				      u8 level, u64 size, const bool cast)
{
	bool others = w->later && addr & (size - 1);

	addr &= ~(size - 1);
	if (others || (w->pfn_hi && (!is_present(e, level) ||
				     filtered(w, pfn_of(e, level), leaf_pages(level)))))
		settle(w);
	else if (!leaf_done(w, addr, e, ptr, level, cast))
		return; /* the walk reads it again on its way down */
	w->addr = addr + size;
}

static __always_inline void open_table(struct structpage_walk *w, u64 table, u64 e,
				       u64 ptr, const bool cast)
{
	u64 addr = w->addr, left = (w->end - addr + PAGE - 1) >> call.page_shift;
	u32 first = addr >> call.page_shift & 511,
	    n = left < 512 - first ? left : 512 - first;

	table += (addr >> call.page_shift & (PAGE / 8 - 1)) * 8;
	barrier_var(n); /* 6.1's verifier wants to see the bound */
	if (n > 512 || bpf_probe_read_kernel(w->pt, n * 8, (void *)table)) {
		u64 size = 512 * PAGE;

		hole(w, addr, (addr & ~(size - 1)) + size);
		return;
	}
	settle(w);
	w->table = table;
	w->pmd_ptr = ptr;
	w->pmd = e;
	w->base = addr & ~(PAGE - 1);
	w->i = 0;
	w->to = n;
	w->table_rec = w->n;
	if (cast && pages > NO_GROUPS)
		bpf_loop((n + GROUP - 1) / GROUP, touch_step, &w, 0);
}

/* Goes from the table at w->down to the one below; returns 1 where there is none. */
static __always_inline int down(struct structpage_walk *w, const bool cast)
{
	u32 l = w->level;
	u64 e;

	w->down_ptr = w->down + (w->addr >> level_shift(l) & (PAGE / 8 - 1)) * 8;
	e = w->down_e = load64(w->down_ptr, cast);
	if (!(e & call.valid) || (l <= 3 && (e & call.leaf_mask) == call.leaf))
		return 1;
	w->down = call.page_offset + (valid_pfn(e, 1) << call.page_shift);
	w->level = l - 1;
	return 0;
}

__noinline int down_copy(struct structpage_walk *w)
{
	return w ? down(w, false) : 1;
}

__noinline int down_cast(struct structpage_walk *w)
{
	return w ? down(w, true) : 1;
}

/* Returns how many entries from the empty one at @ptr on are: all of an aligned group, or one. */
static __always_inline u64 empty_entries(u64 ptr, const bool cast)
{
	u64 any = ptr & (8 * HOLES - 1);

	if (any)
		return 1;
	for (u32 k = 1; k < HOLES; k++)
		any |= load64(ptr + 8 * k, cast);
	return any ? 1 : HOLES;
}

/* Walks down to w->addr's entry: a hole, a huge leaf, or a table that it copies to w->pt[]. */
static __always_inline void descend(struct structpage_walk *w, const bool cast)
{
	u64 addr = w->addr;
	u32 shift;

	w->down = w->pgd;
	w->level = call.levels;
	for (u32 i = 0; i < 4; i++)
		if (w->level < 2 || (cast ? down_cast(w) : down_copy(w)))
			break;
	shift = level_shift(w->level);
	if (w->level < 2)
		open_table(w, w->down, w->down_e, w->down_ptr, cast);
	else if (!w->down_e)
		hole(w, addr,
		     (addr >> shift << shift) +
			     (empty_entries(w->down_ptr, cast) << shift));
	else if (w->level > 3)
		hole(w, addr, (addr >> shift << shift) + (1ULL << shift));
	else
		huge_leaf(w, addr, w->down_e, w->down_ptr, w->level, 1ULL << shift, cast);
}

/* Handles everything but one more leaf like the last.  Returns 1 when this call is done. */
static __always_inline int other(struct structpage_walk *w, const bool cast)
{
	if (w->table) {
		if (w->i < w->to)
			other_leaf(w, cast);
		else
			table_done(w, cast);
		return 0;
	}
	/* A table's records must fit, so that they can be discarded together. */
	if (w->addr >= w->end || w->n + 513 > STRUCTPAGE_RECS)
		return 1;
	descend(w, cast);
	return 0;
}

/* Separate functions, because the verifier checks each once. */
__noinline int other_copy(struct structpage_walk *w)
{
	return w ? other(w, false) : 1;
}

__noinline int other_cast(struct structpage_walk *w)
{
	return w ? other(w, true) : 1;
}

/*
 * A callback must return 0 or 1, and the verifier does not trust what a global function
 * returned.  A compiler that looks into the function (clang 19) knows that it is 0 or 1 already
 * and would drop the comparison.
 */
static __always_inline long not_zero(int r)
{
	barrier_var(r);
	return r != 0;
}

static long step_copy(u32 i, struct structpage_walk **at)
{
	struct structpage_walk *w = *at;

	if (w->i < w->to && next_leaf(w, false))
		return 0;
	return not_zero(other_copy(w));
}

static long step_cast(u32 i, struct structpage_walk **at)
{
	struct structpage_walk *w = *at;

	if (w->i < w->to &&
	    (pages <= ALONE ? next_hole(w)
			    : (pages > NO_GROUPS && next_group(w)) || next_leaf(w, true)))
		return 0;
	return not_zero(other_cast(w));
}

static __always_inline u64 walk_begin(struct structpage_walk *w)
{
	struct file *file = file_of(w->fd);
	u64 mm = file ? (u64)BPF_CORE_READ(file, private_data) : 0;

	w->n = 0;
	w->err = 0;
	w->words.sum_head = 0;
	w->table = w->i = w->to = w->tries = 0;
	w->table_rec = w->table_tries = 0;
	w->run = w->jump = 0;
	w->list = w->closed = 0;
	w->last = ~0ULL;
	forget_likes(w);
	if (!mm) {
		w->err = -3;
		return 0;
	}
	w->pgd = (u64)BPF_CORE_READ((struct mm_struct *)mm, pgd);
	w->mm_flags = read_mm_flags(mm);
	return mm;
}

/* The process may have died meanwhile: then the kernel freed its tables during the walk. */
static __always_inline void walk_end(struct structpage_walk *w, u64 mm, const bool cast)
{
	if (w->table) { /* the call ends inside a table */
		w->to = w->i;
		table_done(w, cast);
	}
	settle(w);
	w->mm_seq = 0;
	if (bpf_core_field_exists(struct mm_struct___seq, mm_lock_seq.sequence))
		w->mm_seq =
			BPF_CORE_READ((struct mm_struct___seq *)mm, mm_lock_seq.sequence);
	w->mm_users = BPF_CORE_READ((struct mm_struct *)mm, mm_users.counter);
	if (!w->mm_users)
		w->err = -3; /* -ESRCH */
}

static __always_inline int observe(u32 i, const bool cast)
{
	struct structpage_walk *w = bpf_map_lookup_elem(&walks, &i);
	u64 mm = w ? walk_begin(w) : 0;

	/* a kernel without preemption runs nothing else meanwhile */
	if (mm) {
		w->steps = bpf_loop(w->gentle ? STRUCTPAGE_GENTLE : STRUCTPAGE_STEPS,
				    cast ? step_cast : step_copy, &w, 0);
		walk_end(w, mm, cast);
	}
	return 0;
}

SEC("gupinfo.syscall")
int observe_copy(const u32 *ctx)
{
	return observe(*ctx, false);
}

SEC("gupinfo.syscall")
int observe_cast(const u32 *ctx)
{
	return observe(*ctx, true);
}
