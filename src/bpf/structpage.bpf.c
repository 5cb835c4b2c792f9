/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * structpage.bpf.c - reads leaf page-table entries and the struct pages behind them.
 *
 * The programs run on request (SEC("syscall"), BPF_PROG_TEST_RUN) in the context of gupinfo.
 * A process is named by a descriptor of its /proc/PID/pagemap: its private_data is the mm
 * (pagemap_open(), fs/proc/task_mmu.c), and the open descriptor keeps the mm_struct and the pgd
 * page allocated.  Lower tables may be freed at any time, so every table is read whole, and
 * afterwards the entry that pointed to it is read again: when it changed, what came of the table
 * is thrown away and read anew.  Each leaf entry is read again after its page, likewise.
 *
 * Memory is read in two ways: `copy` by bpf_probe_read_kernel(), `cast` by loads through
 * bpf_rdonly_cast() (6.2), which are about three times as fast.  Neither can fault.
 */
#include "../structpage.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

char LICENSE[] SEC("license") = "GPL";

struct structpage_call call;
struct structpage_cal cal;
struct structpage_rec rec[STRUCTPAGE_RECS];
u64 pt[512]; /* the table of leaf entries in work */
u64 head_words[16], page_words[8];

extern void *bpf_rdonly_cast(const void *obj, u32 btf_id) __ksym __weak;

#define REC(i) (rec[(i) & (STRUCTPAGE_RECS - 1)])

/* --- reading kernel memory */

static __always_inline u64 load64(u64 addr, const bool cast)
{
	u64 v = 0;

	if (cast)
		return *(volatile u64 *)bpf_rdonly_cast((void *)addr,
							bpf_core_type_id_kernel(
								struct page));
	if (bpf_probe_read_kernel(&v, 8, (void *)addr)) {
		call.faults++;
		v = 0;
	}
	return v;
}

/* The word at @off of an object: loaded from @addr, or from its copy @words. */
static __always_inline u64 word64(u64 addr, void *words, u64 off, const bool cast)
{
	return cast ? load64(addr + off, true) : *(u64 *)(words + off);
}

static __always_inline s32 word32(u64 addr, void *words, u64 off, const bool cast)
{
	return word64(addr, words, off & ~7ULL, cast) >> (off & 4) * 8;
}

/* --- one accessor per layout drift */

static __always_inline u64 off_flags(void)
{
	if (bpf_core_field_exists(struct page___memdesc, flags.f)) /* 6.18 */
		return bpf_core_field_offset(struct page___memdesc, flags);
	return bpf_core_field_offset(struct page, flags);
}

static __always_inline u64 off_head(void)
{
	if (bpf_core_field_exists(struct page___info, compound_info)) /* 7.1 */
		return bpf_core_field_offset(struct page___info, compound_info);
	return bpf_core_field_offset(struct page, compound_head);
}

static __always_inline u64 off_entire(void)
{
	if (bpf_core_field_exists(struct folio, _entire_mapcount)) /* 6.3 */
		return bpf_core_field_offset(struct folio, _entire_mapcount);
	if (bpf_core_field_exists(struct folio___v62, _compound_mapcount)) /* 6.2 */
		return bpf_core_field_offset(struct folio___v62, _compound_mapcount);
	return bpf_core_field_offset(struct folio___order,
				     _total_mapcount); /* 6.0, 6.1 */
}

/* The order of a large folio; its byte is the low one of _flags_1 since 6.6 (ebc1baf5c9b4). */
static __always_inline u8 folio_order(u64 head, void *words, const bool cast)
{
	u64 off;

	if (bpf_core_field_exists(struct folio___order, _folio_order)) {
		off = bpf_core_field_offset(struct folio___order, _folio_order);
		return word64(head, words, off & ~7ULL, cast) >> (off & 7) * 8;
	}
	return word64(head, words, bpf_core_field_offset(struct folio, _flags_1), cast);
}

