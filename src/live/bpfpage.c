/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "live/bpfpage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

#ifdef HAVE_BPF

#include <fcntl.h>
#include <linux/bpf.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <unistd.h>

/* libbpf.h has an enum with the names of our enum tri */
#define TRI_NO LIBBPF_TRI_NO
#define TRI_YES LIBBPF_TRI_YES
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpf/holders.skel.h"
#include "bpf/memory.skel.h"
#include "bpf/structpage.skel.h"
#undef TRI_NO
#undef TRI_YES

#include "live/bpfbtf.h"
#include "kernel/bpflog.h"
#include "live/calibrate.h"
#include "os/clock.h"
#include "os/worker_pool.h"

/* Records that a program writes: a map of it (BPF_RECORDS). */
struct records {
	void *at; /* NULL: not mapped */
	size_t bytes;
};

struct bpfpage {
	struct structpage_bpf *skel;
	struct bpfbtf btf; /* the part of the kernel's BTF that the programs need */
	struct holders_bpf *files; /* set while the results of a walk are in use */
	struct records ends, holds;
	struct memory_bpf *memory; /* loaded at the first use */
	struct records batched;
	struct structpage_call *call;
	struct structpage_cal *cal;
	struct records rec;
	bool cast, gentle;
	struct worker_pool *pool; /* started when a range takes several calls */
	bool pool_tried;
	int pinned_bit;
	u64 usecs;
	struct kpf_layout layout;
	struct structpage_machine machine;
};

#define BATCH 256 /* entries that a callback gets at once */

/* Why programs were not loaded.  It is global because libbpf's print callback has no context. */
static struct bpflog said;

static int log_print(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	char *text;

	if (level == LIBBPF_WARN && vasprintf(&text, fmt, ap) >= 0) {
		bpflog_add(&said, text);
		free(text);
	}
	return 0;
}

static bool lockdown_confidentiality(void)
{
	char buf[128];
	int fd = open("/sys/kernel/security/lockdown", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, buf, sizeof(buf) - 1);

	if (fd >= 0)
		close(fd);
	buf[n > 0 ? n : 0] = '\0';
	return strstr(buf, "[confidentiality]");
}

/* Writes a sentence about a failed bpf system call. */
static int say(char *why, int err, const char *what)
{
	if (lockdown_confidentiality())
		snprintf(
			why, BPFPAGE_WHY,
			"kernel lockdown is in confidentiality mode: BPF may not read memory");
	else if (err == -EPERM)
		snprintf(why, BPFPAGE_WHY,
			 "BPF not permitted: needs CAP_BPF and CAP_PERFMON");
	else if (access("/sys/kernel/btf/vmlinux", R_OK))
		snprintf(
			why, BPFPAGE_WHY,
			"the kernel has no BTF (CONFIG_DEBUG_INFO_BTF): layouts are not known");
	else
		snprintf(why, BPFPAGE_WHY, "%s: %s", what,
			 said.line[0] ? said.line : strerror(-err));
	return err;
}

static int run_prog(const struct bpf_program *p)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);

	return bpf_prog_test_run_opts(bpf_program__fd(p), &opts);
}

static int run(void *ctx, enum calibrate_prog prog)
{
	struct bpfpage *bp = ctx;
	int r = -EINVAL;

	switch (prog) {
	case CALIBRATE_BASES:
		r = run_prog(bp->skel->progs.calibrate);
		break;
	case CALIBRATE_OBSERVE:
		r = run_prog(bp->cast ? bp->skel->progs.observe_cast
				      : bp->skel->progs.observe_copy);
		break;
	}
	return r;
}

/* ---- programs */

