/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of columns, and its getters. */
#include "render/columns.h"

#include "lib/escape.h"
#include "lib/text.h"
#include "kpageflags.h"
#include "render/changes.h"
#include "render/columns_blocker.h"
#include "render/sums.h"
#include "report/family.h"
#include "event/demo_case.h"
#include "report/lint.h"
#include "verify/verify.h"
#include "report/pins.h"

#include <stdio.h>

#define PAGES (BIT(COLUMNS_PAGE) | BIT(COLUMNS_ENTRY) | BIT(COLUMNS_FINDING))
#define FAMILIES (BIT(COLUMNS_MEMBER) | BIT(COLUMNS_PART))

/* ---- making cells */

static void cell_word(struct cell *c, bool known, const char *word)
{
	if (known)
		cell_text(c, word);
	else
		c->type = CELL_UNKNOWN;
}

/* Sets the cell unless the field is known: "does not apply", or unknown. */
static bool cell_field(struct cell *c, const struct report_row *row,
		       enum page_field field)
{
	enum page_why why = report_page(row)->why[field];

	if (why == PAGE_WHY_KNOWN)
		return true;
	c->type = why == PAGE_WHY_NOT_APPLICABLE ? CELL_NONE : CELL_UNKNOWN;
	return false;
}

/* Appends @word to the list in ->buf. */
static void cell_list(struct cell *c, const char *word)
{
	text_add(c->buf, sizeof(c->buf), "%s%s", c->buf[0] ? "," : "", word);
}

static void cell_tri(struct cell *c, enum tri t)
{
	cell_set(c, t == TRI_UNKNOWN ? CELL_UNKNOWN : CELL_BOOL, t == TRI_YES);
}

/* ---- getters, in table order */

static void get_pid(const struct report_row *row, u32 arg, struct cell *c)
{
	if (row->process)
		cell_set(c, CELL_COUNT, row->process->pid);
	else
		cell_text(c, "sum");
}

static void get_comm(const struct report_row *row, u32 arg, struct cell *c)
{
	cell_untrusted(c, row->process ? row->process->comm : row->what);
}

/* Where a run is: first address, address after it, pages, size of each, size of all. */
static void get_place(const struct report_row *row, u32 arg, struct cell *c)
{
	const struct page_run *run = &row->run;
	const u64 size = report_page(row)->size, end = page_end(run);
	const u64 values[] = { run->addr, end, run->pages, size, end - run->addr };
	static const u8 types[] = { CELL_ADDR, CELL_ADDR, CELL_COUNT, CELL_BYTES,
				    CELL_BYTES };

	cell_set(c, types[arg], values[arg]);
}

static void get_kind(const struct report_row *row, u32 arg, struct cell *c)
{
	if (cell_field(c, row, PAGE_F_KIND) || report_page(row)->kind != PAGE_UNKNOWN)
		cell_text(c, page_kind_name(report_page(row)->kind));
}

/* Words: the leaf, how the mapcount and the pincount are known, the zone. */
static void get_word(const struct report_row *row, u32 arg, struct cell *c)
{
	static const u8 fields[] = { PAGE_F_LEAF, PAGE_F_MAPCOUNT, PAGE_F_PINCOUNT,
				     PAGE_F_ZONE };
	const struct page_info *p = report_page(row);
	const char *name;

	if (!cell_field(c, row, fields[arg]))
		return;
	name = !arg       ? page_leaf_name(p->leaf)
	       : arg == 1 ? page_count_kind_names[p->mapcount_kind]
	       : arg == 2 ? page_count_kind_names[p->pincount_kind]
			  : page_zone_name(p->zone);
	cell_text(c, name ? name : "?");
}

static void get_pfn(const struct report_row *row, u32 arg, struct cell *c)
{
	if (cell_field(c, row, PAGE_F_PFN) && (!arg || cell_field(c, row, PAGE_F_FOLIO)))
		cell_set(c, CELL_HEX, arg ? page_head(&row->run) : row->run.pfn);
}

/* Numbers: pages of the folio, MAP, REF, PIN, node, FOLIOMAP. */
static void get_number(const struct report_row *row, u32 arg, struct cell *c)
{
	static const u8 fields[] = { PAGE_F_FOLIO,    PAGE_F_MAPCOUNT, PAGE_F_REFCOUNT,
				     PAGE_F_PINCOUNT, PAGE_F_ZONE,     PAGE_F_REFCOUNT };
	const struct page_info *p = report_page(row);
	const s64 values[] = { 1ll << p->order, p->mapcount, p->refcount,
			       p->pincount,     p->node,     p->folio_mapcount };

	if (!cell_field(c, row, fields[arg]))
		return;
	if (arg == 5 && p->folio_mapcount < 0)
		c->type = CELL_UNKNOWN;
	else
		cell_set(c, CELL_COUNT, values[arg]);
}

