/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The flow of mm/gup.c, mm/memory.c, mm/huge_memory.c and mm/hugetlb.c of 5.10 to 7.3, as far as
 * it decides about one page.  Written from the kernel's source, not from the tables; versions are
 * tested in the code on purpose.
 */
#include "predict_ref.h"

#include <errno.h>

#define WRITE(r) ((r)->flags & GUP_WRITE)
#define PIN(r) ((r)->flags & GUP_PIN)
#define LONGTERM(r) ((r)->flags & GUP_LONGTERM)
#define IS(r, fact) (((r)->f & F(fact)) != 0)

enum { FAULT_READ, FAULT_WRITE, FAULT_UNSHARE };
/* HANDLER: in handle_userfault(); WAIT: what decides is not simulated. */
enum ref_end { DONE, AGAIN, SIGNAL, WAIT, HANDLER };

static void ref_now(struct ref *r, u64 bits, bool value)
{
	r->f = value ? r->f | bits : r->f & ~bits;
}

/* userfaultfd_pte_wp(), userfaultfd_wp_async(): whether a write fault waits for the handler. */
static bool ref_uffd_waits(struct ref *r, int kind)
{
	if (kind != FAULT_WRITE || !IS(r, VMA_UFFD_WP) || !IS(r, UFFD_WP))
		return false;
	if (r->v < 607 || !IS(r, VMA_UFFD_ASYNC))
		return true;
	ref_now(r, F(UFFD_WP), false);
	return false;
}

static bool ref_is_cow_mapping(const struct ref *r)
{
	return IS(r, VMA_MAYWRITE) && !IS(r, VMA_SHARED);
}

/* ---- gup_must_unshare() and GUP-fast */

static bool ref_must_unshare(const struct ref *r, bool have_vma)
{
	if (r->v < 519)
		return false;
	if (WRITE(r) || !PIN(r))
		return false;
	if (!IS(r, ANON)) {
		if (r->v < 602 || !LONGTERM(r))
			return false;
		if (!have_vma)
			return true;
		return ref_is_cow_mapping(r);
	}
	return !IS(r, ANON_EXCLUSIVE);
}

static bool ref_longterm_pinnable(const struct ref *r)
{
	if (IS(r, BLOCK_UNPINNABLE))
		return false;
	return r->v < 513 || !IS(r, ZONE_MOVABLE);
}

/* pte_access_permitted(), pmd_access_permitted(), pud_access_permitted() of x86. */
static enum gup_reason ref_access_permitted(const struct ref *r)
{
	bool rw = IS(r, PTE_WRITE) && !(r->v >= 606 && IS(r, VMA_SHADOW_STACK));

	if (WRITE(r) && !rw)
		return GUP_REASON_NO_WRITE;
	if (IS(r, PKEY_NO_READ) || (WRITE(r) && IS(r, PKEY_NO_WRITE)))
		return GUP_REASON_PKEY;
	return GUP_REASON_NONE;
}

/* page_is_secretmem(), folio_fast_pin_allowed(), gup_fast_folio_allowed(). */
static enum gup_reason ref_folio_allowed(const struct ref *r, bool pte_level)
{
	bool lt_write = PIN(r) && LONGTERM(r) && WRITE(r);
	bool reject_file = r->v >= 605 && lt_write;
	bool check_secretmem = r->v >= 610 && r->secretmem && !IS(r, LARGE);
	bool secret = IS(r, VMA_SECRETMEM) && !IS(r, ANON);

	if (r->v < 610 && pte_level && r->v >= 514 && r->secretmem && secret)
		return GUP_REASON_SECRETMEM;
	if (!reject_file && !check_secretmem)
		return GUP_REASON_NONE;
	if (IS(r, VMA_HUGETLB))
		return GUP_REASON_NONE;
	if (check_secretmem && secret)
		return GUP_REASON_SECRETMEM;
	if (IS(r, NO_MAPPING) && (reject_file || r->v < 703))
		return GUP_REASON_NO_MAPPING;
	if (IS(r, ANON))
		return GUP_REASON_NONE;
	return !reject_file || IS(r, SHMEM) ? GUP_REASON_NONE : GUP_REASON_DIRTY_TRACKING;
}

