/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/render.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "lib/array.h"
#include "render/js.h"

/* ---- the totals of a VMA, a process or everything */

static void json_totals(struct js *j, const struct report_totals *t)
{
	static const struct {
		const char *key;
		size_t at;
	} counts[] = {
#define COUNT(k) { #k, offsetof(struct report_totals, k) }
		COUNT(present),       COUNT(exclusive),
		COUNT(shared),        COUNT(swapped),
		COUNT(hugetlb),       COUNT(thp),
		COUNT(pinned),        COUNT(excess_refs),
		COUNT(unknown),       COUNT(ksm),
		COUNT(file),          COUNT(zero),
		COUNT(leaks),         COUNT(exclusive_unknown),
		COUNT(pins_unknown),  COUNT(refs_unknown),
		COUNT(leaks_unknown),
#undef COUNT
	};
	js_open(j, "pages", '{');
	for (unsigned i = 0; i < ARRAY_SIZE(counts); i++)
		js_num(j, counts[i].key, *(const u64 *)((const char *)t + counts[i].at));
	js_close(j, '}');
}

/* Large folios by their size, in the names of /sys/kernel/mm/transparent_hugepage. */
static void json_folios(struct js *j, const struct report_totals *t, u32 base)
{
	js_open(j, "thp", '{');
	for (unsigned order = 1; order < REPORT_ORDERS; order++) {
		char name[24];

		if (!t->folio[0][order] && !t->folio[1][order])
			continue;
		snprintf(name, sizeof(name), "%ukB", (base >> 10) << order);
		js_open(j, name, '{');
		js_num(j, "pte", t->folio[0][order] * base);
		js_num(j, "huge", t->folio[1][order] * base);
		if (!t->thp_folded) {
			js_num(j, "aligned", t->folio_whole[1][order] * base);
			js_num(j, "unaligned", t->folio_whole[0][order] * base);
			js_num(j, "partial", t->folio_part[order] * base);
		}
		js_close(j, '}');
	}
	js_close(j, '}');
}

/* Bytes: rss is exclusive, waiting, shared, file, other, and the pages of part_unknown. */
static void json_memory(struct js *j, const struct report_totals *t, u32 base)
{
	js_open(j, "memory", '{');
	js_num(j, "rss", t->present * base);
	js_num(j, "exclusive", t->exclusive * base);
	js_num(j, "waiting", t->waiting * base);
	js_num(j, "shared", t->shared * base);
	js_num(j, "file", t->private_file * base);
	js_num(j, "other", t->other * base);
	js_num(j, "part_unknown", t->part_unknown);
	js_num(j, "uss", t->uss * base);
	js_num(j, "uss_unknown", t->maps_unknown);
	js_num(j, "pss", t->pss / REPORT_PSS);
	js_num(j, "pss_unknown", t->maps_unknown);
	js_num(j, "lazyfree", t->lazyfree * base);
	js_num(j, "lazyfree_unknown", t->lazyfree_unknown);
	js_num(j, "swap", t->swapped * base);
	js_num(j, "swapcache", t->swapcache * base);
	if (t->held_looked)
		js_num_if(j, "held_unmapped", !t->held_unknown, t->held_unmapped * base);
	json_folios(j, t, base);
	js_close(j, '}');
}

static void json_gup_totals(struct js *j, const struct report_totals *t)
{
	js_open(j, "gup", '{');
	for (unsigned i = 0; i < GUP_REQUESTS; i++) {
		bool any = false;

		for (unsigned w = 0; w < GUP_WORDS; w++) {
			if (!t->gup[i][w])
				continue;
			if (!any)
				js_open(j, gup_requests[i].name, '{');
			any = true;
			js_num(j, gup_kind_name(w), t->gup[i][w]);
		}
		if (any)
			js_close(j, '}');
	}
	js_close(j, '}');
}

void render_json_totals(struct js *j, const struct report_totals *t, u32 base)
{
	json_totals(j, t);
	json_memory(j, t, base);
	json_gup_totals(j, t);
}

#define MEMO 64
#define ROWS 256 /* that are written together */
#define KINDS 16

/* A VMA: its text from ->perms on is @len bytes from @at on, which VMAs that are alike share. */
struct json_vma {
	u64 start, end;
	size_t at, len;
};

