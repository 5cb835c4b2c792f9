/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of columns and its getters. */
#include "render/columns.h"

#include "lib/escape.h"
#include "kpageflags.h"

#include <stdio.h>
#include <string.h>

/* ---- making cells */

static void cell_set(struct cell *c, enum cell_type type, s64 num)
{
	c->type = type;
	c->num = num;
}

static void cell_text(struct cell *c, const char *text)
{
	c->type = CELL_TEXT;
	c->text = text;
}

/* Sets the cell unless the field is known: "does not apply", or unknown with the reason. */
static bool cell_field(struct cell *c, const struct report_row *row,
		       enum page_field field)
{
	enum page_why why = row->page->why[field];

	if (why == PAGE_WHY_KNOWN)
		return true;
	c->type = why == PAGE_WHY_NOT_APPLICABLE ? CELL_NONE : CELL_UNKNOWN;
	c->why = page_why_text(why);
	return false;
}

static void cell_tri(struct cell *c, enum tri t, const char *yes, const char *no)
{
	if (t == TRI_UNKNOWN)
		c->type = CELL_UNKNOWN;
	else
		cell_text(c, t == TRI_YES ? yes : no);
}

/* ---- getters, in table order */

static void get_pid(const struct report_row *row, u32 arg, struct cell *c)
{
	cell_set(c, CELL_COUNT, row->process->pid);
}

static void get_comm(const struct report_row *row, u32 arg, struct cell *c)
{
	cell_text(c, escape_text(c->buf, sizeof(c->buf), row->process->comm));
}

static void get_addr(const struct report_row *row, u32 arg, struct cell *c)
{
	cell_set(c, CELL_ADDR, row->page->addr);
}

static void get_end(const struct report_row *row, u32 arg, struct cell *c)
{
	cell_set(c, CELL_ADDR, row->page->addr + row->page->pages * row->page->size);
}

static void get_pages(const struct report_row *row, u32 arg, struct cell *c)
{
	cell_set(c, CELL_COUNT, row->page->pages);
}

static void get_size(const struct report_row *row, u32 arg, struct cell *c)
{
	cell_set(c, CELL_BYTES, row->page->size);
}

static void get_bytes(const struct report_row *row, u32 arg, struct cell *c)
{
	cell_set(c, CELL_BYTES, row->page->size * row->page->pages);
}

static void get_kind(const struct report_row *row, u32 arg, struct cell *c)
{
	if (cell_field(c, row, PAGE_F_KIND) || row->page->kind != PAGE_UNKNOWN)
		cell_text(c, page_kind_name(row->page->kind));
}

static void get_leaf(const struct report_row *row, u32 arg, struct cell *c)
{
	static const char *const names[] = { "?", "pte", "pmd", "pud" };

	if (cell_field(c, row, PAGE_F_LEAF))
		cell_text(c, names[row->page->leaf & 3]);
}

static void get_pfn(const struct report_row *row, u32 arg, struct cell *c)
{
	if (cell_field(c, row, PAGE_F_PFN))
		cell_set(c, CELL_HEX, arg ? row->page->head_pfn : row->page->pfn);
}

static void get_folio(const struct report_row *row, u32 arg, struct cell *c)
{
	if (cell_field(c, row, PAGE_F_FOLIO))
		cell_set(c, CELL_COUNT, 1ll << row->page->order);
}

static void get_mapcount(const struct report_row *row, u32 arg, struct cell *c)
{
	if (cell_field(c, row, PAGE_F_MAPCOUNT))
		cell_set(c, CELL_COUNT, row->page->mapcount);
}

static void get_mapcount_kind(const struct report_row *row, u32 arg, struct cell *c)
{
	if (cell_field(c, row, PAGE_F_MAPCOUNT))
		cell_text(c, page_count_kind_name(row->page->mapcount_kind));
}

static void get_folio_mapcount(const struct report_row *row, u32 arg, struct cell *c)
{
	if (!cell_field(c, row, PAGE_F_REFCOUNT))
		return;
	if (row->page->folio_mapcount < 0)
		c->type = CELL_UNKNOWN;
	else
		cell_set(c, CELL_COUNT, row->page->folio_mapcount);
}

static void get_refcount(const struct report_row *row, u32 arg, struct cell *c)
{
	if (cell_field(c, row, PAGE_F_REFCOUNT))
		cell_set(c, CELL_COUNT, row->page->refcount);
}

static void get_excess(const struct report_row *row, u32 arg, struct cell *c)
{
	if (!cell_field(c, row, PAGE_F_REFCOUNT))
		return;
	if (row->page->expected < 0)
		c->type = page_of_owner(row->page) ? CELL_NONE : CELL_UNKNOWN;
	else
		cell_set(c, CELL_COUNT, arg ? row->page->expected : row->page->excess);
}