/* gup_pte_range(), gup_fast_pte_range(); gup_huge_pmd(), gup_fast_pmd_leaf(); PUDs likewise. */
enum gup_reason ref_fast(const struct ref *r)
{
	bool huge = IS(r, LEAF_PMD) || IS(r, LEAF_PUD);
	enum gup_reason why;

	if (IS(r, VMA_GATE))
		return GUP_REASON_ADDRESS;
	if (!IS(r, PRESENT))
		return GUP_REASON_NOT_PRESENT;
	if (IS(r, PROTNONE))
		return GUP_REASON_PROTNONE;
	why = ref_access_permitted(r);
	if (why)
		return why;
	if (r->v < 617 && IS(r, DEVMAP)) {
		if (LONGTERM(r))
			return GUP_REASON_DEVMAP;
		if (huge)
			return GUP_REASON_NONE;
	}
	if (IS(r, SPECIAL) && (!huge || r->v >= 612))
		return GUP_REASON_SPECIAL;
	if (LONGTERM(r) && !ref_longterm_pinnable(r))
		return GUP_REASON_NOT_PINNABLE;
	why = ref_folio_allowed(r, !huge);
	if (why)
		return why;
	if (!IS(r, PTE_WRITE) && ref_must_unshare(r, false))
		return IS(r, ANON) ? GUP_REASON_MUST_UNSHARE : GUP_REASON_NEEDS_VMA;
	return GUP_REASON_NONE;
}

/* ---- faults */

/* A page that was just allocated and mapped by this process alone. */
static void ref_map_fresh(struct ref *r, bool writable, bool huge)
{
	ref_now(r,
		F(SWAP) | F(KSM) | F(ZERO) | F(HUGE_ZERO) | F(SPECIAL) | F(SHMEM) |
			F(NO_MAPPING) | F(ZONE_MOVABLE) | F(BLOCK_UNPINNABLE) |
			F(EXTRA_REFS) | F(HELD) | F(MM_SHARED) | F(DEVMAP),
		false);
	if (!huge)
		ref_now(r, F(LARGE) | F(LEAF_PMD) | F(LEAF_PUD), false);
	ref_now(r,
		F(PRESENT) | F(ANON) | F(ANON_EXCLUSIVE) | F(REF_ONE) | F(REF_SOLE) |
			F(MAPCOUNT_ONE),
		true);
	ref_now(r, F(PTE_WRITE), writable);
}

struct ref_fault {
	bool copied, kept;
};

/* wp_can_reuse_anon_folio() and what it was before it had a name. */
static bool ref_can_reuse_anon(const struct ref *r)
{
	if (r->v < 518) /* page_count(page) == 1 && page_mapcount(page) == 1 */
		return !IS(r, KSM) && IS(r, REF_ONE);
	if (r->v >= 609 && IS(r, LARGE)) {
		if (r->v < 615)
			return false;
		return !IS(r, MAPCOUNT_ONE) && !IS(r, MM_SHARED) && IS(r, REF_IS_MAPS);
	}
	return !IS(r, KSM) && IS(r, REF_SOLE);
}

static enum ref_end ref_do_wp_page(struct ref *r, int kind, struct ref_fault *out)
{
	bool unshare = kind == FAULT_UNSHARE;

	if (ref_uffd_waits(r, kind))
		return HANDLER;
	if (IS(r, VMA_SHARED) || IS(r, VMA_MAYSHARE)) {
		if (IS(r, FILE_REFUSES)) /* do_page_mkwrite(), ->pfn_mkwrite() */
			return SIGNAL;
		ref_now(r, F(PTE_WRITE), true);
		out->kept = true;
		return AGAIN;
	}
	if (IS(r, ANON) &&
	    ((r->v >= 519 && IS(r, ANON_EXCLUSIVE)) || ref_can_reuse_anon(r))) {
		out->kept = true;
		ref_now(r, F(ANON_EXCLUSIVE), r->v >= 519);
		ref_now(r, F(PTE_WRITE), !unshare || IS(r, PTE_WRITE));
		return AGAIN;
	}
	if (unshare && r->v < 602 && !IS(r, ANON))
		return AGAIN; /* nothing to do */
	out->copied = true;
	ref_map_fresh(r, !unshare, false);
	return AGAIN;
}

