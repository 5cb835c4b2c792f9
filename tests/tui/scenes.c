/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PAGE 4096ull
#define MIB (1ull << 20)
#define HEAP 0x55d0c0a00000ull
#define ANON 0x7f3a40000000ull
#define HUGE 0x7f3a60000000ull

static const struct kernel kernel = {
	.ev = { .release = "6.18.44",
		.arch = "x86_64",
		.page_size = 4096,
		.pmd_size = 2 << 20 },
	.kv = KV(6, 18, 44),
	.model = "6.18",
};
static const struct source_machine machine = { .structpage_by = "bpf" };

/* A process under construction. */
struct scene {
	struct store *s;
	bool blind; /* no BPF */
	struct process process;
	struct vma vma;
	struct report_totals vma_totals, totals;
};

/* ---- a page and what is judged about it */

struct spec {
	u64 n, size, pfn;
	u8 kind, exclusive; /* enum tri */
	s64 map, ref, pin;
	bool write, leak;
};

static bool maps_no_page(const struct spec *p)
{
	return p->kind == PAGE_NONE || p->kind == PAGE_SWAP || p->kind == PAGE_GUARD ||
	       p->kind == PAGE_MARKER;
}

static void judge(const struct scene *sc, const struct spec *p, struct gup_verdicts *v)
{
	bool anon = p->kind == PAGE_ANON || p->kind == PAGE_HUGETLB;

	memset(v, 0, sizeof(*v));
	for (unsigned i = 0; i < GUP_REQUESTS; i++) {
		struct gup_verdict *r = &v->req[i];
		bool write = gup_requests[i].flags & GUP_WRITE,
		     pin = gup_requests[i].flags & GUP_PIN;

		*r = (struct gup_verdict){ .fast = TRI_YES, .word = GUP_WORD_FAST };
		if (p->kind == PAGE_NONE) {
			*r = (struct gup_verdict){ .fast_reason = GUP_REASON_NOT_PRESENT,
						   .fault = GUP_FAULT_POPULATE,
						   .page = GUP_PAGE_NEW,
						   .word = GUP_WORD_FAULT };
		} else if (p->kind == PAGE_SWAP) {
			*r = (struct gup_verdict){ .fast_reason = GUP_REASON_NOT_PRESENT,
						   .fault = GUP_FAULT_SWAPIN,
						   .page = GUP_PAGE_NEW,
						   .word = GUP_WORD_SWAPIN };
		} else if (p->kind == PAGE_GUARD) {
			*r = (struct gup_verdict){ .fast_reason = GUP_REASON_NOT_PRESENT,
						   .slow = GUP_SLOW_ERROR,
						   .page = GUP_PAGE_NONE,
						   .err = EFAULT,
						   .word = GUP_WORD_ERRNO };
		} else if (write && !p->write) {
			*r = (struct gup_verdict){
				.fast_reason = GUP_REASON_NO_WRITE,
				.fault = GUP_FAULT_WRITE,
				.page = p->map > 1 ? GUP_PAGE_COPY : GUP_PAGE_SAME,
				.word = p->map > 1 ? GUP_WORD_COPY : GUP_WORD_REUSE
			};
		} else if (pin && anon && p->exclusive != TRI_YES) {
			*r = (struct gup_verdict){ .fast_reason = GUP_REASON_MUST_UNSHARE,
						   .fault = GUP_FAULT_UNSHARE,
						   .page = GUP_PAGE_COPY,
						   .word = GUP_WORD_COPY };
		}
		if (p->kind == PAGE_ANON && p->exclusive == TRI_UNKNOWN && pin)
			*r = (struct gup_verdict){ .fast = TRI_UNKNOWN,
						   .slow = GUP_SLOW_OK,
						   .fault = GUP_FAULT_UNKNOWN,
						   .page = GUP_PAGE_UNKNOWN,
						   .word = GUP_WORD_UNKNOWN,
						   .unknown = F(ANON_EXCLUSIVE) |
							      F(REF_ONE) };
	}
	v->write.fault = p->kind == PAGE_NONE ? GUP_WRITE_POPULATE
			 : p->write           ? GUP_WRITE_NONE
			 : p->leak            ? GUP_WRITE_REUSE
			 : p->map > 1         ? GUP_WRITE_COPY
					      : GUP_WRITE_REUSE;
	v->write.leak = v->write.seen_by_refs = p->leak ? TRI_YES : TRI_NO;
	v->fork.word = p->pin ? GUP_FORK_COPY : GUP_FORK_SHARE;
	v->migrate.word = maps_no_page(p)          ? GUP_MIGRATE_NONE
			  : p->kind == PAGE_DEVICE ? GUP_MIGRATE_NEVER
			  : sc->blind              ? GUP_MIGRATE_UNKNOWN
			  : p->ref > p->map        ? GUP_MIGRATE_REFS
						   : GUP_MIGRATE_YES;
}