/* libbpf calls this after it has relocated a program and before it loads it. */
static int prepare_syscall(struct bpf_program *prog, struct bpf_prog_load_opts *opts,
			   long cookie)
{
	struct bpf_insn *insn = (struct bpf_insn *)bpf_program__insns(prog);

	(void)cookie;
	opts->prog_flags |= BPF_F_SLEEPABLE;
	for (size_t i = 0; i < bpf_program__insn_cnt(prog); i++) {
		if (insn[i].code == (BPF_JMP | BPF_CALL) &&
		    insn[i].imm == STRUCTPAGE_CALL_CAST) {
			insn[i].src_reg = BPF_PSEUDO_KFUNC_CALL;
			insn[i].imm = (s32)bpfbtf_id(BPFBTF_CAST);
		} else if ((insn[i].code == (BPF_ALU64 | BPF_MOV | BPF_K) ||
			    insn[i].code == (BPF_ALU | BPF_MOV | BPF_K)) &&
			   insn[i].imm == STRUCTPAGE_ID_PAGE) {
			insn[i].imm = (s32)bpfbtf_id(BPFBTF_PAGE);
		}
	}
	return 0;
}

/* Sets the iterator's id here: libbpf would search all of the kernel's BTF for it. */
static int prepare_iter(struct bpf_program *prog, struct bpf_prog_load_opts *opts,
			long cookie)
{
	bool vma = strstr(bpf_program__section_name(prog), "task_vma");

	(void)cookie;
	opts->expected_attach_type = BPF_TRACE_ITER;
	opts->attach_btf_id = bpfbtf_id(vma ? BPFBTF_TASK_VMA : BPFBTF_TASK_FILE);
	return bpf_program__set_type(prog, BPF_PROG_TYPE_TRACING);
}

static int register_handlers(void)
{
	static bool done;
	LIBBPF_OPTS(libbpf_prog_handler_opts, syscall,
		    .prog_prepare_load_fn = prepare_syscall);
	LIBBPF_OPTS(libbpf_prog_handler_opts, iter, .prog_prepare_load_fn = prepare_iter);
	int r;

	if (done)
		return 0;
	done = true;
	r = libbpf_register_prog_handler("gupinfo.syscall", BPF_PROG_TYPE_SYSCALL, 0,
					 &syscall);
	if (r >= 0)
		r = libbpf_register_prog_handler("gupinfo.iter+", BPF_PROG_TYPE_SYSCALL,
						 0, &iter);
	return r < 0 ? r : 0;
}

static int records_map(const struct bpf_map *map, struct records *ret)
{
	size_t bytes = (size_t)bpf_map__max_entries(map) *
		       ROUND_UP(bpf_map__value_size(map), 8);
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
			bpf_map__fd(map), 0);

	if (at == MAP_FAILED)
		return -errno;
	*ret = (struct records){ at, bytes };
	return 0;
}

static void records_unmap(struct records *r)
{
	if (r->at)
		munmap(r->at, r->bytes);
	r->at = NULL;
}

static int load(struct bpfpage *bp, bool cast)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts);
	int r;

	said = (struct bpflog){ 0 };
	if (bp->btf.fd >= 0)
		opts.btf_custom_path = bp->btf.path;
	bp->skel = structpage_bpf__open_opts(&opts);
	if (!bp->skel)
		return -errno;
	bp->cast = cast;
	bpf_program__set_autoload(bp->skel->progs.observe_cast, cast);
	bpf_program__set_autoload(bp->skel->progs.observe_copy, !cast);
	bpf_program__set_autoload(bp->skel->progs.vmas, bpfbtf_id(BPFBTF_TASK_VMA));
	r = structpage_bpf__load(bp->skel);
	if (!r)
		r = records_map(bp->skel->maps.recs, &bp->rec);
	if (r) {
		structpage_bpf__destroy(bp->skel);
		bp->skel = NULL;
		return r;
	}
	bp->call = &bp->skel->bss->call;
	bp->cal = &bp->skel->bss->cal;
	return 0;
}