/* wp_huge_pmd() with do_huge_pmd_wp_page(); the fallback faults again on the PTE. */
static enum ref_end ref_wp_huge_pmd(struct ref *r, int kind, struct ref_fault *out)
{
	bool unshare = kind == FAULT_UNSHARE, reuse, protected = IS(r, UFFD_WP);

	if (ref_uffd_waits(r, kind))
		return HANDLER;
	if (IS(r, ANON) && protected && !IS(r, UFFD_WP)) { /* "goto split" */
		ref_now(r, F(LEAF_PMD) | F(REF_ONE) | F(REF_SOLE) | F(MAPCOUNT_ONE),
			false);
		return ref_do_wp_page(r, kind, out);
	}
	if (!IS(r, VMA_ANON)) {
		if (IS(r, VMA_MAYSHARE)) { /* zapped, and the file's page mapped again */
			ref_now(r, F(PTE_WRITE), true);
			out->kept = true;
		} else if (unshare) { /* do_read_fault() maps the huge page again */
			return WAIT;
		} else {
			out->copied = true;
			ref_map_fresh(r, true, false);
		}
		return AGAIN;
	}
	if (IS(r, HUGE_ZERO)) {
		out->copied = true;
		ref_map_fresh(r, !unshare || r->v >= 613, r->v >= 613);
		return AGAIN;
	}
	if (r->v < 518) /* reuse_swap_page(): maps and swap entries */
		reuse = IS(r, MAPCOUNT_ONE) && !IS(r, SWAP_SHARED);
	else
		reuse = (r->v >= 519 && IS(r, ANON_EXCLUSIVE)) || IS(r, REF_SOLE);
	if (!reuse) { /* __split_huge_pmd(), and the PTE finds many references */
		out->copied = true;
		ref_map_fresh(r, !unshare, false);
		return AGAIN;
	}
	out->kept = true;
	ref_now(r, F(ANON_EXCLUSIVE), r->v >= 519);
	ref_now(r, F(PTE_WRITE), !unshare);
	return AGAIN;
}

/* dequeue_hugetlb_folio_node_exact() passes over what PF_MEMALLOC_PIN must not have. */
static bool ref_hugetlb_free(const struct ref *r)
{
	return IS(r, HUGE_FREE) && (!(r->flags & GUP_LONGTERM) || IS(r, HUGE_FREE_PIN));
}

/* alloc_hugetlb_folio() fails: vma_needs_reservation(), subpool, cgroup, pool and surplus say no. */
static bool ref_hugetlb_none(const struct ref *r)
{
	return !IS(r, HUGE_FREE) && !IS(r, HUGE_RESERVED);
}

/*
 * What a fault finds in the page cache or swap cache may have to be moved, or stay for its users;
 * what it reads is placed by memalloc_pin_save().
 */
static bool ref_cached_somewhere(const struct ref *r, int kind)
{
	if (!(r->flags & GUP_LONGTERM) || !IS(r, UNPINNABLE_MEMORY) || !IS(r, CACHED))
		return false;
	if (IS(r, SWAP) || IS(r, VMA_MAYSHARE))
		return true;
	return !IS(r, VMA_ANON) && r->v < 602 && kind != FAULT_WRITE;
}

static enum ref_end ref_hugetlb_fault(struct ref *r, int kind, struct ref_fault *out)
{
	bool reuse;