static void fill(const struct scene *sc, const struct spec *p, struct page_info *page)
{
	u64 pages = p->size / PAGE;

	*page = (struct page_info){
		.size = p->size,
		.kind = p->kind,
		.leaf = p->size > PAGE ? RAW_LEVEL_PMD : RAW_LEVEL_PTE,
		.anon = p->kind == PAGE_ANON || p->kind == PAGE_HUGETLB,
		.folio_mapcount = p->map,
		.mm_shared = TRI_UNKNOWN,
		.zone = PAGE_ZONE_NORMAL,
		.expected = p->map
	};
	for (unsigned o = 0; pages >> o > 1; o++)
		page->order = (u8)(o + 1);
	if (maps_no_page(p)) {
		for (unsigned f = 0; f < PAGE_FIELDS; f++)
			page->why[f] = f == PAGE_F_KIND ? PAGE_WHY_KNOWN
							: PAGE_WHY_NOT_APPLICABLE;
		return;
	}
	fact_set(&page->facts, F(PRESENT), true);
	page->mapcount = p->map;
	page->mapcount_kind = PAGE_COUNT_EXACT;
	page->refcount = p->ref;
	page->excess = p->ref - p->map;
	fact_set(&page->facts, F(EXTRA_REFS), page->excess > 0);
	page->pincount = p->pin;
	page->pincount_kind = p->size > PAGE ? PAGE_COUNT_EXACT : PAGE_COUNT_ESTIMATE;
	page->anon_exclusive = p->exclusive;
	page->pte_known = UINT16_MAX;
	page->pte = PAGE_PTE_DIRTY | PAGE_PTE_YOUNG | (p->write ? PAGE_PTE_WRITE : 0);
	page->flags_known = UINT64_MAX;
	if (!sc->blind)
		return;
	page->why[PAGE_F_REFCOUNT] = page->why[PAGE_F_PINCOUNT] = page->why[PAGE_F_PTE] =
		PAGE_WHY_NO_BPF;
	page->pte_known = page->pte = 0;
	page->expected = -1;
	page->refcount = page->excess = page->pincount = 0;
	page->facts = (struct facts){ 0 };
	fact_set(&page->facts, F(PRESENT), true);
	if (page->size == PAGE && p->kind == PAGE_ANON && p->exclusive != TRI_YES) {
		page->anon_exclusive = TRI_UNKNOWN;
		page->why[PAGE_F_ANON_EXCLUSIVE] = PAGE_WHY_HEAD_ONLY;
	}
}

/* ---- building */

static void begin(struct scene *sc, const struct store *like, bool blind)
{
	struct report_head head = { .kernel = &kernel, .machine = &machine };

	memset(sc, 0, sizeof(*sc));
	sc->blind = blind;
	sc->s = store_new(&(struct store_options){ .holes = true }, like);
	store_view.begin(sc->s, &head);
}

