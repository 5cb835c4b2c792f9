/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tui_grid.h - the page grid: which pages a cell stands for, and the letter that it shows.
 *
 * A map owns its segments until _deinit().
 */
#pragma once

#include "render/filter.h"
#include "report/family.h"
#include "report/store.h"
#include "tui/tui_screen.h"

/* The question that letters and colours answer. */
enum tui_lens {
	TUI_LENS_STATE,
	TUI_LENS_REQUEST, /* + enum gup_request */
	TUI_LENS_WRITE = TUI_LENS_REQUEST + GUP_REQUESTS,
	TUI_LENS_FORK,
	TUI_LENS_FAMILY, /* beside tui_grid_other() */
	TUI_LENS_MIGRATE,
	TUI_LENSES
};

enum tui_glyph {
#define GLYPH(id, ...) TUI_GLYPH_##id,
#include "tui/tui_glyphs.def"
	TUI_GLYPHS
};

const char *tui_grid_lens_name(enum tui_lens lens); /* "state", "get-r", "write" */

/* The rows of tui_glyphs.def. */
extern const struct tui_letter {
	const char *word, *meaning;
	u8 lens, letter, role, weight;
} tui_grid_letters[TUI_GLYPHS];
/* @g can be seen under @lens. */
bool tui_grid_of_lens(enum tui_glyph g, enum tui_lens lens);

/* Returns the glyph of a request's verdict. */
enum tui_glyph tui_grid_of_word(enum gup_word word);

/* Returns the process with which TUI_LENS_FAMILY compares @p: its parent, a child, any other, or NULL. */
const struct store_process *tui_grid_other(const struct store *s,
					   const struct store_process *p);
/* Returns the glyph of a page of a run. */
enum tui_glyph tui_grid_glyph(const struct store *s, const struct store_process *p,
			      const struct store_vma *v, const struct page_run *row,
			      u64 addr, enum tui_lens lens);
/* Returns the glyph of an address that is covered and has no row. */
enum tui_glyph tui_grid_hole(enum tui_lens lens);

/* ---- zoom: which pages a cell stands for */

#define TUI_ZOOM_FOLIO 1 /* 0 is pages; 2 and up are 2, 4, 8 … pages */
#define TUI_ZOOMS 38

struct tui_segment {
	u64 cell, addr; /* number and first byte of its first cell */
	u64 first;      /* bytes of its first cell; the others have ->step */
	u64 step;
};

struct tui_map {
	u64 start, end; /* of the mapping */
	u64 cells;
	u64 step; /* bytes of a cell; 0: folios, see ->segment */
	u64 base; /* address of cell 0 if it were aligned */
	size_t nsegments;
	struct tui_segment *segment;
};

/* Makes the cells of @v at @zoom.  Returns 0 or -ENOMEM. */
int tui_grid_map(struct tui_map *m, const struct store *s, const struct store_vma *v,
		 unsigned zoom);
void tui_grid_map_deinit(struct tui_map *m);
/* Returns the first and last byte (exclusive) of @cell. */
void tui_grid_cell_range(const struct tui_map *m, u64 cell, u64 *ret_start, u64 *ret_end);
/* Returns the cell that holds @addr, clamped to the mapping. */
u64 tui_grid_cell_of(const struct tui_map *m, u64 addr);
/* Formats "1 cell = 512 pages (2M)". */
void tui_grid_scale(unsigned zoom, u32 page_size, char *buf, size_t size);

/* ---- cells */

struct tui_gridcell {
	u8 glyph;
	bool mixed;     /* pages of the cell differ under the lens */
	bool unmatched; /* no page of it passes the filter */
	bool hit;       /* a page of it is what was searched for */
};

/* Returns the cell for [start, end) of @v.  @filter and @find may be NULL. */
struct tui_gridcell tui_grid_cell(const struct store *s, const struct store_process *p,
				  const struct store_vma *v, u64 start, u64 end,
				  enum tui_lens lens, const struct filter *filter,
				  const struct filter *find);

/* Counts the bytes of @v's rows by letter, for bars and legends, into ret[TUI_GLYPHS]. */
void tui_grid_count(const struct store *s, const struct store_process *p,
		    const struct store_vma *v, enum tui_lens lens, u64 *ret);
