/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "live/bpfprog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/readfile.h"

#include "config.h"

#ifdef HAVE_BPF

#include <linux/bpf.h>

/* libbpf.h has an enum with the names of our enum tri */
#define TRI_NO LIBBPF_TRI_NO
#define TRI_YES LIBBPF_TRI_YES
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "event/watch_record.h"

#include "bpf/frames.skel.h"
#include "bpf/holders.skel.h"
#include "bpf/memory.skel.h"
#include "bpf/structpage.skel.h"
#include "bpf/watch.skel.h"
#undef TRI_NO
#undef TRI_YES

#include "kernel/bpflog.h"

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
	char line[128];

	return readfile_line(AT_FDCWD, "/sys/kernel/security/lockdown", line,
			     sizeof(line)) &&
	       strstr(line, "[confidentiality]");
}

/* Writes a sentence about a failed bpf system call. */
static int say(char *why, int err)
{
	if (lockdown_confidentiality())
		snprintf(
			why, BPFPROG_WHY,
			"kernel lockdown is in confidentiality mode: BPF may not read memory");
	else if (err == -EPERM)
		snprintf(why, BPFPROG_WHY,
			 "BPF not permitted: needs CAP_BPF and CAP_PERFMON");
	else if (access("/sys/kernel/btf/vmlinux", R_OK))
		snprintf(
			why, BPFPROG_WHY,
			"the kernel has no BTF (CONFIG_DEBUG_INFO_BTF): layouts are not known");
	else if (strstr(said.line, "callbacks are not allowed in non-JITed programs"))
		snprintf(
			why, BPFPROG_WHY,
			"the kernel does not compile BPF programs: it needs CONFIG_BPF_JIT and net.core.bpf_jit_enable=1");
	else
		snprintf(why, BPFPROG_WHY, "the BPF programs could not be loaded: %s",
			 said.line[0] ? said.line : strerror(-err));
	return err;
}

/* libbpf calls this after it has relocated a program and before it loads it. */
static int prepare_syscall(struct bpf_program *prog, struct bpf_prog_load_opts *opts,
			   long cookie)
{
	struct bpf_insn *insn = (struct bpf_insn *)bpf_program__insns(prog);

	(void)cookie;
	opts->line_info = NULL;
	opts->line_info_cnt = 0;
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
	libbpf_set_print(log_print);
	r = libbpf_register_prog_handler("gupinfo.syscall", BPF_PROG_TYPE_SYSCALL, 0,
					 &syscall);
	if (r >= 0)
		r = libbpf_register_prog_handler("gupinfo.iter+", BPF_PROG_TYPE_SYSCALL,
						 0, &iter);
	return r < 0 ? r : 0;
}

static struct bpf_program *find(const struct bpfprog *p, const char *name)
{
	return bpf_object__find_program_by_name(*p->skeleton->obj, name);
}

/* Its variables are where libbpf maps them, also while it loads. */
static int open_object(struct bpfprog *p, enum bpfprog_object which,
		       const struct bpfprog_options *opt)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts);
	struct structpage_bpf *structpage = NULL;
	struct holders_bpf *holders = NULL;
	struct memory_bpf *memory = NULL;
	struct frames_bpf *frames = NULL;
	struct watch_bpf *watch = NULL;

	if (opt->btf && opt->btf->fd >= 0)
		opts.btf_custom_path = opt->btf->path;
	if (which == BPFPROG_STRUCTPAGE)
		p->skel = structpage = structpage_bpf__open_opts(&opts);
	else if (which == BPFPROG_HOLDERS)
		p->skel = holders = holders_bpf__open_opts(&opts);
	else if (which == BPFPROG_FRAMES)
		p->skel = frames = frames_bpf__open_opts(&opts);
	else if (which == BPFPROG_WATCH)
		p->skel = watch = watch_bpf__open_opts(&opts);
	else
		p->skel = memory = memory_bpf__open_opts(&opts);
	if (!p->skel)
		return -errno;
	if (structpage) {
		p->call = &structpage->bss->call;
		p->cal = &structpage->bss->cal;
		p->layout = &structpage->bss->lay;
		p->skeleton = structpage->skeleton;
	} else if (holders) {
		holders->rodata->kinds = opt->kinds ? opt->kinds : UINT32_MAX;
		p->files = &holders->bss->files;
		p->skeleton = holders->skeleton;
	} else if (frames) {
		p->call = &frames->bss->call;
		p->frames = &frames->bss->frames;
		p->skeleton = frames->skeleton;
	} else if (watch) {
		p->watch = &watch->bss->watch;
		p->skeleton = watch->skeleton;
	} else {
		p->memory = &memory->bss->memory;
		p->batches = &memory->bss->batches;
		p->skeleton = memory->skeleton;
	}
	return 0;
}