static __always_inline u64 page_head_bit(void)
{
	return BIT(bpf_core_enum_value(enum pageflags, PG_head));
}

/* PG_double_map of page[1] (until 6.1; 4b51634cd16a removed it). */
static __always_inline u8 folio_double_map(u64 head, void *words, const bool cast)
{
	if (!bpf_core_enum_value_exists(enum pageflags, PG_double_map))
		return 0;
	return word64(head, words, bpf_core_field_offset(struct folio, _flags_1), cast) >>
		       bpf_core_enum_value(enum pageflags, PG_double_map) &
	       1;
}

static __always_inline u64 read_mm_flags(u64 mm)
{
	u64 v = 0;

	if (bpf_core_field_exists(struct mm_struct___bitmap, flags.__mm_flags)) /* 6.18 */
		bpf_probe_read_kernel(
			&v, 8,
			(void *)mm +
				bpf_core_field_offset(struct mm_struct___bitmap, flags));
	else
		bpf_probe_read_kernel(&v, 8,
				      (void *)mm + bpf_core_field_offset(struct mm_struct,
									 flags));
	return v;
}

/* --- from a descriptor to the object behind it */

static __always_inline struct file *file_of(int fd)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct fdtable *fdt = BPF_CORE_READ(task, files, fdt);
	struct file **fds = BPF_CORE_READ(fdt, fd), *file = NULL;

	if (fd < 0 || (u32)fd >= BPF_CORE_READ(fdt, max_fds))
		return NULL;
	bpf_probe_read_kernel(&file, sizeof(file), fds + fd);
	return file;
}

/* --- pages */

/* folio_mapcount() before _large_mapcount (6.10): the sum over all pages. */
struct sum {
	u64 page;
	s32 sum;
};

static long sum_step(u32 i, struct sum *s)
{
	s32 v = 0;

	bpf_probe_read_kernel(&v, 4,
			      (void *)s->page + i * cal.page_size +
				      bpf_core_field_offset(struct page, _mapcount));
	if (v >= 0)
		s->sum += v + 1;
	return 0;
}

static __always_inline void folio_sum(u64 head, struct structpage_rec *r)
{
	struct sum s = { .page = head };

	if (call.sum_head != head) {
		bpf_loop(1U << (r->order & 15), sum_step, &s, 0);
		call.sum_head = head;
		call.sum = s.sum;
	}
	r->large = call.sum;
	r->has |= STRUCTPAGE_SUM;
}

static __always_inline void read_large(u64 head, struct structpage_rec *r,
				       const bool cast)
{
	void *w = head_words;

	r->order = folio_order(head, w, cast);
	r->entire = word32(head, w, off_entire(), cast);
	r->pincount =
		word32(head, w, bpf_core_field_offset(struct folio, _pincount), cast);
	r->double_map = folio_double_map(head, w, cast);
	if (bpf_core_field_exists(struct folio, _mm_ids)) /* 6.15 */
		r->mm_ids = word64(head, w, bpf_core_field_offset(struct folio, _mm_ids),
				   cast);
	if (bpf_core_field_exists(struct folio, _large_mapcount)) /* 6.10 */
		r->large = word32(head, w,
				  bpf_core_field_offset(struct folio, _large_mapcount),
				  cast);
	else if (!call.hugetlb)
		folio_sum(head, r);
}

/* The head of the compound page that @page belongs to, or @page. */
static __always_inline u64 page_head(u64 page, u64 word)
{
	if (!(word & 1))
		return page;
	return word - 1;
}

static __always_inline u8 mapping_bits(u64 mapping)
{
	if (mapping & 3)
		return mapping & 3;
	return mapping ? STRUCTPAGE_MAPPING_POINTER : 0;
}

