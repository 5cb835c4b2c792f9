/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/render.h"

#include "page/holders.h"

#include "render/js.h"
#include "kpageflags.h"
#include "gup/predict.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct render_json {
	struct render_options opt;
	bool lines, pages;
	unsigned processes, rows;
	u32 base;
	FILE *vmas; /* objects of VMAs, which follow the pages; these are streamed */
	unsigned nvmas;
	struct report_head head;
	struct render_json_page_memo *memo;
};

/* ---- the document */

static struct js *json_vma(const struct vma *vma, const struct report_totals *t, u32 base)
{
	struct js *o = js_object();
	char perms[5];

	vma_perms(vma, perms);
	js_hex(o, "start", vma->start);
	js_hex(o, "end", vma->end);
	js_str(o, "perms", perms);
	js_str(o, "name", vma->name);
	if (vma->has_flags) {
		struct js *flags = js_array();

		for (unsigned i = 0; i < VMFLAGS; i++)
			if (vma->flags >> i & 1)
				js_push_str(flags, vma_flag_letters(i));
		js_add(o, "flags", flags);
	} else {
		js_null(o, "flags");
	}
	render_json_totals(o, t, base);
	return o;
}

static void json_evidence(struct js *doc, const struct source_machine *m)
{
	static const char *const keys[SOURCE_FACTS] = {
		[SOURCE_PAGEMAP] = "pagemap",
		[SOURCE_KPAGEFLAGS] = "kpageflags",
		[SOURCE_KPAGECOUNT] = "kpagecount",
		[SOURCE_STRUCTPAGE] = "structpage",
		[SOURCE_PTE] = "pte",
	};
	struct js *o = js_object();

	for (unsigned i = 0; i < SOURCE_FACTS; i++) {
		bool deep = i == SOURCE_STRUCTPAGE || i == SOURCE_PTE;
		const char *by = deep && m->structpage_by ? m->structpage_by : "ok";

		js_str(o, keys[i], m->evidence[i].ok ? by : m->evidence[i].why);
	}
	js_add(doc, "evidence", o);
}

/* Writes @v without the closing brace, so that an array can follow. */
static int json_open(FILE *out, struct js *v)
{
	fputc('{', out);
	return js_write_members(out, v);
}

struct js *render_json_head(const struct render_options *opt, const struct kernel *k,
			    const struct source_machine *m)
{
	struct js *o = js_object(), *schema = js_array(), *kernel = js_object();
	const struct kernel_trials *by;
	struct js *proved_by;

	js_push_num(schema, 1);
	js_push_num(schema, 0);
	js_add(o, "schema", schema);
	js_str(o, "version", opt->version);
	js_str(kernel, "release", m->kernel.release);
	js_str(kernel, "arch", m->kernel.arch);
	js_str(kernel, "model", k->model);
	js_bool(kernel, "extrapolated", kernel_proof(k, &by) == KERNEL_EXTRAPOLATED);
	js_str(kernel, "proved", kernel_proof_name(kernel_proof(k, NULL)));
	if (by) {
		js_str(proved_by = js_object(), "release", by->release);
		js_num(proved_by, "trials", (s64)by->trials);
		js_str(proved_by, "date", by->date);
		js_add(kernel, "proved_by", proved_by);
	} else {
		js_null(kernel, "proved_by");
	}
	js_add(o, "kernel", kernel);
	json_evidence(o, m);
	return o;
}

static int json_begin(void *ctx, const struct report_head *head)
{
	struct render_json *r = ctx;
	const struct kernel *k = head->kernel;
	struct js *doc;
	int err;

	r->base = kernel_page_size(&k->ev);
	r->head = *head;
	if (r->lines)
		return 0;
	doc = render_json_head(&r->opt, k, head->machine);
	fputs("{\"gupinfo\": ", r->opt.out);
	err = json_open(r->opt.out, doc);
	js_free(doc);
	fputs(",\"processes\": [", r->opt.out);
	return err;
}

static int json_process(void *ctx, const struct process *p)
{
	struct render_json *r = ctx;
	struct js *o;
	int err;

	if (r->lines)
		return 0;
	o = js_object();
	js_num(o, "pid", p->pid);
	js_str(o, "comm", p->comm);
	js_num(o, "ppid", p->ppid);
	js_num(o, "threads", p->threads);
	js_tri(o, "has_pinned", p->has_pinned);
	fputs(r->processes++ ? ",\n" : "\n", r->opt.out);
	err = json_open(r->opt.out, o);
	js_free(o);
	fputs(",\"pages\": [", r->opt.out);
	r->rows = r->nvmas = 0;
	r->vmas = tmpfile();
	return err ? err : r->vmas ? 0 : -errno;
}

static int json_row(void *ctx, const struct report_row *row)
{
	struct render_json *r = ctx;
	int err;

	if (!r->pages)
		return 0;
	if (!r->lines)
		fputs(r->rows++ ? ",\n" : "\n", r->opt.out);
	err = render_json_page_row(r->memo, r->opt.out, row, r->lines);
	if (r->lines)
		fputc('\n', r->opt.out);
	return err ? err : ferror(r->opt.out) ? -EIO : 0;
}

static int json_vma_end(void *ctx, const struct process *p, const struct vma *vma,
			const struct report_totals *t)
{
	struct render_json *r = ctx;
	struct js *o;
	int err;

	if (r->lines)
		return 0;
	o = json_vma(vma, t, r->base);
	fputs(r->nvmas++ ? ",\n" : "\n", r->vmas);
	err = js_write(r->vmas, o);
	js_free(o);
	return err;
}

static int json_process_end(void *ctx, const struct process *p,
			    const struct report_totals *t)
{
	struct render_json *r = ctx;
	struct js *totals;
	char buf[8192];
	size_t n;

	if (r->lines)
		return 0;
	fputs("],\"vmas\": [", r->opt.out);
	rewind(r->vmas);
	while ((n = fread(buf, 1, sizeof(buf), r->vmas)))
		fwrite(buf, 1, n, r->opt.out);
	fclose(r->vmas);
	r->vmas = NULL;
	totals = js_object();
	render_json_totals(totals, t, r->base);
	fputs("],\"totals\": ", r->opt.out);
	js_write(r->opt.out, totals);
	fputc('}', r->opt.out);
	js_free(totals);
	return ferror(r->opt.out) ? -EIO : 0;
}

static int json_end(void *ctx, const struct report_totals *t)
{
	struct render_json *r = ctx;

	if (!r->lines)
		fputs("]}}\n", r->opt.out);
	return 0;
}

const struct report_view render_json_view = {
	.begin = json_begin,
	.process = json_process,
	.row = json_row,
	.vma_end = json_vma_end,
	.process_end = json_process_end,
	.end = json_end,
};

int render_json_new(const struct render_options *opt, bool lines, bool pages, void **ret)
{
	struct render_json *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->memo = render_json_page_memo_new();
	if (!r->memo) {
		free(r);
		return -ENOMEM;
	}
	r->opt = *opt;
	r->lines = lines;
	r->pages = pages;
	*ret = r;
	return 0;
}

void render_json_free(void *ctx)
{
	struct render_json *r = ctx;

	if (!r)
		return;
	if (r->vmas)
		fclose(r->vmas);
	render_json_page_memo_free(r->memo);
	free(r);
}
