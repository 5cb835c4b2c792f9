/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/verify_judge.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define VERIFY_PRESENT BIT(63)
#define VERIFY_SWAP BIT(62)
#define VERIFY_PFN (BIT(55) - 1)

/* Adds a field; @match: the observed value agrees. */
static void verify_field(struct verify_case *c, const char *key, const char *predicted,
			 const char *observed, bool match)
{
	struct verify_field *f = &c->field[c->nfields++];

	*f = (struct verify_field){ .key = key,
				    .predicted = predicted,
				    .observed = observed };
	if (!strcmp(predicted, "unknown"))
		f->outcome = VERIFY_UNKNOWN;
	else if (!observed)
		f->outcome = VERIFY_SKIPPED;
	else
		f->outcome = match ? VERIFY_RIGHT : VERIFY_WRONG;
}

static void verify_field_tri(struct verify_case *c, const char *key, enum tri predicted,
			     enum tri observed)
{
	verify_field(c, key, gup_tri_name(predicted),
		     observed == TRI_UNKNOWN ? NULL : gup_tri_name(observed),
		     predicted == observed);
}

/* What pagemap shows of the page after the call. */
enum verify_fate { VERIFY_SAME, VERIFY_CHANGED, VERIFY_NEW, VERIFY_HIDDEN };

static enum verify_fate verify_fate(const struct gupcall_result *seen)
{
	if (!(seen->after & VERIFY_PRESENT))
		return VERIFY_HIDDEN; /* e.g. the vsyscall page */
	if (!(seen->before & VERIFY_PRESENT))
		return VERIFY_NEW;
	if (!(seen->before & VERIFY_PFN) || !(seen->after & VERIFY_PFN))
		return VERIFY_HIDDEN;
	return (seen->before ^ seen->after) & VERIFY_PFN ? VERIFY_CHANGED : VERIFY_SAME;
}

static void verify_page(struct verify_case *c, enum gup_page predicted,
			const struct gupcall_result *seen)
{
	static const char *const name[] = { "same", "another", "new", NULL };
	enum verify_fate fate = verify_fate(seen);
	bool match = false;

	switch (predicted) {
	case GUP_PAGE_SAME:
		/* if it was not present: the page that the swap entry stands for */
		match = fate == VERIFY_SAME || fate == VERIFY_NEW;
		break;
	case GUP_PAGE_COPY:
	case GUP_PAGE_MIGRATED:
		match = fate == VERIFY_CHANGED || fate == VERIFY_NEW;
		break;
	case GUP_PAGE_NEW:
		match = fate == VERIFY_NEW;
		break;
	default:
		break;
	}
	verify_field(c, "page", gup_page_names[predicted], name[fate], match);
}

