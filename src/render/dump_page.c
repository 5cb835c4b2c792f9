/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/dump_page.h"

#include "kpageflags.h"
#include "lib/text.h"

#include <stdio.h>
#include <string.h>

/* Formats a number, or "?" when it was not read. */
static const char *dump_number(bool known, s64 value, char buf[24])
{
	if (known)
		snprintf(buf, 24, "%lld", value);
	else
		snprintf(buf, 24, "?");
	return buf;
}

PRINTF(2, 3) static void dump_line(struct dump_page *d, const char *fmt, ...)
{
	TEXT_FORMAT(d->line[d->n], sizeof(d->line[0]), fmt);
	d->n++;
}

static const char *dump_mapping(const struct page_info *p)
{
	static const char *const names[] = { "0", "anon", "ksm", "file", "movable" };

	if (p->has_page && p->mapping < ARRAY_SIZE(names))
		return names[p->mapping];
	return p->kind == PAGE_KSM                             ? "ksm"
	       : p->kind == PAGE_ANON || p->anon               ? "anon"
	       : p->kind == PAGE_FILE || p->kind == PAGE_SHMEM ? "file"
							       : "?";
}

/* Derives page->index from the VMA; for an anonymous page right only if it was never moved. */
static void dump_index(const struct page_run *run, const struct vma *vma, u32 base,
		       char buf[24])
{
	const struct page_info *p = &run->class->page;
	bool file = p->kind == PAGE_FILE || p->kind == PAGE_SHMEM;

	if (!file || p->anon) {
		snprintf(buf, 24, "?");
		return;
	}
	snprintf(buf, 24, "%#llx", (run->addr - vma->start + vma->offset) / base);
}

static void dump_flags(struct dump_page *d, const struct page_info *p, u64 head_flags,
		       u32 kv)
{
	const char *type = p->kind == PAGE_KSM               ? "ksm "
			   : p->kind == PAGE_ANON || p->anon ? "anon "
							     : "";
	char names[300] = "", word[24] = "?";

	if (p->has_page)
		snprintf(word, sizeof(word), "%#llx", head_flags);
	EACH_BIT (bit, p->flags & p->flags_known)
		text_add(names, sizeof(names), "%s%s", *names ? "|" : "",
			 kpageflags_name(bit, kv));
	if (p->node >= 0)
		text_add(names, sizeof(names), "%snode=%d", *names ? "|" : "", p->node);
	if (p->zone >= 0)
		text_add(names, sizeof(names), "%szone=%s", *names ? "|" : "",
			 page_zone_name(p->zone));
	dump_line(d, "%sflags: %s(%s)%s", type, word, names[0] ? names : "?",
		  p->migratetype_bad == TRI_YES ? " CMA or ISOLATE" : "");
}

void dump_page(const struct page_run *run, const struct raw_page *raw,
	       const struct vma *vma, u32 kv, u32 base_page_size, struct dump_page *ret)
{
	char ref[24], map[24], index[24], pfn[24], folio[24], entire[24], pin[24];
	const struct page_info *p = &run->class->page;

	memset(ret, 0, sizeof(*ret));
	dump_index(run, vma, base_page_size ? base_page_size : KERNEL_PAGE_LEAST, index);
	if (page_knows(p, PAGE_F_PFN))
		snprintf(pfn, sizeof(pfn), "%#llx", run->pfn);
	else
		snprintf(pfn, sizeof(pfn), "?");
	dump_line(ret, "page: refcount:%s mapcount:%s mapping:%s index:%s pfn:%s",
		  dump_number(page_knows(p, PAGE_F_REFCOUNT), p->refcount, ref),
		  dump_number(page_knows(p, PAGE_F_MAPCOUNT), p->mapcount, map),
		  dump_mapping(p), index, pfn);
	if (page_knows(p, PAGE_F_FOLIO) && p->order)
		dump_line(ret,
			  "head: order:%u mapcount:%s entire_mapcount:%s pincount:%s",
			  p->order,
			  dump_number(p->folio_mapcount >= 0, p->folio_mapcount, folio),
			  dump_number(p->has_page, raw->entire_mapcount, entire),
			  dump_number(page_knows(p, PAGE_F_PINCOUNT) &&
					      p->pincount_kind == PAGE_COUNT_EXACT,
				      p->pincount, pin));
	dump_flags(ret, p, raw->head_flags, kv);
	/* PGTY_hugetlb (6.11); before, no single word of struct page shows hugetlb. */
	if (p->has_page && raw->page_type >> 24 == 0xf4)
		dump_line(ret, "page_type: %x(hugetlb)", raw->page_type >> 24);
}
