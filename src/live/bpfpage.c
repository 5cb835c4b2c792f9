/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "live/bpfpage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "live/bpfprog.h"
#include "live/calibrate.h"
#include "live/peek.h"
#include "os/worker_slices.h"

struct bpfpage {
	struct bpfbtf btf;    /* the part of the kernel's BTF that the programs need */
	struct bpfprog *prog; /* of structpage.bpf.c, with its variables and records: */
	struct structpage_call *call;
	struct structpage_cal *cal;
	struct structpage_rec *rec;   /* STRUCTPAGE_RECS for each walk */
	struct structpage_walk *walk; /* of each slot */
	struct structpage_peek *peek; /* STRUCTPAGE_PEEKS, likewise */
	unsigned slots;
	struct bpfprog *files; /* holders.bpf.c, while the results of a walk are in use */
	struct bpfprog *memory; /* memory.bpf.c, loaded at the first use */
	struct bpfprog *frames; /* frames.bpf.c, likewise */
	bool memory_tried, frames_tried;
	s64 cpus; /* online when ->memory was loaded; later ones have the same layout */
	bool cast, gentle;
	struct worker_pool *pool; /* the caller's; NULL: one thread reads */
	int pinned_bit;
	struct kpf_layout layout;
	struct structpage_machine machine;
};

#define FEW 16384                 /* pages that are read while a kernel loads "observe" */
#define BATCH 256                 /* entries that a callback gets at once */
#define SLICE_ALIGN (2ULL << 20)  /* a table of entries, or a huge page */
#define SLICE_FIRST (16ULL << 20) /* read in less time than a thread needs to wake up */

/* A walk in a slot. */
struct call {
	const struct bpfpage *bp;
	u32 slot;
};

static int peek(void *ctx)
{
	const struct call *c = ctx;

	return bpfprog_run(c->bp->prog, "peek", c->slot);
}

/* Walks once, with the arguments of @slot. */
static int observe(const struct bpfpage *bp, u32 slot)
{
	struct call c = { bp, slot };
	const struct peek_io io = { .machine = bp->call,
				    .layout = bp->prog->layout,
				    .page_size = bp->cal->page_size,
				    .rec = bp->rec,
				    .walk = &bp->walk[slot],
				    .peek = bp->peek,
				    .run = peek,
				    .ctx = &c };

	return bp->cast ? bpfprog_run(bp->prog, "observe", slot) : peek_observe(&io);
}

static int run(void *ctx, enum calibrate_prog prog)
{
	const struct bpfpage *bp = ctx;

	if (prog == CALIBRATE_BASES)
		return bpfprog_run(bp->prog, "calibrate", 0);
	return observe(bp, 0);
}

static int load(struct bpfpage *bp, bool cast, char why[BPFPAGE_WHY])
{
	const struct bpfprog_options opt = {
		.without = { cast ? "peek" : "observe",
			     bpfbtf_id(BPFBTF_TASK_VMA) ? NULL : "vmas" },
		.map = { "recs", "walks", "peeks" },
		.room = { STRUCTPAGE_RECS * bp->slots, bp->slots,
			  cast ? 1 : STRUCTPAGE_PEEKS * bp->slots },
		.btf = &bp->btf,
	};
	int r = bpfprog_load(BPFPROG_STRUCTPAGE, &opt, &bp->prog, why);

	if (r)
		return r;
	bp->cast = cast;
	bp->call = bp->prog->call;
	bp->cal = bp->prog->cal;
	bp->rec = bp->prog->records[0];
	bp->walk = bp->prog->records[1];
	bp->peek = bp->prog->records[2];
	for (u32 i = 0; i < bp->slots; i++) {
		bp->walk[i].first = i * STRUCTPAGE_RECS;
		bp->walk[i].peeks = i * STRUCTPAGE_PEEKS;
	}
	return 0;
}

