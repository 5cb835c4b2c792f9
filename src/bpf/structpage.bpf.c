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
 *
 * Most leaves are like the one before: next_leaf() compares the raw words and counts.  Only
 * other leaves go through leaf(), which makes a record.
 */
#include "page/structpage.h"

#include "folio.bpf.h"

#include "calibrate.bpf.h"
#include "vmas.bpf.h"

char LICENSE[] SEC("license") = "GPL";

BPF_RECORDS(recs, struct structpage_rec, STRUCTPAGE_RECS);
BPF_RECORDS(walks, struct structpage_walk, 1);

#define TRIES 3
#define GROUP 4 /* leaves that are handled together */
#define PAGE (1ULL << call.page_shift)

/* Returns record @i of @w's buffer; never NULL, which the verifier cannot know. */
static __always_inline struct structpage_rec *record(const struct structpage_walk *w,
						     u32 i)
{
	i = (i & (STRUCTPAGE_RECS - 1)) + w->first;
	return bpf_map_lookup_elem(&recs, &i);
}

/* log2 of the bytes that an entry of @level maps. */
static __always_inline u32 level_shift(u32 level)
{
	return (call.page_shift + (call.page_shift - 3) * (level - 1)) & 63;
}

static __always_inline u64 leaf_pages(u8 level)
{
	return 1ULL << ((level_shift(level) - call.page_shift) & 63);
}

/* The verifier checks a global function once, whoever calls it: this keeps loading short. */

/* --- records */

/* @r continues @p: words of a run differ only in address and PFN. */
static __always_inline bool continues(const struct structpage_walk *w,
				      const struct structpage_rec *p,
				      const struct structpage_rec *r)
{
	u64 step = leaf_pages(r->level);

	if (p->level != r->level || p->pte != r->pte ||
	    (p->has ^ r->has) & ~STRUCTPAGE_FOLDED ||
	    p->addr + (p->pages * step << call.page_shift) != r->addr)
		return false;
	if (!(r->has & STRUCTPAGE_PRESENT))
		return true;
	if (!w->fold && p->pfn + p->pages * step != r->pfn)
		return false;
	if (p->flags != r->flags || p->head_flags != r->head_flags ||
	    p->mm_ids != r->mm_ids || p->refcount != r->refcount ||
	    p->mapcount != r->mapcount || p->type != r->type || p->entire != r->entire ||
	    p->large != r->large || p->pincount != r->pincount ||
	    p->mapping != r->mapping || p->order != r->order)
		return false;
	/* The same folio, or folios of one leaf each. */
	return p->head_pfn == r->head_pfn ||
	       (p->head_pfn == p->pfn && r->head_pfn == r->pfn &&
		(1ULL << (r->order & 63)) == step);
}

/* Accepts the record after the last, or merges it into the record before. */
__noinline int commit(struct structpage_walk *w)
{
	struct structpage_rec *r, *p;

	if (!w)
		return 0;
	r = record(w, w->n);
	p = record(w, w->n - 1);
	if (!r || !p)
		return 0;
	if (w->n > w->table_rec && continues(w, p, r)) {
		if (r->has & STRUCTPAGE_PRESENT &&
		    p->pfn + p->pages * leaf_pages(r->level) != r->pfn)
			p->has |= STRUCTPAGE_FOLDED;
		p->pages += r->pages;
		return 0;
	}
	w->n++;
	return 0;
}

static __always_inline bool is_present(u64 e, u8 level)
{
	return e & (call.valid | call.soft_present) ||
	       (level > 1 && e & call.soft_present_hi);
}

/* Returns the PFN of @e that is valid, a table or a leaf at @level. */
static __always_inline u64 valid_pfn(u64 e, u8 level)
{
	return (e & call.pfn_mask[level & 3]) >> call.page_shift |
	       (e & call.pfn_high) << call.pfn_high_shift;
}

static __always_inline u64 pfn_of(u64 e, u8 level)
{
	return valid_pfn((e & call.valid) || !call.inverted ? e : ~e, level);
}

static __always_inline bool filtered(const struct structpage_walk *w, u64 pfn, u64 step)
{
	return w->pfn_hi && (pfn + step <= w->pfn_lo || pfn >= w->pfn_hi);
}

/* Returns the struct page of the last-level entry @e, which is valid. */
static __always_inline u64 page_of(u64 e)
{
	return page_address(valid_pfn(e, 1));
}

static __always_inline bool has_struct_page(u64 e, u64 pfn)
{
	if (pfn >= call.max_pfn)
		return false;
	return !(e & call.special) || pfn == call.zero_pfn[0] || pfn == call.zero_pfn[1];
}