static void get_excess(const struct report_row *row, u32 arg, struct cell *c)
{
	if (!cell_field(c, row, PAGE_F_REFCOUNT))
		return;
	if (report_page(row)->expected < 0)
		c->type = page_of_owner(report_page(row)) ? CELL_NONE : CELL_UNKNOWN;
	else
		cell_set(c, CELL_COUNT,
			 arg ? report_page(row)->expected : report_page(row)->excess);
}

static void get_exclusive(const struct report_row *row, u32 arg, struct cell *c)
{
	if (cell_field(c, row, PAGE_F_ANON_EXCLUSIVE))
		cell_tri(c, report_page(row)->anon_exclusive);
}

static void get_pte(const struct report_row *row, u32 arg, struct cell *c)
{
	static const struct {
		u16 bit;
		char letter;
	} letters[] = {
#define PTE(id, bit, letter, key) { PAGE_PTE_##id, letter },
#include "arch/pte.def"
	};
	const struct page_info *page = report_page(row);
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
	const struct raw_page *o = row->raw;
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
	const struct page_info *page = report_page(row);

	if (!cell_field(c, row, PAGE_F_FLAGS))
		return;
	c->buf[0] = '\0';
	EACH_BIT (bit, page->flags)
		cell_list(c, kpageflags_name(bit, 0));
	cell_text(c, c->buf[0] ? c->buf : "none");
}

static void get_swap(const struct report_row *row, u32 arg, struct cell *c)
{
	if (report_page(row)->kind != PAGE_SWAP)
		return;
	snprintf(c->buf, sizeof(c->buf), "%u:0x%llx", report_page(row)->swap_type,
		 row->run.pfn);
	cell_text(c, c->buf);
}

static const char *word_color(enum gup_word word)
{
	switch (word) {
	case GUP_WORD_COPY:
	case GUP_WORD_MIGRATE:
		return "yellow";
	case GUP_WORD_MARK:
	case GUP_WORD_REUSE:
		return "cyan";
	case GUP_WORD_ERRNO:
		return "red";
	case GUP_WORD_UNKNOWN:
		return "magenta";
	default:
		return NULL;
	}
}

static void get_verdict(const struct report_row *row, u32 what, struct cell *c)
{
	const struct gup_verdicts *v = row->run.class->verdicts;

	cell_word(c, gup_what_known(v, what), gup_what_word(v, what));
	c->color = what < GUP_REQUESTS ? word_color(v->req[what].word) : NULL;
}

static void get_write_tri(const struct report_row *row, u32 arg, struct cell *c)
{
	cell_tri(c, arg ? row->run.class->verdicts->write.leak
			: row->run.class->verdicts->write.seen_by_refs);
	c->color = arg && c->num ? "red" : NULL;
}

/* The name that maps shows, or what the caller calls the mapping. */
static void get_name(const struct report_row *row, u32 arg, struct cell *c)
{
	const char *name = row->what ? row->what : row->vma ? row->vma->name : "";

	if (*name || row->totals)
		cell_untrusted(c, name);
}

static void get_perms(const struct report_row *row, u32 arg, struct cell *c)
{
	c->buf[0] = '\0';
	if (row->vma && !row->folded)
		vma_perms(row->vma, c->buf);
	cell_text(c, c->buf);
}

static void get_vmflags(const struct report_row *row, u32 arg, struct cell *c)
{
	if (!row->vma || row->folded)
		return;
	if (!row->vma->has_flags) {
		c->type = CELL_UNKNOWN;
		return;
	}
	c->buf[0] = '\0';
	EACH_BIT (i, row->vma->flags)
		cell_list(c, vma_flag_letters[i]);
	cell_text(c, c->buf);
}

/* Of the page, or of the process. */
static void get_cgroup(const struct report_row *row, u32 arg, struct cell *c)
{
	const char *path = !arg ? row->cgroup : row->process ? row->process->cgroup : "";

	if (path && *path)
		cell_untrusted(c, path);
	else if (!path || (arg && row->process))
		c->type = CELL_UNKNOWN;
}

static void get_raced(const struct report_row *row, u32 arg, struct cell *c)
{
	cell_set(c, CELL_BOOL, report_page(row)->raced);
}

/* ---- of mappings and processes */

static void get_range(const struct report_row *row, u32 arg, struct cell *c)
{
	const struct vma *vma = row->vma;

	/* Both forms can be pasted into --range; the end of the gate VMA has 16 digits. */
	if (row->folded)
		snprintf(c->buf, sizeof(c->buf), "%u mappings", row->folded);
	else if (!vma)
		snprintf(c->buf, sizeof(c->buf), "total");
	else if (vma->gate)
		snprintf(c->buf, sizeof(c->buf), "%llx+%lluK", vma->start,
			 (vma->end - vma->start) / 1024);
	else
		snprintf(c->buf, sizeof(c->buf), "%llx-%llx", vma->start, vma->end);
	cell_text(c, c->buf);
}