static int open_checked(struct bpfpage *bp, const struct bpfpage_options *opt,
			char why[BPFPAGE_WHY])
{
	bool few = opt && opt->pages && opt->pages <= FEW;
	struct calibrate_io io = { .run = run, .ctx = bp };
	int r = bpfprog_permitted(why);

	if (r)
		return r;
	r = -ENOTSUP;
	if (!opt || !opt->no_cut)
		bpfbtf_open(&bp->btf, false);
	/* Prefer the faster reader where the kernel takes it, and to load it pays. */
	if (!few && bp->btf.fd >= 0 && bpfbtf_id(BPFBTF_CAST))
		r = load(bp, true, why);
	if (r && r != -EPERM)
		r = load(bp, false, why);
	if (r)
		return r;
	io.cal = bp->cal;
	io.call = bp->call;
	io.walk = bp->walk;
	io.rec = bp->rec;
	r = calibrate_run(&io, &bp->pinned_bit, why, BPFPAGE_WHY);
	if (r)
		return r;
	memcpy(&bp->layout, bp->cal->flag, sizeof(bp->layout));
	bp->machine.fields = bp->cal->fields;
	bp->machine.zero_pfn = bp->call->zero_pfn[0];
	bp->machine.huge_zero_pfn = bp->call->zero_pfn[1];
	return 0;
}

int bpfpage_open(const struct bpfpage_options *opt, struct bpfpage **ret,
		 char why[BPFPAGE_WHY])
{
	struct bpfpage *bp = calloc(1, sizeof(*bp));
	int r;

	if (!bp) {
		snprintf(why, BPFPAGE_WHY, "out of memory");
		return -ENOMEM;
	}
	bp->pinned_bit = bp->btf.fd = -1;
	bp->pool = opt ? opt->pool : NULL;
	/* While the first slice is delivered, each worker reads one, and some wait. */
	bp->slots = worker_pool_size(bp->pool) > 1 ? 2 * worker_pool_size(bp->pool) : 1;
	r = open_checked(bp, opt, why);
	if (r) {
		bpfpage_close(bp);
		return r;
	}
	*ret = bp;
	return 0;
}

void bpfpage_close(struct bpfpage *bp)
{
	if (!bp)
		return;
	bpfpage_files_done(bp);
	bpfprog_free(bp->memory);
	bpfprog_free(bp->frames);
	bpfprog_free(bp->prog);
	bpfbtf_close(&bp->btf);
	free(bp);
}

const struct kpf_layout *bpfpage_layout(const struct bpfpage *bp)
{
	return &bp->layout;
}

const char *bpfpage_reader(const struct bpfpage *bp)
{
	return bp->cast ? "cast" : "copy";
}

u64 bpfpage_user_end(const struct bpfpage *bp)
{
	return 1ULL << calibrate_va_bits(bp->cal);
}

bool bpfpage_walks(const struct bpfpage *bp)
{
	return bp->call->levels;
}

u32 bpfpage_fields(const struct bpfpage *bp)
{
	return bp->cal->fields;
}

/* ---- walking: several calls fill the records of their slots, those before are handed on */

struct walk {
	struct bpfpage *bp;
	struct structpage_walk of; /* the arguments of all calls */
	source_raw_cb cb;
	void *ctx;
	u64 start;
	u64 at; /* what lies below was delivered */
};

/* A worker_slices read(): calls the program once. */
static int read_slice(void *ctx, unsigned slot, u64 at, u64 end, u64 *ret_to,
		      unsigned *ret_full)
{
	const struct walk *w = ctx;
	struct structpage_walk *call = &w->bp->walk[slot];
	u32 steps = w->bp->gentle ? STRUCTPAGE_GENTLE : STRUCTPAGE_STEPS;
	int r;

	call->addr = at;
	call->end = end;
	call->pfn_lo = w->of.pfn_lo;
	call->pfn_hi = w->of.pfn_hi;
	call->fd = w->of.fd;
	call->hugetlb = w->of.hugetlb;
	call->fold = w->of.fold;
	call->gentle = w->bp->gentle;
	call->later = at > w->start;
	r = observe(w->bp, slot);
	if (!r)
		r = call->err;
	if (!r && call->addr <= at)
		r = -EIO; /* cannot happen: every call advances */
	if (r)
		return r;
	*ret_to = call->addr;
	*ret_full = MAX(call->n * WORKER_SLICES_FULL / STRUCTPAGE_RECS,
			call->steps * WORKER_SLICES_FULL / steps);
	return 0;
}