	if (!IS(r, PRESENT)) {
		if (IS(r, POISON))
			return SIGNAL;
		if (IS(r, MIGRATION) || IS(r, DEVICE_ENTRY))
			return WAIT;
		if (IS(r, FILE_REFUSES))
			return SIGNAL;
		if (IS(r, VMA_UFFD_MISSING))
			return HANDLER;
		if (ref_uffd_waits(r, kind))
			return HANDLER;
		if (!ref_hugetlb_free(r))
			return ref_hugetlb_none(r) && !IS(r, VMA_MAYSHARE) &&
					       (kind == FAULT_WRITE || !IS(r, CACHED))
				       ? SIGNAL
				       : WAIT;
		if (ref_cached_somewhere(r, kind))
			return WAIT;
		ref_map_fresh(r, kind == FAULT_WRITE || IS(r, VMA_SHARED), true);
		ref_now(r, F(ANON) | F(ANON_EXCLUSIVE), !IS(r, VMA_MAYSHARE));
		return AGAIN;
	}
	if (ref_uffd_waits(r, kind))
		return HANDLER;
	if (IS(r, VMA_MAYSHARE)) {
		ref_now(r, F(PTE_WRITE), true);
		out->kept = true;
		return AGAIN;
	}
	/* hugetlb_fault() holds a reference: folio_ref_count() == 1 never holds here. */
	reuse = r->draft ? IS(r, ANON) && IS(r, ANON_EXCLUSIVE)
			 : IS(r, ANON) && IS(r, MAPCOUNT_ONE);
	if (reuse) {
		out->kept = true;
		ref_now(r, F(ANON_EXCLUSIVE), r->v >= 519);
		ref_now(r, F(PTE_WRITE), kind != FAULT_UNSHARE || IS(r, PTE_WRITE));
		return AGAIN;
	}
	/* cow_from_owner only for a page that is not the page cache's */
	if (!ref_hugetlb_free(r))
		return ref_hugetlb_none(r) || (IS(r, HUGE_FREE) && !IS(r, ANON)) ? SIGNAL
										 : WAIT;
	out->copied = true;
	ref_map_fresh(r, kind != FAULT_UNSHARE, true);
	return AGAIN;
}

/* userfaultfd_pte_rwp(); do_swap_page() makes the entry protnone again. */
static bool ref_uffd_rwp(const struct ref *r)
{
	return r->v >= 703 && IS(r, VMA_UFFD_RWP) && IS(r, UFFD_WP);
}

/* do_swap_page(), do_anonymous_page(), do_fault(). */
static enum ref_end ref_missing(struct ref *r, int kind)
{
	if (IS(r, POISON) || IS(r, GUARD))
		return SIGNAL;
	if (IS(r, MIGRATION) || IS(r, DEVICE_ENTRY))
		return WAIT;
	if (IS(r, SWAP)) {
		bool exclusive = IS(r, SWAP_EXCLUSIVE), shared = IS(r, SWAP_SHARED);

		if (ref_uffd_waits(r, kind))
			return HANDLER;
		if (ref_uffd_rwp(r) && !IS(r, VMA_UFFD_ASYNC))
			return HANDLER;
		if (ref_cached_somewhere(r, kind))
			return WAIT;
		ref_map_fresh(r, kind == FAULT_WRITE, false);
		if (kind != FAULT_WRITE && !exclusive) {
			ref_now(r, F(ANON_EXCLUSIVE), false);
			ref_now(r, F(REF_SOLE) | F(REF_ONE) | F(MAPCOUNT_ONE), !shared);
		}
		return AGAIN;
	}
	if (!IS(r, VMA_ANON) && IS(r, FILE_REFUSES))
		return SIGNAL;
	if (IS(r, VMA_UFFD_MISSING))
		return HANDLER;
	if (ref_uffd_waits(r, kind))
		return HANDLER;
	if (ref_cached_somewhere(r, kind))
		return WAIT;
	if (IS(r, VMA_MAYSHARE) || (!IS(r, VMA_ANON) && kind != FAULT_WRITE)) {
		ref_map_fresh(r, IS(r, VMA_MAYSHARE) && kind == FAULT_WRITE, false);
		ref_now(r, F(ANON) | F(ANON_EXCLUSIVE), false);
	} else if (kind != FAULT_WRITE) {
		ref_map_fresh(r, false, false);
		ref_now(r, F(ANON) | F(ANON_EXCLUSIVE), false);
		ref_now(r, F(ZERO) | F(SPECIAL), true);
	} else {
		ref_map_fresh(r, true, false);
	}
	return AGAIN;
}

