/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reportfile/redact.h"

#include "lib/array.h"
#include "lib/text.h"
#include "reportfile/record_int.h"
#include "page/holders.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/pure.h"

#define REDACT_GRANULE 512 /* page frames; smaller parts of a PFN keep their value */

/* Used page frames, in granules; ->to is where they are renumbered to. */
struct redact_extent {
	u64 start, end, to;
};

/* Hashes of names seen; the mask shows index + 1. */
struct redact_names {
	u64 *hash;
	size_t n, room;
};

struct redact {
	bool addresses;
	struct redact_extent *extent;
	size_t n, room;
	size_t join_at; /* so many extents are joined before one more is added */
	struct redact_names seen[RECORD_ADDRESS];
	struct record_writer w;
	bool w_ready;
	struct record_machine machine;
	struct kernel kernel;
	struct pte_layout pte;
	struct page_context ctx;
	struct vma vma; /* before redaction */
	u64 shift;      /* added to the addresses of ->vma */
	u64 last_end, last_to;
	char section[40];
};

struct redact *redact_new(bool addresses)
{
	struct redact *r = calloc(1, sizeof(*r));

	if (r)
		r->addresses = addresses;
	return r;
}

void redact_free(struct redact *r)
{
	if (!r)
		return;
	if (r->w_ready)
		record_write_deinit(&r->w);
	free(r->extent);
	for (unsigned i = 0; i < ARRAY_SIZE(r->seen); i++)
		free(r->seen[i].hash);
	free(r);
}

/* ---- numbers for names */

/* Returns 1, 2, 3… for the keys of one kind in order of appearance; 0 without memory. */
static size_t redact_number(struct redact *r, enum record_redact kind, const void *key,
			    size_t len)
{
	struct redact_names *names = &r->seen[kind];
	u64 h = record_hash(key, len);

	for (size_t i = 0; i < names->n; i++)
		if (names->hash[i] == h)
			return i + 1;
	return array_put(&names->hash, &names->n, &names->room, sizeof(h), &h) ? 0
									       : names->n;
}

/* The kernel gives these names, on every machine. */
static bool redact_harmless(const char *name)
{
	return text_is(name,
		       "[heap]|[stack]|[vdso]|[vvar]|[vvar_vclock]|[vsyscall]|[vectors]|[sigpage]|"
		       "[uprobes]|[anon]|[shadow stack]|/dev/zero|/anon_hugepage|/secretmem") ||
	       !strncmp(name, "anon_inode:[", 12);
}

/* Masks the VMA's @name into @buf (VMA_NAME_MAX bytes). */
static void redact_name(struct redact *r, const char *name, char *buf)
{
	static const char deleted[] = " (deleted)";
	static const struct {
		const char *prefix, *suffix;
	} kinds[] = { { "[anon:", "]" }, { "[anon_shmem:", "]" }, { "/memfd:", "" } };
	size_t n = strlen(name);
	bool gone = n > sizeof(deleted) - 1 &&
		    !strcmp(name + n - (sizeof(deleted) - 1), deleted);
	char bare[VMA_NAME_MAX];

	snprintf(bare, sizeof(bare), "%.*s", (int)(n - (gone ? sizeof(deleted) - 1 : 0)),
		 name);
	n = strlen(bare);
	if (!n || redact_harmless(bare)) {
		snprintf(buf, VMA_NAME_MAX, "%s", name);
		return;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strncmp(bare, kinds[i].prefix, strlen(kinds[i].prefix)))
			continue;
		snprintf(buf, VMA_NAME_MAX, "%sname-%zu%s%s", kinds[i].prefix,
			 redact_number(r, RECORD_DEVICE, bare, n), kinds[i].suffix,
			 gone ? deleted : "");
		return;
	}
	snprintf(buf, VMA_NAME_MAX, "%s-%zu%s%s", bare[0] == '[' ? "[area" : "/file",
		 redact_number(r, RECORD_PATH, bare, n), bare[0] == '[' ? "]" : "",
		 gone ? deleted : "");
}

/* ---- page frames */

/* Sorts the extents and joins adjacent ones. */
static void redact_join(struct redact *r)
{
	size_t n = 0;

	array_sort(r->extent, r->n, sizeof(*r->extent));
	for (size_t i = 0; i < r->n; i++) {
		if (n && r->extent[i].start <= r->extent[n - 1].end)
			r->extent[n - 1].end =
				MAX(r->extent[n - 1].end, r->extent[i].end);
		else
			r->extent[n++] = r->extent[i];
	}
	r->n = n;
}