/* A huge leaf appeared around the border of two slices: neither has what lies before @first. */
static int deliver_gap(const struct walk *w, u64 first)
{
	const struct raw_page raw = { .addr = w->at,
				      .pages = (first - w->at) >> w->bp->call->page_shift,
				      .level = RAW_LEVEL_PTE,
				      .has = RAW_HAS_PTE | RAW_HAS_LEVEL | RAW_RACED };

	return w->cb(w->ctx, &raw, 1);
}

/* Runs on their way, so many at a time. */
struct batch {
	const struct walk *w;
	u32 n;
	struct raw_page raw[BATCH];
};

static int deliver_batch(struct batch *b)
{
	u32 n = b->n;

	b->n = 0;
	return n ? b->w->cb(b->w->ctx, b->raw, n) : 0;
}

static int deliver_rec(struct batch *b, const struct structpage_rec *r)
{
	structpage_to_raw(&b->w->bp->machine, r, &b->raw[b->n++]);
	return b->n == BATCH ? deliver_batch(b) : 0;
}

/* A worker_slices deliver(). */
static int deliver(void *ctx, unsigned slot)
{
	struct walk *w = ctx;
	const struct structpage_walk *call = &w->bp->walk[slot];
	struct structpage_cursor at = { .rec = w->bp->rec +
					       (size_t)slot * STRUCTPAGE_RECS,
					.n = MIN(call->n, (u32)STRUCTPAGE_RECS),
					.page_shift = w->bp->call->page_shift };
	const struct structpage_rec *rec = at.rec;
	u64 first = at.n ? rec->addr : call->addr;
	struct batch b;
	int r = 0;

	b.w = w;
	b.n = 0;
	if (!w->of.pfn_hi && first > w->at)
		r = deliver_gap(w, first);
	w->at = call->addr;
	while (!r && (rec = structpage_next(&at)))
		r = deliver_rec(&b, rec);
	return r ? r : deliver_batch(&b);
}

static int walk(struct walk *w, u64 start, u64 end)
{
	const struct worker_slices s = {
		.start = start,
		.end = end,
		.align = SLICE_ALIGN,
		.size = SLICE_FIRST,
		.slots = w->bp->slots,
		.read = read_slice,
		.deliver = deliver,
		.ctx = w,
	};

	w->start = w->at = start;
	return worker_slices_run(w->bp->pool, &s);
}

int bpfpage_observe(struct bpfpage *bp, int pagemap_fd, bool hugetlb, u64 start, u64 end,
		    bool fold, source_raw_cb cb, void *ctx)
{
	struct walk w = { .bp = bp,
			  .of = { .fd = pagemap_fd, .hugetlb = hugetlb, .fold = fold },
			  .cb = cb,
			  .ctx = ctx };

	return walk(&w, start, end);
}

int bpfpage_find(struct bpfpage *bp, int pagemap_fd, u64 start, u64 end, u64 pfn_lo,
		 u64 pfn_hi, source_raw_cb cb, void *ctx)
{
	struct walk w = { .bp = bp,
			  .of = { .fd = pagemap_fd, .pfn_lo = pfn_lo, .pfn_hi = pfn_hi },
			  .cb = cb,
			  .ctx = ctx };

	return pfn_hi > pfn_lo ? walk(&w, start, end) : 0;
}

void bpfpage_gentle(struct bpfpage *bp)
{
	bp->gentle = true;
}

int bpfpage_vmas(struct bpfpage *bp, pid_t pid, u64 start, u64 end)
{
	int fd;

	bp->call->vma_lo = start;
	bp->call->vma_hi = end;
	fd = bpfprog_iterate(bp->prog, "vmas", pid);
	return fd < 0 ? -ENOTSUP : fd;
}