static void process(struct scene *sc, pid_t pid, pid_t ppid, const char *comm)
{
	sc->process = (struct process){ .pid = pid, .ppid = ppid };
	snprintf(sc->process.comm, sizeof(sc->process.comm), "%s", comm);
	memset(&sc->totals, 0, sizeof(sc->totals));
	store_view.process(sc->s, &sc->process);
}

static void vma(struct scene *sc, u64 start, u64 size, const char *perms,
		const char *name)
{
	sc->vma = (struct vma){ .start = start,
				.end = start + size,
				.read = perms[0] == 'r',
				.write = perms[1] == 'w',
				.exec = perms[2] == 'x',
				.shared = perms[3] == 's' };
	snprintf(sc->vma.name, sizeof(sc->vma.name), "%s", name);
	memset(&sc->vma_totals, 0, sizeof(sc->vma_totals));
	sc->vma_totals.size_bytes = size;
	store_view.vma(sc->s, &sc->process, &sc->vma);
}

/* The next @spec.n pages of the mapping from @addr on.  Returns the address after them. */
static u64 pages(struct scene *sc, u64 addr, struct spec spec)
{
	struct gup_verdicts verdicts;
	struct page_class class = { .verdicts = &verdicts };
	struct report_row row = { .process = &sc->process, .vma = &sc->vma };

	if (!spec.size)
		spec.size = PAGE;
	if (sc->blind && spec.kind == PAGE_ANON && spec.exclusive != TRI_YES)
		spec.exclusive = TRI_UNKNOWN;
	fill(sc, &spec, &class.page);
	judge(sc, &spec, &verdicts);
	row.run = (struct page_run){ addr, spec.n, spec.pfn, &class };
	store_view.row(sc->s, &row);
	report_count(&sc->vma_totals, &row, PAGE);
	return addr + spec.n * spec.size;
}

static void vma_end(struct scene *sc)
{
	store_view.vma_end(sc->s, &sc->process, &sc->vma, &sc->vma_totals);
	report_add(&sc->totals, &sc->vma_totals);
}

static void process_end(struct scene *sc)
{
	store_view.process_end(sc->s, &sc->process, &sc->totals);
}

static void moment(struct tui *t, double seconds, u8 kind, pid_t pid, const char *what,
		   const char *text, bool warning, struct store *store)
{
	struct tui_moment m = { .time_ns = (u64)(seconds * 1e9),
				.kind = kind,
				.pid = pid,
				.what = (char *)what,
				.text = (char *)text,
				.warning = warning };

	tui_history_add(tui_state_history(t), &m, store);
	tui_view_moment(t);
}

/* ---- the scene "fork" */

static const struct spec hole = { .n = 1, .kind = PAGE_NONE };