static void get_pincount(const struct report_row *row, u32 arg, struct cell *c)
{
	if (cell_field(c, row, PAGE_F_PINCOUNT))
		cell_set(c, CELL_COUNT, row->page->pincount);
}

static void get_pincount_kind(const struct report_row *row, u32 arg, struct cell *c)
{
	if (cell_field(c, row, PAGE_F_PINCOUNT))
		cell_text(c, page_count_kind_name(row->page->pincount_kind));
}

static void get_exclusive(const struct report_row *row, u32 arg, struct cell *c)
{
	if (cell_field(c, row, PAGE_F_ANON_EXCLUSIVE))
		cell_tri(c, row->page->anon_exclusive, "yes", "no");
}

static void get_pte(const struct report_row *row, u32 arg, struct cell *c)
{
	static const struct {
		u16 bit;
		char letter;
	} letters[] = {
		{ PAGE_PTE_WRITE, 'W' },   { PAGE_PTE_DIRTY, 'D' },
		{ PAGE_PTE_YOUNG, 'Y' },   { PAGE_PTE_EXEC, 'X' },
		{ PAGE_PTE_SPECIAL, 'S' }, { PAGE_PTE_PROTNONE, 'N' },
		{ PAGE_PTE_UFFD_WP, 'U' }, { PAGE_PTE_SOFT_DIRTY, 'd' },
		{ PAGE_PTE_DEVMAP, 'V' },
	};
	const struct page_run *page = row->page;
	bool swap = page->kind == PAGE_SWAP && page->pte & PAGE_PTE_UFFD_WP;

	/* Of these bits a swap entry has only userfaultfd's. */
	if (!swap && !cell_field(c, row, PAGE_F_PTE))
		return;
	for (unsigned i = 0; i < ARRAY_SIZE(letters); i++)
		c->buf[i] = page->pte & page->pte_known & letters[i].bit
				    ? letters[i].letter
			    : swap || page->pte_known & letters[i].bit ? '-'
								       : '?';
	c->buf[ARRAY_SIZE(letters)] = '\0';
	cell_text(c, c->buf);
}

static void get_raw(const struct report_row *row, u32 arg, struct cell *c)
{
	const struct raw_page *o = &row->page->raw;
	const struct {
		u32 has;
		u64 word;
	} raw[] = {
		{ RAW_HAS_PAGEMAP, o->pagemap }, { RAW_HAS_KPAGEFLAGS, o->kpageflags },
		{ RAW_HAS_PTE, o->pte },         { RAW_HAS_PAGE, o->flags },
		{ RAW_HAS_PAGE, o->head_flags },
	};

	if (o->has & raw[arg].has)
		cell_set(c, CELL_HEX, raw[arg].word);
	else
		c->type = CELL_UNKNOWN;
}

static void get_flags(const struct report_row *row, u32 arg, struct cell *c)
{
	const struct page_run *page = row->page;
	size_t at = 0;

	if (!cell_field(c, row, PAGE_F_FLAGS))
		return;
	c->buf[0] = '\0';
	for (unsigned bit = 0; bit < 64; bit++) {
		if (!(page->flags >> bit & 1))
			continue;
		int n = snprintf(c->buf + at, sizeof(c->buf) - at, "%s%s", at ? "," : "",
				 kpageflags_name(bit, 0));

		if (n < 0 || (size_t)n >= sizeof(c->buf) - at)
			break;
		at += n;
	}
	cell_text(c, at ? c->buf : "none");
}

static void get_node(const struct report_row *row, u32 arg, struct cell *c)
{
	if (!cell_field(c, row, PAGE_F_ZONE))
		return;
	if (arg)
		cell_text(c, page_zone_name(row->page->zone));
	else
		cell_set(c, CELL_COUNT, row->page->node);
}

static void get_swap(const struct report_row *row, u32 arg, struct cell *c)
{
	if (row->page->kind != PAGE_SWAP)
		return;
	snprintf(c->buf, sizeof(c->buf), "%u:0x%llx", row->page->swap_type,
		 (unsigned long long)row->page->swap_offset);
	cell_text(c, c->buf);
}

static void get_request(const struct report_row *row, u32 arg, struct cell *c)
{
	const struct gup_verdict *v = &row->verdicts->req[arg];

	if (v->word == GUP_WORD_UNKNOWN)
		c->type = CELL_UNKNOWN;
	else
		cell_text(c, gup_word_name(v->word, v->err));
}