void bpfpage_files_done(struct bpfpage *bp)
{
	bpfprog_free(bp->files);
	bp->files = NULL;
}

/* Runs an iterator program that prints nothing to its end. */
static int iterate(struct bpfprog *prog, const char *name, pid_t pid)
{
	int fd = bpfprog_iterate(prog, name, pid), r = fd < 0 ? fd : 0;
	char buf[64];
	ssize_t n;

	if (fd < 0 && pid) /* before 6.1 an iterator is of all processes */
		return iterate(prog, name, 0);
	while (!r) {
		n = read(fd, buf, sizeof(buf));
		if (!n)
			break;
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			r = -errno;
	}
	if (fd >= 0)
		close(fd);
	return r;
}

/* Loads other programs than those of structpage.bpf.c, for which more of the kernel's BTF is needed. */
static int load_other(struct bpfpage *bp, enum bpfprog_object which,
		      const struct bpfprog_options *opt, struct bpfprog **ret,
		      char why[BPFPAGE_WHY])
{
	if (bp->btf.fd >= 0 && !bp->btf.all) {
		bpfbtf_close(&bp->btf);
		bpfbtf_open(&bp->btf, true);
	}
	return bpfprog_load(which, opt, ret, why);
}

/* Walks open files with @grow times the least room. */
static int walk_files(struct bpfpage *bp, pid_t pid, u32 kinds, u32 grow,
		      struct bpfpage_files *ret, char why[BPFPAGE_WHY])
{
	const struct bpfprog_options opt = { .map = { "ends", "holds" },
					     .room = { STRUCTPAGE_ENDS * grow,
						       STRUCTPAGE_HOLDS * grow },
					     .btf = &bp->btf,
					     .kinds = kinds };
	int r = load_other(bp, BPFPROG_HOLDERS, &opt, &bp->files, why);
	struct structpage_files *files;

	if (r)
		return r;
	files = bp->files->files;
	files->vmemmap = bp->call->vmemmap;
	files->page_size = bp->cal->page_size;
	files->page_shift = bp->call->page_shift;
	r = iterate(bp->files, "files_walk", pid);
	if (r) {
		snprintf(why, BPFPAGE_WHY, "open files could not be walked: %s",
			 strerror(-r));
		return r;
	}
	*ret = (struct bpfpage_files){
		.end = bp->files->records[0],
		.hold = bp->files->records[1],
		.nends = MIN(files->nends, opt.room[0]),
		.nholds = MIN(files->nholds, opt.room[1]),
		.nfiles = files->nfiles,
		.raced = files->raced,
	};
	ret->truncated = ret->nends < files->nends || ret->nholds < files->nholds;
	return 0;
}

int bpfpage_files(struct bpfpage *bp, pid_t pid, u32 kinds, struct bpfpage_files *ret,
		  char why[BPFPAGE_WHY])
{
	u32 grow = 1;
	int r;

	for (;;) {
		bpfpage_files_done(bp);
		r = walk_files(bp, pid, kinds, grow, ret, why);
		if (r || !ret->truncated || grow == STRUCTPAGE_GROW)
			break;
		grow = STRUCTPAGE_GROW;
	}
	if (r)
		bpfpage_files_done(bp);
	return r;
}

/* Loads the programs that look at all memory, once. */
static const struct bpfprog *load_memory(struct bpfpage *bp)
{
	struct bpfprog_options opt = { .map = { "batched" }, .btf = &bp->btf };
	char why[BPFPAGE_WHY];
	u32 room;

	if (bp->memory_tried)
		return bp->memory;
	bp->memory_tried = true;
	room = STRUCTPAGE_BATCHED * (u32)MAX(sysconf(_SC_NPROCESSORS_CONF), 1);
	opt.room[0] = 2 * room;
	bp->cpus = sysconf(_SC_NPROCESSORS_ONLN);
	if (!load_other(bp, BPFPROG_MEMORY, &opt, &bp->memory, why))
		bp->memory->batches->room = room;
	return bp->memory;
}

