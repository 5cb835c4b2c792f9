/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <locale.h>

#include "test.h"
#include "render/changes.h"
#include "tui/tui_grid.h"
#include "tui/tui_history.h"
#include "tui/tui_int.h"
#include "tui/tui_keys.h"
#include "tui/tui_state.h"

#define A 0x7f0000000000ull

static const struct kernel kernel = { .ev.page_size = 4096 };
static const struct source_machine machine = { 0 };

static u64 random_next(u64 *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return *seed >> 33;
}

static void row(struct store *s, u64 addr, u64 n, u64 size, u64 pfn, u8 order)
{
	struct gup_verdicts verdicts = { 0 };
	struct page_class class = { .verdicts = &verdicts,
				    .page = { .size = size,
					      .kind = pfn ? PAGE_ANON : PAGE_NONE,
					      .order = order,
					      .refcount = 1,
					      .anon_exclusive = TRI_YES } };
	struct report_row r = { .run = { addr, n, pfn, &class } };

	EXPECT_INT(store_view.row(s, &r), 0);
}

/* A mapping of base pages, large folios that begin in their middle, huge pages and holes. */
static struct store *mixture(u64 seed, u64 *ret_end)
{
	struct store *s = store_new(&(struct store_options){ .holes = true }, NULL);
	struct process p = { .pid = 1 };
	struct vma v = {
		.start = A, .end = A + (64ull << 20), .read = true, .write = true
	};
	u64 at = A, pfn = 0x10000;

	store_view.begin(s, &(struct report_head){ &kernel, &machine });
	store_view.process(s, &p);
	store_view.vma(s, &p, &v);
	while (at < v.end) {
		u64 n = 1 + random_next(&seed) % 200, left = (v.end - at) / 4096;
		u8 order = (u8)(random_next(&seed) % 5);

		n = MIN(n, left);
		pfn += 0x1000 + random_next(&seed) % 16;
		switch (random_next(&seed) % 4) {
		case 0:
			row(s, at, n, 4096, 0, 0);
			break;
		case 1:
			row(s, at, n, 4096, pfn, order);
			break;
		case 2:
			row(s, at, n, 4096, pfn, 0);
			break;
		default:
			if (at % (2 << 20) || left < 512)
				continue;
			row(s, at, n = 1, 2 << 20, pfn & ~511ull, 9);
			n = 512;
		}
		at += n * 4096;
	}
	*ret_end = v.end;
	return s;
}

TEST(cells_are_a_partition_at_every_zoom)
{
	for (u64 seed = 1; seed <= 5; seed++) {
		u64 end;
		struct store *s = mixture(seed, &end);

		for (unsigned zoom = 0; zoom < TUI_ZOOMS; zoom++) {
			struct tui_map m;
			u64 at = A, from, to;

			EXPECT_INT(tui_grid_map(&m, s, &s->proc[0].vma[0], zoom), 0);
			for (u64 c = 0; c < m.cells; c++) {
				tui_grid_cell_range(&m, c, &from, &to);
				if (from != at || to <= from ||
				    tui_grid_cell_of(&m, from) != c ||
				    tui_grid_cell_of(&m, to - 1) != c) {
					EXPECT(!"a cell overlaps, is empty or is not found");
					break;
				}
				at = to;
			}
			EXPECT_INT(at, end);
			tui_grid_map_deinit(&m);
		}
		store_free(s);
	}
}

TEST(huge_sparse_mapping_costs_nothing)
{
	struct store *s = store_new(&(struct store_options){ .holes = true }, NULL);
	struct process p = { .pid = 1 };
	struct vma v = { .start = A, .end = A + (1ull << 46) };
	struct tui_map m;
	u64 from, to;

	store_view.begin(s, &(struct report_head){ &kernel, &machine });
	store_view.process(s, &p);
	store_view.vma(s, &p, &v);
	row(s, A, 1ull << 34, 4096, 0, 0);
	for (unsigned zoom = 0; zoom < TUI_ZOOMS; zoom++) {
		EXPECT_INT(tui_grid_map(&m, s, &s->proc[0].vma[0], zoom), 0);
		tui_grid_cell_range(&m, m.cells - 1, &from, &to);
		EXPECT_INT(to, v.end);
		struct tui_gridcell c =
			tui_grid_cell(s, &s->proc[0], &s->proc[0].vma[0], from, to,
				      TUI_LENS_STATE, NULL, NULL);
		EXPECT_INT(c.glyph, TUI_GLYPH_ABSENT);
		tui_grid_map_deinit(&m);
	}
	store_free(s);
}