static int redact_add(struct redact *r, u64 pfn, u64 pages)
{
	u64 last = pages - 1 > UINT64_MAX - pfn ? UINT64_MAX : pfn + pages - 1;
	struct redact_extent e = { .start = pfn / REDACT_GRANULE,
				   .end = last / REDACT_GRANULE + 1 };
	struct redact_extent *tail = r->n ? &r->extent[r->n - 1] : NULL;

	if (tail && e.start >= tail->start && e.start <= tail->end) {
		tail->end = MAX(tail->end, e.end);
		return 0;
	}
	if (r->n >= r->join_at) {
		redact_join(r);
		r->join_at = MAX(r->n * 2, 1024);
	}
	return array_put(&r->extent, &r->n, &r->room, sizeof(e), &e);
}

static const struct redact_extent *redact_find(const struct redact *r, u64 granule)
{
	size_t first = ARRAY_FIRST(i, 0, r->n, r->extent[i].end <= granule);

	return first < r->n ? &r->extent[first] : NULL;
}

u64 redact_pfn(const struct redact *r, u64 pfn)
{
	const struct redact_extent *e = redact_find(r, pfn / REDACT_GRANULE);

	if (!e || e->start > pfn / REDACT_GRANULE)
		return 0; /* the report has no such frame */
	return (e->to + pfn / REDACT_GRANULE - e->start) * REDACT_GRANULE +
	       pfn % REDACT_GRANULE;
}

/* Gives every extent its new place: in order, with gaps between, as aligned as it is long. */
static void redact_place(struct redact *r)
{
	u64 next = 1;

	redact_join(r);
	for (size_t i = 0; i < r->n; i++) {
		struct redact_extent *e = &r->extent[i];
		u64 align = 1;

		while (align * 2 <= e->end - e->start)
			align *= 2;
		e->to = next + ((e->start - next) & (align - 1));
		next = e->to + (e->end - e->start) + 1;
	}
}

/* Shrinks a zone to its used part; returns false when there is none. */
static bool redact_span(const struct redact *r, struct page_span *span)
{
	const struct redact_extent *e = redact_find(r, span->start_pfn / REDACT_GRANULE);
	u64 first, last = 0;

	if (!e || span->start_pfn >= span->end_pfn)
		return false;
	first = MAX(span->start_pfn, e->start * REDACT_GRANULE);
	for (; e < r->extent + r->n && e->start * REDACT_GRANULE < span->end_pfn; e++)
		last = MIN(span->end_pfn, e->end * REDACT_GRANULE) - 1;
	if (first > last || first >= span->end_pfn)
		return false;
	span->start_pfn = redact_pfn(r, first);
	span->end_pfn = redact_pfn(r, last) + 1;
	return true;
}

/* ---- first pass */

static int redact_scan_machine(void *ctx, const struct record_machine *m)
{
	struct redact *r = ctx;

	r->machine = *m;
	return 0;
}

static int redact_scan_run(void *ctx, const struct process *p, const struct vma *vma,
			   const struct raw_page *raw,
			   const struct record_judgement *judged)
{
	struct redact *r = ctx;
	const struct kernel_evidence *ev = &r->machine.m.kernel;
	u64 base = kernel_page_size(ev);
	u64 frames = page_read_leaf_size(ev, vma, raw) / base;
	int err;

	if (!(raw->has & RAW_HAS_PFN))
		return 0;
	err = redact_add(r, raw->pfn, MIN(raw->pages, UINT64_MAX / frames) * frames);
	if (!err && raw->has & RAW_HAS_PAGE)
		err = redact_add(r, raw->head_pfn, BIT(MIN(raw->order, 30)));
	return err;
}

static int redact_scan_holder(void *ctx, const struct holder *h)
{
	return h->pages ? redact_add(ctx, h->pfn, h->pages) : 0;
}

const struct record_handler redact_scan = {
	.holder = redact_scan_holder,
	.machine = redact_scan_machine,
	.run = redact_scan_run,
};

/* ---- second pass */