/* Reads the words of page @pfn into @r. */
static __always_inline void read_page(u64 pfn, struct structpage_rec *r, const bool cast)
{
	u64 page = call.vmemmap + pfn * cal.page_size, head, f, w1;
	bool large;

	if (!cast && bpf_probe_read_kernel(page_words, sizeof(page_words), (void *)page))
		return;
	f = word64(page, page_words, off_flags(), cast);
	w1 = word64(page, page_words, off_head(), cast);
	r->mapcount = word32(page, page_words,
			     bpf_core_field_offset(struct page, _mapcount), cast);
	head = page_head(page, w1);
	large = head != page || f & page_head_bit();
	r->flags = f;
	r->head_pfn = head == page ? pfn : (head - call.vmemmap) / cal.page_size;
	if (!cast && bpf_probe_read_kernel(head_words, large ? 128 : 64, (void *)head))
		return;
	r->head_flags = word64(head, head_words, off_flags(), cast);
	r->refcount = word32(head, head_words,
			     bpf_core_field_offset(struct page, _refcount), cast);
	r->type = word32(head, head_words, bpf_core_field_offset(struct page, _mapcount),
			 cast);
	r->mapping =
		mapping_bits(word64(head, head_words,
				    bpf_core_field_offset(struct folio, mapping), cast));
	if (large)
		read_large(head, r, cast);
	/* a mapped page has a reference: all zero is memory that could not be read */
	if (r->refcount || r->head_flags || r->mapping)
		r->has |= STRUCTPAGE_PAGE;
}

/* --- page blocks and swap slots: only where symbols could be found */

static __always_inline void read_migratetype(u64 pfn, struct structpage_rec *r)
{
	u64 nr = pfn >> call.section_shift, root = 0, usage = 0, word = 0;
	u64 size = bpf_core_type_size(struct mem_section);
	u64 per_root = 4096 / size;
	u64 bit = (pfn & ((1ULL << call.section_shift) - 1)) >> call.pageblock_order << 2;

	if (bpf_probe_read_kernel(&root, 8, (void *)call.mem_section) || !root ||
	    bpf_probe_read_kernel(&root, 8, (void *)root + nr / per_root * 8) || !root)
		return;
	if (bpf_probe_read_kernel(&usage, 8,
				  (void *)root + nr % per_root * size +
					  bpf_core_field_offset(struct mem_section,
								usage)) ||
	    !usage)
		return;
	if (bpf_probe_read_kernel(&word, 8,
				  (void *)usage +
					  bpf_core_field_offset(struct mem_section_usage,
								pageblock_flags) +
					  bit / 64 * 8))
		return;
	r->migratetype = word >> (bit & 63) & 7;
	r->has |= STRUCTPAGE_MIGRATETYPE;
}

/* --- records */

/* @r continues @p: the words of a run differ only by address and PFN. */
static __always_inline bool continues(const struct structpage_rec *p,
				      const struct structpage_rec *r)
{
	u64 step = r->level == 1 ? 1 : r->level == 2 ? 512 : 1 << 18;

	if (p->level != r->level || p->pte != r->pte || p->has != r->has ||
	    p->addr + (p->pages * step << 12) != r->addr)
		return false;
	if (!(r->has & STRUCTPAGE_PRESENT))
		return true;
	if (p->pfn + p->pages * step != r->pfn)
		return false;
	if (p->flags != r->flags || p->head_flags != r->head_flags ||
	    p->mm_ids != r->mm_ids || p->refcount != r->refcount ||
	    p->mapcount != r->mapcount || p->type != r->type || p->entire != r->entire ||
	    p->large != r->large || p->pincount != r->pincount ||
	    p->mapping != r->mapping || p->order != r->order ||
	    p->migratetype != r->migratetype)
		return false;
	/* the same folio, or folios of one leaf each */
	return p->head_pfn == r->head_pfn ||
	       (p->head_pfn == p->pfn && r->head_pfn == r->pfn &&
		(1ULL << (r->order & 63)) == step);
}

/* Takes REC(call.n) as delivered, or merges it into the record before. */
static __always_inline void commit(void)
{
	struct structpage_rec *r = &REC(call.n), *p = &REC(call.n - 1);

	if (call.n > call.table_rec && continues(p, r)) {
		p->pages += r->pages;
		return;
	}
	call.n++;
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
	r->mapping = r->order = r->migratetype = r->has = r->double_map = 0;
	r->swap_map = 0;
}