/* do_numa_page(): pte_savedwrite() before 6.2, can_change_pte_writable() since. */
static void ref_numa(struct ref *r)
{
	ref_now(r, F(PROTNONE), false);
	if (r->v >= 602)
		ref_now(r, F(PTE_WRITE),
			IS(r, VMA_WRITE) && !IS(r, UFFD_WP) &&
				(IS(r, VMA_SHARED) || IS(r, ANON_EXCLUSIVE)));
}

/* handle_mm_fault() on an entry that follow would not take. */
static enum ref_end ref_handle_mm_fault(struct ref *r, int kind, enum gup_page *page)
{
	struct ref_fault out = { 0 };
	enum ref_end end;
	bool missing = !IS(r, PRESENT);

	if (r->v >= 602 && kind == FAULT_UNSHARE && !ref_is_cow_mapping(r))
		kind = FAULT_READ;
	if (!missing && IS(r, PROTNONE)) {
		if (ref_uffd_rwp(r) && !IS(r, VMA_UFFD_ASYNC))
			return HANDLER;
		if (ref_uffd_rwp(r)) { /* do_uffd_rwp(): pte_modify(), pte_clear_uffd() */
			ref_now(r, F(UFFD_WP), false);
			ref_numa(r);
			return AGAIN;
		}
		ref_numa(r);
		if (*page == GUP_PAGE_SAME)
			*page = GUP_PAGE_UNKNOWN;
		return AGAIN;
	}
	if (IS(r, VMA_HUGETLB))
		end = ref_hugetlb_fault(r, kind, &out);
	else if (missing)
		end = ref_missing(r, kind);
	else if (IS(r, LEAF_PMD))
		end = ref_wp_huge_pmd(r, kind, &out);
	else
		end = ref_do_wp_page(r, kind, &out);
	if (end == AGAIN && missing)
		*page = GUP_PAGE_NEW;
	if (out.copied && *page != GUP_PAGE_NEW)
		*page = GUP_PAGE_COPY;
	return end;
}

/* ---- slow GUP */

static int ref_check_vma_flags(const struct ref *r)
{
	bool write = WRITE(r);

	if (IS(r, VMA_IO) || IS(r, VMA_PFNMAP))
		return EFAULT;
	if (LONGTERM(r) && IS(r, VMA_FSDAX))
		return EOPNOTSUPP;
	if (r->v >= 514 && r->secretmem && IS(r, VMA_SECRETMEM))
		return EFAULT;
	if (write) {
		if (r->v >= 605 && !IS(r, VMA_ANON) && PIN(r) && LONGTERM(r) &&
		    IS(r, VMA_DIRTY_TRACKING))
			return EFAULT;
		if (!IS(r, VMA_WRITE) || (r->v >= 606 && IS(r, VMA_SHADOW_STACK)))
			return EFAULT;
	} else if (!IS(r, VMA_READ)) {
		return EFAULT;
	}
	if (IS(r, PKEY_NO_READ) || (write && IS(r, PKEY_NO_WRITE)))
		return EFAULT;
	return 0;
}

enum ref_follow { FOLLOW_PAGE, FOLLOW_NULL, FOLLOW_EMLINK, FOLLOW_EEXIST, FOLLOW_WAIT };

/* follow_page_pte(), follow_trans_huge_pmd(), follow_huge_pmd(), hugetlb_follow_page_mask() … */
static enum ref_follow ref_follow(const struct ref *r, enum gup_fault *why)
{
	if (!IS(r, PRESENT)) {
		*why = IS(r, SWAP) ? GUP_FAULT_SWAPIN : GUP_FAULT_POPULATE;
		if (IS(r, MIGRATION) || IS(r, DEVICE_ENTRY) || IS(r, POISON) ||
		    IS(r, GUARD))
			*why = GUP_FAULT_NONE;
		return FOLLOW_NULL;
	}
	/* gup_can_follow_protnone() */
	if (IS(r, PROTNONE) && (r->v < 605 || (r->v >= 703 && IS(r, VMA_UFFD_RWP)))) {
		*why = GUP_FAULT_NUMA;
		return FOLLOW_NULL;
	}
	if (WRITE(r) && !IS(r, PTE_WRITE)) {
		*why = GUP_FAULT_WRITE;
		return FOLLOW_NULL;
	}
	/* vm_normal_page() is NULL */
	if (!IS(r, LEAF_PMD) && IS(r, SPECIAL) && !IS(r, ZERO))
		return FOLLOW_EEXIST;
	if (!IS(r, PTE_WRITE) && ref_must_unshare(r, true)) {
		*why = GUP_FAULT_UNSHARE;
		return FOLLOW_EMLINK;
	}
	return FOLLOW_PAGE;
}

