/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * svg.h - the pieces of a picture: text, boxes, strips of cells, a legend.
 *
 * Knows: kinds with colour and pattern (svg.def).  Coordinates are whole pixels and nothing depends on the
 * locale or the machine, so that the same report gives the same bytes.  Strings of other processes are
 * escaped for terminals first and for XML then.
 */
#pragma once

#include <stdio.h>

#include "lib/bits.h"

enum svg_kind {
#define SVG(id, ...) SVG_##id,
#include "render/svg.def"
	SVG_KINDS
};

const char *svg_word(enum svg_kind kind);

#define SVG_WIDTH 760
#define SVG_LEFT 178 /* room for names; strips and bars begin there */

struct svg {
	FILE *out;
	unsigned y; /* how far it is drawn */
	u32 used;   /* BIT(SVG_*): the legend has them */
};

/* A line of text at @x; @class: of the style sheet, as in svg.c; @title: shown to who points at it, or NULL. */
void svg_text(const struct svg *s, unsigned x, unsigned y, const char *class,
	      const char *title, const char *fmt, ...) PRINTF(6, 7);

/* A box of a kind, with a title for people who point at it. */
void svg_box(struct svg *s, unsigned x, unsigned y, unsigned w, unsigned h,
	     enum svg_kind kind, const char *fmt, ...) PRINTF(7, 8);

/* Pages of each kind in one cell of a strip, and the kind that is shown. */
struct svg_cell {
	u64 pages[SVG_KINDS];
	u8 shown;
};
/*
 * Chooses what is shown of @n cells: the heaviest kind, and of equals one after another, so that many cells
 * have them in the proportion of their pages.
 */
void svg_cells_choose(struct svg_cell *c, unsigned n);
/* "30 pages exclusive, 2 shared" of the cells [@from, @to). */
const char *svg_cells_text(const struct svg_cell *c, unsigned from, unsigned to,
			   char *buf, size_t size);

/* Amounts beside each other, to scale: @bytes of each kind, @all bytes have @w pixels. */
void svg_bar(struct svg *s, unsigned x, unsigned y, unsigned w, unsigned h,
	     const u64 bytes[SVG_KINDS], u64 all);

/* Begins a file of @height pixels. */
void svg_begin(FILE *out, unsigned height, const char *title);
/* The kinds that were used, at ->y. */
void svg_legend(struct svg *s);