struct render_json {
	const struct render_options *opt;
	bool lines;
	u32 base;
	struct js js;
	/* VMAs follow the pages, which are streamed */
	struct json_vma *vma;
	size_t nvma, vma_room;
	FILE *vmas; /* writes ->vmas_text */
	char *vmas_text;
	size_t vmas_len;
	/* The last kinds of VMAs, each in its turn: what their text is made of, and who has it. */
	struct json_kind {
		struct vma vma;
		struct report_totals totals;
		struct json_vma of;
	} kind[KINDS];
	unsigned nkinds;
	/* The text that like pages share, all but their place (compact: their class): it is made once. */
	struct json_memo {
		u32 class;  /* page_class.id */
		char *text; /* NULL: unused */
		size_t len;
	} memo[MEMO];
	/*
	 * Rows that are not written yet: a place, and the text of a memo, which writev() takes from
	 * where it is.  What else goes to ->js comes after json_flush().
	 */
	struct iovec part[2 * ROWS];
	unsigned nparts;
	char place[ROWS][RENDER_JSON_PLACE];
	bool *written; /* compact: by page_class.id, whether a row has its members */
	size_t nwritten, written_room;
};

/* ---- the document */

/* Writes what follows the addresses of a VMA. */
static void json_vma(FILE *out, const struct vma *vma, const struct report_totals *t,
		     u32 base)
{
	struct js js = { .out = out, .comma = true }, *j = &js;

	js_str(j, "perms", VMA_PERMS(vma));
	js_str(j, "name", vma->name);
	if (js_open_if(j, "flags", vma->has_flags, '[')) {
		EACH_BIT (i, vma->flags)
			js_str(j, NULL, vma_flag_letters[i]);
		js_close(j, ']');
	}
	render_json_totals(j, t, base);
	js_close(j, '}');
}

/* Returns the kind of @vma, whose text is made when no VMA before had it. */
static const struct json_kind *json_kind(struct render_json *r, const struct vma *vma,
					 const struct report_totals *t)
{
	struct json_kind *k;

	for (unsigned i = 0; i < MIN(r->nkinds, KINDS); i++) {
		k = &r->kind[i];
		if (k->vma.flags == vma->flags && k->vma.has_flags == vma->has_flags &&
		    !strcmp(VMA_PERMS(&k->vma), VMA_PERMS(vma)) &&
		    !memcmp(&k->totals, t, sizeof(*t)) && !strcmp(k->vma.name, vma->name))
			return k;
	}
	k = &r->kind[r->nkinds++ % KINDS];
	k->vma = *vma;
	k->totals = *t;
	k->of.at = ftello(r->vmas);
	json_vma(r->vmas, vma, t, r->base);
	k->of.len = ftello(r->vmas) - k->of.at;
	return k;
}

static void json_evidence(struct js *j, const struct source_machine *m)
{
	js_open(j, "evidence", '{');
	for (unsigned i = 0; i < SOURCE_FACTS; i++) {
		bool deep = i == SOURCE_STRUCTPAGE || i == SOURCE_PTE;
		const char *by = deep && m->structpage_by ? m->structpage_by : "ok";

		js_str(j, source_facts[i].key,
		       m->evidence[i].ok ? by : m->evidence[i].why);
	}
	js_close(j, '}');
}

void render_json_begin(struct js *j, const char *version)
{
	js_open(j, NULL, '{');
	js_open(j, "gupinfo", '{');
	js_open(j, "schema", '[');
	js_num(j, NULL, 1);
	js_num(j, NULL, 0);
	js_close(j, ']');
	js_str(j, "version", version);
}

void render_json_kernel(struct js *j, const struct kernel *k,
			const struct kernel_evidence *ev)
{
	const struct kernel_trials *by;
	enum kernel_proof proof = kernel_proof(k, &by);

	js_open(j, "kernel", '{');
	js_str(j, "release", ev->release);
	js_str(j, "arch", ev->arch);
	js_str(j, "model", k->model);
	js_bool(j, "extrapolated", proof == KERNEL_EXTRAPOLATED);
	js_str(j, "proved", kernel_proof_names[proof]);
	if (js_open_if(j, "proved_by", by, '{')) {
		js_str(j, "release", by->release);
		js_num(j, "trials", (s64)by->trials);
		js_str(j, "date", by->date);
		js_close(j, '}');
	}
	js_close(j, '}');
}

