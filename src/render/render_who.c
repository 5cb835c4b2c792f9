/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/render_who.h"

#include <errno.h>
#include <string.h>

#include "render/js.h"
#include "render/rows.h"

/* Counts the entries found for pages of the folio, and those for this page. */
static void who_counts(FILE *out, const struct render_who *who)
{
	const struct page_info *p = &who->map[0].run.class->page;
	char text[80];

	if (page_knows(p, PAGE_F_FOLIO) && p->order)
		fprintf(out, "in a folio of %llu pages from PFN 0x%llx\n",
			1ULL << p->order, page_head(&who->map[0].run));
	if (page_knows(p, PAGE_F_MAPCOUNT)) {
		fprintf(out, "mapped %lld times%s, %zu found", p->mapcount,
			p->maps_differ ? " on average" : "", who->nmaps);
		if (p->folio_mapcount >= 0 && p->order)
			fprintf(out, " (the folio %lld times)", p->folio_mapcount);
		fprintf(out, "\n");
	}
	if (!page_knows(p, PAGE_F_REFCOUNT))
		fprintf(out, "references: ? (%s)\n",
			page_why_texts[p->why[PAGE_F_REFCOUNT]]);
	else if (p->expected < 0)
		fprintf(out, "%lld references\n", p->refcount);
	else
		fprintf(out,
			"%lld references: %lld of mappings and caches (%s), %lld more\n",
			p->refcount, p->expected,
			page_count_expected_text(p, text, sizeof(text)), p->excess);
}

static int who_rows(const struct render_options *opt, const struct render_who *who)
{
	struct rows *rows = NULL;
	int err = rows_new(opt, COLUMNS_ENTRY, NULL, &who->head, &rows);

	for (size_t i = 0; i < who->nmaps && !err; i++) {
		const struct render_who_map *m = &who->map[i];
		struct report_row row = { .process = &m->process,
					  .vma = &m->vma,
					  .run = m->run,
					  .raw = &m->run.class->raw };

		err = rows_add(rows, &row);
	}
	return rows_finish(rows, err, NULL);
}

static void who_holders(FILE *out, const struct render_who *who)
{
	const struct holders_ledger *l = who->ledger;

	fprintf(out, "\n");
	for (unsigned i = 0; l && i < l->n; i++) {
		fprintf(out, "%s%s (%s)\n",
			l->holder[i].certainty == HOLDERS_EXACT ? "held by " : "",
			ESCAPED(HOLDERS_TEXT(&l->holder[i]), 1600),
			holders_certainty_name(l->holder[i].certainty));
	}
	if (l && l->more)
		fprintf(out, "and by %u more\n", l->more);
	if (!who->nmaps)
		fprintf(out,
			"unexplained references: ? (of a frame that nobody maps, --blockers 0x%llx+1 reads them)\n",
			who->pfn);
	else if (!l || l->unexplained < 0)
		fprintf(out, "unexplained references: ?\n");
	else
		fprintf(out, "unexplained references: %lld\n", l->unexplained);
	if (l && l->unexplained > 0)
		render_block(
			out, "", 0,
			"(looked for in pipes, io_urings, sockets, AF_XDP umems, udmabufs and batches of CPUs; I/O in flight, drivers and the kernel itself cannot be looked into)");
	if (l && l->unexplained >= 0 && who->nmaps) {
		const struct page_info *p = &who->map[0].run.class->page;

		fprintf(out, "%lld of %lld references are explained\n",
			(p->refcount - l->unexplained), p->refcount);
	}
}

/* Copies the next line of page_owner's record; returns false when there is none. */
static bool who_owner(const char **text, char *buf, size_t size)
{
	size_t n = 0;

	while (*text && **text && !n) {
		n = strcspn(*text, "\n");
		snprintf(buf, size, "%.*s", (int)n, *text);
		*text += n + ((*text)[n] == '\n');
	}
	return n;
}