static int ref_migrate_folio(const struct ref *r);

/* migrate_pages() of a folio that a long-term pin has isolated; -1: it depends. */
static int ref_migrate_pinned(const struct ref *r)
{
	int err = ref_migrate_folio(r);

	if (err)
		return err;
	if (IS(r, VMA_HUGETLB) &&
	    !IS(r, HUGE_FREE_PIN)) /* alloc_migrate_hugetlb_folio() */
		return IS(r, LEAF_PUD) ? ENOMEM : -1;
	if (!IS(r, VMA_HUGETLB) && !IS(r, ANON) && !IS(r, MOVABLE))
		return EBUSY; /* fallback_migrate_folio() */
	return 0;
}

/* check_and_migrate_movable_pages(), check_and_migrate_cma_pages(). */
static int ref_migrate(const struct ref *r, enum gup_page *page)
{
	int err;

	if (ref_longterm_pinnable(r))
		return 0;
	if (!IS(r, VMA_HUGETLB) && !IS(r, ANON) &&
	    IS(r, NO_MAPPING)) /* !folio_isolate_lru() */
		return r->v < 513 ? 0 : -1;
	err = ref_migrate_pinned(r);
	if (err > 0)
		return r->v < 513 ? 0 : ENOMEM;
	if (!err && *page != GUP_PAGE_NEW)
		*page = GUP_PAGE_MIGRATED;
	return err;
}

static struct ref_slow ref_error(struct ref_slow s, int err)
{
	s.err = err;
	s.page = GUP_PAGE_NONE;
	return s;
}

/* __get_user_pages() and __gup_longterm_locked() */
struct ref_slow ref_gup(struct ref r)
{
	struct ref_slow s = { .page = GUP_PAGE_SAME };
	int err, kind;

	if (IS(&r, VMA_GATE))
		return WRITE(&r) || !IS(&r, VMA_READ) ? ref_error(s, EFAULT) : s;
	err = ref_check_vma_flags(&r);
	if (err)
		return ref_error(s, err);
	for (unsigned loops = 0;; loops++) {
		enum gup_fault why = GUP_FAULT_NONE;
		enum ref_follow f = ref_follow(&r, &why);

		if (f == FOLLOW_PAGE && PIN(&r) && IS(&r, ZERO) && r.zero_bug)
			return ref_error(s, ENOMEM); /* try_grab_page() returned 0 */
		if (f == FOLLOW_PAGE)
			break;
		if (f == FOLLOW_EEXIST)
			return ref_error(s, EEXIST);
		if (!s.fault)
			s.fault = why;
		kind = f == FOLLOW_EMLINK ? FAULT_UNSHARE
		       : WRITE(&r)        ? FAULT_WRITE
					  : FAULT_READ;
		switch (loops < 8 ? ref_handle_mm_fault(&r, kind, &s.page) : WAIT) {
		case SIGNAL:
			return ref_error(s, EFAULT);
		case HANDLER:
			s.handler = true;
			/* fall through */
		case WAIT:
			s.wait = true;
			return s;
		default:
			break;
		}
	}
	/* try_grab_folio() of follow_hugetlb_page(): GUP-fast's test, before it was its own */
	if (LONGTERM(&r) && IS(&r, VMA_HUGETLB) && r.v >= 512 && r.v < 606 &&
	    !ref_longterm_pinnable(&r))
		return ref_error(s, ENOMEM);
	err = LONGTERM(&r) ? ref_migrate(&r, &s.page) : 0;
	s.wait = err < 0;
	return err > 0 ? ref_error(s, err) : s;
}

