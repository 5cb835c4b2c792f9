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

char LICENSE[] SEC("license") = "GPL";

BPF_RECORDS(recs, struct structpage_rec,
	    2 * STRUCTPAGE_RECS); /* two halves, filled in turn */
u64 pt[512];                      /* the current table of leaf entries */

#define TRIES 3

/* State of the walk between its steps. */
struct {
	u64 pgd;
	/* Current entries (0: none), the entry of their table, and the address that they map. */
	u64 table, pmd, pmd_ptr, base;
	u32 i, to;                  /* entries that are left */
	u32 tries;                  /* retries of a leaf that changes */
	u32 table_rec, table_tries; /* records before it; times it was discarded */
	/* the last leaf: its entry (0: a hole, ~0: nothing is like it) and its page */
	u64 last;
	struct structpage_raw raw;
	u64 run;  /* leaves like it that its record does not count yet */
	u64 jump; /* 0 when their PFNs ascend */
	u64 touched;
} walk;

/* Returns record @i of the half that is being filled; never NULL, which the verifier cannot know. */
static __always_inline struct structpage_rec *record(u32 i)
{
	i = (i & (STRUCTPAGE_RECS - 1)) + (call.half & 1) * STRUCTPAGE_RECS;
	return bpf_map_lookup_elem(&recs, &i);
}

static __always_inline u64 leaf_pages(u8 level)
{
	return level == 1 ? 1 : level == 2 ? 512 : 1 << 18;
}

/* The verifier checks a global function once, whoever calls it: this keeps loading short. */

/* --- records */

