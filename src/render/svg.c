/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/svg.h"

#include <string.h>

#include "lib/escape.h"
#include "lib/text.h"
#include "render/columns.h"

enum svg_pattern { NONE, SLANT, BACKSLANT, DOTS, LINES, BARS, CROSS };

static const struct {
	u8 weight, pattern;
	const char *color, *word, *meaning;
} kinds[SVG_KINDS] = {
#define SVG(id, w, c, p, word_, m)                                                 \
	[SVG_##id] = {                                                             \
		.weight = w, .pattern = p, .color = c, .word = word_, .meaning = m \
	},
#include "render/svg.def"
};

/* Strokes of the patterns, in a tile of 6 pixels. */
static const char *const strokes[] = {
	[SLANT] = "M-1 7L7 -1",
	[BACKSLANT] = "M-1 -1L7 7",
	[DOTS] = "M1 1h1v1h-1zM4 4h1v1h-1z",
	[LINES] = "M0 3H6",
	[BARS] = "M3 0V6",
	[CROSS] = "M0 0L6 6M6 0L0 6",
};

const char *svg_word(enum svg_kind kind)
{
	return kinds[kind].word;
}

/* ---- text */

/* Writes @text as content or as the value of an attribute. */
static void svg_escape(FILE *out, const char *text)
{
	for (const char *c = ESCAPED(text, 2000); *c; c++) {
		if (*c == '&')
			fputs("&amp;", out);
		else if (*c == '<')
			fputs("&lt;", out);
		else if (*c == '>')
			fputs("&gt;", out);
		else if (*c == '"')
			fputs("&quot;", out);
		/* U+FFFE and U+FFFF are no characters of XML */
		else if (!strncmp(c, "\xef\xbf\xbe", 3) || !strncmp(c, "\xef\xbf\xbf", 3))
			c += 2;
		else
			fputc(*c, out);
	}
}

void svg_text(const struct svg *s, unsigned x, unsigned y, const char *class,
	      const char *title, const char *fmt, ...)
{
	char text[1000];

	TEXT_FORMAT(text, sizeof(text), fmt);
	fprintf(s->out, "<text x=\"%u\" y=\"%u\" class=\"%s\">", x, y, class);
	svg_escape(s->out, text);
	if (title) {
		fputs("<title>", s->out);
		svg_escape(s->out, title);
		fputs("</title>", s->out);
	}
	fputs("</text>\n", s->out);
}

void svg_box(struct svg *s, unsigned x, unsigned y, unsigned w, unsigned h,
	     enum svg_kind kind, const char *fmt, ...)
{
	char text[1000];

	TEXT_FORMAT(text, sizeof(text), fmt);
	s->used |= BIT(kind);
	fprintf(s->out,
		"<rect x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\" class=\"k%u\"><title>",
		x, y, w, h, kind);
	svg_escape(s->out, text);
	fputs("</title></rect>\n", s->out);
}

/* ---- cells */

void svg_cells_choose(struct svg_cell *cell, unsigned n)
{
	s64 owed[SVG_KINDS] = {
		0
	}; /* thousandths of a cell that a kind was not shown in */

	for (struct svg_cell *c = cell; c < cell + n; c++) {
		unsigned best = SVG_ABSENT;
		u64 all = 0;

		for (unsigned k = 1; k < SVG_KINDS; k++)
			if (c->pages[k] && kinds[k].weight > kinds[best].weight)
				best = k;
		for (unsigned k = 1; k < SVG_KINDS; k++)
			if (kinds[k].weight == kinds[best].weight)
				all += c->pages[k];
		for (unsigned k = 1; k < SVG_KINDS && all; k++) {
			if (kinds[k].weight != kinds[best].weight || !c->pages[k])
				continue;
			owed[k] += (s64)(c->pages[k] * 1000 / all);
			if (owed[k] > owed[best])
				best = k;
		}
		owed[best] -= 1000;
		c->shown = (u8)best;
	}
}