static void common(struct scene *sc, unsigned step, bool child)
{
	s64 map = step >= 1 ? 2 : 1;
	u8 exclusive = step >= 1 ? TRI_NO : TRI_YES;
	bool write = step < 1;
	u64 at;

	vma(sc, 0x55d0bf000000, 16 * PAGE, "r-xp", "/usr/bin/demo");
	pages(sc, sc->vma.start,
	      (struct spec){ .n = 16,
			     .pfn = 0x4400,
			     .kind = PAGE_FILE,
			     .map = map,
			     .ref = map });
	vma_end(sc);
	vma(sc, HEAP, 33 * PAGE, "rw-p", "[heap]");
	at = pages(sc, HEAP,
		   (struct spec){ 12, PAGE, 0x9100, PAGE_ANON, exclusive, map, map, 0,
				  write });
	pages(sc, at, (struct spec){ 21, PAGE, 0, PAGE_NONE });
	vma_end(sc);
	vma(sc, ANON, 256 * PAGE, "rw-p", "");
	at = ANON;
	for (unsigned i = 0; i < 4; i++) {
		bool copied = step >= 3 && i == 1;
		struct spec a = { 32,        PAGE,      0x20000 + i * 0x100,
				  PAGE_ANON, exclusive, map,
				  map,       0,         write };

		if (copied) /* the parent wrote: it has copies, the child keeps the old pages */
			a = (struct spec){ 32,
					   PAGE,
					   child ? a.pfn : 0x70000,
					   PAGE_ANON,
					   child ? TRI_NO : TRI_YES,
					   1,
					   1,
					   0,
					   !child };
		if (step >= 2 && i == 2)
			a.ref++;
		at = pages(sc, at, a);
		struct spec h = hole;
		h.n = 32;
		at = pages(sc, at, h);
	}
	vma_end(sc);
	vma(sc, HUGE, 8 * MIB, "rw-p", "/anon_hugepage (deleted)");
	at = pages(sc, HUGE,
		   (struct spec){ 1, 2 * MIB, 0x80000, PAGE_HUGETLB, exclusive,
				  step >= 3 ? 1 : map, map + (step >= 2) - (step >= 3), 0,
				  write, step >= 3 && !child });
	at = pages(sc, at,
		   (struct spec){ 1, 2 * MIB, 0x80200, PAGE_HUGETLB, TRI_YES, 1, 3, 2,
				  true });
	pages(sc, at, (struct spec){ 1024, PAGE, 0, PAGE_NONE });
	vma_end(sc);
	vma(sc, 0x7ffd12000000, 33 * PAGE, "rw-p", "[stack]");
	at = pages(sc, sc->vma.start, (struct spec){ 30, PAGE, 0, PAGE_NONE });
	pages(sc, at,
	      (struct spec){ 3, PAGE, 0xa000, PAGE_ANON, exclusive, map, map, 0, write });
	vma_end(sc);
}

static struct store *fork_step(unsigned step, const struct store *like, bool blind)
{
	struct scene sc;

	begin(&sc, like, blind);
	process(&sc, 4242, 1, "demo");
	common(&sc, step, false);
	process_end(&sc);
	if (step >= 1) {
		process(&sc, 4243, 4242, "demo");
		common(&sc, step, true);
		process_end(&sc);
	}
	return sc.s;
}

static struct store *load_fork(struct tui *t, bool blind)
{
	struct store *first = fork_step(0, NULL, blind), *live;

	tui_state_now(t, 5250000000ull);
	tui_state_live(t, NULL);
	moment(t, 0.0, TUI_MOMENT_NOTE, 4242, "start", "first look", false, first);
	moment(t, 0.8, TUI_MOMENT_EVENT, 4242, "fork", "= 4243; 76 pages shared", false,
	       fork_step(1, first, blind));
	moment(t, 1.6, TUI_MOMENT_EVENT, 4243, "vmsplice",
	       "fd 5, 2M+128K = 2228224; hugetlb: a later write is seen by the pipe (leak)",
	       true, fork_step(2, first, blind));
	moment(t, 3.25, TUI_MOMENT_SAMPLE, 4242, "changed", "32 replaced", false,
	       fork_step(3, first, blind));
	live = fork_step(3, first, blind);
	struct tui_status *s = tui_state_status(t);
	s->scan_ms = 1.25;
	s->cpu_percent = 0.8;
	s->refreshes = 4;
	tui_state_live(t, live);
	return live;
}

/* ---- the others */

static struct store *load_thp(struct tui *t)
{
	struct scene sc;
	u64 at = ANON;