/* Adds the fields of a request that certainly takes GUP-fast, or never does. */
static void verify_request(struct verify_case *c, const struct gupcall_row *row,
			   const struct gup_verdict *v, const struct gupcall_result *seen,
			   bool counted)
{
	enum tri fast = row->entry == GUPCALL_FAST ? (enum tri)v->fast : TRI_NO;
	enum tri saw_fast = seen->slow == TRI_UNKNOWN ? TRI_UNKNOWN
			    : seen->slow == TRI_YES   ? TRI_NO
						      : TRI_YES;
	enum gup_slow slow = fast == TRI_YES ? GUP_SLOW_OK : (enum gup_slow)v->slow;
	bool failed = seen->err != 0;
	/* Neither done nor refused yet: no rule may promise one of the two. */
	const char *done = seen->waits ? "waits" : failed ? "error" : "ok";
	const char *faults = seen->faults ? "some" : counted ? "none" : NULL;

	/*
	 * Without a counter, a fault or an error proves that GUP-fast did not take it: an
	 * address out of range is refused before either path.
	 */
	if (failed || seen->waits || (saw_fast == TRI_UNKNOWN && seen->faults))
		saw_fast = TRI_NO;
	if (row->entry == GUPCALL_FAST)
		verify_field_tri(c, "fast", fast, saw_fast);
	if (fast == TRI_UNKNOWN && slow == GUP_SLOW_ERROR)
		slow = GUP_SLOW_UNKNOWN;
	verify_field(c, "slow", v->waits ? "waits" : gup_slow_name(slow), done,
		     v->waits ? seen->waits
			      : !seen->waits && (slow == GUP_SLOW_ERROR) == failed);
	if (slow == GUP_SLOW_ERROR && failed)
		verify_field(c, "errno", v->err ? gup_errno_name(v->err) : "unknown",
			     seen->errno_is_gup ? gup_errno_name((unsigned)-seen->err)
						: NULL,
			     v->err == (unsigned)-seen->err);
	if (slow != GUP_SLOW_OK || failed || seen->waits)
		return;
	if (fast == TRI_YES) {
		verify_field(c, "fault", "none", faults, !seen->faults);
		verify_page(c, GUP_PAGE_SAME, seen);
		return;
	}
	if (fast == TRI_UNKNOWN && v->fault != GUP_FAULT_NONE)
		verify_field(c, "fault", "unknown", NULL, false);
	else
		verify_field(c, "fault", gup_fault_names[v->fault], faults,
			     (v->fault == GUP_FAULT_NONE) == !seen->faults);
	if (fast == TRI_UNKNOWN && v->page != GUP_PAGE_SAME)
		verify_page(c, GUP_PAGE_UNKNOWN, seen);
	else
		verify_page(c, v->page, seen);
}

static const char *verify_store_seen(const struct gupcall_result *seen)
{
	if (seen->waits || seen->err)
		return seen->waits ? "waits" : "segv";
	if (!seen->faults)
		return "none";
	switch (verify_fate(seen)) {
	case VERIFY_SAME:
		return "reuse";
	case VERIFY_CHANGED:
		return "copy";
	case VERIFY_NEW:
		return seen->before & VERIFY_SWAP ? "swapin" : "populate";
	default:
		return NULL;
	}
}

static void verify_store(struct verify_case *c, const struct gup_write *w,
			 const struct page_info *page, const struct gupcall_result *seen)
{
	const char *predicted = w->waits ? "waits" : gup_write_names[w->fault];
	const char *observed = verify_store_seen(seen);
	enum tri leak = TRI_UNKNOWN;

	verify_field(c, "fault", predicted, observed,
		     observed && !strcmp(observed, predicted));
	if (w->waits)
		return;
	verify_field_tri(c, "seen_by_refs", w->seen_by_refs, seen->refs);
	/* What references read, and whether the page belonged to the process alone before. */
	if (seen->refs == TRI_NO)
		leak = TRI_NO;
	else if (seen->refs == TRI_YES && page->anon &&
		 page->anon_exclusive != TRI_UNKNOWN)
		leak = page->anon_exclusive == TRI_YES ? TRI_NO : TRI_YES;
	verify_field_tri(c, "leak", w->leak, leak);
}

static const char *verify_fork_seen(const struct gupcall_result *seen)
{
	u64 first = seen->child_first, now = seen->after;

	if (seen->err)
		return NULL;
	if (seen->child_err == -ENOMEM)
		return "skip";
	if (!(now & VERIFY_PRESENT)) {
		if (!(now & VERIFY_SWAP)) /* nothing to inherit */
			return NULL;
		return first == now ? "share" : !first ? "skip" : NULL;
	}
	if (!(now & VERIFY_PFN))
		return NULL;
	if (first & VERIFY_PRESENT)
		return (first ^ now) & VERIFY_PFN ? "copy" : "share";
	/* Not in the child's page tables: fork left it out, perhaps to be faulted in. */
	if (seen->child_err)
		return NULL;
	if (!((seen->child ^ now) & VERIFY_PFN))
		return "share";
	/* Other zeroes instead of zeroes: fork does not copy a mapping without anon_vma at all. */
	return seen->byte != seen->child_byte ? "skip" : NULL;
}