void render_json_head(struct js *j, const struct render_options *opt,
		      const struct report_head *head)
{
	render_json_begin(j, opt->version);
	render_json_kernel(j, head->kernel, &head->machine->kernel);
	json_evidence(j, head->machine);
}

void render_json_item(struct js *j, const struct render_options *opt)
{
	if (opt->json == RENDER_JSON_LINES)
		j->comma = false;
	else
		js_line(j);
	js_open(j, NULL, '{');
}

void render_json_item_end(struct js *j, const struct render_options *opt)
{
	js_close(j, '}');
	if (opt->json == RENDER_JSON_LINES)
		fputc('\n', j->out);
}

int render_json_end(struct js *j, const struct render_options *opt)
{
	if (opt)
		js_bool(j, "partial",
			opt->missing || (opt->diag && opt->diag->worst > DIAG_NOTE));
	js_close(j, '}');
	js_close(j, '}');
	fputc('\n', j->out);
	return ferror(j->out) ? -EIO : 0;
}

static int json_begin(void *ctx, const struct report_head *head)
{
	struct render_json *r = ctx;

	r->base = kernel_page_size(&head->kernel->ev);
	r->js.out = r->opt->out;
	r->lines = r->opt->json == RENDER_JSON_LINES;
	if (r->lines)
		return 0;
	render_json_head(&r->js, r->opt, head);
	js_open(&r->js, "processes", '[');
	return 0;
}

static int json_process(void *ctx, const struct process *p)
{
	struct render_json *r = ctx;
	struct js *j = &r->js;

	if (r->lines)
		return 0;
	js_line(j);
	js_open(j, NULL, '{');
	js_num(j, "pid", p->pid);
	js_str(j, "comm", p->comm);
	js_num(j, "ppid", p->ppid);
	js_num(j, "threads", p->threads);
	js_tri(j, "has_pinned", p->has_pinned);
	js_open(j, "pages", '[');
	r->nvma = r->nkinds = 0;
	r->vmas = open_memstream(&r->vmas_text, &r->vmas_len);
	return r->vmas ? 0 : -ENOMEM;
}

/* Returns whether a row has what pages of class @id share, or NULL without memory. */
static bool *json_written(struct render_json *r, u32 id)
{
	while (id >= r->nwritten)
		if (!array_add(&r->written, &r->nwritten, &r->written_room,
			       sizeof(*r->written)))
			return NULL;
	return &r->written[id];
}

/* Writes the rows that wait, behind what the stream has. */
static int json_flush(struct render_json *r)
{
	struct iovec *at = r->part, *end = at + r->nparts;
	FILE *out = r->js.out;
	int fd;

	if (!r->nparts) /* a process that ended before its report began has no stream */
		return 0;
	r->nparts = 0;
	fd = fileno(out); /* -1: it is in memory */
	while (fd >= 0 && at < end && !fflush_unlocked(out)) {
		ssize_t n = writev(fd, at, end - at);

		if (n < 0 && errno != EINTR)
			break;
		for (; n > 0; at++) {
			size_t done = MIN((size_t)n, at->iov_len);

			n -= done;
			at->iov_base = (char *)at->iov_base + done;
			at->iov_len -= done;
			if (at->iov_len)
				break;
		}
	}
	for (; at < end; at++) /* so that the stream has the error, too */
		fwrite_unlocked(at->iov_base, 1, at->iov_len, out);
	if (fd >= 0)
		fflush_unlocked(out);
	return ferror_unlocked(out) ? -EIO : 0;
}

/* Returns the memo with what follows the place of @row, or NULL. */
static const struct json_memo *json_memo(struct render_json *r,
					 const struct report_row *row)
{
	struct json_memo *l = &r->memo[row->run.class->id % MEMO];

	if (l->text && l->class == row->run.class->id)
		return l;
	if (json_flush(r))
		return NULL;
	free(l->text);
	l->text = NULL;
	l->class = row->run.class->id;
	struct js j = { .out = open_memstream(&l->text, &l->len), .comma = true };

	if (!j.out)
		return NULL;
	if (r->opt->compact) {
		js_num(&j, "class", row->run.class->id);
		js_close(&j, '}');
	} else {
		render_json_page_rest(&j, row);
	}
	if (r->lines)
		fputc('\n', j.out);
	return fclose(j.out) ? NULL : l;
}