/* ---- a store, a fork */

/* @split: the store is to one page of the huge one, and who holds which is not known. */
static void ref_seen(const struct ref *before, bool split, struct gup_write *ret)
{
	bool exclusive = IS(before, ANON_EXCLUSIVE) || IS(before, PTE_WRITE);

	ret->seen_by_refs = TRI_NO;
	ret->leak = TRI_NO;
	if (ret->fault == GUP_WRITE_COPY || !IS(before, HELD))
		return;
	ret->seen_by_refs = split ? TRI_UNKNOWN : TRI_YES;
	if (IS(before, ANON) && !exclusive)
		ret->leak = ret->seen_by_refs;
}

static void ref_store_missing(const struct ref *r, struct gup_write *ret)
{
	struct ref s = *r;

	switch (IS(r, VMA_HUGETLB)
			? ref_hugetlb_fault(&s, FAULT_WRITE, &(struct ref_fault){ 0 })
			: ref_missing(&s, FAULT_WRITE)) {
	case SIGNAL:
		ret->fault = GUP_WRITE_SEGV;
		return;
	case HANDLER:
		ret->waits = true;
		/* fall through */
	case WAIT:
		ret->fault = GUP_WRITE_UNKNOWN;
		ret->seen_by_refs = ret->leak = TRI_UNKNOWN;
		return;
	default:
		break;
	}
	ret->fault = IS(r, SWAP) ? GUP_WRITE_SWAPIN : GUP_WRITE_POPULATE;
	if (IS(r, SWAP) && r->v < 519)
		ret->seen_by_refs = ret->leak = TRI_UNKNOWN;
	else if (IS(r, SWAP) ? IS(r, SWAP_EXCLUSIVE)
			     : IS(r, VMA_MAYSHARE) && IS(r, CACHED))
		ret->seen_by_refs = TRI_UNKNOWN;
}

void ref_store(struct ref r, struct gup_write *ret)
{
	struct ref before = r;
	struct ref_fault out = { 0 };
	enum ref_end end;
	bool hinted = IS(&r, PROTNONE);

	*ret = (struct gup_write){ 0 };
	if (!IS(&r, VMA_WRITE) || (r.v >= 606 && IS(&r, VMA_SHADOW_STACK)) ||
	    IS(&r, PKEY_NO_WRITE)) {
		ret->fault = GUP_WRITE_SEGV;
		return;
	}
	if (!IS(&r, PRESENT)) {
		ref_store_missing(&r, ret);
		return;
	}
	if (hinted && ref_uffd_rwp(&r) && !IS(&r, VMA_UFFD_ASYNC)) {
		ret->waits = true;
		ret->fault = GUP_WRITE_UNKNOWN;
		ret->seen_by_refs = ret->leak = TRI_UNKNOWN;
		return;
	}
	if (hinted && ref_uffd_rwp(&r))
		ref_now(&r, F(UFFD_WP), false);
	if (hinted)
		ref_numa(&r);
	if (IS(&r, PTE_WRITE)) {
		ret->fault = hinted ? GUP_WRITE_REUSE : GUP_WRITE_NONE;
		ref_seen(&before, false, ret);
		return;
	}
	end = IS(&r, VMA_HUGETLB) ? ref_hugetlb_fault(&r, FAULT_WRITE, &out)
	      : IS(&r, LEAF_PMD)  ? ref_wp_huge_pmd(&r, FAULT_WRITE, &out)
				  : ref_do_wp_page(&r, FAULT_WRITE, &out);
	if (end == SIGNAL) {
		ret->fault = GUP_WRITE_SEGV;
		return;
	}
	if (end == WAIT || end == HANDLER) {
		ret->waits = end == HANDLER;
		ret->fault = GUP_WRITE_UNKNOWN;
		ret->seen_by_refs = ret->leak = TRI_UNKNOWN;
		return;
	}
	ret->fault = out.copied ? GUP_WRITE_COPY : GUP_WRITE_REUSE;
	ref_seen(&before,
		 !hinted && !out.copied && IS(&before, LEAF_PMD) && !IS(&r, LEAF_PMD),
		 ret);
}