static int who_text(const struct render_options *opt, const struct render_who *who)
{
	char line[400];
	FILE *out = opt->out;
	int err = 0;

	fprintf(out, "PFN 0x%llx: %s\n", who->pfn,
		who->nmaps      ? page_kind_name(who->map[0].run.class->page.kind)
		: who->filtered ? "mapped, by no entry for which --filter holds"
		: who->unread   ? "mapped by no process that could be read"
				: "mapped by no process");
	if (who->frame_text)
		fprintf(out, who->frame ? "%s\n" : "frame: ? (%s)\n", who->frame_text);
	if (who->nmaps) {
		who_counts(out, who);
		fputc('\n', out);
		err = who_rows(opt, who);
	}
	who_holders(out, who);
	if (who->owner)
		fprintf(out, "\npage_owner:\n");
	for (const char *at = who->owner; who_owner(&at, line, sizeof(line));)
		fprintf(out, "  %s\n", ESCAPED(line, 1600));
	if (who->unread)
		fprintf(out, "%zu of %zu processes could not be read\n", who->unread,
			who->processes);
	return err ? err : ferror(out) ? -EIO : 0;
}

static void who_json_map(struct js *j, const struct render_who_map *m)
{
	const struct page_info *p = &m->run.class->page;

	js_open(j, NULL, '{');
	js_num(j, "pid", m->process.pid);
	js_str(j, "comm", m->process.comm);
	js_hex(j, "addr", m->run.addr);
	js_str(j, "leaf", page_leaf_name(p->leaf));
	js_str(j, "perms", VMA_PERMS(&m->vma));
	js_tri(j, "write",
	       tri_from(p->pte_known & PAGE_PTE_WRITE, p->pte & PAGE_PTE_WRITE));
	js_tri(j, "anon_exclusive",
	       page_knows(p, PAGE_F_ANON_EXCLUSIVE) ? (enum tri)p->anon_exclusive
						    : TRI_UNKNOWN);
	js_str(j, "name", m->vma.name);
	js_close(j, '}');
}

static void who_json_page(struct js *j, const struct page_run *run)
{
	const struct page_info *p = &run->class->page;

	js_str(j, "kind", p->kind == PAGE_UNKNOWN ? NULL : page_kind_name(p->kind));
	if (page_knows(p, PAGE_F_FOLIO)) {
		js_hex(j, "head_pfn", page_head(run));
		js_num(j, "folio_pages", 1LL << p->order);
	}
	js_num_if(j, "mapcount", page_knows(p, PAGE_F_MAPCOUNT), p->mapcount);
	js_num_if(j, "refcount", page_knows(p, PAGE_F_REFCOUNT), p->refcount);
	if (p->expected >= 0) {
		js_num(j, "expected", p->expected);
		js_num(j, "excess", p->excess);
	}
}

static int who_json(const struct render_options *opt, const struct render_who *who)
{
	const struct holders_ledger *l = who->ledger;
	bool known = l && l->unexplained >= 0;
	struct js j = { .out = opt->out };
	char line[400];

	render_json_head(&j, opt, &who->head);
	js_close(&j, '}');
	js_open(&j, "who", '{');
	js_hex(&j, "pfn", who->pfn);
	if (who->nmaps)
		who_json_page(&j, &who->map[0].run);
	js_open(&j, "mappings", '[');
	for (size_t i = 0; i < who->nmaps; i++)
		who_json_map(&j, &who->map[i]);
	js_close(&j, ']');
	js_open(&j, "holders", '[');
	for (unsigned i = 0; l && i < l->n; i++)
		render_json_page_holder(&j, &l->holder[i]);
	js_close(&j, ']');
	js_num_if(&j, "unexplained", known, known ? l->unexplained : 0);
	js_num(&j, "processes", (s64)who->processes);
	js_num(&j, "unread", (s64)who->unread);
	if (who->frame_text) {
		js_str(&j, "frame", who->frame);
		js_str(&j, "frame_text", who->frame_text);
	}
	if (who->owner) {
		js_open(&j, "page_owner", '[');
		for (const char *at = who->owner; who_owner(&at, line, sizeof(line));)
			js_str(&j, NULL, line);
		js_close(&j, ']');
	}
	return render_json_end(&j, opt);
}

int render_who(const struct render_options *opt, const struct render_who *who)
{
	if (opt->format != TABLE_TEXT || (opt->json && rows_asked(opt)))
		return who_rows(opt, who);
	return opt->json ? who_json(opt, who) : who_text(opt, who);
}
