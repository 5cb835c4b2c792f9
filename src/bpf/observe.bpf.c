/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * observe.bpf.c - reads leaf page-table entries and the struct pages behind them, many in one call.
 */
#define CAST 1
#include "page/structpage.h"

#include "leaves.bpf.h"
#include "mm.bpf.h"

char LICENSE[] SEC("license") = "GPL";

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