/* One leaf entry @e at @ptr. */
static __always_inline void leaf(u64 addr, u64 e, u64 ptr, u8 level, const bool cast)
{
	struct structpage_rec *r = &REC(call.n);
	u64 again, step = level == 1 ? 1 : level == 2 ? 512 : 1 << 18;

	if (call.pfn_hi && (!is_present(e, level) || filtered(pfn_of(e, level), step)))
		return;
	r->addr = addr;
	r->pages = 1;
	r->level = level;
	for (int i = 0; i < 3; i++) {
		clear_words(r);
		if (!is_present(e, level)) {
			r->pte = e;
			commit();
			return;
		}
		r->pfn = pfn_of(e, level);
		r->has = call.hugetlb ? STRUCTPAGE_PRESENT | STRUCTPAGE_HUGETLB
				      : STRUCTPAGE_PRESENT;
		if (has_struct_page(e, r->pfn)) {
			read_page(r->pfn, r, cast);
			if (call.mem_section)
				read_migratetype(r->pfn, r);
		}
		again = load64(ptr, cast);
		r->pte = again & ~call.pfn_mask[level & 3];
		if (!((again ^ e) & ~call.ignore)) {
			if (call.table_tries >= 3)
				r->has |= STRUCTPAGE_RACED;
			commit();
			return;
		}
		call.retries++;
		e = again;
	}
	r->has |= STRUCTPAGE_RACED;
	commit();
}

static __always_inline void hole(u64 next)
{
	struct structpage_rec *r = &REC(call.n);

	if (next > call.end)
		next = call.end;
	if (!call.pfn_hi) {
		clear_words(r);
		r->addr = call.addr;
		r->pages = (next - call.addr) >> 12;
		r->level = 1;
		r->pte = 0;
		commit();
	}
	call.addr = next;
}

/* --- the walk */

/* The table that was in work is complete: was it the process's all the time? */
static __always_inline bool table_done(const bool cast)
{
	u64 again;

	if (!call.table)
		return true;
	again = load64(call.pmd_ptr, cast);
	call.table = 0;
	if (!((again ^ call.pmd) & ~call.ignore)) {
		call.table_rec = call.n;
		call.table_tries = 0;
		return true;
	}
	call.retries++;
	if (call.table_tries < 3) { /* the last try is delivered as raced, see leaf() */
		call.table_tries++;
		call.n = call.table_rec;
		call.addr = call.table_addr;
		return false;
	}
	call.table_rec = call.n;
	call.table_tries = 0;
	return true;
}

/* Walks down to the entry of call.addr: a hole, a huge leaf, or a table of leaves into pt[]. */
static __always_inline void descend(const bool cast)
{
	u64 table = call.pgd, addr = call.addr, e = 0, ptr = 0, size;
	u32 shift;

	for (int l = 5; l >= 2; l--) {
		if (l > call.levels)
			continue;
		shift = 12 + 9 * (l - 1);
		size = 1ULL << shift;
		ptr = table + (addr >> shift & 511) * 8;
		e = load64(ptr, cast);
		if (!e || (l > 3 && !(e & call.valid))) {
			hole((addr & ~(size - 1)) + size);
			return;
		}
		if (l <= 3 && (e & call.leaf || !(e & call.valid))) {
			leaf(addr & ~(size - 1), e, ptr, l, cast);
			call.addr = (addr & ~(size - 1)) + size;
			return;
		}
		table = call.page_offset + (e & call.pfn_mask[0]);
	}
	if (bpf_probe_read_kernel(pt, sizeof(pt), (void *)table)) {
		call.faults++;
		hole((addr & ~((1ULL << 21) - 1)) + (1ULL << 21));
		return;
	}
	call.pmd_ptr = ptr;
	call.pmd = e;
	call.table = table;
	call.table_addr = addr;
	call.table_rec = call.n;
}