static void get_bound(const struct report_row *row, u32 arg, struct cell *c)
{
	if (row->vma && !row->folded)
		cell_set(c, CELL_ADDR, arg ? row->vma->end : row->vma->start);
}

static void get_mapped(const struct report_row *row, u32 arg, struct cell *c)
{
	cell_set(c, CELL_BYTES,
		 row->vma && !row->folded ? row->vma->end - row->vma->start
					  : row->totals->size_bytes);
}

static void get_parent(const struct report_row *row, u32 arg, struct cell *c)
{
	const struct process *p = row->process;

	if (p)
		cell_set(c, CELL_COUNT,
			 arg > 1 ? p->threads
			 : arg   ? p->uid
				 : (u32)p->ppid);
}

static void get_sum(const struct report_row *row, u32 arg, struct cell *c)
{
	cell_set(c, CELL_SUM, sums_bytes(arg, row->totals, row->base));
	c->rest = sums_rest(arg, row->totals, row->base);
}

/* One word, or the most frequent with its share and "+". */
static void get_mix(const struct report_row *row, u32 arg, struct cell *c)
{
	const u64 *words = row->totals->gup[arg];
	unsigned first = 0, kinds = 0;

	for (unsigned w = 0; w < GUP_WORDS; w++) {
		c->num += words[w];
		kinds += words[w] != 0;
		if (words[w] > words[first])
			first = w;
	}
	const char *word = gup_kind_name(first);

	if (!c->num)
		return;
	cell_text(c, word);
	if (kinds == 1)
		return;
	snprintf(c->buf, sizeof(c->buf), "%s %u%% +", word,
		 (unsigned)(words[first] * 100 / c->num));
	c->text = c->buf;
}

/* ---- of a family */

/* The process beside which a member is classified, or the second one of a pair. */
static void get_with(const struct report_row *row, u32 arg, struct cell *c)
{
	const struct family_sums *sums = row->item;
	const struct family_pair *pair = row->item;
	const struct process *with = row->totals ? sums->with : pair->b;

	if (with)
		cell_set(c, CELL_COUNT, with->pid);
}

static void get_class(const struct report_row *row, u32 arg, struct cell *c)
{
	const struct family_sums *sums = row->item;

	if (!sums->with)
		return;
	cell_set(c, CELL_SUM, sums->pages[arg] * row->base);
	c->rest = sums->pages[FAMILY_UNKNOWN] * row->base;
}

/* What both of a pair map: of one kind, or of all. */
static void get_shared(const struct report_row *row, u32 arg, struct cell *c)
{
	const struct family_pair *pair = row->item;

	cell_set(c, CELL_SUM, 0);
	for (unsigned kind = 0; kind < FAMILY_KINDS; kind++)
		if (arg == FAMILY_KINDS || arg == kind)
			c->num += pair->pages[kind] * row->base;
}

/* ---- of the other views */

static void get_finding(const struct report_row *row, u32 arg, struct cell *c)
{
	enum lint id = *(const u32 *)row->item;

	cell_text(c, !arg       ? lint_class_names[lint_class_of(id, row)]
		     : arg == 1 ? lint_rows[id].name
		     : arg == 2 ? lint_rows[id].invariant
				: lint_rows[id].reason);
}

static void get_change_place(const struct report_row *row, u32 arg, struct cell *c)
{
	const struct store_change *change = row->item;

	if (!change)
		return;
	if (arg == 2)
		cell_set(c, CELL_COUNT, (change->end - change->start) / row->base);
	else
		cell_set(c, CELL_ADDR, arg ? change->end : change->start);
}

static void get_change_text(const struct report_row *row, u32 arg, struct cell *c)
{
	if (changes_part(row, arg, c->buf, sizeof(c->buf)))
		cell_text(c, c->buf);
}

/* What a process holds: the subsystem, how certain it is, the object; numbers. */
static void get_pin(const struct report_row *row, u32 arg, struct cell *c)
{
	static const u8 types[PINS_NUMBERS] = { CELL_BYTES, CELL_BYTES, CELL_BYTES,
						CELL_COUNT, CELL_COUNT, CELL_ADDR,
						CELL_BYTES };
	const struct pins_row *pin = row->item;
	char text[300];

	if (arg >= PINS_NUMBERS)
		cell_text(c, escape_text(c->buf, sizeof(c->buf),
					 pins_text(pin, arg, text, sizeof(text))));
	else if (pins_number(pin, arg, row->base, &c->num))
		c->type = c->num < 0 ? CELL_UNKNOWN : types[arg];
}