/* A row that is its place and what its class shares. */
static int json_like(struct render_json *r, const struct report_row *row)
{
	const struct json_memo *l = json_memo(r, row);
	char *start = r->place[r->nparts / 2], *to = start;

	if (!l)
		return ferror_unlocked(r->js.out) ? -EIO : -ENOMEM;
	if (!r->lines && r->js.comma)
		*to++ = ',';
	if (!r->lines)
		*to++ = '\n';
	r->js.comma = true;
	to = render_json_page_put(to, row, r->lines);
	r->part[r->nparts++] = (struct iovec){ start, to - start };
	r->part[r->nparts++] = (struct iovec){ l->text, l->len };
	return r->nparts < 2 * ROWS ? 0 : json_flush(r);
}

static int json_row(void *ctx, const struct report_row *row)
{
	struct render_json *r = ctx;
	bool own = row->ledger || report_page(row)->kind == PAGE_SWAP, *written = NULL;
	int err;

	if (!own && r->opt->compact && !(written = json_written(r, row->run.class->id)))
		return -ENOMEM;
	if (!own && (!written || *written))
		return json_like(r, row);
	err = json_flush(r);
	if (r->lines)
		r->js.comma = false;
	else
		js_line(&r->js);
	render_json_page_place(&r->js, NULL, row, r->lines);
	if (written) {
		js_num(&r->js, "class", row->run.class->id);
		*written = true;
	}
	render_json_page_rest(&r->js, row);
	if (r->lines)
		putc_unlocked('\n', r->js.out);
	return err ? err : ferror_unlocked(r->js.out) ? -EIO : 0;
}

static int json_vma_end(void *ctx, const struct process *p, const struct vma *vma,
			const struct report_totals *t)
{
	struct render_json *r = ctx;
	struct json_vma new;

	if (r->lines)
		return 0;
	new = json_kind(r, vma, t)->of;
	new.start = vma->start;
	new.end = vma->end;
	return array_put(&r->vma, &r->nvma, &r->vma_room, sizeof(new), &new);
}

static int json_process_end(void *ctx, const struct process *p,
			    const struct report_totals *t)
{
	struct render_json *r = ctx;
	struct js *j = &r->js;
	int err = json_flush(r);

	if (r->lines)
		return err;
	js_close(j, ']');
	js_open(j, "vmas", '[');
	if (fclose(r->vmas) && !err)
		err = -ENOMEM;
	r->vmas = NULL;
	for (size_t i = 0; i < r->nvma && !err; i++) {
		js_line(j);
		js_open(j, NULL, '{');
		js_hex(j, "start", r->vma[i].start);
		js_hex(j, "end", r->vma[i].end);
		fwrite_unlocked(r->vmas_text + r->vma[i].at, 1, r->vma[i].len, j->out);
		j->comma = true;
	}
	free(r->vmas_text);
	r->vmas_text = NULL;
	js_close(j, ']');
	js_open(j, "totals", '{');
	render_json_totals(j, t, r->base);
	js_close(j, '}');
	js_close(j, '}');
	return err ? err : ferror(j->out) ? -EIO : 0;
}

static int json_end(void *ctx, const struct report_totals *t)
{
	struct render_json *r = ctx;

	if (r->lines)
		return 0;
	js_close(&r->js, ']');
	return render_json_end(&r->js, r->opt);
}

static void json_deinit(void *ctx)
{
	struct render_json *r = ctx;

	json_flush(r);
	if (r->vmas)
		fclose(r->vmas);
	free(r->vmas_text);
	free(r->vma);
	for (unsigned i = 0; i < MEMO; i++)
		free(r->memo[i].text);
	free(r->written);
}

const struct render_view render_json_view = {
	.report = { .begin = json_begin,
		    .process = json_process,
		    .row = json_row,
		    .vma_end = json_vma_end,
		    .process_end = json_process_end,
		    .end = json_end },
	.size = sizeof(struct render_json),
	.deinit = json_deinit,
};