/* Unlike frames at one address were copied only if one process is the other's parent. */
TEST(beside_another_process)
{
	for (int kin = 0; kin < 2; kin++) {
		struct store *s =
			store_new(&(struct store_options){ .holes = true }, NULL);
		struct process p = { .pid = 1 }, q = { .pid = 2, .ppid = kin };
		struct vma v = { .start = A, .end = A + 0x3000 };
		enum tui_glyph seen[3];

		store_view.begin(s, &(struct report_head){ &kernel, &machine });
		store_view.process(s, &p);
		store_view.vma(s, &p, &v);
		row(s, A, 1, 4096, 100, 0);
		row(s, A + 0x1000, 1, 4096, 300, 0);
		row(s, A + 0x2000, 1, 4096, 0, 0);
		store_view.process(s, &q);
		store_view.vma(s, &q, &v);
		row(s, A, 1, 4096, 100, 0);
		row(s, A + 0x1000, 1, 4096, 500, 0);
		row(s, A + 0x2000, 1, 4096, 700, 0);
		for (unsigned i = 0; i < 3; i++) {
			const struct store_vma *w = &s->proc[1].vma[0];

			seen[i] = tui_grid_glyph(s, &s->proc[1], w,
						 store_row_at(w, A + i * 0x1000),
						 A + i * 0x1000, TUI_LENS_FAMILY);
		}
		EXPECT_INT(seen[0], TUI_GLYPH_F_SAME);
		EXPECT_INT(seen[1], kin ? TUI_GLYPH_F_COPIED : TUI_GLYPH_F_NEW);
		EXPECT_INT(seen[2], TUI_GLYPH_F_NEW);
		store_free(s);
	}
}

TEST(every_key_does_one_thing)
{
	static const char *const keys[] = {
#define KEY(id, k, ...) k,
#include "tui/tui_keys.def"
	};

	for (unsigned i = 0; i < ARRAY_SIZE(keys); i++)
		for (const char *p = keys[i]; *p; p += strspn(p, " ")) {
			size_t len = strcspn(p, " ");
			u32 key = tui_keys_by_name(p, len);

			EXPECT(key != TUI_KEY_NONE);
			EXPECT_INT(tui_keys_action(key), i + 1);
			p += len;
		}
}

TEST(settings_of_a_file)
{
	struct tui_config c;
	char why[200] = "", *text, *again;

	tui_config_init(&c);
	EXPECT_INT(tui_config_read(&c,
				   "# mine\n\n mapping-columns=START,rss , \n"
				   "mapping-columns = START,rss,NAME\n"
				   "process-sort = -PID\ncolors =pink\n"
				   "color = dark\nnonsense\nmouse = off",
				   why, sizeof(why)),
		   4);
	EXPECT_STR(why, "line 3 is not understood:  mapping-columns=START,rss , ");
	EXPECT_INT(c.table[TUI_TABLE_MAPPINGS].n, 3);
	EXPECT_STR(c.table[TUI_TABLE_MAPPINGS].col[1]->name, "RSS");
	EXPECT_STR(c.table[TUI_TABLE_PROCESSES].by->name, "PID");
	EXPECT(c.table[TUI_TABLE_PROCESSES].descending);
	EXPECT_INT(c.scheme, TUI_SCHEME_DARK);
	EXPECT(!c.mouse);
	/* what the tables cannot show is no setting */
	EXPECT_INT(tui_config_read(&c, "process-columns = PID,EXCL\n", why, sizeof(why)),
		   1);
	EXPECT_INT(tui_config_read(&c, "mapping-sort = THPALIGN\n", why, sizeof(why)), 1);
	/* what is not understood stays, and nothing is written twice */
	c.scheme = TUI_SCHEME_LIGHT;
	text = tui_config_write(&c, "# mine\ncolors = pink\nmouse = on\nnonsense");
	EXPECT_STR(text, "# mine\ncolors = pink\nmouse = off\nnonsense\n"
			 "mapping-columns = START,RSS,NAME\nmapping-sort = START\n"
			 "process-columns = PID,RSS,SHAR,PIN,COMM\nprocess-sort = -PID\n"
			 "colors = light\n");
	again = tui_config_write(&c, text);
	EXPECT_STR(again, text);
	free(again);
	tui_config_init(&c);
	EXPECT_INT(tui_config_read(&c, text, why, sizeof(why)), 2);
	EXPECT_INT(c.scheme, TUI_SCHEME_LIGHT);
	free(text);
}