/* The state, or "12" trials that were right, "12!1" and a wrong one, "12?3" and 3 unknown in part. */
static void get_state(const struct report_row *row, u32 arg, struct cell *c)
{
	const struct verify_row *v = row->item;
	const u64 *n = arg < GUP_WHATS ? v->n[arg] : NULL;

	if (!n)
		cell_text(c, v->state);
	if (!n || !(n[VERIFY_RIGHT] + n[VERIFY_WRONG] + n[VERIFY_UNKNOWN]))
		return;
	snprintf(c->buf, sizeof(c->buf), "%llu", n[VERIFY_RIGHT]);
	if (n[VERIFY_WRONG])
		text_add(c->buf, sizeof(c->buf), "!%llu", n[VERIFY_WRONG]);
	if (n[VERIFY_UNKNOWN])
		text_add(c->buf, sizeof(c->buf), "?%llu", n[VERIFY_UNKNOWN]);
	cell_text(c, c->buf);
}

/* Memory and case of the demo, what was predicted and seen of it, and whether that was right. */
static void get_case(const struct report_row *row, u32 arg, struct cell *c)
{
	static const char *const leaks[] = { "safe", "leak", NULL };
	const struct demo_result *r = row->item;
	u8 leak = arg == 2 ? r->predicted : r->observed;

	if (arg < 2)
		cell_text(c, arg ? r->c->name : demo_case_memory(r->memory));
	else if (arg < 4 && !r->skipped[0])
		cell_word(c, leak != TRI_UNKNOWN, leaks[leak]);
	else if (arg == 4)
		cell_text(c, r->skipped[0]                 ? "skipped"
			     : r->predicted == TRI_UNKNOWN ? "not predicted"
			     : r->predicted == r->observed ? "as predicted"
							   : "WRONG");
}

static void get_fact(const struct report_row *row, u32 arg, struct cell *c)
{
	const struct columns_fact *f = row->item;
	enum kprobe probe = kernel_rows[f->id].probe;
	const char *text = !arg       ? kernel_rows[f->id].name
			   : arg == 2 ? kernel_origin_names[f->kernel->origin[f->id]]
			   : arg == 3 ? kernel_fact_range(f->id, c->buf, sizeof(c->buf))
			   : arg == 4 ? kernel_rows[f->id].commit
			   : arg == 6 ? kernel_rows[f->id].subject
			   : probe < KPROBES ? kernel_probes[probe].text
					     : "";

	if (arg == 1)
		cell_tri(c, kernel_has(f->kernel, f->id));
	else if (*text)
		cell_text(c, text);
}

/*
 * Entries and findings are pages, members and their parts processes and mappings: --list-columns does not
 * repeat them.
 */
static void get_column(const struct report_row *row, u32 arg, struct cell *c)
{
	const struct column *col = row->item;
	u32 of = col->of;

	if (of & BIT(COLUMNS_PAGE))
		of = (of & ~PAGES) | BIT(COLUMNS_PAGE);
	if (of & (BIT(COLUMNS_MAPPING) | BIT(COLUMNS_PROCESS)))
		of &= ~FAMILIES;
	c->buf[0] = '\0';
	EACH_BIT (i, arg == 1 ? of : 0)
		cell_list(c, columns_rows[i].name);
	cell_text(c, !arg           ? col->name
		     : arg == 1     ? c->buf
		     : col->help[0] ? col->help
				    : sums_rows[col->arg].help);
}

#define get_blocker columns_blocker_get

/* ---- the table */

#define P PAGES
#define M (BIT(COLUMNS_MAPPING) | BIT(COLUMNS_PART))
#define R (BIT(COLUMNS_PROCESS) | BIT(COLUMNS_MEMBER))
#define G FAMILIES
#define T BIT(COLUMNS_PAIR)
#define L BIT(COLUMNS_FINDING)
#define C BIT(COLUMNS_CHANGE)
#define N BIT(COLUMNS_PIN)
#define S BIT(COLUMNS_STATE)
#define D BIT(COLUMNS_CASE)
#define B BIT(COLUMNS_FACT)
#define H BIT(COLUMNS_COLUMN)
#define A BIT(COLUMNS_BLOCKER)
#define RIGHT COLUMN_RIGHT
#define FRAME COLUMN_FRAME
#define RUN COLUMN_RUN
#define HOLDERS COLUMN_HOLDERS
#define NEWS COLUMN_NEWS
#define MIX COLUMN_MIX
#define CGROUP COLUMN_CGROUP

const struct column columns_table[] = {
#define COLUMN(n, o, f0, f1, w, f, g, a, h) \
	{ .name = n,                        \
	  .of = o,                          \
	  .fit = { f0, f1 },                \
	  .flags = f,                       \
	  .width = w,                       \
	  .get = get_##g,                   \
	  .arg = a,                         \
	  .help = h },
#include "render/columns.def"
#undef COLUMN
};

const unsigned columns_table_n = ARRAY_SIZE(columns_table);