/* Redacts the fields of @object as their table has it: what it does not know becomes 0. */
static void redact_fields(struct redact *r, const struct record_field *table,
			  void *object)
{
	char name[VMA_NAME_MAX];

	for (const struct record_field *f = table; f->key; f++) {
		u64 value = record_get(f, object);
		char *text = (char *)object + f->offset;

		switch (f->redact) {
		case RECORD_KEPT:
			break;
		case RECORD_COMM:
			snprintf(text, f->size, "comm-%zu",
				 redact_number(r, f->redact, text, strlen(text)));
			break;
		case RECORD_DEVICE:
			if (value)
				snprintf(text, f->size, "device-%zu",
					 redact_number(r, f->redact, text, strlen(text)));
			break;
		case RECORD_PATH:
			redact_name(r, text, name);
			snprintf(text, f->size, "%s", name);
			break;
		case RECORD_USER:
		case RECORD_INODE:
			if (value)
				record_set(f, object,
					   (f->redact == RECORD_USER ? 999 : 0) +
						   redact_number(r, f->redact, &value,
								 sizeof(value)));
			break;
		case RECORD_FRAME:
			record_set(f, object, redact_pfn(r, value));
			break;
		case RECORD_ADDRESS:
			if (!r->addresses)
				break;
			/* fall through */
		default:
			record_set(f, object, 0);
		}
	}
}

int redact_begin(struct redact *r, record_put put, void *ctx)
{
	redact_place(r);
	r->w_ready = true;
	return record_write_init(&r->w, put, ctx);
}

int redact_end(struct redact *r)
{
	return record_write_end(&r->w);
}

static int redact_machine(void *ctx, const struct record_machine *m)
{
	struct redact *r = ctx;
	unsigned n = 0;

	r->machine = *m;
	r->machine.m.page.spans = r->machine.spans;
	for (unsigned i = 0; i < m->m.page.nspans; i++) {
		struct page_span span = m->spans[i];

		if (redact_span(r, &span))
			r->machine.spans[n++] = span;
	}
	r->machine.m.page.nspans = n;
	if (kernel_resolve(&m->m.kernel, &r->kernel))
		return -EINVAL;
	pte_layout_kernel(&r->pte, &r->kernel);
	r->ctx = m->m.page;
	r->ctx.kernel = &r->kernel;
	r->ctx.pte = &r->pte;
	return record_write_machine(&r->w, &r->machine.m, m->model);
}

static int redact_process(void *ctx, const struct process *p)
{
	struct redact *r = ctx;
	struct process clean = *p;

	if (strcmp(r->section, "pages")) {
		snprintf(r->section, sizeof(r->section), "pages");
		record_write_section(&r->w, "pages");
	}
	redact_fields(r, record_process_fields, &clean);
	r->last_end = r->last_to = 0;
	return record_write_process(&r->w, &clean);
}

static int redact_vma(void *ctx, const struct process *p, const struct vma *vma)
{
	struct redact *r = ctx;
	u64 huge = r->machine.m.kernel.pmd_size ? r->machine.m.kernel.pmd_size : 2 << 20;
	u64 align = MAX(huge, vma->page_size),
	    dev[2] = { vma->dev_major, vma->dev_minor };
	struct vma clean = *vma;

	r->vma = *vma;
	r->shift = 0;
	if (r->addresses && !vma->gate) {
		u64 to = r->last_to;

		if (vma->start != r->last_end || !r->last_end) {
			to += huge;
			to += (vma->start - to) & (align - 1);
		}
		r->shift = to - vma->start;
		r->last_end = vma->end;
		r->last_to = vma->end + r->shift;
	}
	clean.start += r->shift;
	clean.end += r->shift;
	redact_fields(r, record_vma_fields, &clean);
	if (vma->inode)
		clean.inode =
			redact_number(r, RECORD_INODE, &vma->inode, sizeof(vma->inode));
	if (vma->dev_major || vma->dev_minor)
		clean.dev_minor = (u32)redact_number(r, RECORD_NODE, dev, sizeof(dev));
	return record_write_vma(&r->w, &clean);
}

static int redact_run(void *ctx, const struct process *p, const struct vma *vma,
		      const struct raw_page *raw, const struct record_judgement *judged)
{
	struct redact *r = ctx;
	struct raw_page clean = *raw;
	struct page_info page;

	clean.addr += r->shift;
	if (raw->has & RAW_HAS_PFN)
		clean.pfn = redact_pfn(r, raw->pfn);
	if (raw->has & RAW_HAS_PAGE && raw->head_pfn)
		clean.head_pfn = redact_pfn(r, raw->head_pfn);
	/* Other non-present entries may hold a PFN: keep only their type. */
	if (!(raw->has & RAW_HAS_PFN)) {
		page_read(&r->ctx, &r->vma, raw, &page);
		if (page.kind != PAGE_SWAP && page.kind != PAGE_NONE &&
		    page.kind != PAGE_GUARD && page.kind != PAGE_MARKER) {
			clean.pagemap &= ~(BIT(55) - 1) | 31;
			clean.has &= ~(u32)RAW_HAS_PTE;
		}
	}
	return record_write_run(&r->w, &clean, judged, NULL);
}

