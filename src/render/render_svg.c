/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/render_svg.h"

#include "render/svg_strip.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BARS 12 /* processes with a bar; with strips a few less */
#define FINDINGS 6

/* ---- words */

/* The text in lines of at most @n characters. */
static void svg_lines(struct svg *svg, const char *class, size_t n, const char *text)
{
	while (*text) {
		size_t len = strlen(text);

		if (len > n)
			for (len = n; len && text[len] != ' ';)
				len--;
		len = len ? len : MIN(n, strlen(text));
		svg_text(svg, 0, svg->y + 10, class, NULL, "%.*s", (int)len, text);
		svg->y += 15;
		text += len + (text[len] == ' ');
	}
}

static void svg_title(const struct render_svg *r, char *buf, size_t size)
{
	const struct process *p = &r->f->member[0].process->process;

	if (r->time->lanes)
		snprintf(buf, size, "Trace of %s (%d)", r->time->lane[0].comm,
			 (int)r->time->lane[0].pid);
	else if (r->f->n > 1)
		snprintf(buf, size, "%s (%d) and %zu more process%s", p->comm,
			 (int)p->pid, r->f->n - 1, r->f->n > 2 ? "es" : "");
	else
		snprintf(buf, size, "%s (%d)", p->comm, (int)p->pid);
}

/* Title, verdict, and what it rests on. */
static void svg_head(const struct render_svg *r, struct svg *svg, const char *title)
{
	const struct kernel *k = &r->s->kernel;
	const struct report_totals *t = &r->s->totals;
	u8 kinds[HIGHLIGHTS];
	unsigned n = highlights_found(r->h, kinds);
	bool bad = n && highlights_rows[kinds[0]].severity > 1;
	char text[400];

	svg_text(svg, 0, svg->y + 16, "h", NULL, "%s", title);
	svg->y += 26;
	if (bad)
		snprintf(text, sizeof(text), "%llu page%s %s", r->h->pages[*kinds],
			 r->h->pages[*kinds] == 1 ? ":" : "s:",
			 highlights_rows[*kinds].text);
	else
		snprintf(text, sizeof(text),
			 "Nothing suspicious among %llu present pages%s.", t->present,
			 t->unknown ? ", as far as could be read" : "");
	if (r->time->leak[0])
		snprintf(text, sizeof(text), "%s", r->time->leak);
	svg_lines(svg, bad || r->time->leak[0] ? "v w" : "v", 96, text);
	snprintf(text, sizeof(text), "gupinfo %s on Linux %s %s, judged as %s (%s)",
		 r->version, r->s->machine.kernel.release, r->s->machine.kernel.arch,
		 k->model, kernel_proof_names[kernel_proof(k, NULL)]);
	svg_lines(svg, "n", 130, text);
	svg->y += 6;
}

static void svg_findings(const struct render_svg *r, struct svg *svg)
{
	u8 kinds[HIGHLIGHTS];
	unsigned n = MIN(highlights_found(r->h, kinds), (unsigned)FINDINGS);

	for (unsigned i = 0; i < n; i++) {
		const struct highlight *h = &r->h->best[kinds[i]][0];
		char text[500];

		snprintf(text, sizeof(text),
			 "%s %llu page%s %s; in %llu mapping%s, first %llx of %d",
			 highlights_rows[kinds[i]].severity > 1 ? "!" : "-",
			 r->h->pages[kinds[i]], r->h->pages[kinds[i]] == 1 ? "" : "s",
			 highlights_rows[kinds[i]].text, r->h->mappings[kinds[i]],
			 r->h->mappings[kinds[i]] == 1 ? "" : "s", h->run.addr,
			 (int)h->process.pid);
		svg_lines(svg, "n", 140, text);
	}
	svg->y += n ? 6 : 0;
}

/* ---- bars */