static void get_write(const struct report_row *row, u32 arg, struct cell *c)
{
	if (row->verdicts->write.fault == GUP_WRITE_UNKNOWN)
		c->type = CELL_UNKNOWN;
	else
		cell_text(c, gup_write_name(row->verdicts->write.fault));
}

static void get_write_tri(const struct report_row *row, u32 arg, struct cell *c)
{
	cell_tri(c, arg ? row->verdicts->write.leak : row->verdicts->write.seen_by_refs,
		 "yes", "no");
}

static void get_fork(const struct report_row *row, u32 arg, struct cell *c)
{
	if (row->verdicts->fork.word == GUP_FORK_UNKNOWN)
		c->type = CELL_UNKNOWN;
	else
		cell_text(c, gup_fork_name(row->verdicts->fork.word));
}

static void get_name(const struct report_row *row, u32 arg, struct cell *c)
{
	if (row->vma->name[0])
		cell_text(c, escape_text(c->buf, sizeof(c->buf), row->vma->name));
}

static void get_perms(const struct report_row *row, u32 arg, struct cell *c)
{
	vma_perms(row->vma, c->buf);
	cell_text(c, c->buf);
}

static void get_vmflags(const struct report_row *row, u32 arg, struct cell *c)
{
	size_t at = 0;

	if (!row->vma->has_flags) {
		c->type = CELL_UNKNOWN;
		return;
	}
	c->buf[0] = '\0';
	for (unsigned i = 0; i < VMFLAGS && at + 4 < sizeof(c->buf); i++)
		if (row->vma->flags >> i & 1)
			at += snprintf(c->buf + at, sizeof(c->buf) - at, "%s%s",
				       at ? "," : "", vma_flag_letters(i));
	cell_text(c, c->buf);
}

static void get_raced(const struct report_row *row, u32 arg, struct cell *c)
{
	cell_text(c, row->page->raced ? "yes" : "no");
}

/* ---- the table */

#define REQUEST(r, n, s)                                                           \
	{                                                                          \
		.name = n, .help = "verdict of " n " in one word (see --explain)", \
		.set = s, .width = 6, .get = get_request, .arg = r                 \
	}