	begin(&sc, NULL, false);
	process(&sc, 900, 1, "thp");
	vma(&sc, ANON, 64 * MIB, "rw-p", "[anon:arena]");
	at = pages(&sc, at,
		   (struct spec){ 8, 2 * MIB, 0x100000, PAGE_ANON, TRI_YES, 1, 1, 0,
				  true });
	/* PTE-mapped, half of it shared: the trap */
	for (unsigned i = 0; i < 2; i++) {
		struct gup_verdicts verdicts;
		struct page_class class = { .verdicts = &verdicts };
		struct page_info *page = &class.page;
		struct spec sp = { 256,
				   PAGE,
				   0x140000 + i * 256,
				   PAGE_ANON,
				   i ? TRI_NO : TRI_YES,
				   i ? 2 : 1,
				   768,
				   0,
				   !i };
		struct report_row row = { .process = &sc.process,
					  .vma = &sc.vma,
					  .run = { at, sp.n, sp.pfn, &class } };

		fill(&sc, &sp, page);
		page->order = 9;
		page->expected = page->folio_mapcount = 768;
		page->excess = 0;
		fact_set(&page->facts, F(EXTRA_REFS), false);
		judge(&sc, &sp, &verdicts);
		verdicts.migrate.word = GUP_MIGRATE_YES;
		store_view.row(sc.s, &row);
		report_count(&sc.vma_totals, &row, PAGE);
		at += 256 * PAGE;
	}
	at = pages(&sc, at, (struct spec){ 1536, PAGE, 0, PAGE_NONE });
	at = pages(&sc, at,
		   (struct spec){ 4, 2 * MIB, 0x180000, PAGE_ANON, TRI_NO, 2, 2, 0,
				  false });
	at = pages(&sc, at,
		   (struct spec){ 512, PAGE, 0x3000, PAGE_ANON, TRI_YES, 1, 1, 0, true });
	pages(&sc, at,
	      (struct spec){ (ANON + 64 * MIB - at) / PAGE, PAGE, 0, PAGE_NONE });
	vma_end(&sc);
	process_end(&sc);
	tui_state_live(t, sc.s);
	return sc.s;
}

static struct store *load_hostile(struct tui *t)
{
	struct scene sc;

	begin(&sc, NULL, false);
	process(&sc, 666, 1, "\033]0;pwned\007\033[2J");
	vma(&sc, HEAP, 4 * PAGE, "rw-p", "/tmp/\033[31mred\r\nnew line");
	pages(&sc, HEAP,
	      (struct spec){ 4, PAGE, 0x10, PAGE_ANON, TRI_YES, 1, 1, 0, true });
	vma_end(&sc);
	vma(&sc, ANON, 4 * PAGE, "rw-p",
	    "/tmp/\xe6\xbc\xa2\xe5\xad\x97 wide \xff\xfe bad");
	pages(&sc, ANON,
	      (struct spec){ 4, PAGE, 0x20, PAGE_ANON, TRI_YES, 1, 1, 0, true });
	vma_end(&sc);
	vma(&sc, HUGE, 4 * PAGE, "rw-p", "/tmp/\xe2\x80\xaetxt.exe");
	vma_end(&sc);
	process_end(&sc);
	tui_state_live(t, sc.s);
	return sc.s;
}

static struct store *load_kinds(struct tui *t)
{
	static const struct spec specs[] = {
		{ 1, PAGE, 0x10, PAGE_ANON, TRI_YES, 1, 1, 0, true },
		{ 1, PAGE, 0x11, PAGE_ANON, TRI_NO, 2, 2, 0, false },
		{ 1, PAGE, 0x12, PAGE_ANON, TRI_NO, 2, 3, 0, false },
		{ 1, PAGE, 0x13, PAGE_ANON, TRI_YES, 1, 1025, 1, true },
		{ 1, PAGE, 0x14, PAGE_KSM, TRI_NO, 5, 5, 0, false },
		{ 1, PAGE, 0x15, PAGE_ZERO, TRI_NO, 0, 1, 0, false },
		{ 1, PAGE, 0x16, PAGE_FILE, TRI_NO, 3, 3, 0, false },
		{ 1, PAGE, 0x17, PAGE_SHMEM, TRI_NO, 1, 1, 0, true },
		{ 1, PAGE, 0x18, PAGE_SWAP, TRI_NO, 0, 0, 0, false },
		{ 1, PAGE, 0, PAGE_GUARD, TRI_NO, 0, 0, 0, false },
		{ 1, PAGE, 0x1a, PAGE_DEVICE, TRI_NO, 1, 1, 0, false },
		{ 1, PAGE, 0x1b, PAGE_ANON, TRI_UNKNOWN, 1, 1, 0, false },
		{ 1, PAGE, 0x1c, PAGE_ANON, TRI_NO, 1, 2, 0, false, true },
		{ 1, PAGE, 0, PAGE_NONE },
	};
	struct scene sc;
	u64 at = ANON;