static int open_checked(struct bpfpage *bp, const struct bpfpage_options *opt,
			char why[BPFPAGE_WHY])
{
	struct calibrate_io io = { .run = run, .ctx = bp };
	int r = -ENOTSUP;

	r = register_handlers();
	if (r)
		return say(why, r, "libbpf takes no program handlers");
	if (!opt || !opt->no_cut)
		bpfbtf_open(&bp->btf);
	/* Prefer the faster reader where the kernel takes it. */
	r = -ENOTSUP;
	if ((!opt || !opt->no_cast) && bp->btf.fd >= 0 && bpfbtf_id(BPFBTF_CAST))
		r = load(bp, true);
	if (r && r != -EPERM)
		r = load(bp, false);
	if (r)
		return say(why, r, "the BPF programs could not be loaded");
	io.cal = bp->cal;
	io.call = bp->call;
	io.rec = bp->rec.at;
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
	u64 t0 = clock_now() / 1000;
	int r;

	if (!bp) {
		snprintf(why, BPFPAGE_WHY, "out of memory");
		return -ENOMEM;
	}
	bp->pinned_bit = bp->btf.fd = -1;
	libbpf_set_print(log_print);
	r = open_checked(bp, opt, why);
	if (r) {
		bpfpage_close(bp);
		return r;
	}
	bp->usecs = clock_now() / 1000 - t0;
	*ret = bp;
	return 0;
}