static void svg_bars(const struct render_svg *r, struct svg *svg)
{
	u32 base = kernel_page_size(&r->s->kernel.ev);
	u64 sums[SVG_KINDS], all = 0, most = 1;
	size_t n = MIN(r->f->n, (size_t)BARS);

	for (unsigned pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < n; i++) {
			const struct process *p = &r->f->member[i].process->process;

			svg_strip_sums(&r->f->member[i], base, sums);
			all = 0;
			for (unsigned k = 0; k < SVG_KINDS; k++)
				all += sums[k];
			most = MAX(most, all);
			if (!pass)
				continue;
			svg_text(svg, 0, svg->y + 11, "b", p->comm, "%d %.16s",
				 (int)p->pid, p->comm);
			svg_text(svg, SVG_LEFT - 6, svg->y + 11, "r", NULL, "%s",
				 COLUMNS_SIZE(all));
			svg_bar(svg, SVG_LEFT, svg->y, SVG_WIDTH - SVG_LEFT, 14, sums,
				most);
			svg->y += 18;
		}
	if (r->f->n > n) {
		svg_text(svg, SVG_LEFT, svg->y + 8, "n", NULL, "and %zu more processes",
			 r->f->n - n);
		svg->y += 12;
	}
	if (r->f->n > 1) {
		svg_text(svg, SVG_LEFT, svg->y + 8, "n", NULL,
			 "Each frame counted once%s: %s, of which nobody else maps %s%s.",
			 r->f->unplaced ? ", as far as frames are known" : "",
			 COLUMNS_SIZE(r->f->frames * base),
			 COLUMNS_SIZE(r->f->own * base),
			 r->f->own_unknown + r->f->unplaced ? "+?" : "");
		svg->y += 16;
	}
	svg->y += 4;
}

/* ---- the file */

static int svg_put_report(void *ctx, const char *buf, size_t len)
{
	FILE *out = ctx;

	for (size_t i = 0; i < len; i++)
		if (buf[i] == '&')
			fputs("&amp;", out);
		else if (buf[i] == '<')
			fputs("&lt;", out);
		else if (buf[i] == '>')
			fputs("&gt;", out);
		else
			fputc(buf[i], out);
	return ferror(out) ? -EIO : 0;
}

/* What is above the legend, and what is below it: the legend has what both of them used. */
static int svg_parts(const struct render_svg *r, struct svg *above, struct svg *below)
{
	size_t n = MIN(r->f->n, (size_t)SVG_STRIP_COLUMNS);
	int err = 0;

	if (r->time->lanes)
		err = svg_time(above, r->time);
	svg_bars(r, above);
	if (err || n < 2 ||
	    r->f->member[1].sums.with->pid == r->f->member[1].process->process.ppid)
		return err ? err : svg_strip(below, r->s, r->f, 0, n);
	/* addresses of processes that are not related mean nothing beside each other */
	for (size_t i = 0; i < n && !err; i++)
		err = svg_strip(below, r->s, r->f, i, 1);
	return err;
}

int render_svg(const struct render_svg *r, FILE *out)
{
	char title[200], *text[2] = { NULL };
	size_t len[2];
	struct svg above = { .out = open_memstream(&text[0], &len[0]) };
	struct svg below = { .out = open_memstream(&text[1], &len[1]) };
	int err = above.out && below.out ? 0 : -ENOMEM;

	svg_title(r, title, sizeof(title));
	if (!err) {
		svg_head(r, &above, title);
		err = svg_parts(r, &above, &below);
		above.used |= below.used;
		svg_legend(&above);
		svg_findings(r, &above);
		svg_text(
			&below, 0, below.y + 8, "n", NULL, "%s",
			r->report
				? "gupinfo --replay FILE shows the report in this file by any view."
				: "The report that this was drawn from is too large for this file.");
	}
	if (above.out && fclose(above.out))
		err = -ENOMEM;
	if (below.out && fclose(below.out))
		err = -ENOMEM;
	if (!err) {
		svg_begin(out, above.y + below.y + 14, title);
		fprintf(out, "%s<g transform=\"translate(0,%u)\">\n%s</g>\n", text[0],
			above.y, text[1]);
		if (r->report) {
			fputs(RENDER_SVG_REPORT "\n", out);
			err = r->report(r->ctx, svg_put_report, out);
			fputs("</metadata>\n", out);
		}
		fputs("</svg>\n", out);
	}
	free(text[0]);
	free(text[1]);
	return err ? err : ferror(out) ? -EIO : 0;
}