static int redact_holders(void *ctx, bool complete, const char *why)
{
	struct redact *r = ctx;

	return record_holders_begin(&r->w, complete, "some could not be read");
}

static int redact_holder(void *ctx, const struct holder *h)
{
	struct redact *r = ctx;
	struct holder_end end[RECORD_ENDS];
	struct holder clean = *h;

	for (u32 i = 0; i < h->nends && i < RECORD_ENDS; i++) {
		end[i] = h->end[i];
		snprintf(end[i].comm, sizeof(end[i].comm), "comm-%zu",
			 redact_number(r, RECORD_COMM, h->end[i].comm,
				       strlen(h->end[i].comm)));
	}
	clean.end = end;
	redact_fields(r, record_holder_fields, &clean);
	return record_holders_write(&r->w, &clean);
}

/* ---- text */

/* What is kept of text sections: how lines begin; "": all lines. */
static const char *redact_kept(const char *section)
{
	if (text_begins(section, "options|settings|pools|counters|modules|reproduce"))
		return "";
	if (!strcmp(section, "system"))
		return "taint|cpus|nodes|lockdown|Mem|Swap|Anon|Mlocked|Unevictable|Huge|Cma";
	if (!strcmp(section, "method"))
		return "gupinfo |pagemap|kpage|struct page|page-table|the processes";
	if (!strncmp(section, "process ", 8))
		return "State|Threads|Vm|Rss|Hugetlb|THP_|CapEff|NoNewPrivs|Seccomp|CoreDumping|Max ";
	return NULL;
}

/* Parameters of the kernel's command line that do not identify the machine. */
static int redact_cmdline(struct redact *r, const char *line)
{
	static const char keep[] =
		"transparent_hugepage|hugepage|default_hugepagesz|hugetlb|cma=|movablecore|"
		"kernelcore|nokaslr|page_owner|slub_debug|debug_pagealloc|numa|mitigations|"
		"lockdown|init_on_|thp_|zswap|page_poison|psi=";
	char out[1024] = "";
	unsigned masked = 0;

	while (*line) {
		size_t n = strcspn(line, " ");

		if (n && text_begins(line, keep) && strlen(out) + n + 2 < sizeof(out))
			snprintf(out + strlen(out), n + 2, " %.*s", (int)n, line);
		else if (n)
			masked++;
		line += n + (line[n] == ' ');
	}
	return record_write_text(&r->w, "cmdline:%s (%u others masked)", out, masked);
}

/* Modules of the kernel's tree keep their names: only others have a taint (module_taint). */
static int redact_module(struct redact *r, const char *line)
{
	const char *taint = strstr(line, " taint=");

	if (line[0] == ' ') /* those that use it */
		return record_write_text(&r->w, "  masked");
	if (!taint || !strncmp(taint, " taint=- ", 9))
		return record_write_verbatim(&r->w, line);
	return record_write_text(&r->w, "module-%zu%s",
				 redact_number(r, RECORD_DEVICE, line,
					       strcspn(line, " ")),
				 taint);
}

static int redact_text(void *ctx, const char *section, const char *line)
{
	static const char masked[] =
		"version:|exe:|cmdline:|cgroup:|children:|Uid:|NSpid:";
	const char *kept = redact_kept(section);
	struct redact *r = ctx;

	if (!line) {
		snprintf(r->section, sizeof(r->section), "%s", section);
		if (kept)
			return record_write_section(&r->w, section);
		record_write_section(&r->w,
				     strcmp(section, "dmesg") ? "masked" : "dmesg");
		return record_write_text(&r->w, "masked");
	}
	if (!strcmp(section, "modules"))
		return redact_module(r, line);
	if (!strcmp(section, "system") && !strncmp(line, "cmdline: ", 9))
		return redact_cmdline(r, line + 9);
	if (kept && text_begins(line, kept))
		return record_write_verbatim(&r->w, line);
	if (text_begins(line, masked))
		return record_write_text(&r->w, "%.*s: masked", (int)strcspn(line, ":"),
					 line);
	return 0;
}

const struct record_handler redact_write = {
	.machine = redact_machine,
	.process = redact_process,
	.vma = redact_vma,
	.run = redact_run,
	.holders = redact_holders,
	.holder = redact_holder,
	.text = redact_text,
};