void bpfpage_close(struct bpfpage *bp)
{
	if (!bp)
		return;
	bpfpage_files_done(bp);
	records_unmap(&bp->batched);
	memory_bpf__destroy(bp->memory);
	records_unmap(&bp->rec);
	structpage_bpf__destroy(bp->skel);
	bpfbtf_close(&bp->btf);
	worker_pool_free(bp->pool);
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

u64 bpfpage_open_usecs(const struct bpfpage *bp)
{
	return bp->usecs;
}

u64 bpfpage_user_end(const struct bpfpage *bp)
{
	return bp->call->levels == 5 ? 1ULL << 56 : 1ULL << 47;
}

u32 bpfpage_fields(const struct bpfpage *bp)
{
	return bp->cal->fields;
}

/* ---- walking: a call fills one half of the records while the other is handed on */

struct walk {
	struct bpfpage *bp;
	source_raw_cb cb;
	void *ctx;
	u64 end;
	u32 n;   /* records to deliver, in the half that the program does not fill */
	int run; /* result of the call */
};

static int deliver(struct walk *w, u32 half)
{
	const struct structpage_rec *rec =
		(struct structpage_rec *)w->bp->rec.at + half * STRUCTPAGE_RECS;
	struct raw_page raw[BATCH];
	u32 k = 0;
	int r = 0;

	for (u32 i = 0; i < w->n && !r; i++) {
		structpage_to_raw(&w->bp->machine, &rec[i], &raw[k++]);
		if (k == BATCH || i + 1 == w->n) {
			r = w->cb(w->ctx, raw, k);
			k = 0;
		}
	}
	return r;
}

/* Calls the program once, from where the last call ended. */
static int step(struct walk *w)
{
	struct structpage_call *call = w->bp->call;
	u64 addr = call->addr;
	int r;

	call->end = w->end;
	r = run(w->bp, CALIBRATE_OBSERVE);
	if (!r)
		r = call->err;
	if (!r && call->addr <= addr)
		r = -EIO; /* cannot happen: every call advances */
	return r;
}

/* A worker_pool_fn.  Keeps an error, so that earlier records are delivered first. */
static int piece(void *ctx, size_t i, unsigned who)
{
	struct walk *w = ctx;
	(void)who;
	if (i)
		return deliver(w, !w->bp->call->half);
	w->run = step(w);
	return 0;
}

static struct worker_pool *pool(struct bpfpage *bp)
{
	if (!bp->pool_tried && !bp->gentle)
		bp->pool = worker_pool_new();
	bp->pool_tried = true;
	return bp->pool;
}

static int walk(struct bpfpage *bp, u64 start, u64 end, source_raw_cb cb, void *ctx)
{
	struct walk w = { .bp = bp, .cb = cb, .ctx = ctx, .end = end };
	int r;

	if (start >= end)
		return 0;
	bp->call->addr = start;
	bp->call->half = 0;
	r = step(&w);
	while (!r && bp->call->addr < end) {
		w.n = MIN(bp->call->n, (u32)STRUCTPAGE_RECS);
		bp->call->half = !bp->call->half;
		r = worker_pool_run(w.n >= STRUCTPAGE_RECS / 4 ? pool(bp) : NULL, piece,
				    &w, 2);
		if (!r)
			r = w.run;
	}
	w.n = MIN(bp->call->n, (u32)STRUCTPAGE_RECS);
	return r ? r : deliver(&w, bp->call->half);
}

int bpfpage_observe(struct bpfpage *bp, int pagemap_fd, bool hugetlb, u64 start, u64 end,
		    bool fold, source_raw_cb cb, void *ctx)
{
	bp->call->fd = pagemap_fd;
	bp->call->hugetlb = hugetlb;
	bp->call->fold = fold;
	bp->call->pfn_lo = bp->call->pfn_hi = 0;
	return walk(bp, start, end, cb, ctx);
}

int bpfpage_find(struct bpfpage *bp, int pagemap_fd, u64 start, u64 end, u64 pfn_lo,
		 u64 pfn_hi, source_raw_cb cb, void *ctx)
{
	if (pfn_hi <= pfn_lo)
		return 0;
	bp->call->fd = pagemap_fd;
	bp->call->hugetlb = bp->call->fold = 0;
	bp->call->pfn_lo = pfn_lo;
	bp->call->pfn_hi = pfn_hi;
	return walk(bp, start, end, cb, ctx);
}

void bpfpage_gentle(struct bpfpage *bp)
{
	bp->gentle = true;
	bp->call->gentle = 1;
}

int bpfpage_vmas(struct bpfpage *bp, pid_t pid)
{
	union bpf_iter_link_info info = { .task.tid = (u32)pid };
	LIBBPF_OPTS(bpf_link_create_opts, opts, .iter_info = &info,
		    .iter_info_len = sizeof(info));
	int link, fd, prog = bpf_program__fd(bp->skel->progs.vmas);

	if (prog < 0)
		return -ENOTSUP;
	link = bpf_link_create(prog, 0, BPF_TRACE_ITER, &opts);
	if (link < 0)
		return -ENOTSUP;
	fd = bpf_iter_create(link); /* it keeps a reference to the link */
	close(link);
	return fd < 0 ? -ENOTSUP : fd;
}

void bpfpage_files_done(struct bpfpage *bp)
{
	records_unmap(&bp->ends);
	records_unmap(&bp->holds);
	holders_bpf__destroy(bp->files);
	bp->files = NULL;
}

/* Runs an iterator program that prints nothing to its end. */
static int iterate(struct bpf_program *prog)
{
	struct bpf_link *link = bpf_program__attach_iter(prog, NULL);
	char buf[64];
	ssize_t n;
	int fd, r;

	if (!link)
		return -errno;
	fd = bpf_iter_create(bpf_link__fd(link));
	r = fd < 0 ? -errno : 0;
	while (!r) {
		n = read(fd, buf, sizeof(buf));
		if (!n)
			break;
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			r = -errno;
	}
	if (fd >= 0)
		close(fd);
	bpf_link__destroy(link);
	return r;
}

static int load_files(struct bpfpage *bp, u32 grow)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts);
	int r;

	said = (struct bpflog){ 0 };
	if (bp->btf.fd >= 0)
		opts.btf_custom_path = bp->btf.path;
	bp->files = holders_bpf__open_opts(&opts);
	if (!bp->files)
		return -errno;
	bpf_map__set_max_entries(bp->files->maps.ends, STRUCTPAGE_ENDS * grow);
	bpf_map__set_max_entries(bp->files->maps.holds, STRUCTPAGE_HOLDS * grow);
	r = holders_bpf__load(bp->files);
	if (!r)
		r = records_map(bp->files->maps.ends, &bp->ends);
	return r ? r : records_map(bp->files->maps.holds, &bp->holds);
}

