/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/escape.h"
#include "lib/text.h"
#include "render/rows.h"
#include "report/blockers.h"
#include "report/dmesg.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* "3 references: 1 expected, 1 of who tried to move it, 1 more" */
static void dmesg_refs(const struct dmesg_dump *d, const struct dmesg_verdict *v,
		       char *buf, size_t size)
{
	snprintf(buf, size, "%lld reference%s", d->refcount, d->refcount == 1 ? "" : "s");
	if (v->expected < 0)
		return;
	text_add(buf, size, ": %lld expected", v->expected);
	if (v->own)
		text_add(buf, size, ", %lld of who tried to move it", v->own);
	text_add(buf, size, ", %lld more", v->more);
}

static void dmesg_page(FILE *out, const struct dmesg_dump *d)
{
	if (d->order)
		fprintf(out, "   in a folio of %llu pages\n", 1ULL << d->order);
	if (d->names[0])
		fprintf(out, "   flags: %s%s\n", ESCAPED(d->names, 400),
			d->cma ? "; in CMA memory" : "");
	if (d->type[0])
		fprintf(out, "   type: %s\n", ESCAPED(d->type, 400));
	if (d->aops[0])
		fprintf(out, "   mapping: %s, inode %llu", ESCAPED(d->aops, 400), d->ino);
	if (d->aops[0])
		fprintf(out, ", \"%s\", page %llu of it\n", ESCAPED(d->name, 400),
			d->index);
	else if (d->mapping == RAW_MAPPING_ANON && d->index)
		fprintf(out, "   at address %llx000 of who mapped it first\n", d->index);
	if (d->pid)
		fprintf(out, "   allocated by %s(%d)\n", ESCAPED(d->comm, 400),
			(int)d->pid);
}

static void dmesg_text(FILE *out, const struct dmesg_dump *d,
		       const struct dmesg_verdict *v, const struct blockers_row *row)
{
	const struct frame *f = &v->frame;
	char cite[200] = "";

	fprintf(out, "PFN 0x%llx: %s", d->pfn,
		d->reason[0] ? ESCAPED(d->reason, 300) : "a dump without a reason");
	if (d->times > 1)
		fprintf(out, ", %llu times", d->times);
	fprintf(out, "\n   %s, mapped %lld time%s, %s\n", f->kind ? f->kind : "?",
		d->mapcount, d->mapcount == 1 ? "" : "s", row->cause->holder);
	dmesg_page(out, d);
	for (unsigned i = 0; f->rule && i < predict_rules(); i++)
		if (predict_rule(i)->id == f->rule)
			predict_rule_cite(predict_rule(i), cite, sizeof(cite));
	if (f->state == FRAME_BLOCKS)
		fprintf(out, "   does not move, %s: %s\n", f->why, f->text);
	else if (f->state == FRAME_UNKNOWN)
		fprintf(out, "   ? (%s): %s\n", f->why,
			f->text ? f->text : "not in the dump");
	else
		fprintf(out, "   %s\n",
			f->state == FRAME_MOVES ? "nothing stops it" : f->text);
	if (f->rule)
		fprintf(out, "     [%s; %s]\n", f->rule, cite);
	if (f->state == FRAME_BLOCKS && f->rule)
		fprintf(out,
			"   gupinfo --who 0x%llx names who holds it, as long as it does\n",
			d->pfn);
	fputc('\n', out);
}

static int dmesg_sums(FILE *out, const struct dmesg *d)
{
	u64 dumps = d->dropped;

	for (size_t i = 0; i < d->n; i++)
		dumps += d->dump[i].times;
	fprintf(out, "%llu dump%s of pages, %zu different\n", dumps,
		dumps == 1 ? "" : "s", d->n);
	if (d->dropped)
		fprintf(out, "%llu of them came after the %d that are kept\n", d->dropped,
			DMESG_DUMPS);
	return 0;
}

int render_dmesg(const struct render_options *opt, const struct dmesg *d,
		 const struct report_head *head)
{
	bool table = opt->json || rows_asked(opt);
	struct rows *rows = NULL;
	int err = table ? rows_new(opt, COLUMNS_BLOCKER, NULL, head, &rows) : 0;

	for (size_t i = 0; i < d->n && !err; i++) {
		const struct dmesg_dump *x = &d->dump[i];
		struct blockers_owner owner = { .pid = x->pid };
		struct blockers_cause cause = { .inode = x->ino };
		struct blockers_row row = { .cause = &cause,
					    .owner = x->pid ? &owner : NULL,
					    .pfn = x->pfn,
					    .pages = BIT(x->order),
					    .times = x->times };
		struct dmesg_verdict v;

		dmesg_judge(head->kernel, x, &v);
		cause.state = v.frame.state;
		cause.kind = v.frame.kind;
		cause.why = v.frame.why;
		cause.text = v.frame.text;
		cause.rule = v.frame.rule;
		memcpy(cause.file, x->name, sizeof(cause.file));
		memcpy(owner.comm, x->comm, sizeof(x->comm));
		dmesg_refs(x, &v, cause.holder, sizeof(cause.holder));
		if (table)
			err = rows_add(rows,
				       &(struct report_row){
					       .item = &row,
					       .base = head->machine->kernel.page_size });
		else
			dmesg_text(opt->out, x, &v, &row);
	}
	if (!err)
		err = table ? rows_end(rows, NULL) : dmesg_sums(opt->out, d);
	rows_free(rows);
	return err ? err : ferror(opt->out) ? -EIO : 0;
}