static int map_records(const struct bpf_map *map, void **ret, size_t *ret_bytes)
{
	size_t bytes =
		(size_t)bpf_map__max_entries(map) * ROUND_UP(bpf_map__value_size(map), 8);
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map),
			0);

	if (at == MAP_FAILED)
		return -errno;
	*ret = at;
	*ret_bytes = bytes;
	return 0;
}

/*
 * Aims each program of a call at the function @prefix + its name, or leaves it out; without a prefix one
 * program sees all calls.
 */
static void aim(const struct bpfprog *p, const char *prefix)
{
	struct bpf_program *prog;
	char name[64];

	bpf_object__for_each_program(prog, *p->skeleton->obj)
	{
		if (!strcmp(bpf_program__name(prog), "call_returns"))
			bpf_program__set_autoload(prog, !*prefix);
		if (bpf_program__expected_attach_type(prog) != BPF_TRACE_FEXIT)
			continue;
		snprintf(name, sizeof(name), "%s%s", prefix, bpf_program__name(prog));
		if (!*prefix || bpf_program__set_attach_target(prog, 0, name))
			bpf_program__set_autoload(prog, false);
	}
}

static int load(struct bpfprog *p, enum bpfprog_object which,
		const struct bpfprog_options *opt)
{
	struct bpf_map *map[ARRAY_SIZE(p->records)] = { NULL };
	int r = register_handlers();

	said = (struct bpflog){ 0 };
	if (!r)
		r = open_object(p, which, opt);
	if (!r && opt->calls) {
		aim(p, opt->calls);
		*(struct watch_regs *)((struct watch_bpf *)p->skel)->rodata = *opt->regs;
	}
	for (unsigned i = 0; !r && i < ARRAY_SIZE(opt->without); i++)
		if (opt->without[i])
			bpf_program__set_autoload(find(p, opt->without[i]), false);
	for (unsigned i = 0; !r && i < ARRAY_SIZE(map) && opt->map[i]; i++) {
		map[i] = bpf_object__find_map_by_name(*p->skeleton->obj, opt->map[i]);
		if (opt->room[i])
			bpf_map__set_max_entries(map[i], opt->room[i]);
	}
	if (!r)
		r = bpf_object__load_skeleton(p->skeleton);
	for (unsigned i = 0; !r && i < ARRAY_SIZE(map) && map[i]; i++)
		r = map_records(map[i], &p->records[i], &p->bytes[i]);
	return r;
}

/* A program without instructions is refused at once, and by -EPERM where no program is taken. */
int bpfprog_permitted(char why[BPFPROG_WHY])
{
	union bpf_attr attr = { .prog_type = BPF_PROG_TYPE_TRACING };

	return syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr)) < 0 && errno == EPERM
		       ? say(why, -EPERM)
		       : 0;
}

int bpfprog_load(enum bpfprog_object which, const struct bpfprog_options *opt,
		 struct bpfprog **ret, char why[BPFPROG_WHY])
{
	struct bpfprog *p = calloc(1, sizeof(*p));
	int r = p ? load(p, which, opt) : -ENOMEM;

	if (!r) {
		*ret = p;
		return 0;
	}
	bpfprog_free(p);
	return say(why, r);
}

void bpfprog_free(struct bpfprog *p)
{
	if (!p)
		return;
	if (p->link_pid)
		close(p->link);
	for (unsigned i = 0; i < ARRAY_SIZE(p->records); i++)
		if (p->records[i])
			munmap(p->records[i], p->bytes[i]);
	ring_buffer__free(p->ring);
	if (p->skeleton)
		bpf_object__destroy_skeleton(p->skeleton);
	free(p->skel);
	free(p);
}

int bpfprog_run(const struct bpfprog *p, const char *name, u32 number)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = &number,
		    .ctx_size_in = sizeof(number));

	return bpf_prog_test_run_opts(bpf_program__fd(find(p, name)), &opts);
}

int bpfprog_iterate(struct bpfprog *p, const char *name, pid_t pid)
{
	union bpf_iter_link_info info = { 0 };
	LIBBPF_OPTS(bpf_link_create_opts, opts, .iter_info = &info,
		    .iter_info_len = sizeof(info));
	int prog, fd;

	if (pid && p->link_pid == pid)
		return bpf_iter_create(p->link);
	/* of files those of all threads: some may have their own */
	*(strcmp(name, "vmas") ? &info.task.pid : &info.task.tid) = (u32)pid;
	prog = bpf_program__fd(find(p, name));
	if (prog < 0)
		return -ENOTSUP;
	if (p->link_pid)
		close(p->link);
	p->link_pid = 0;
	p->link = bpf_link_create(prog, 0, BPF_TRACE_ITER, pid ? &opts : NULL);
	if (p->link < 0)
		return p->link;
	fd = bpf_iter_create(p->link);
	p->link_pid = pid;
	if (!pid) /* the iterator keeps a reference to it */
		close(p->link);
	return fd;
}