static __always_inline long step(const bool cast)
{
	u64 addr = call.addr, e;
	u32 i;

	call.steps++;
	if (call.table && (addr >> 21 != call.table_addr >> 21 || addr >= call.end)) {
		if (!table_done(cast))
			return 0;
	}
	if (addr >= call.end)
		return 1;
	if (!call.table) {
		/* a table is delivered whole, so that it can be taken back */
		if (call.n + 513 > STRUCTPAGE_RECS)
			return 1;
		descend(cast);
		return 0;
	}
	i = addr >> 12 & 511;
	e = pt[i];
	if (!e) {
		hole(addr + 4096);
		return 0;
	}
	leaf(addr, e, call.table + i * 8, 1, cast);
	call.addr = addr + 4096;
	return 0;
}

static long step_copy(u32 i, void *ctx)
{
	return step(false);
}

static long step_cast(u32 i, void *ctx)
{
	return step(true);
}

static __always_inline u64 walk_begin(void)
{
	struct file *file = file_of(call.fd);
	u64 mm = file ? (u64)BPF_CORE_READ(file, private_data) : 0;

	call.n = call.table_rec = call.table_tries = 0;
	call.table = call.sum_head = call.steps = call.retries = call.faults = 0;
	call.err = 0;
	if (!mm) {
		call.err = -3;
		return 0;
	}
	call.pgd = (u64)BPF_CORE_READ((struct mm_struct *)mm, pgd);
	call.mm_flags = read_mm_flags(mm);
	return mm;
}

/* The process may have died meanwhile: then its tables were taken down under the walk. */
static __always_inline void walk_end(u64 mm)
{
	call.mm_users = BPF_CORE_READ((struct mm_struct *)mm, mm_users.counter);
	if (!call.mm_users)
		call.err = -3; /* -ESRCH */
}

SEC("syscall")
int observe_copy(void *ctx)
{
	u64 mm = walk_begin();

	if (mm) {
		bpf_loop(1 << 22, step_copy, NULL, 0);
		walk_end(mm);
	}
	return 0;
}

SEC("syscall")
int observe_cast(void *ctx)
{
	u64 mm = walk_begin();

	if (mm) {
		bpf_loop(1 << 22, step_cast, NULL, 0);
		walk_end(mm);
	}
	return 0;
}

/* --- calibration */

#define FLAG(i, name)                                                     \
	cal.flag[i] = bpf_core_enum_value_exists(enum pageflags, name)    \
			      ? bpf_core_enum_value(enum pageflags, name) \
			      : 0xff

static __always_inline void cal_flags(void)
{
	FLAG(0, PG_locked);
	FLAG(1, PG_referenced);
	FLAG(2, PG_uptodate);
	FLAG(3, PG_dirty);
	FLAG(4, PG_lru);
	FLAG(5, PG_active);
	FLAG(6, PG_workingset);
	FLAG(7, PG_reclaim);
	FLAG(8, PG_writeback);
	FLAG(9, PG_swapbacked);
	FLAG(10, PG_swapcache);
	FLAG(11, PG_unevictable);
	FLAG(12, PG_mlocked);
	FLAG(13, PG_head);
	FLAG(14, PG_hwpoison);
	FLAG(15, PG_anon_exclusive);
	FLAG(16, PG_private);
	FLAG(17, PG_private_2);
	FLAG(18, PG_reserved);
	FLAG(19, PG_young);
	FLAG(20, PG_idle);
	FLAG(21, PG_owner_priv_1);
	FLAG(22, PG_arch_1);
}