const char *svg_cells_text(const struct svg_cell *c, unsigned from, unsigned to,
			   char *buf, size_t size)
{
	buf[0] = '\0';
	for (unsigned k = SVG_KINDS; k-- > SVG_ABSENT + 1;) {
		u64 pages = 0;

		for (unsigned i = from; i < to; i++)
			pages += c[i].pages[k];
		if (pages)
			text_add(buf, size, "%s%llu %s%s", *buf ? ", " : "", pages,
				 *buf         ? ""
				 : pages == 1 ? "page "
					      : "pages ",
				 kinds[k].word);
	}
	return buf[0] ? buf : "nothing";
}

void svg_bar(struct svg *s, unsigned x, unsigned y, unsigned w, unsigned h,
	     const u64 bytes[SVG_KINDS], u64 all)
{
	u64 before = 0;

	for (unsigned k = 0; k < SVG_KINDS && all; k++) {
		const char *size = COLUMNS_SIZE(bytes[k]);
		unsigned from = (unsigned)(before * w / all), to;

		before += bytes[k];
		to = (unsigned)(before * w / all);
		if (!bytes[k])
			continue;
		svg_box(s, x + from, y, MAX(to - from, 1u), h, k, "%s %s", size,
			kinds[k].word);
		if (to - from > 6 * (strlen(size) + strlen(kinds[k].word) + 2))
			svg_text(s, x + from + 4, y + h - 4, "t", NULL, "%s %s", size,
				 kinds[k].word);
	}
}

/* ---- the file */

void svg_begin(FILE *out, unsigned height, const char *title)
{
	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" viewBox=\"-12 -8 %u %u\" role=\"img\">\n<title>",
		SVG_WIDTH + 24, height + 16, SVG_WIDTH + 24, height + 16);
	svg_escape(out, title);
	fputs("</title>\n<style>\n"
	      "svg{background:#fff;font-family:\"DejaVu Sans\",Verdana,sans-serif}\n"
	      "text{font-size:10px;fill:#222}\n"
	      ".h{font-size:18px;font-weight:bold}.v{font-size:12px;font-weight:bold}\n"
	      ".b{font-weight:bold}.n{font-size:9px;fill:#666}.r{text-anchor:end}\n"
	      ".m{font-family:\"DejaVu Sans Mono\",Consolas,monospace;font-size:9px}\n"
	      ".t{font-size:9px;stroke:#fff;stroke-width:2.5;paint-order:stroke;pointer-events:none}\n"
	      ".a{stroke:#999;stroke-width:1;fill:none}.w{fill:#d50000;font-weight:bold}\n"
	      ".k0{stroke:#666;stroke-width:.75}rect:hover{stroke:#000;stroke-width:2}\n"
	      "@media print{@page{margin:8mm}svg{width:100%;height:auto}}\n",
	      out);
	for (unsigned k = 0; k < SVG_KINDS; k++)
		if (kinds[k].pattern)
			fprintf(out, ".k%u{fill:url(#p%u)}\n", k, k);
		else
			fprintf(out, ".k%u{fill:%s}\n", k, kinds[k].color);
	fputs("</style>\n<defs>\n", out);
	for (unsigned k = 0; k < SVG_KINDS; k++)
		if (kinds[k].pattern)
			fprintf(out,
				"<pattern id=\"p%u\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\"><path d=\"M0 0H6V6H0z\" fill=\"%s\"/><path d=\"%s\" stroke=\"#000\" stroke-opacity=\".45\" fill=\"none\"/></pattern>\n",
				k, kinds[k].color, strokes[kinds[k].pattern]);
	fprintf(out, "</defs>\n<path d=\"M-12 -8H%uV%uH-12z\" fill=\"#fff\"/>\n",
		SVG_WIDTH + 12, height + 8);
}

void svg_legend(struct svg *s)
{
	unsigned x = 0;

	EACH_BIT (k, s->used & ~BIT(SVG_ABSENT)) {
		/* a letter of the font has about six pixels */
		unsigned w = 20 + 6 * (unsigned)(strlen(kinds[k].word) +
						 strlen(kinds[k].meaning) + 2);

		if (x && x + w > SVG_WIDTH) {
			x = 0;
			s->y += 14;
		}
		svg_box(s, x, s->y, 12, 10, k, "%s", kinds[k].word);
		svg_text(s, x + 16, s->y + 9, "n", NULL, "%s: %s", kinds[k].word,
			 kinds[k].meaning);
		x += w;
	}
	s->y += 20;
}