/* copy_page_range() and, for hugetlb, copy_hugetlb_page_range() */
enum gup_fork_word ref_fork(const struct ref *r)
{
	bool pinned = IS(r, MM_HAS_PINNED) && IS(r, MAYBE_PINNED);

	if (IS(r, VMA_DONTCOPY) || IS(r, VMA_WIPEONFORK))
		return GUP_FORK_SKIP;
	if (!IS(r, PRESENT) || IS(r, SPECIAL) || IS(r, HUGE_ZERO))
		return GUP_FORK_SHARE;
	if (IS(r, VMA_MAYSHARE)) /* not is_cow_mapping() */
		return GUP_FORK_SHARE;
	if (IS(r, VMA_HUGETLB) && r->v < 512)
		return GUP_FORK_SHARE;
	if (r->v < 519 && pinned && !IS(r, ANON))
		return GUP_FORK_UNKNOWN; /* copied when the VMA has an anon_vma */
	if (!IS(r, ANON) || (r->v >= 519 && !IS(r, ANON_EXCLUSIVE)))
		return GUP_FORK_SHARE;
	return pinned ? GUP_FORK_COPY : GUP_FORK_SHARE;
}

/* ---- mm/migrate.c */

/* migrate_folio(), buffer_migrate_folio() and the like, and what they count. */
static int ref_migrate_folio(const struct ref *r)
{
	return IS(r, EXTRA_REFS) ? EAGAIN : 0;
}

/* folio_isolate_lru(), folio_isolate_hugetlb(), move_to_new_folio() */
static int ref_move_folio(const struct ref *r)
{
	if (r->v >= 514 && IS(r, VMA_SECRETMEM))
		return EBUSY; /* secretmem_migrate_folio() */
	return IS(r, MOVABLE) ? ref_migrate_folio(r) : EBUSY;
}

/* do_pages_move() with MPOL_MF_MOVE_ALL and lru_cache_disable(), migrate_pages() */
enum gup_migrate_word ref_move_pages(const struct ref *r)
{
	/* vma_lookup(), vma_migratable() */
	if (IS(r, VMA_GATE) || IS(r, VMA_IO) || IS(r, VMA_PFNMAP) || IS(r, VMA_FSDAX))
		return GUP_MIGRATE_NEVER;
	/* folio_walk_start(), follow_page() */
	if (!IS(r, PRESENT) || IS(r, SPECIAL))
		return GUP_MIGRATE_NONE;
	if (r->v >= 601 && r->v < 605 && IS(r, PROTNONE) && !IS(r, VMA_HUGETLB))
		return GUP_MIGRATE_NONE; /* gup_can_follow_protnone() */
	/* __add_folio_for_migration() */
	if (IS(r, ZERO) || IS(r, HUGE_ZERO) || (r->v < 617 && IS(r, DEVMAP)))
		return GUP_MIGRATE_NONE;
	if (!IS(r, VMA_HUGETLB) && !IS(r, ANON) && IS(r, NO_MAPPING))
		return GUP_MIGRATE_NEVER; /* !folio_test_lru() */
	/* unmap_and_move_hugetlb_folio() allocates first; it stays in either case */
	if (IS(r, VMA_HUGETLB) && IS(r, MOVABLE) && !IS(r, HUGE_FREE))
		return IS(r, EXTRA_REFS) ? GUP_MIGRATE_REFS : GUP_MIGRATE_UNKNOWN;
	switch (ref_move_folio(r)) {
	case 0:
		return GUP_MIGRATE_YES;
	case EAGAIN:
		return GUP_MIGRATE_REFS;
	default: /* which of both is found first does not matter */
		return !IS(r, VMA_SECRETMEM) && IS(r, EXTRA_REFS) ? GUP_MIGRATE_REFS
								  : GUP_MIGRATE_NEVER;
	}
}