struct structpage_batch *bpfpage_batches(struct bpfpage *bp, u32 half, u32 *ret_n)
{
	const struct bpfprog *p = load_memory(bp);
	struct structpage_batches *b;

	if (!p || !bpfbtf_offset(BPFBTF_HRTIMER_BASES))
		return NULL;
	b = p->batches;
	b->first = half * b->room;
	b->vmemmap = bp->call->vmemmap;
	b->page_size = bp->cal->page_size;
	b->timers = bpfbtf_offset(BPFBTF_HRTIMER_BASES);
	b->fbatches = bpfbtf_offset(BPFBTF_CPU_FBATCHES);
	b->rotate = bpfbtf_offset(BPFBTF_LRU_ROTATE);
	b->mlock = bpfbtf_offset(BPFBTF_MLOCK_FBATCH) | bpfbtf_offset(BPFBTF_MLOCK_PVEC);
	if (bpfprog_run(p, "look_batches", 0) || b->unknown || b->n > b->room ||
	    b->cpus < bp->cpus)
		return NULL;
	*ret_n = b->n;
	return (struct structpage_batch *)p->records[0] + b->first;
}

const struct structpage_memory *bpfpage_memory(struct bpfpage *bp, u32 nodes)
{
	const struct bpfprog *p = load_memory(bp);

	if (!p)
		return NULL;
	p->memory->vmemmap = bp->call->vmemmap;
	p->memory->page_size = bp->cal->page_size;
	p->memory->nodes = nodes;
	return bpfprog_run(p, "look", 0) ? NULL : p->memory;
}

static const struct bpfprog *load_frames(struct bpfpage *bp)
{
	const struct bpfprog_options opt = { .map = { "found" }, .btf = &bp->btf };
	char why[BPFPAGE_WHY];

	if (!bp->frames_tried && !load_other(bp, BPFPROG_FRAMES, &opt, &bp->frames, why))
		*bp->frames->call = *bp->call;
	bp->frames_tried = true;
	return bp->frames;
}

int bpfpage_frames(struct bpfpage *bp, u64 pfn, u64 end, bool hugetlb,
		   bpfpage_frame_cb cb, void *ctx)
{
	const struct bpfprog *p = load_frames(bp);
	const struct structpage_frame *f = p ? p->records[0] : NULL;
	int r = p ? 0 : -ENOTSUP;
	struct raw_page raw;

	if (!p)
		return r;
	p->frames->at = pfn;
	p->frames->end = MIN(end, bp->call->max_pfn);
	p->frames->hugetlb = hugetlb;
	while (!r && p->frames->at < p->frames->end) {
		r = bpfprog_run(p, "look", 0);
		for (u32 i = 0; !r && i < MIN(p->frames->n, (u32)STRUCTPAGE_RECS); i++) {
			structpage_to_raw(&bp->machine, &f[i].rec, &raw);
			r = cb(ctx, &raw, &f[i]);
		}
	}
	return r;
}

/* Reads what a walk reads of the process itself. */
static bool look_at_mm(struct bpfpage *bp, int pagemap_fd)
{
	bp->walk->fd = pagemap_fd;
	bp->walk->addr = bp->walk->end = 0;
	return !observe(bp, 0) && !bp->walk->err;
}

u32 bpfpage_mm_seq(struct bpfpage *bp, int pagemap_fd)
{
	return look_at_mm(bp, pagemap_fd) && !(bp->walk->mm_seq & 1) ? bp->walk->mm_seq
								     : 0;
}

enum tri bpfpage_has_pinned(struct bpfpage *bp, int pagemap_fd)
{
	if (bp->pinned_bit < 0 || !look_at_mm(bp, pagemap_fd))
		return TRI_UNKNOWN;
	return bp->walk->mm_flags >> bp->pinned_bit & 1 ? TRI_YES : TRI_NO;
}
