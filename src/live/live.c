/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "live/live_int.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kpageflags.h"
#include "page/structpage.h"
#include "page/frame_cache.h"
#include "lib/procstat.h"
#include "os/readfile.h"
#include "os/worker_pool.h"

/* Returns 0, -ESRCH, -ENXIO (a zombie has only its exit status), or why it is unreadable. */
static int live_stat(int dir, struct procstat *ret)
{
	char *text;
	size_t len;
	int err = readfile(dir, "stat", &text, &len);

	if (err)
		return err == -ENOENT ? -ESRCH : err;
	err = !procstat_parse(text, ret) ? -ESRCH : procstat_is_dead(ret) ? -ENXIO : 0;
	free(text);
	return err;
}

/* The thread ends or has ended: it is root's since exit_mm() (task_dump_owner()). */
static bool live_exits(int dir)
{
	struct procstat now;
	int err = live_stat(dir, &now);

	return err == -ESRCH || err == -ENXIO || (!err && now.flags & PROCSTAT_EXITING);
}

static u64 live_status_kib(const char *text, const char *key)
{
	const char *p = strstr(text, key);

	return p ? strtoull(p + strlen(key), NULL, 10) << 10 : 0;
}

static int live_status(int dir, struct process *ret)
{
	char *text, *p;
	size_t len;
	int err = readfile(dir, "status", &text, &len);
	unsigned euid;

	if (err)
		return err;
	p = strstr(text, "\nTgid:");
	if (p)
		ret->tgid = atoi(p + 6);
	p = strstr(text, "\nUid:");
	if (p && sscanf(p, "\nUid: %*u %u", &euid) == 1)
		ret->uid = euid;
	ret->vm_pin_bytes = live_status_kib(text, "\nVmPin:");
	ret->vm_lck_bytes = live_status_kib(text, "\nVmLck:");
	ret->rss_bytes = live_status_kib(text, "\nVmRSS:");
	free(text);
	return 0;
}

static struct live_process *live_find(struct live *l, pid_t pid)
{
	struct live_process *p = l->processes;

	while (p && p->pid != pid)
		p = p->next;
	return p;
}

/*
 * Reads whether @p still has the memory that was opened: 0 or -ESRCH.  Other errors, such as want of
 * descriptors, say nothing of it.
 */
static int live_alive(const struct live_process *p, struct procstat *ret)
{
	int err = live_stat(p->dir, ret);

	if (err)
		return err == -ENXIO ? -ESRCH : err;
	return ret->start_time == p->start_time &&
			       (!p->had_memory || live_chunk_has_memory(p))
		       ? 0
		       : -ESRCH;
}

static void live_release(struct source *src, pid_t pid)
{
	struct live *l = (struct live *)src;

	for (struct live_process **at = &l->processes, *p; (p = *at); at = &p->next) {
		if (p->pid != pid)
			continue;
		if (--p->users)
			return;
		*at = p->next;
		if (p->mem != p->dir)
			close(p->mem);
		close(p->dir);
		if (p->pagemap >= 0)
			close(p->pagemap);
		if (p->maps > 0)
			close(p->maps);
		live_vmas_free(&p->mounts);
		free(p);
		return;
	}
}