TEST(changes_of_others_are_counts_of_files)
{
	struct page_class file = { .page = { .kind = PAGE_FILE } };
	struct page_class anon = { .page = { .kind = PAGE_ANON } };

	EXPECT(changes_of_others(
		&(struct store_change){ .what = STORE_COUNTS, .b.class = &file }));
	EXPECT(!changes_of_others(
		&(struct store_change){ .what = STORE_COUNTS, .b.class = &anon }));
	EXPECT(!changes_of_others(&(struct store_change){
		.what = STORE_COUNTS | STORE_STATE, .b.class = &file }));
	EXPECT(!changes_of_others(&(struct store_change){ .what = STORE_VANISHED }));
}

TEST(glyphs_of_a_lens_differ)
{
	for (unsigned lens = 0; lens < TUI_LENSES; lens++)
		for (unsigned a = 0; a < TUI_GLYPHS; a++)
			for (unsigned b = 0; b < a; b++)
				if (tui_grid_of_lens(a, lens) &&
				    tui_grid_of_lens(b, lens))
					EXPECT(tui_grid_letters[a].letter !=
					       tui_grid_letters[b].letter);
}

/* Whatever bytes a process is called, the screen has only characters of one or two columns. */
TEST(screens_take_any_bytes)
{
	struct tui_screen s;
	u64 seed = 7;

	setlocale(LC_ALL, "C.UTF-8");
	for (unsigned ascii = 0; ascii < 2; ascii++) {
		EXPECT_INT(tui_screen_init(&s, 40, 3, ascii), 0);
		for (unsigned i = 0; i < 20000; i++) {
			char text[64];
			unsigned n = (unsigned)(random_next(&seed) % sizeof(text));

			for (unsigned k = 0; k < n; k++)
				text[k] = (char)random_next(&seed);
			text[n ? n - 1 : 0] = '\0';
			tui_screen_put(&s, (int)(random_next(&seed) % 45) - 2,
				       (int)(random_next(&seed) % 5) - 1,
				       (int)(random_next(&seed) % 50), 0, 0, text);
		}
		for (int i = 0; i < s.cols * s.rows; i++) {
			u32 ch = s.cell[i].ch;

			EXPECT(ch == 0 || (ch >= 0x20 && ch < 0x7f) ||
			       (!ascii && ch >= 0xa0));
		}
		tui_screen_deinit(&s);
	}
}

/* Panes lie in the body, each has a line, and none covers another. */
static void check_layout(const struct tui_layout *l)
{
	const struct tui_rect *b = &l->body;

	for (unsigned i = 0; i < TUI_PANES; i++) {
		const struct tui_rect *p = &l->pane[i];

		if (!l->shown[i])
			continue;
		EXPECT(p->x >= b->x && p->x + p->w <= b->x + b->w && p->h > 0);
		EXPECT(p->y > b->y && p->y + p->h <= b->y + b->h);
		for (unsigned k = 0; k < i; k++) {
			const struct tui_rect *q = &l->pane[k];

			EXPECT(!l->shown[k] || p->x >= q->x + q->w ||
			       q->x >= p->x + p->w || p->y > q->y + q->h ||
			       q->y > p->y + p->h);
		}
	}
}

/* What is kept of cells and bars is what would be made now. */
static void check_caches(struct tui *t)
{
	const struct tui_gridview *g = &t->grid;
	const struct store *s = tui_state_store(t);
	const struct store_process *p = tui_state_process(t);
	const struct store_vma *v = tui_state_vma(t);
	unsigned wrong = 0;

	tui_view_draw(t);
	check_layout(&t->layout);
	if (t->layout.too_small || t->nviews > 1 || !t->layout.shown[TUI_PANE_GRID] || !v)
		return;
	for (size_t i = 0; i < g->n; i++) {
		struct tui_gridcell c;
		u64 start, end;

		tui_grid_cell_range(&g->map, g->top + i, &start, &end);
		c = tui_grid_cell(s, p, v, start, end, t->lens, t->filter, t->find);
		wrong += c.glyph != g->cell[i].as.glyph ||
			 c.mixed != g->cell[i].as.mixed || c.hit != g->cell[i].as.hit ||
			 c.unmatched != g->cell[i].as.unmatched;
	}
	EXPECT_INT(wrong, 0);
	for (unsigned i = 0; i < TUI_BARS; i++) {
		const struct tui_bar *b = &t->bar[i];
		u64 bytes[TUI_GLYPHS] = { 0 };

		if (b->store != s || b->pid != p->process.pid ||
		    b->start != v->vma.start || b->lens != t->lens || b->stale ||
		    (s != t->live && b->generation != t->generation))
			continue;
		tui_grid_count(s, p, v, t->lens, bytes);
		EXPECT(!memcmp(bytes, b->bytes, sizeof(bytes)));
	}
}