	begin(&sc, NULL, false);
	process(&sc, 77, 1, "kinds");
	vma(&sc, ANON, 16 * PAGE, "rw-p", "");
	for (unsigned i = 0; i < ARRAY_SIZE(specs); i++)
		at = pages(&sc, at, specs[i]);
	vma_end(&sc); /* the last two pages were not read */
	process_end(&sc);
	tui_state_live(t, sc.s);
	return sc.s;
}

/* A page and the words of what is judged about it. */
struct worded {
	struct spec spec;
	u8 word; /* of all six requests; only a long-term pin migrates */
	u8 write, fork;
};

/* The scene "words", as it was at the start and as it is now. */
static struct store *words_step(bool now, const struct store *like)
{
	static const struct worded all[] = {
		{ { 1, PAGE, 0x10, PAGE_ANON, TRI_YES, 1, 1, 0, true },
		  GUP_WORD_FAST,
		  GUP_WRITE_NONE,
		  GUP_FORK_SHARE },
		{ { 1, PAGE, 0x11, PAGE_ANON, TRI_YES, 1, 1, 0, true },
		  GUP_WORD_SLOW,
		  GUP_WRITE_REUSE,
		  GUP_FORK_SHARE },
		{ { 1, PAGE, 0x12, PAGE_ANON, TRI_NO, 1, 1, 0, false },
		  GUP_WORD_MARK,
		  GUP_WRITE_REUSE,
		  GUP_FORK_SHARE },
		{ { 1, PAGE, 0x13, PAGE_ANON, TRI_NO, 2, 2, 0, false },
		  GUP_WORD_COPY,
		  GUP_WRITE_COPY,
		  GUP_FORK_SHARE },
		{ { 1, PAGE, 0x14, PAGE_ANON, TRI_YES, 1, 1, 0, false },
		  GUP_WORD_REUSE,
		  GUP_WRITE_REUSE,
		  GUP_FORK_SHARE },
		{ { 1, PAGE, 0, PAGE_MARKER },
		  GUP_WORD_FAULT,
		  GUP_WRITE_POPULATE,
		  GUP_FORK_SKIP },
		{ { 1, PAGE, 0x16, PAGE_SWAP },
		  GUP_WORD_SWAPIN,
		  GUP_WRITE_SWAPIN,
		  GUP_FORK_SHARE },
		{ { 1, PAGE, 0x17, PAGE_ANON, TRI_YES, 1, 1, 0, true },
		  GUP_WORD_MIGRATE,
		  GUP_WRITE_NONE,
		  GUP_FORK_COPY },
		{ { 1, PAGE, 0x18, PAGE_FILE, TRI_NO, 1, 1, 0, false },
		  GUP_WORD_ERRNO,
		  GUP_WRITE_SEGV,
		  GUP_FORK_SKIP },
		{ { 1, PAGE, 0x19, PAGE_ANON, TRI_UNKNOWN, 1, 1, 0, false },
		  GUP_WORD_UNKNOWN,
		  GUP_WRITE_UNKNOWN,
		  GUP_FORK_UNKNOWN },
		{ { 1, PAGE, 0x1a, PAGE_ANON, TRI_YES, 1, 1, 0, true },
		  GUP_WORD_FAST,
		  GUP_WRITE_NONE,
		  GUP_FORK_SHARE },
	};
	struct gup_verdicts verdicts;
	struct page_class class = { .verdicts = &verdicts };
	struct scene sc;
	struct report_row row = { .process = &sc.process, .vma = &sc.vma };
	u64 at = ANON;