/* Finds a live thread: a main thread that has ended shows no memory in /proc. */
static void live_choose_thread(struct live_process *p, const struct procstat *leader)
{
	DIR *dir = leader->state == 'Z' ? readfile_dir(p->dir, "task") : NULL;
	bool found = false;

	for (struct dirent *d; dir && !found && (d = readdir(dir));) {
		struct procstat stat;
		int fd =
			openat(dirfd(dir), d->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (fd < 0)
			continue;
		found = !live_stat(fd, &stat) && stat.state != 'Z';
		if (!found) {
			close(fd);
			continue;
		}
		if (p->mem != p->dir)
			close(p->mem);
		p->mem = fd;
	}
	if (dir)
		closedir(dir);
}

/* Reads what may change about an open process. */
static int live_describe(struct live *l, struct live_process *p,
			 const struct procstat *stat, struct process *ret)
{
	struct process info = { .pid = p->pid,
				.ppid = stat->ppid,
				.threads = stat->threads,
				.start_time = stat->start_time };
	int err = live_status(p->mem, &info);

	if (err)
		return err == -ENOENT ? -ESRCH : err;
	memcpy(info.comm, stat->comm, sizeof(info.comm));
	info.kernel_thread = stat->flags & PROCSTAT_KERNEL_THREAD;
	/* exit_mm() has taken its memory; it is not a zombie yet */
	if (!p->had_memory && (p->pagemap >= 0 || p->pagemap == -ESRCH) &&
	    !info.kernel_thread)
		return -ESRCH;
	/* gupinfo may not read it, or has no descriptor left; of a kernel thread there is nothing to read */
	if (p->pagemap < 0 && p->pagemap != -ESRCH && p->pagemap != -ENOENT &&
	    !info.kernel_thread)
		return p->pagemap == -EACCES && live_exits(p->mem) ? -ESRCH : p->pagemap;
	info.has_pinned = live_bpf_has_pinned(l, p);
	if (l->opt.cgroups)
		live_cgroup_read(p->dir, "cgroup", info.cgroup, sizeof(info.cgroup));
	*ret = info;
	return 0;
}

static int live_open_process(struct source *src, pid_t pid, struct process *ret)
{
	struct live *l = (struct live *)src;
	struct live_process *p = live_find(l, pid);
	struct procstat stat;
	char path[32];
	int err;

	if (p) { /* all who have it open see the same memory, or none */
		err = live_alive(p, &stat);
		if (!err)
			err = live_describe(l, p, &stat, ret);
		p->users += !err;
		return err;
	}
	p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	snprintf(path, sizeof(path), "proc/%d", pid);
	p->pid = pid;
	p->users = 1;
	p->dir = openat(l->root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (p->dir < 0) {
		err = errno == ENOENT ? -ESRCH : -errno;
		free(p);
		return err;
	}
	p->mem = p->dir;
	p->pagemap = -EBADF;
	p->next = l->processes;
	l->processes = p;
	err = live_stat(p->dir, &stat);
	if (!err) {
		live_choose_thread(p, &stat);
		p->start_time = stat.start_time;
		p->pagemap = openat(p->mem, "pagemap", O_RDONLY | O_CLOEXEC);
		if (p->pagemap < 0)
			p->pagemap = -errno;
		p->had_memory = live_chunk_has_memory(p);
		err = live_describe(l, p, &stat, ret);
	}
	if (err)
		live_release(src, pid);
	return err;
}

static int live_vmas(struct source *src, pid_t pid, bool smaps, source_vma_cb cb,
		     void *ctx)
{
	struct live *l = (struct live *)src;
	struct live_process *p = live_find(l, pid);
	struct procstat stat;
	int err = p ? live_alive(p, &stat) : -ESRCH;

	if (err == -ESRCH)
		return err;
	if (!err)
		live_choose_thread(p, &stat);
	err = live_vmas_walk(l, p, smaps, cb, ctx);
	/* The VMA list of a process that exits or execs ends early: ask whether it lives. */
	return err || live_alive(p, &stat) != -ESRCH ? err : -ESRCH;
}

static int live_vma_at(struct source *src, pid_t pid, u64 addr, u64 end, struct vma *ret)
{
	struct live *l = (struct live *)src;
	struct live_process *p = live_find(l, pid);

	return p ? live_vmas_at(l, p, addr, end, ret) : -ESRCH;
}

static int live_glance(struct source *src, pid_t pid, struct process *process)
{
	struct live *l = (struct live *)src;
	struct live_process *p = live_find(l, pid);

	if (!p)
		return -ESRCH;
	process->has_pinned = live_bpf_has_pinned(l, p);
	return 0;
}

static int live_pages(struct source *src, pid_t pid, const struct vma *vma, u64 start,
		      u64 end, bool fold, source_raw_cb cb, void *ctx)
{
	struct live *l = (struct live *)src;
	struct live_process *p = live_find(l, pid);
	struct live_maps maps = { l, p, cb, ctx };

	if (!p)
		return -ESRCH;
	if (p->pagemap < 0)
		return p->pagemap == -ENOENT ? -ESRCH : p->pagemap;
	if (live_maps_begin(&maps, vma)) {
		cb = live_maps_mark;
		ctx = &maps;
	}
	if (l->ahead && fold == l->src.ahead_folds) {
		int err = live_ahead_observe(l, p, vma, start, end, cb, ctx);

		if (err != -EAGAIN)
			return err;
	}
	if (live_bpf_walks(l) && !vma->gate)
		return live_bpf_observe(l, p, vma, start, end, fold, cb, ctx);
	if (l->bpf && !vma->gate)
		return live_structs_observe(l, p, vma, start, end, cb, ctx);
	return live_pages_range(l, p, vma, start, end, fold, cb, ctx);
}

static void live_close(struct source *src)
{
	struct live *l = (struct live *)src;

	while (l->processes)
		live_release(src, l->processes->pid);
	if (l->kpageflags >= 0)
		close(l->kpageflags);
	if (l->kpagecount >= 0)
		close(l->kpagecount);
	live_cgroup_close(l);
	if (l->root >= 0)
		close(l->root);
	live_holders_free(l);
	live_bpf_close(l);
	live_vmas_free(&l->internal);
	live_vmas_free(&l->ours);
	live_frames_close(l);
	free(l->spans);
	free(l->cache);
	free(l->buf);
	free(l->small);
	free(l);
}

static u32 live_may_hold(struct source *src, pid_t pid)
{
	const struct live_process *p = live_find((struct live *)src, pid);

	return p ? live_holders_may_hold(p->dir) : STRUCTPAGE_OPEN_ALL;
}

static int live_find_pfn(struct source *src, pid_t pid, u64 pfn, u64 end,
			 source_raw_cb cb, void *ctx)
{
	struct live *l = (struct live *)src;
	struct live_process *p = live_find(l, pid);

	if (!p)
		return -ESRCH;
	if (!live_bpf_walks(l))
		return -ENOTSUP;
	if (p->pagemap < 0)
		return p->pagemap;
	return live_bpf_find(l, p, pfn, end, cb, ctx);
}

static const struct source_ops live_ops = {
	.refresh = live_machine_refresh,
	.open = live_open_process,
	.vmas = live_vmas,
	.vma_at = live_vma_at,
	.glance = live_glance,
	.observe = live_pages,
	.release = live_release,
	.close = live_close,
	.find = live_find_pfn,
	.holders = live_holders_read,
	.frames = live_physical_frames,
	.cgroup = live_cgroup,
	.may_hold = live_may_hold,
	.held = live_holders_held,
};

static int live_open_array(struct live *l, const char *path)
{
	int fd = l->opt.no_kpage ? -1 : openat(l->root, path, O_RDONLY | O_CLOEXEC);

	return fd >= 0 ? fd : l->opt.no_kpage ? -EACCES : -errno;
}

static void *live_open_machine(void *l)
{
	live_machine_read(l);
	return NULL;
}

/* Most of the time that BPF takes is the kernel's: the rest is read by another thread meanwhile. */
static void live_open_sources(struct live *l)
{
	bool bpf, beside;
	pthread_t thread;

	live_machine_name(l);
	bpf = live_bpf_wanted(l);
	beside = bpf && !l->opt.gentle && worker_pool_cpus() > 1 &&
		 !worker_pool_thread(&thread, live_open_machine, l);
	if (bpf)
		live_bpf_open(l);
	if (beside)
		pthread_join(thread, NULL);
	else
		live_machine_read(l);
	live_vmas_internal(l);
	live_bpf_use(l);
}

struct source *live_open(const struct live_options *opt, struct diag *diag)
{
	static const struct live_options none;
	struct live *l = calloc(1, sizeof(*l));

	if (l)
		l->buf = malloc(sizeof(*l->buf));
	if (!l || !l->buf) {
		diag_add(diag, DIAG_ERROR, "out of memory");
		free(l);
		return NULL;
	}
	l->src =
		(struct source){ .ops = &live_ops, .diag = diag, .machine = &l->machine };
	l->opt = opt ? *opt : none;
	l->broken = UINT64_MAX;
	l->root =
		open(l->opt.root ? l->opt.root : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	l->kpageflags = live_open_array(l, "proc/kpageflags");
	l->kpagecount = live_open_array(l, "proc/kpagecount");
	if (live_frames_open(l)) {
		diag_add(diag, DIAG_ERROR, "out of memory");
		live_close(&l->src);
		return NULL;
	}
	live_open_sources(l);
	live_machine_refresh(&l->src);
	probe_run(l);
	if (l->opt.many && !l->bpf) /* no memory for it: no cache */
		l->cache = calloc(1, sizeof(*l->cache));
	if (!live_machine_resolve(l))
		return &l->src;
	diag_add(diag, DIAG_ERROR,
		 "this kernel calls itself %.64s, which is no version of Linux",
		 l->machine.kernel.release);
	live_close(&l->src);
	return NULL;
}