/* Another look at a part of a process: other pages there. */
static void look_again(struct tui *t, struct store *live, pid_t pid, u64 seed)
{
	u64 from = A + random_next(&seed) % 15000 * 4096,
	    n = 1 + random_next(&seed) % 300;
	struct collect_range range = { from, from + n * 4096 };
	struct store *fresh = store_new(&(struct store_options){ .ranges = &range,
								 .nranges = 1,
								 .holes = true },
					live);
	struct process p = { .pid = pid };

	store_view.process(fresh, &p);
	store_view.vma(fresh, &p, &live->proc[0].vma[0].vma);
	for (u64 i = 0; i < n; i++)
		row(fresh, from + i * 4096, 1, 4096,
		    random_next(&seed) % 3 ? seed >> 40 : 0, 0);
	EXPECT_INT(store_merge(live, fresh, pid, range.start, range.end), 0);
	tui_view_changed(t, pid, range.start, range.end);
	store_free(fresh);
}

/* Random keys on random sizes: nothing falls or leaks (sanitizers look), nothing old is shown. */
TEST(random_keys)
{
	u64 seed = 99, end;
	struct store *live = mixture(3, &end);
	struct tui *t = tui_view_new(&(struct tui_options){ .cols = 80, .rows = 24 });
	struct process child = { .pid = 2 };

	/* a child with other pages at the same addresses */
	store_view.process(live, &child);
	store_view.vma(live, &child, &live->proc[0].vma[0].vma);
	row(live, A, (end - A) / 4096, 4096, 0x900000, 0);
	tui_state_live(t, live);
	for (unsigned i = 0; i < 4000; i++) {
		u32 key = (u32)(random_next(&seed) % 160);

		if (key >= 127)
			key = TUI_KEY_FIRST + key % 24;
		if (key >= TUI_KEY_MOUSE && key <= TUI_KEY_WHEEL_DOWN) {
			tui_view_mouse(t, key, (int)(random_next(&seed) % 230) - 5,
				       (int)(random_next(&seed) % 65) - 2);
			continue;
		}
		if (random_next(&seed) % 50 == 0)
			tui_state_resize(t, 1 + (int)(random_next(&seed) % 220),
					 1 + (int)(random_next(&seed) % 60));
		if (tui_view_key(t, key) == TUI_REQUEST_PICK)
			tui_picker_rows(t,
					&(struct tui_proc){
						.process = { .pid = 1, .comm = "x" } },
					1);
		if (random_next(&seed) % 10 == 0)
			look_again(t, live, 1 + i % 2, seed);
		if (random_next(&seed) % 20 == 0)
			tui_history_sample(tui_state_history(t), live, 1, A, end,
					   i * 1000000ull, 0);
		tui_state_now(t, i * 1000000ull);
		if (random_next(&seed) % 8 == 0)
			check_caches(t);
	}
	tui_view_free(t);
	store_free(live);
}

TEST(history_is_bounded)
{
	struct tui_history h;
	u64 end;
	struct store *s = mixture(1, &end);

	tui_history_init(&h, 200000);
	for (unsigned i = 0; i < 6000; i++) {
		struct tui_moment m = { .kind = i % 3 ? TUI_MOMENT_SAMPLE
						      : TUI_MOMENT_EVENT,
					.what = (char *)"x",
					.text = (char *)"y" };

		EXPECT_INT(tui_history_add(&h, &m, i % 100 ? NULL : mixture(i, &end)), 0);
	}
	EXPECT(h.n <= 4096);
	EXPECT_INT(h.numbers, 6000);
	EXPECT_INT(h.moment[h.n - 1].number, 6000);
	size_t kept = 0;
	for (size_t i = 0; i < h.n; i++)
		kept += h.moment[i].store != NULL;
	EXPECT(kept >= 1 && kept < 30);
	tui_history_deinit(&h);
	store_free(s);
}