static int pass_record(void *ctx, void *data, size_t size)
{
	const struct bpfprog *p = ctx;

	if (size >= offsetof(struct watch_record, arg[WATCH_FEW]))
		p->fn(p->fn_ctx, data, size);
	return 0;
}

/* Attaches the programs of the loaded object and opens its ring. */
static int attach(struct bpfprog *p)
{
	const struct bpf_map *map =
		bpf_object__find_map_by_name(*p->skeleton->obj, "ring");
	int r = bpf_object__attach_skeleton(p->skeleton);

	if (r)
		return r;
	p->ring = ring_buffer__new(bpf_map__fd(map), pass_record, p, NULL);
	if (!p->ring)
		return -errno;
	/* Only who is urgent ends a wait: libbpf's would end as long as there are records at all. */
	return epoll_ctl(ring_buffer__epoll_fd(p->ring), EPOLL_CTL_MOD, bpf_map__fd(map),
			 &(struct epoll_event){ .events = EPOLLIN | EPOLLET })
		       ? -errno
		       : 0;
}

static int watch_by(const char *prefix, const struct watch_regs *regs,
		    const struct watch_shared *shared, bpfprog_record_fn fn, void *ctx,
		    struct bpfprog **ret, char why[BPFPROG_WHY])
{
	const struct bpfprog_options opt = { .calls = prefix,
					     .regs = regs,
					     .map = { "followed" } };
	struct bpfprog *p = NULL;
	int r = bpfprog_load(BPFPROG_WATCH, &opt, &p, why);

	if (r)
		return r;
	p->fn = fn;
	p->fn_ctx = ctx;
	*p->watch = *shared;
	r = attach(p);
	if (!r) {
		*ret = p;
		return 0;
	}
	bpfprog_free(p);
	return say(why, r);
}

int bpfprog_watch(const char *prefix, const struct watch_regs *regs,
		  const struct watch_shared *shared, bpfprog_record_fn fn, void *ctx,
		  struct bpfprog **ret, char why[BPFPROG_WHY])
{
	int r = watch_by(prefix, regs, shared, fn, ctx, ret, why);

	return r ? watch_by("", regs, shared, fn, ctx, ret, why) : 0;
}

void bpfprog_follow(const struct bpfprog *p, pid_t pid)
{
	struct watch_followed *followed = p->records[0];

	followed->pid[(u32)pid % WATCH_PIDS] = 1;
}

void bpfprog_ignore_calls(struct bpfprog *p)
{
	struct watch_bpf *skel = p->skel;

	bpf_link__destroy(skel->links.call_returns);
	skel->links.call_returns = NULL;
}

void bpfprog_fetch(struct bpfprog *p, int timeout_ms)
{
	if (timeout_ms)
		ring_buffer__poll(p->ring, timeout_ms);
	ring_buffer__consume(p->ring); /* those that woke nobody, too */
}

#else

int bpfprog_permitted(char why[BPFPROG_WHY])
{
	snprintf(why, BPFPROG_WHY, "gupinfo was built without BPF");
	return -ENOTSUP;
}

int bpfprog_load(enum bpfprog_object which, const struct bpfprog_options *opt,
		 struct bpfprog **ret, char why[BPFPROG_WHY])
{
	return bpfprog_permitted(why);
}

void bpfprog_free(struct bpfprog *p)
{
}

int bpfprog_run(const struct bpfprog *p, const char *name, u32 number)
{
	return -ENOTSUP;
}

int bpfprog_iterate(struct bpfprog *p, const char *name, pid_t pid)
{
	return -ENOTSUP;
}

int bpfprog_watch(const char *prefix, const struct watch_regs *regs,
		  const struct watch_shared *shared, bpfprog_record_fn fn, void *ctx,
		  struct bpfprog **ret, char why[BPFPROG_WHY])
{
	return bpfprog_load(BPFPROG_WATCH, NULL, ret, why);
}

void bpfprog_follow(const struct bpfprog *p, pid_t pid)
{
}

void bpfprog_ignore_calls(struct bpfprog *p)
{
}

void bpfprog_fetch(struct bpfprog *p, int timeout_ms)
{
}

#endif