static const struct column columns[] = {
	{ .name = "PID", .help = "process", .right = true, .width = 6, .get = get_pid },
	{ .name = "COMM",
	  .help = "command name",
	  .width = 15,
	  .set = COLUMN_UNTRUSTED,
	  .get = get_comm },
	{ .name = "ADDR",
	  .help = "first address",
	  .set = COLUMN_PAGES,
	  .right = true,
	  .width = 12,
	  .get = get_addr },
	{ .name = "END",
	  .help = "address after the run",
	  .right = true,
	  .width = 12,
	  .get = get_end },
	{ .name = "PAGES",
	  .help = "pages in the run, each of SIZE",
	  .set = COLUMN_PAGES,
	  .right = true,
	  .width = 5,
	  .get = get_pages },
	{ .name = "SIZE",
	  .help = "size of one page of the run",
	  .right = true,
	  .width = 4,
	  .get = get_size },
	{ .name = "BYTES",
	  .help = "size of the run",
	  .right = true,
	  .width = 5,
	  .get = get_bytes },
	{ .name = "KIND",
	  .help = "anon, file, hugetlb, zero, swap, ...",
	  .set = COLUMN_PAGES,
	  .width = 7,
	  .get = get_kind },
	{ .name = "LEAF",
	  .help = "page table level that maps it: pte, pmd, pud",
	  .set = COLUMN_PAGES,
	  .width = 4,
	  .get = get_leaf },
	{ .name = "FOLIO",
	  .help = "pages of the folio that it belongs to",
	  .set = COLUMN_WIDE,
	  .right = true,
	  .width = 5,
	  .get = get_folio },
	{ .name = "PFN",
	  .frame = true,
	  .help = "page frame number",
	  .set = COLUMN_WIDE,
	  .right = true,
	  .width = 9,
	  .get = get_pfn },
	{ .name = "HEAD",
	  .frame = true,
	  .help = "PFN of the folio's head page",
	  .right = true,
	  .width = 9,
	  .get = get_pfn,
	  .arg = 1 },
	{ .name = "MAP",
	  .help = "mapcount of the page",
	  .set = COLUMN_PAGES,
	  .right = true,
	  .width = 3,
	  .get = get_mapcount },
	{ .name = "MAPKIND",
	  .help = "whether MAP is exact or an average over the folio",
	  .width = 7,
	  .get = get_mapcount_kind },
	{ .name = "FOLIOMAP",
	  .help = "mapcount of the whole folio",
	  .right = true,
	  .width = 5,
	  .get = get_folio_mapcount },
	{ .name = "REF",
	  .help = "refcount of the folio",
	  .set = COLUMN_PAGES,
	  .right = true,
	  .width = 4,
	  .get = get_refcount },
	{ .name = "EXPECTED",
	  .help = "references that folio_expected_ref_count() explains",
	  .right = true,
	  .width = 4,
	  .get = get_excess,
	  .arg = 1 },
	{ .name = "EXCESS",
	  .help = "REF minus EXPECTED",
	  .set = COLUMN_WIDE,
	  .right = true,
	  .width = 4,
	  .get = get_excess },
	{ .name = "PIN",
	  .help = "pincount (FOLL_PIN) of the folio",
	  .set = COLUMN_PAGES,
	  .right = true,
	  .width = 3,
	  .get = get_pincount },
	{ .name = "PINKIND",
	  .help = "whether PIN is exact or estimated from the refcount",
	  .width = 8,
	  .get = get_pincount_kind },
	{ .name = "EXCL",
	  .help = "PageAnonExclusive",
	  .set = COLUMN_PAGES,
	  .width = 4,
	  .get = get_exclusive },
	{ .name = "PTE",
	  .help = "entry: Write Dirty Young eXec Special protNone Uffd-wp soft-dirty "
		  "deVmap",
	  .set = COLUMN_WIDE,
	  .width = 9,
	  .get = get_pte },
	REQUEST(GUP_GET_R, "GET-R", COLUMN_PAGES),
	REQUEST(GUP_GET_W, "GET-W", COLUMN_WIDE),
	REQUEST(GUP_PIN_R, "PIN-R", COLUMN_PAGES),
	REQUEST(GUP_PIN_W, "PIN-W", COLUMN_PAGES),
	REQUEST(GUP_LT_R, "LT-R", COLUMN_WIDE),
	REQUEST(GUP_LT_W, "LT-W", COLUMN_PAGES),
	{ .name = "WRITE",
	  .help = "what a store by the process would do",
	  .set = COLUMN_WIDE,
	  .width = 8,
	  .get = get_write },
	{ .name = "SEEN",
	  .holders = true,
	  .help = "the store is seen by references outside the page tables",
	  .width = 4,
	  .get = get_write_tri },
	{ .name = "LEAK",
	  .holders = true,
	  .help = "SEEN, and the reference may be another process's",
	  .set = COLUMN_WIDE,
	  .width = 4,
	  .get = get_write_tri,
	  .arg = 1 },
	{ .name = "FORK",
	  .help = "what a fork would do: share, copy, skip",
	  .set = COLUMN_WIDE,
	  .width = 5,
	  .get = get_fork },
	{ .name = "NODE",
	  .help = "NUMA node",
	  .right = true,
	  .width = 4,
	  .get = get_node },
	{ .name = "ZONE", .help = "memory zone", .width = 7, .get = get_node, .arg = 1 },
	{ .name = "SWAP",
	  .frame = true,
	  .help = "swap type:offset",
	  .width = 8,
	  .get = get_swap },
	{ .name = "FLAGS",
	  .help = "page flags, as page-types names them",
	  .width = 30,
	  .get = get_flags },
	{ .name = "PERMS",
	  .help = "permissions of the VMA",
	  .width = 4,
	  .get = get_perms },
	{ .name = "VMFLAGS",
	  .help = "VmFlags of smaps",
	  .width = 20,
	  .get = get_vmflags },
	{ .name = "RACED",
	  .help = "the page changed while it was read",
	  .width = 5,
	  .get = get_raced },
	{ .name = "PAGEMAP",
	  .frame = true,
	  .help = "raw pagemap word without the PFN",
	  .right = true,
	  .width = 18,
	  .get = get_raw,
	  .arg = 0 },
	{ .name = "KPAGEFLAGS",
	  .help = "raw kpageflags word",
	  .right = true,
	  .width = 18,
	  .get = get_raw,
	  .arg = 1 },
	{ .name = "PTEWORD",
	  .frame = true,
	  .help = "raw page table entry without the PFN",
	  .right = true,
	  .width = 18,
	  .get = get_raw,
	  .arg = 2 },
	{ .name = "PAGEFLAGS",
	  .help = "raw page->flags",
	  .right = true,
	  .width = 18,
	  .get = get_raw,
	  .arg = 3 },
	{ .name = "HEADFLAGS",
	  .help = "raw page->flags of the head page",
	  .right = true,
	  .width = 18,
	  .get = get_raw,
	  .arg = 4 },
	{ .name = "NAME",
	  .help = "name of the VMA",
	  .set = COLUMN_WIDE | COLUMN_UNTRUSTED,
	  .width = 20,
	  .get = get_name },
};

const struct column *columns_table(unsigned *ret_n)
{
	*ret_n = ARRAY_SIZE(columns);
	return columns;
}