/* @r continues @p: words of a run differ only in address and PFN. */
static __always_inline bool continues(const struct structpage_rec *p,
				      const struct structpage_rec *r)
{
	u64 step = leaf_pages(r->level);

	if (p->level != r->level || p->pte != r->pte ||
	    (p->has ^ r->has) & ~STRUCTPAGE_FOLDED ||
	    p->addr + (p->pages * step << 12) != r->addr)
		return false;
	if (!(r->has & STRUCTPAGE_PRESENT))
		return true;
	if (!call.fold && p->pfn + p->pages * step != r->pfn)
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

/* Accepts record(call.n), or merges it into the record before. */
__noinline int commit(void)
{
	struct structpage_rec *r = record(call.n), *p = record(call.n - 1);

	if (!r || !p)
		return 0;
	if (call.n > walk.table_rec && continues(p, r)) {
		if (r->has & STRUCTPAGE_PRESENT &&
		    p->pfn + p->pages * leaf_pages(r->level) != r->pfn)
			p->has |= STRUCTPAGE_FOLDED;
		p->pages += r->pages;
		return 0;
	}
	call.n++;
	return 0;
}

static __always_inline bool is_present(u64 e, u8 level)
{
	return e & (call.valid | call.soft_present) ||
	       (level > 1 && e & call.soft_present_hi);
}

static __always_inline u64 pfn_of(u64 e, u8 level)
{
	u64 m = call.pfn_mask[level & 3];

	return ((e & call.valid) || !call.inverted ? e & m : ~e & m) >> 12;
}

static __always_inline bool filtered(u64 pfn, u64 step)
{
	return call.pfn_hi && (pfn + step <= call.pfn_lo || pfn >= call.pfn_hi);
}

static __always_inline bool has_struct_page(u64 e, u64 pfn)
{
	if (pfn >= call.max_pfn)
		return false;
	return !(e & call.special) || pfn == call.zero_pfn[0] || pfn == call.zero_pfn[1];
}

static __always_inline void clear_words(struct structpage_rec *r)
{
	r->flags = r->head_flags = r->mm_ids = r->head_pfn = r->pfn = 0;
	r->refcount = r->mapcount = r->type = r->entire = r->large = r->pincount = 0;
	r->mapping = r->order = r->has = r->double_map = 0;
}

/* Adds the leaves that were like the last one to its record. */
__noinline int settle(void)
{
	struct structpage_rec *p = record(call.n - 1);

	if (!p)
		return 0;
	p->pages += walk.run;
	if (walk.jump)
		p->has |= STRUCTPAGE_FOLDED;
	walk.run = walk.jump = 0;
	walk.last = ~0ULL;
	return 0;
}

/* --- leaves */

/*
 * Makes a record of leaf entry @e at @ptr.  Returns false when the entry has changed meanwhile:
 * the caller reads it again.
 */
static __always_inline bool leaf(u64 addr, u64 e, u64 ptr, u8 level, const bool cast)
{
	struct structpage_rec *r;
	struct structpage_raw raw;
	u64 again;

	settle();
	r = record(call.n);
	if (!r)
		return true;
	clear_words(r);
	r->addr = addr;
	r->pages = 1;
	r->level = level;
	r->pte = e;
	if (!is_present(e, level))
		return true;
	r->pfn = pfn_of(e, level);
	r->has = call.hugetlb ? STRUCTPAGE_PRESENT | STRUCTPAGE_HUGETLB
			      : STRUCTPAGE_PRESENT;
	if (has_struct_page(e, r->pfn) && read_raw(page_address(r->pfn), &raw, cast))
		read_folio(r->pfn, &raw, r, cast);
	again = load64(ptr, cast);
	r->pte = again & ~call.pfn_mask[level & 3];
	if ((again ^ e) & ~call.ignore) {
		call.retries++;
		if (++walk.tries < TRIES)
			return false;
		r->has |= STRUCTPAGE_RACED;
	}
	walk.tries = 0;
	if (walk.table_tries >= TRIES)
		r->has |= STRUCTPAGE_RACED;
	/* Heads may have equal words and folios that differ. */
	if (level == 1 && e == again && e & call.valid && !(e & call.special) &&
	    r->has & STRUCTPAGE_PAGE && !(r->has & STRUCTPAGE_RACED) && !call.pfn_hi &&
	    !(raw.flags & lay.head_bit)) {
		walk.last = e;
		walk.raw = raw;
	}
	return true;
}

__noinline int leaf_copy(u64 addr, u64 e, u64 ptr, u32 level)
{
	return leaf(addr, e, ptr, level, false) && !commit();
}

__noinline int leaf_cast(u64 addr, u64 e, u64 ptr, u32 level)
{
	return leaf(addr, e, ptr, level, true) && !commit();
}

static __always_inline bool leaf_done(u64 addr, u64 e, u64 ptr, u32 level,
				      const bool cast)
{
	return cast ? leaf_cast(addr, e, ptr, level) : leaf_copy(addr, e, ptr, level);
}

/* Adds a hole up to @next. */
__noinline int hole(u64 addr, u64 next)
{
	struct structpage_rec *r;

	if (next > call.end)
		next = call.end;
	settle();
	if (call.pfn_hi)
		return 0;
	r = record(call.n);
	if (!r)
		return 0;
	clear_words(r);
	r->addr = addr;
	r->pages = (next - addr) >> 12;
	r->level = 1;
	r->pte = 0;
	return commit();
}

/* Entry @e at @ptr and its page are like the last ones, except for the PFN. */
static __always_inline bool like_last(u64 e, u64 ptr, const bool cast)
{
	u64 pfn = (e & call.pfn_mask[1]) >> 12;
	struct structpage_raw raw;

	return !((e ^ walk.last) & ~call.pfn_mask[1]) && pfn < call.max_pfn &&
	       read_raw(page_address(pfn), &raw, cast) && same_raw(&walk.raw, &raw) &&
	       load64(ptr, cast) == e;
}

/* Starts a run of pages like the last, elsewhere in memory. */
static __always_inline void jump(u64 addr, u64 e)
{
	struct structpage_rec *r = record(call.n), *p = record(call.n - 1);

	if (!r || !p)
		return;
	p->pages += walk.run;
	walk.run = 0;
	*r = *p;
	r->addr = addr;
	r->pages = 1;
	r->pfn = r->head_pfn = (e & call.pfn_mask[1]) >> 12;
	call.n++;
}

static __always_inline bool next_leaf(const bool cast)
{
	u32 i = walk.i;
	u64 e = pt[i & 511], diff;

	if (call.pfn_hi) { /* only entries of these PFNs */
		if (is_present(e, 1) && !filtered(pfn_of(e, 1), 1))
			return false;
	} else if (!e) {
		if (walk.last)
			return false;
		walk.run++;
	} else {
		if (!like_last(e, walk.table + i * 8, cast))
			return false;
		diff = (e - walk.last) ^ 4096;
		if (diff && !call.fold && walk.raw.head & 1)
			return false;
		walk.last = e;
		if (!diff || call.fold) {
			walk.jump |= diff;
			walk.run++;
		} else {
			jump(walk.base + ((u64)i << 12), e);
		}
	}
	walk.i = i + 1;
	return true;
}

/* Handles the entry at walk.i of the current table, which is not like the last. */
static __always_inline void other_leaf(const bool cast)
{
	u32 i = walk.i;
	u64 e = pt[i & 511], ptr = walk.table + i * 8, addr = walk.base + ((u64)i << 12);

	if (!e) {
		hole(addr, addr + 4096);
		walk.last = 0;
	} else if (!leaf_done(addr, e, ptr, 1, cast)) {
		pt[i & 511] = load64(ptr, cast);
		return;
	}
	walk.i = i + 1;
}

/* --- the walk */

/* Finishes the current table: did it belong to the process all the time? */
static __always_inline void table_done(const bool cast)
{
	u64 again = load64(walk.pmd_ptr, cast);

	settle();
	walk.table = 0;
	call.addr = walk.base + ((u64)walk.to << 12);
	if ((again ^ walk.pmd) & ~call.ignore) {
		call.retries++;
		if (walk.table_tries < TRIES) { /* the last try is delivered as raced */
			walk.table_tries++;
			call.n = walk.table_rec;
			call.addr = walk.base;
			return;
		}
	}
	walk.table_rec = call.n;
	walk.table_tries = 0;
}

/*
 * Scattered struct pages are in no cache.  Loads that nothing waits for fetch many at a time;
 * the walk over the table then finds them there.  Some entries behind the range may be touched, too:
 * to leave them out would be one more branch, of which the verifier follows both ways, eight times.
 */
#define TOUCHES 8

static long touch_step(u32 i, void *ctx)
{
	u64 e, sum = 0;

	for (u32 k = 0; k < TOUCHES; k++) {
		e = pt[(i * TOUCHES + k) & 511];
		if ((e & (call.valid | call.special)) == call.valid)
			sum += load64(page_address((e & call.pfn_mask[1]) >> 12), true);
	}
	walk.touched = sum;
	return 0;
}

/* Handles a PMD or PUD leaf. */
static __always_inline void huge_leaf(u64 addr, u64 e, u64 ptr, u8 level, u64 size,
				      const bool cast)
{
	addr &= ~(size - 1);
	if (call.pfn_hi &&
	    (!is_present(e, level) || filtered(pfn_of(e, level), leaf_pages(level))))
		settle();
	else if (!leaf_done(addr, e, ptr, level, cast))
		return; /* the walk reads it again on its way down */
	call.addr = addr + size;
}

static __always_inline void open_table(u64 table, u64 e, u64 ptr, const bool cast)
{
	u64 addr = call.addr, left = (call.end - addr + 4095) >> 12;
	u32 first = addr >> 12 & 511, n = left < 512 - first ? left : 512 - first;

	table += first * 8;
	barrier_var(n); /* 6.1's verifier wants to see the bound */
	if (n > 512 || bpf_probe_read_kernel(pt, n * 8, (void *)table)) {
		u64 next = (addr & ~((1ULL << 21) - 1)) + (1ULL << 21);

		call.faults++;
		hole(addr, next);
		call.addr = next < call.end ? next : call.end;
		return;
	}
	settle();
	walk.table = table;
	walk.pmd_ptr = ptr;
	walk.pmd = e;
	walk.base = addr & ~4095ULL;
	walk.i = 0;
	walk.to = n;
	walk.table_rec = call.n;
	if (cast)
		bpf_loop((n + TOUCHES - 1) / TOUCHES, touch_step, NULL, 0);
}

/* Walks down to call.addr's entry: a hole, a huge leaf, or a table that it copies to pt[]. */
static __always_inline void descend(const bool cast)
{
	u64 table = walk.pgd, addr = call.addr, e = 0, ptr = 0, next;
	u32 l, shift = 0;

	for (l = 5; l >= 2; l--) {
		if (l > call.levels)
			continue;
		shift = 12 + 9 * (l - 1);
		ptr = table + (addr >> shift & 511) * 8;
		e = load64(ptr, cast);
		if (!(e & call.valid) || (l <= 3 && e & call.leaf))
			break;
		table = call.page_offset + (e & call.pfn_mask[0]);
	}
	if (l < 2) {
		open_table(table, e, ptr, cast);
	} else if (!e || l > 3) {
		next = (addr >> shift << shift) + (1ULL << shift);
		hole(addr, next);
		call.addr = next < call.end ? next : call.end;
	} else {
		huge_leaf(addr, e, ptr, l, 1ULL << shift, cast);
	}
}

/* Handles everything but one more leaf like the last.  Returns 1 when this call is done. */
static __always_inline int other(const bool cast)
{
	call.steps++;
	if (walk.table) {
		if (walk.i < walk.to)
			other_leaf(cast);
		else
			table_done(cast);
		return 0;
	}
	/* A table's records must fit, so that they can be discarded together. */
	if (call.addr >= call.end || call.n + 513 > STRUCTPAGE_RECS)
		return 1;
	descend(cast);
	return 0;
}

/* Separate functions, because the verifier checks each once. */
__noinline int other_copy(void)
{
	return other(false);
}

__noinline int other_cast(void)
{
	return other(true);
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

static long step_copy(u32 i, void *ctx)
{
	if (walk.i < walk.to && next_leaf(false))
		return 0;
	return not_zero(other_copy());
}

static long step_cast(u32 i, void *ctx)
{
	if (walk.i < walk.to && next_leaf(true))
		return 0;
	return not_zero(other_cast());
}

static __always_inline u64 walk_begin(void)
{
	struct file *file = file_of(call.fd);
	u64 mm = file ? (u64)BPF_CORE_READ(file, private_data) : 0;

	call.n = call.steps = call.retries = call.faults = 0;
	call.err = 0;
	call.sum_head = 0;
	walk.table = walk.i = walk.to = walk.tries = 0;
	walk.table_rec = walk.table_tries = 0;
	walk.run = walk.jump = 0;
	walk.last = ~0ULL;
	if (!mm) {
		call.err = -3;
		return 0;
	}
	walk.pgd = (u64)BPF_CORE_READ((struct mm_struct *)mm, pgd);
	call.mm_flags = read_mm_flags(mm);
	return mm;
}

/* The process may have died meanwhile: then the kernel freed its tables during the walk. */
static __always_inline void walk_end(u64 mm, const bool cast)
{
	if (walk.table) { /* the call ends inside a table */
		walk.to = walk.i;
		table_done(cast);
	}
	settle();
	call.mm_users = BPF_CORE_READ((struct mm_struct *)mm, mm_users.counter);
	if (!call.mm_users)
		call.err = -3; /* -ESRCH */
}

/* Limits a call: a kernel without preemption runs nothing else meanwhile. */
static __always_inline u32 walk_steps(void)
{
	return call.gentle ? STRUCTPAGE_GENTLE : STRUCTPAGE_STEPS;
}

SEC("gupinfo.syscall")
int observe_copy(void *ctx)
{
	u64 mm = walk_begin();

	if (mm) {
		bpf_loop(walk_steps(), step_copy, NULL, 0);
		walk_end(mm, false);
	}
	return 0;
}

SEC("gupinfo.syscall")
int observe_cast(void *ctx)
{
	u64 mm = walk_begin();

	if (mm) {
		bpf_loop(walk_steps(), step_cast, NULL, 0);
		walk_end(mm, true);
	}
	return 0;
}

/* --- VMAs and their flags, for which smaps shows letters */

SEC("gupinfo.iter/task_vma")
int vmas(struct bpf_iter__task_vma *ctx)
{
	struct vm_area_struct *vma = ctx->vma;
	struct structpage_vma v = {};
	struct hugetlbfs_sb_info *sb;

	if (!ctx->task || !vma || vma->vm_end <= call.vma_lo ||
	    vma->vm_start >= call.vma_hi)
		return 0;
	v.start = vma->vm_start;
	v.end = vma->vm_end;
	v.flags = vma->vm_flags;
	if (v.flags & STRUCTPAGE_VM_HUGETLB) {
		sb = BPF_CORE_READ(vma, vm_file, f_inode, i_sb, s_fs_info);
		v.order = BPF_CORE_READ(sb, hstate, order);
	}
	if (bpf_core_field_exists(struct vm_userfaultfd_ctx, ctx))
		v.uffd = BPF_CORE_READ(vma, vm_userfaultfd_ctx.ctx, features);
	bpf_seq_write(ctx->meta->seq, &v, sizeof(v));
	return 0;
}