	begin(&sc, like, false);
	process(&sc, 78, 1, "words");
	vma(&sc, ANON, 16 * PAGE, "rw-p", "");
	for (unsigned i = 0; i < ARRAY_SIZE(all); i++, at += PAGE) {
		struct worded p = all[i];

		if (!now && i == 0) /* it appears */
			p.spec = (struct spec){ 1, PAGE, 0, PAGE_NONE };
		if (now && i == 10) /* it vanishes */
			p.spec = (struct spec){ 1, PAGE, 0, PAGE_NONE };
		if (now && i == 2) /* another frame */
			p.spec.pfn = 0x99;
		if (now && i == 4) /* another state */
			p.spec.exclusive = TRI_NO;
		if (now && i == 7) /* a reference more */
			p.spec.ref++;
		fill(&sc, &p.spec, &class.page);
		row.run = (struct page_run){ at, p.spec.n, p.spec.pfn, &class };
		judge(&sc, &p.spec, &verdicts);
		for (unsigned r = 0; r < GUP_REQUESTS; r++)
			verdicts.req[r].word = p.word == GUP_WORD_MIGRATE && r < GUP_LT_R
						       ? GUP_WORD_FAST
						       : p.word;
		verdicts.write.fault = p.write;
		verdicts.fork.word = p.fork;
		store_view.row(sc.s, &row);
		report_count(&sc.vma_totals, &row, PAGE);
	}
	vma_end(&sc);
	process_end(&sc);
	return sc.s;
}

static struct store *load_words(struct tui *t)
{
	struct store *first = words_step(false, NULL), *live;

	tui_state_now(t, 9000000000ull);
	tui_state_live(t, NULL);
	moment(t, 0.0, TUI_MOMENT_NOTE, 78, "start", "first look", false, first);
	live = words_step(true, first);
	tui_state_live(t, live);
	return live;
}

static void load_picker(struct tui *t)
{
	static const struct tui_proc procs[] = {
		{ { .pid = 1, .comm = "systemd" },
		  { .present = 14 * MIB, .shared = 9 * MIB } },
		{ { .pid = 812, .comm = "postgres" },
		  { .present = 190 * MIB, .shared = 160 * MIB } },
		{ { .pid = 813, .comm = "postgres" },
		  { .present = 24 * MIB, .shared = 20 * MIB } },
		{ { .pid = 2301, .comm = "qemu-system-x86" },
		  { .present = 4200 * MIB, .shared = 30 * MIB, .pinned = 4096 * MIB } },
		{ { .pid = 4242, .comm = "demo" },
		  { .present = 9 * MIB, .shared_unknown = 1, .pins_unknown = 1 } },
	};

	tui_picker_rows(t, procs, ARRAY_SIZE(procs));
}

bool scenes_load(struct tui *t, const char *name, struct store **ret_live)
{
	struct scene sc;

	*ret_live = NULL;
	if (!strcmp(name, "fork") || !strcmp(name, "blind")) {
		*ret_live = load_fork(t, !strcmp(name, "blind"));
	} else if (!strcmp(name, "thp")) {
		*ret_live = load_thp(t);
	} else if (!strcmp(name, "hostile")) {
		*ret_live = load_hostile(t);
	} else if (!strcmp(name, "kinds")) {
		*ret_live = load_kinds(t);
	} else if (!strcmp(name, "words")) {
		*ret_live = load_words(t);
	} else if (!strcmp(name, "picker")) {
		load_picker(t);
	} else if (!strcmp(name, "empty")) {
		begin(&sc, NULL, false);
		process(&sc, 5, 1, "empty");
		process_end(&sc);
		*ret_live = sc.s;
		tui_state_live(t, sc.s);
	} else {
		return false;
	}
	return true;
}