/* Adds the leaves that were like the last one to its record. */
__noinline int settle(struct structpage_walk *w)
{
	struct structpage_rec *p = w ? record(w, w->n - 1) : NULL;

	if (!p)
		return 0;
	p->pages += w->run;
	if (w->jump)
		p->has |= STRUCTPAGE_FOLDED;
	w->run = w->jump = 0;
	w->last = ~0ULL;
	return 0;
}

/* --- leaves */

/*
 * Makes a record of leaf entry @e at @ptr.  Returns false when the entry has changed meanwhile:
 * the caller reads it again.
 */
static __always_inline bool leaf(struct structpage_walk *w, u64 addr, u64 e, u64 ptr,
				 u8 level, const bool cast)
{
	struct structpage_rec *r;
	struct structpage_raw raw;
	u64 again;

	settle(w);
	r = record(w, w->n);
	if (!r)
		return true;
	__builtin_memset(r, 0, sizeof(*r));
	r->addr = addr;
	r->pages = 1;
	r->level = level;
	r->pte = e;
	if (!is_present(e, level))
		return true;
	r->pfn = pfn_of(e, level);
	r->has =
		w->hugetlb ? STRUCTPAGE_PRESENT | STRUCTPAGE_HUGETLB : STRUCTPAGE_PRESENT;
	if (has_struct_page(e, r->pfn) &&
	    read_raw(page_address(r->pfn), &raw, &w->words, cast))
		read_folio(r->pfn, &raw, r, &w->words, cast);
	again = load64(ptr, cast);
	r->pte = again & ~(call.pfn_mask[level & 3] | call.pfn_high);
	if ((again ^ e) & ~call.ignore) {
		if (++w->tries < TRIES)
			return false;
		r->has |= STRUCTPAGE_RACED;
	}
	w->tries = 0;
	if (w->table_tries >= TRIES)
		r->has |= STRUCTPAGE_RACED;
	/* Heads may have equal words and folios that differ. */
	if (level == 1 && e == again && e & call.valid && !(e & call.special) &&
	    r->has & STRUCTPAGE_PAGE && !(r->has & STRUCTPAGE_RACED) && !w->pfn_hi &&
	    !(raw.flags & lay.head_bit)) {
		w->last = e;
		w->raw = raw;
	}
	return true;
}

__noinline int leaf_copy(struct structpage_walk *w, u64 addr, u64 e, u64 ptr, u32 level)
{
	return w && leaf(w, addr, e, ptr, level, false) && !commit(w);
}

__noinline int leaf_cast(struct structpage_walk *w, u64 addr, u64 e, u64 ptr, u32 level)
{
	return w && leaf(w, addr, e, ptr, level, true) && !commit(w);
}

static __always_inline bool leaf_done(struct structpage_walk *w, u64 addr, u64 e, u64 ptr,
				      u32 level, const bool cast)
{
	return cast ? leaf_cast(w, addr, e, ptr, level)
		    : leaf_copy(w, addr, e, ptr, level);
}

/* Adds a hole up to @next, and goes there. */
__noinline int hole(struct structpage_walk *w, u64 addr, u64 next)
{
	struct structpage_rec *r;

	if (!w)
		return 0;
	if (next > w->end)
		next = w->end;
	w->addr = next;
	settle(w);
	if (w->pfn_hi)
		return 0;
	r = record(w, w->n);
	if (!r)
		return 0;
	__builtin_memset(r, 0, sizeof(*r));
	r->addr = addr;
	r->pages = (next - addr) >> call.page_shift;
	r->level = 1;
	return commit(w);
}

/* Entry @e at @ptr and its page are like the last ones, except for the PFN. */
static __always_inline bool like_last(struct structpage_walk *w, u64 e, u64 ptr,
				      const bool cast)
{
	u64 pfn = valid_pfn(e, 1);
	struct structpage_raw raw;

	return !((e ^ w->last) & ~(call.pfn_mask[1] | call.pfn_high)) &&
	       pfn < call.max_pfn && read_raw(page_address(pfn), &raw, &w->words, cast) &&
	       same_raw(&w->raw, &raw) && load64(ptr, cast) == e;
}

/* Starts a run of pages like the last, elsewhere in memory. */
static __always_inline void jump(struct structpage_walk *w, u64 addr, u64 e)
{
	struct structpage_rec *r = record(w, w->n), *p = record(w, w->n - 1);

	if (!r || !p)
		return;
	p->pages += w->run;
	w->run = 0;
	*r = *p;
	r->addr = addr;
	r->pages = 1;
	r->pfn = r->head_pfn = valid_pfn(e, 1);
	w->n++;
}