static __always_inline void cal_fields(void)
{
	u32 f = 0;

	if (bpf_core_field_exists(struct folio, _large_mapcount))
		f |= STRUCTPAGE_F_LARGE;
	if (bpf_core_field_exists(struct folio, _mm_ids))
		f |= STRUCTPAGE_F_MM_IDS;
	if (bpf_core_field_exists(struct folio, _entire_mapcount))
		f |= STRUCTPAGE_F_ENTIRE;
	if (bpf_core_field_exists(struct folio, _pincount))
		f |= STRUCTPAGE_F_PINCOUNT;
	if (bpf_core_enum_value_exists(enum pageflags, PG_anon_exclusive))
		f |= STRUCTPAGE_F_AE;
	if (bpf_core_field_exists(struct page___memdesc, flags.f))
		f |= STRUCTPAGE_F_MEMDESC_FLAGS;
	if (bpf_core_field_exists(struct mm_struct___bitmap, flags.__mm_flags))
		f |= STRUCTPAGE_F_MM_BITMAP;
	if (bpf_core_field_exists(struct page___info, compound_info))
		f |= STRUCTPAGE_F_INFO;
	if (bpf_core_field_exists(struct folio___order, _folio_order) ||
	    bpf_core_field_exists(struct folio, _flags_1))
		f |= STRUCTPAGE_F_ORDER;
	if (bpf_core_field_exists(struct folio___order, _total_mapcount))
		f |= STRUCTPAGE_F_TOTAL;
	cal.fields = f;
}

/* Page 0 of a file: the only entry of its page cache, or slot 0 of the nodes above it. */
static __always_inline u64 cal_file_page(struct file *file)
{
	struct address_space *m = BPF_CORE_READ(file, f_mapping);
	u64 e = (u64)BPF_CORE_READ(m, i_pages.xa_head);

	for (int i = 0; i < 4 && (e & 3) == 2; i++)
		e = (u64)BPF_CORE_READ((struct xa_node *)(e - 2), slots[0]);
	cal.file_mapping = (u64)m;
	return e & 3 ? 0 : e;
}

/* One candidate for the base of the direct map: does it show our page's content? */
static long cal_step(u32 i, u64 *top)
{
	u64 base = *top - ((u64)i << 30), w[4] = {};

	if (bpf_probe_read_kernel(w, sizeof(w), (void *)(base + (cal.pfn << 12))))
		return 0;
	if (w[0] != cal.content[0] || w[1] != cal.content[1] || w[2] != cal.content[2] ||
	    w[3] != cal.content[3])
		return 0;
	cal.page_offset = base;
	return 1;
}

SEC("syscall")
int calibrate(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct file *pagemap = file_of(cal.fd_pagemap), *file = file_of(cal.fd_file);
	struct folio *folio;
	u64 mm, top;

	cal.page_size = bpf_core_type_size(struct page);
	cal_fields();
	cal_flags();
	cal.folio = cal.pgd = cal.page_offset = cal.same_mm = 0;
	if (file) {
		folio = (void *)cal_file_page(file);
		cal.folio = (u64)folio;
		if (folio) {
			cal.folio_mapping = (u64)BPF_CORE_READ(folio, mapping);
			cal.folio_index = BPF_CORE_READ(folio, index);
		}
	}
	mm = pagemap ? (u64)BPF_CORE_READ(pagemap, private_data) : 0;
	if (!mm)
		return 0;
	cal.same_mm = mm == (u64)BPF_CORE_READ(task, mm);
	if (!cal.same_mm)
		return 0;
	cal.mm_flags = read_mm_flags(mm);
	cal.pgd = (u64)BPF_CORE_READ((struct mm_struct *)mm, pgd);
	top = cal.pgd & ~((1ULL << 30) - 1);
	if (cal.candidates)
		bpf_loop(cal.candidates, cal_step, &top, 0);
	return 0;
}

/* Looks a symbol up; kernels without KALLSYMS_ALL do not name variables. */
SEC("syscall")
int symbol(void *ctx)
{
	u64 v = 0;

	cal.symbol_addr = 0;
	cal.symbol[sizeof(cal.symbol) - 1] = 0;
	if (!bpf_kallsyms_lookup_name(cal.symbol, sizeof(cal.symbol), 0, &v))
		cal.symbol_addr = v;
	return 0;
}