static void verify_migrate(struct verify_case *c, enum gup_migrate_word word,
			   const struct gupcall_result *seen)
{
	bool moved = !seen->err && verify_fate(seen) == VERIFY_CHANGED;
	bool match = moved;

	if (word == GUP_MIGRATE_REFS) /* the caller's status is as it was */
		match = seen->err == -EAGAIN;
	else if (word == GUP_MIGRATE_NEVER)
		match = seen->err;
	else if (word == GUP_MIGRATE_NONE)
		match = seen->err == -ENOENT || seen->err == -EFAULT;
	verify_field(c, "migrate", gup_migrate_names[word],
		     moved       ? "yes"
		     : seen->err ? gup_errno_name((unsigned)-seen->err)
				 : "same",
		     match);
}

/*
 * The faults of @act on @page are counted.  Kernels before 6.6 call hugetlb_fault() themselves
 * and count nothing.  Until 5.19 a fault that dirties a page of a shared mapping ends with
 * VM_FAULT_RETRY when the caller can do without the mmap lock, and mm_account_fault() skips it;
 * GUP's second try finds the page.
 */
static bool verify_counted(const struct kernel *k, enum gupcall_id act,
			   const struct page_info *page)
{
	const struct gupcall_row *row = gupcall_row(act);
	bool retries = row->entry == GUPCALL_FAST || act == GUPCALL_DO_VM_WRITEV;

	if (page->facts.value & F(VMA_HUGETLB))
		return kernel_has(k, KFACT_HUGETLB_FAULT_GENERIC) == TRI_YES;
	return !(page->facts.value & F(VMA_SHARED)) || !retries ||
	       !(gup_requests[row->what].flags & GUP_WRITE) ||
	       kernel_has(k, KFACT_FAULT_COMPLETED) == TRI_YES;
}

/* A direct write may have gone through the page cache after GUP refused. */
static bool verify_fell_back(const struct kernel *k, enum gupcall_id act,
			     const struct gup_verdict *v,
			     const struct gupcall_result *seen)
{
	return act == GUPCALL_DO_DIO_WRITE && v->fast != TRI_YES &&
	       v->slow == GUP_SLOW_ERROR && !seen->err &&
	       kernel_has(k, KFACT_DIO_ERROR_BUFFERED) != TRI_NO;
}

void verify_judge(const struct kernel *k, enum gupcall_id act,
		  const struct page_info *page, const struct gup_verdicts *predicted,
		  const struct gupcall_result *seen, struct verify_case *ret)
{
	const struct gupcall_row *row = gupcall_row(act);
	const char *observed;

	switch (row->what) {
	case GUP_STORE:
		ret->unknown = predicted->write.unknown;
		verify_store(ret, &predicted->write, page, seen);
		break;
	case GUP_MIGRATE:
		ret->unknown = predicted->migrate.unknown;
		verify_migrate(ret, predicted->migrate.word, seen);
		break;
	case GUP_FORK:
		ret->unknown = predicted->fork.unknown;
		observed = verify_fork_seen(seen);
		verify_field(ret, "fork", gup_fork_names[predicted->fork.word], observed,
			     observed && !strcmp(observed,
						 gup_fork_names[predicted->fork.word]));
		break;
	default:
		ret->unknown = predicted->req[row->what].unknown;
		if (verify_fell_back(k, act, &predicted->req[row->what], seen)) {
			ret->outcome = VERIFY_SKIPPED;
			snprintf(
				ret->note, sizeof(ret->note), "%s",
				"ext4 of this kernel writes through the page cache when GUP fails");
			return;
		}
		verify_request(ret, row, &predicted->req[row->what], seen,
			       verify_counted(k, act, page));
	}
	ret->outcome = VERIFY_RIGHT;
	for (unsigned i = 0; i < ret->nfields; i++) {
		if (ret->field[i].outcome == VERIFY_WRONG)
			ret->outcome = VERIFY_WRONG;
		if (ret->field[i].outcome == VERIFY_UNKNOWN &&
		    ret->outcome == VERIFY_RIGHT)
			ret->outcome = VERIFY_UNKNOWN;
	}
}