/*
 * Takes GROUP leaves that are like the last one.  Between them is no branch, so that the CPU does not
 * wait for one before the next, and the verifier has one path to follow.
 */
static __always_inline bool next_group(struct structpage_walk *w)
{
	const struct structpage_raw like = w->raw;
	u64 last = w->last, mask = call.pfn_mask[1] | call.pfn_high;
	u64 other = 0, pfns = 0, jumps = 0, heads = 0, e, page;
	u32 i = w->i;

	if (w->alone || i + GROUP > w->to) {
		w->alone -= !!w->alone;
		return false;
	}
	for (u32 k = 0; k < GROUP; k++) {
		e = w->pt[(i + k) & 511];
		other |= (e ^ last) & ~mask;
		pfns |= valid_pfn(e, 1);
		jumps |= e - last - (k + 1) * PAGE;
	}
	if (other || !last || like.head & 1 || w->pfn_hi || lay.private != ABSENT ||
	    (lay.mapcount ^ lay.refcount) & ~7U || (jumps && !w->fold) ||
	    pfns >= call.max_pfn)
		return false;
	for (u32 k = 0; k < GROUP; k++) {
		e = w->pt[(i + k) & 511];
		page = page_of(e);
		other |= load64(page + lay.flags, true) ^ like.flags;
		other |= load64(page + lay.mapping, true) ^ like.mapping;
		other |= load64(page + (lay.mapcount & ~7U), true) ^ like.counts;
		heads |= load64(page + lay.head, true);
		other |= load64(w->table + (i + k) * 8, true) ^ e;
	}
	if (other || heads & 1) {
		w->alone = GROUP;
		return false;
	}
	w->jump |= jumps;
	w->last = e;
	w->run += GROUP;
	w->i = i + GROUP;
	return true;
}

static __always_inline bool next_leaf(struct structpage_walk *w, const bool cast)
{
	u32 i = w->i;
	u64 e = w->pt[i & 511], diff;

	if (w->pfn_hi) { /* only entries of these PFNs */
		if (is_present(e, 1) && !filtered(w, pfn_of(e, 1), 1))
			return false;
	} else if (!e) {
		if (w->last)
			return false;
		w->run++;
	} else {
		if (!like_last(w, e, w->table + i * 8, cast))
			return false;
		diff = (e - w->last) ^ PAGE;
		if (diff && !w->fold && w->raw.head & 1)
			return false;
		w->last = e;
		if (!diff || w->fold) {
			w->jump |= diff;
			w->run++;
		} else {
			jump(w, w->base + i * PAGE, e);
		}
	}
	w->i = i + 1;
	return true;
}

/* Handles the entry at w->i of the current table, which is not like the last. */
static __always_inline void other_leaf(struct structpage_walk *w, const bool cast)
{
	u32 i = w->i;
	u64 e = w->pt[i & 511], ptr = w->table + i * 8, addr = w->base + i * PAGE;

	if (!e) {
		hole(w, addr, addr + PAGE);
		w->last = 0;
	} else if (!leaf_done(w, addr, e, ptr, 1, cast)) {
		w->pt[i & 511] = load64(ptr, cast);
		return;
	}
	w->i = i + 1;
}

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
	if (cast)
		bpf_loop((n + GROUP - 1) / GROUP, touch_step, &w, 0);
}

/* Walks down to w->addr's entry: a hole, a huge leaf, or a table that it copies to w->pt[]. */
static __always_inline void descend(struct structpage_walk *w, const bool cast)
{
	u64 table = w->pgd, addr = w->addr, e = 0, ptr = 0;
	u32 l, shift = 0;

	for (l = 5; l >= 2; l--) {
		if (l > call.levels)
			continue;
		shift = level_shift(l);
		ptr = table + (addr >> shift & (PAGE / 8 - 1)) * 8;
		e = load64(ptr, cast);
		if (!(e & call.valid) || (l <= 3 && (e & call.leaf_mask) == call.leaf))
			break;
		table = call.page_offset + (valid_pfn(e, 1) << call.page_shift);
	}
	if (l < 2) {
		open_table(w, table, e, ptr, cast);
	} else if (!e || l > 3) {
		hole(w, addr, (addr >> shift << shift) + (1ULL << shift));
	} else {
		huge_leaf(w, addr, e, ptr, l, 1ULL << shift, cast);
	}
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

	if (w->i < w->to && (next_group(w) || next_leaf(w, true)))
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
	w->last = ~0ULL;
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