/* Walks all open files with @grow times the least room. */
static int walk_files(struct bpfpage *bp, u32 grow, struct bpfpage_files *ret,
		      char why[BPFPAGE_WHY])
{
	struct structpage_files *files;
	int r = load_files(bp, grow);

	if (r)
		return say(why, r, "the BPF program of open files could not be loaded");
	files = &bp->files->bss->files;
	files->vmemmap = bp->call->vmemmap;
	files->page_size = bp->cal->page_size;
	r = iterate(bp->files->progs.files_walk);
	if (r)
		return say(why, r, "open files could not be walked");
	*ret = (struct bpfpage_files){
		.end = bp->ends.at,
		.hold = bp->holds.at,
		.nends = MIN(files->nends, STRUCTPAGE_ENDS * grow),
		.nholds = MIN(files->nholds, STRUCTPAGE_HOLDS * grow),
		.nfiles = files->nfiles,
		.raced = files->raced,
	};
	ret->truncated = ret->nends < files->nends || ret->nholds < files->nholds;
	return 0;
}

int bpfpage_files(struct bpfpage *bp, struct bpfpage_files *ret, char why[BPFPAGE_WHY])
{
	u32 grow = 1;
	int r;

	for (;;) {
		bpfpage_files_done(bp);
		r = walk_files(bp, grow, ret, why);
		if (r || !ret->truncated || grow == STRUCTPAGE_GROW)
			break;
		grow = STRUCTPAGE_GROW;
	}
	if (r)
		bpfpage_files_done(bp);
	return r;
}

static u32 batches_room(void)
{
	return STRUCTPAGE_BATCHED * (u32)MAX(sysconf(_SC_NPROCESSORS_CONF), 1);
}

/* Loads the programs that look at all memory, once. */
static bool load_memory(struct bpfpage *bp)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts);

	if (bp->btf.fd >= 0)
		opts.btf_custom_path = bp->btf.path;
	if (!bp->memory) {
		bp->memory = memory_bpf__open_opts(&opts);
		if (bp->memory) {
			bpf_map__set_max_entries(bp->memory->maps.batched,
						 2 * batches_room());
			if (!memory_bpf__load(bp->memory))
				records_map(bp->memory->maps.batched, &bp->batched);
		}
	}
	return bp->memory && bpf_program__fd(bp->memory->progs.look) >= 0;
}

struct structpage_batch *bpfpage_batches(struct bpfpage *bp, u32 half, u32 *ret_n)
{
	struct structpage_batches *b;

	if (!bpfbtf_offset(BPFBTF_HRTIMER_BASES) || !load_memory(bp) || !bp->batched.at)
		return NULL;
	b = &bp->memory->bss->batches;
	b->room = batches_room();
	b->first = half * b->room;
	b->vmemmap = bp->call->vmemmap;
	b->page_size = bp->cal->page_size;
	b->timers = bpfbtf_offset(BPFBTF_HRTIMER_BASES);
	b->fbatches = bpfbtf_offset(BPFBTF_CPU_FBATCHES);
	b->rotate = bpfbtf_offset(BPFBTF_LRU_ROTATE);
	b->mlock = bpfbtf_offset(BPFBTF_MLOCK_FBATCH) | bpfbtf_offset(BPFBTF_MLOCK_PVEC);
	if (run_prog(bp->memory->progs.look_batches) || b->unknown || b->n > b->room ||
	    b->cpus < sysconf(_SC_NPROCESSORS_ONLN))
		return NULL;
	*ret_n = b->n;
	return (struct structpage_batch *)bp->batched.at + b->first;
}

const struct structpage_memory *bpfpage_memory(struct bpfpage *bp, u32 nodes)
{
	struct structpage_memory *m;

	if (!load_memory(bp))
		return NULL;
	m = &bp->memory->bss->memory;
	m->vmemmap = bp->call->vmemmap;
	m->page_size = bp->cal->page_size;
	m->nodes = nodes;
	return run_prog(bp->memory->progs.look) ? NULL : m;
}

enum tri bpfpage_has_pinned(struct bpfpage *bp, int pagemap_fd)
{
	if (bp->pinned_bit < 0)
		return TRI_UNKNOWN;
	bp->call->fd = pagemap_fd;
	bp->call->addr = bp->call->end = 0;
	if (run(bp, CALIBRATE_OBSERVE) || bp->call->err)
		return TRI_UNKNOWN;
	return bp->call->mm_flags >> bp->pinned_bit & 1 ? TRI_YES : TRI_NO;
}

#endif
