/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds who holds pages: pipes and io_urings by BPF, else what fdinfo shows, and processes with
 * devices open through which they can pin pages.
 */
#include "live/live_int.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "live/bpfpage.h"
#include "kpageflags.h"
#include "lib/array.h"
#include "page/holders.h"
#include "os/readfile.h"

/* Lists that grow.  Holders' pointers into ends are set when the lists are complete. */
struct live_holders_list {
	struct live *l;
	struct holders *h;
	size_t room, end_room;
	int err;
};

static struct holder *live_holders_add(struct live_holders_list *o)
{
	struct holders *h = o->h;

	struct holder *new = array_add(&h->holder, &h->n, &o->room, sizeof(*new));

	if (!new)
		o->err = -ENOMEM;
	return new;
}

/* Adds an end and returns its index, or -1.  Until the list is complete, pointers hold indices. */
static ssize_t live_holders_end(struct live_holders_list *o, pid_t pid, int fd, u32 mode)
{
	struct holders *h = o->h;
	struct holder_end *e;
	char path[64];

	e = array_add(&h->end, &h->nends, &o->end_room, sizeof(*e));
	if (!e) {
		o->err = -ENOMEM;
		return -1;
	}
	e->pid = pid;
	e->fd = fd;
	e->reads = mode & 1;
	e->writes = mode & 2;
	e->owner = mode & STRUCTPAGE_OWNER;
	if (h->nends > 1 && e[-1].pid == pid) {
		memcpy(e->comm, e[-1].comm, sizeof(e->comm));
		return h->nends - 1;
	}
	snprintf(path, sizeof(path), "proc/%d/comm", (int)pid);
	readfile_line(o->l->root, path, e->comm, sizeof(e->comm));
	return h->nends - 1;
}

/* --- by BPF */

ARRAY_ORDER(live_holders_cmp_end, struct structpage_end,
	    ORDER(x->object, y->object) ?: ORDER(x->pid, y->pid) ?:
	    ORDER(x->fd, y->fd))

ARRAY_ORDER(live_holders_cmp_hold, struct structpage_hold,
	    ORDER(x->object, y->object) ?: ORDER(x->slot, y->slot) ?:
	    ORDER(x->pfn, y->pfn))

ARRAY_ORDER(live_holders_by_refs, struct structpage_hold,
	    live_holders_cmp_hold(x, y) ?: ORDER(y->refs, x->refs))

ARRAY_ORDER(live_holders_cmp_pid, pid_t, ORDER(*x, *y))

/* Makes a holder for each run of frames.  An object that was delivered twice counts once. */
static void live_holders_join(struct live_holders_list *o, const struct bpfpage_files *f)
{
	const struct structpage_hold *last = NULL;
	u32 e = 0, first = 0, n = 0;

	for (u32 i = 0; i < f->nholds && !o->err; i++) {
		const struct structpage_hold *s = &f->hold[i];
		struct holder *h;

		if (last && !live_holders_cmp_hold(last, s))
			continue;
		if (!last || last->object != s->object) {
			while (e < f->nends && f->end[e].object < s->object)
				e++;
			first = o->h->nends;
			for (n = 0; e < f->nends && f->end[e].object == s->object;
			     e++, n++)
				live_holders_end(o, f->end[e].pid, f->end[e].fd,
						 f->end[e].mode);
		}
		last = s;
		h = live_holders_add(o);
		if (!h)
			return;
		h->kind = s->kind;
		h->certainty = HOLDERS_EXACT;
		h->whole = s->refs < s->pages;
		h->again = !s->refs;
		h->slot = s->slot;
		if (n && holders_kinds[h->kind].flags & HOLDERS_F_INODE)
			h->object = f->end[e - 1].ino;
		h->pfn = s->pfn;
		h->pages = s->pages;
		h->addr = s->addr;
		h->bytes = s->bytes;
		h->offset = s->offset;
		h->len = s->len;
		h->nends = n;
		h->end = (const struct holder_end *)(uintptr_t)first;
	}
}

/* Of process @pid, or 0, and of files of these @kinds, or 0. */
static void live_holders_bpf(struct live_holders_list *o, pid_t pid, u32 kinds)
{
	struct bpfpage_files f;
	char why[BPFPAGE_WHY] = "";

	if (!o->l->bpf) {
		snprintf(o->h->why, sizeof(o->h->why),
			 "pipes cannot be looked into without BPF: %.100s",
			 o->l->machine.evidence[SOURCE_STRUCTPAGE].why);
		return;
	}
	if (bpfpage_files(o->l->bpf, pid, kinds, &f, why)) {
		snprintf(o->h->why, sizeof(o->h->why), "%s", why);
		return;
	}
	qsort(f.end, f.nends, sizeof(*f.end), live_holders_cmp_end);
	qsort(f.hold, f.nholds, sizeof(*f.hold), live_holders_by_refs);
	live_holders_join(o, &f);
	o->h->complete = !f.truncated && !f.raced;
	if (f.raced)
		snprintf(o->h->why, sizeof(o->h->why),
			 "%u pipes and sockets kept changing while they were read",
			 f.raced);
	if (f.truncated)
		snprintf(
			o->h->why, sizeof(o->h->why),
			"more buffers of pipes, io_urings and sockets than there is room for");
	bpfpage_files_done(o->l->bpf);
}

/* Returns the first frame from @pfn on, upwards or down, that is no tail of a compound page. */
static u64 live_holders_edge(const struct live *l, u64 pfn, bool up)
{
	u64 words[512];

	for (;; pfn -= !up) {
		u64 base = ROUND_DOWN(pfn, ARRAY_SIZE(words)), i = pfn - base;
		ssize_t got = l->kpageflags < 0 ? 0
						: pread(l->kpageflags, words,
							sizeof(words), (off_t)base * 8);
		u64 n = got > 0 ? (u64)got / 8 : 0;

		while (i < n && words[i] & KPF_BIT(COMPOUND_TAIL) && (up || i))
			i += up ? 1 : -1;
		pfn = base + i;
		/* at the border of the block the next one decides */
		if (up ? i < ARRAY_SIZE(words)
		       : i || !base || !n || !(words[0] & KPF_BIT(COMPOUND_TAIL)))
			return pfn;
	}
}

/* Extends the frames of @h to whole compound pages. */
static void live_holders_span(const struct live *l, struct holder *h)
{
	h->span_pfn = live_holders_edge(l, h->pfn, false);
	h->span = live_holders_edge(l, h->pfn + h->pages, true) - h->span_pfn;
}

/*
 * Counts frames of @h: of memory, and of these those that nothing maps.  In a pipe's and a socket's
 * frames the kernel may have put bytes itself, and those of a file that nobody maps are its cache: what
 * is pinned, anonymous, shared or mapped is or was memory of a process.
 */
static void live_holders_count(struct live *l, struct holder *h)
{
	const u64 memory =
		KPF_BIT(ANON) | KPF_BIT(HUGE) | KPF_BIT(MMAP) | KPF_BIT(SWAPBACKED);
	u64 words[512];

	h->memory = h->unmapped = 0;
	for (u64 at = 0; at < h->pages;) {
		u64 some = MIN(h->pages - at, ARRAY_SIZE(words));

		if (l->kpageflags < 0 ||
		    pread(l->kpageflags, words, some * 8, (off_t)(h->pfn + at) * 8) !=
			    (ssize_t)(some * 8)) {
			h->memory = h->unmapped = -1;
			return;
		}
		for (u64 i = 0; i < some; i++) {
			bool is = holders_kinds[h->kind].flags & HOLDERS_F_PIN ||
				  words[i] & memory;

			h->memory += is;
			h->unmapped += is && !(words[i] & KPF_BIT(MMAP));
			h->lone += !(words[i] & KPF_COMPOUND_BITS);
		}
		at += some;
	}
	if (holders_kinds[h->kind].flags & HOLDERS_F_CHARGED)
		live_holders_span(l, h);
}

/* Looks at what the processes @pids, which ascend, have open only: others may hold much. */
static void live_holders_mapped(struct live *l, struct holders *h, const pid_t *pids,
				unsigned npids)
{
	for (size_t i = 0; i < h->n; i++) {
		struct holder *x = &h->holder[i];

		x->memory = x->unmapped = -1;
		if (x->certainty == HOLDERS_EXACT && holders_open_by(x, pids, npids))
			live_holders_count(l, x);
	}
}

/* --- by procfs: what a process may hold */

static void live_holders_candidate(struct live_holders_list *o, enum holders_kind kind,
				   pid_t pid, int fd, const char *name, u64 addr,
				   u64 bytes, u32 slot)
{
	ssize_t e = live_holders_end(o, pid, fd, 0);
	struct holder *h = e < 0 ? NULL : live_holders_add(o);

	if (!h)
		return;
	h->kind = kind;
	h->certainty = HOLDERS_CANDIDATE;
	h->addr = addr;
	h->bytes = bytes;
	h->slot = slot;
	h->nends = 1;
	h->end = (const struct holder_end *)(uintptr_t)e;
	snprintf(h->name, sizeof(h->name), "%s", name);
}

/* Parses "UserBufs:\t1\n    0: 0x7f…/4096\n"; false when announced buffers are not listed. */
static bool live_holders_fdinfo(struct live_holders_list *o, pid_t pid, int fd,
				const char *text)
{
	const char *p = strstr(text, "UserBufs:");
	unsigned n = 0, seen = 0, index, len;
	unsigned long long addr;

	if (!p || sscanf(p, "UserBufs: %u", &n) != 1 || !n)
		return true;
	while ((p = strchr(p, '\n'))) {
		p++;
		if (sscanf(p, " %u: 0x%llx/%u", &index, &addr, &len) == 3) {
			live_holders_candidate(o, HOLDERS_IO_URING, pid, fd, "io_uring",
					       addr, len, index);
			seen++;
		} else if (sscanf(p, " %u: <none>", &index) != 1) {
			break;
		}
	}
	return seen || n == 0;
}

/* fdinfo leaves the list out while the ring is in use: try a few times. */
static void live_holders_ring(struct live_holders_list *o, int dir, pid_t pid, int fd)
{
	char path[32], *text;
	size_t len;
	bool listed = false;

	snprintf(path, sizeof(path), "fdinfo/%d", fd);
	for (int try = 0; try < 4 && !listed; try++) {
		if (readfile(dir, path, &text, &len))
			return;
		listed = live_holders_fdinfo(o, pid, fd, text);
		free(text);
	}
	if (!listed)
		live_holders_candidate(o, HOLDERS_IO_URING, pid, fd,
				       "an io_uring whose buffers were not listed", 0, 0,
				       0);
}

/* Whether exact holders, or a candidate of this name, have the descriptor. */
static bool live_holders_known(const struct live_holders_list *o, enum holders_kind kind,
			       pid_t pid, int fd, const char *name)
{
	const struct holders *h = o->h;

	if (ARRAY_ANY(i, h->nends, h->end[i].pid == pid && h->end[i].fd == fd))
		return true;
	for (size_t i = 0; i < h->n; i++) {
		const struct holder *x = &h->holder[i];

		if (x->certainty != HOLDERS_EXACT && x->kind == kind &&
		    h->end[(uintptr_t)x->end].pid == pid && !strcmp(x->name, name))
			return true;
	}
	return false;
}

/* Open with O_DIRECT: requests hold their pages until they are done. */
static bool live_holders_direct(int dir, int fd)
{
	char path[32];
	u64 flags;

	snprintf(path, sizeof(path), "fdinfo/%d", fd);
	flags = readfile_field(dir, path, "flags:", 8);
	return flags != UINT64_MAX && flags & O_DIRECT;
}

static void live_holders_link(struct live_holders_list *o, int dir, pid_t pid, int fd,
			      const char *link)
{
	static const char direct[] = "a file is open with O_DIRECT";

	for (unsigned kind = 0; kind < HOLDERS_KINDS; kind++)
		if (holders_kinds[kind].open &&
		    !fnmatch(holders_kinds[kind].open, link, 0) &&
		    !live_holders_known(o, kind, pid, fd, link))
			live_holders_candidate(o, kind, pid, fd, link, 0, 0, 0);
	if (link[0] == '/' && strncmp(link, "/dev/null", 9) &&
	    live_holders_direct(dir, fd) &&
	    !live_holders_known(o, HOLDERS_DIRECT_IO, pid, fd, direct))
		live_holders_candidate(o, HOLDERS_DIRECT_IO, pid, fd, direct, 0, 0, 0);
	if (!strcmp(link, "anon_inode:[io_uring]") && !o->l->bpf)
		live_holders_ring(o, dir, pid, fd);
}

/* --- what a process has open */

#define LIVE_LINKS 4096 /* looking at more takes longer than finding all holders */

/*
 * The pipe that @pidfd's task has open as @name, and that statx() sees as @st, holds no byte.  Its open file is
 * asked: to open the link in /proc would be one more reader or writer of the pipe.  A socket is not asked
 * so, for who receives a socket becomes the one whom its cgroup's class is of (__receive_sock()).
 */
static bool live_holders_is_empty(int pidfd, const char *name, const struct statx *st)
{
	int fd = syscall(SYS_pidfd_getfd, pidfd, atoi(name), 0), bytes = 1;
	struct stat is;

	if (fd < 0)
		return false;
	if (fstat(fd, &is) || !S_ISFIFO(is.st_mode) || is.st_ino != st->stx_ino ||
	    is.st_dev != makedev(st->stx_dev_major, st->stx_dev_minor) ||
	    ioctl(fd, FIONREAD, &bytes))
		bytes = 1; /* it is another file by now */
	close(fd);
	return !bytes;
}

/* Returns the STRUCTPAGE_OPEN_* that is open as @name; a file may be on a server that does not answer. */
static u32 live_holders_kind(int pidfd, int fds, const char *name)
{
	char link[64] = "";
	struct statx st;

	if (readlinkat(fds, name, link, sizeof(link) - 1) < 0)
		return STRUCTPAGE_OPEN_ALL;
	if (!strncmp(link, "anon_inode:", 11))
		return strcmp(link, "anon_inode:[io_uring]") ? 0 : STRUCTPAGE_OPEN_RING;
	if (!strncmp(link, "socket:", 7))
		return STRUCTPAGE_OPEN_SOCKET;
	if (!strncmp(link, "/dmabuf:", 8))
		return STRUCTPAGE_OPEN_DMABUF;
	if (statx(fds, name, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_TYPE | STATX_INO,
		  &st))
		return STRUCTPAGE_OPEN_ALL;
	return S_ISFIFO(st.stx_mode) && !live_holders_is_empty(pidfd, name, &st)
		       ? STRUCTPAGE_OPEN_PIPE
		       : 0;
}

/* Returns which kinds of files thread @name in @tasks has open; adds to *@links. */
static u32 live_holders_thread(DIR *tasks, const char *name, unsigned *links)
{
	int pidfd = syscall(SYS_pidfd_open, atoi(name), 0);
	char path[300];
	u32 kinds;
	DIR *fds;

	if (pidfd < 0) /* not of the main thread: since 6.9, by PIDFD_THREAD */
		pidfd = syscall(SYS_pidfd_open, atoi(name), O_EXCL);
	snprintf(path, sizeof(path), "%s/fd", name);
	fds = readfile_dir(dirfd(tasks), path);
	kinds = fds ? 0 : STRUCTPAGE_OPEN_ALL;
	for (struct dirent *e; kinds != STRUCTPAGE_OPEN_ALL && (e = readdir(fds));)
		if (isdigit((unsigned char)e->d_name[0]))
			kinds |=
				++*links > LIVE_LINKS
					? STRUCTPAGE_OPEN_ALL
					: live_holders_kind(pidfd, dirfd(fds), e->d_name);
	if (fds)
		closedir(fds);
	if (pidfd >= 0)
		close(pidfd);
	return kinds;
}

/* Threads may have files of their own. */
u32 live_holders_may_hold(int dir)
{
	DIR *tasks = readfile_dir(dir, "task");
	u32 kinds = tasks ? 0 : STRUCTPAGE_OPEN_ALL;
	unsigned links = 0;

	for (struct dirent *t; kinds != STRUCTPAGE_OPEN_ALL && (t = readdir(tasks));)
		if (isdigit((unsigned char)t->d_name[0]))
			kinds |= live_holders_thread(tasks, t->d_name, &links);
	if (tasks)
		closedir(tasks);
	return kinds;
}

static void live_holders_fds(struct live_holders_list *o, int dir, pid_t pid)
{
	DIR *d = readfile_dir(dir, "fd");
	struct dirent *e;
	char link[256];
	ssize_t n;

	if (!d)
		return;
	while (!o->err && (e = readdir(d))) {
		if (!isdigit((unsigned char)e->d_name[0]))
			continue;
		n = readlinkat(dirfd(d), e->d_name, link, sizeof(link) - 1);
		if (n <= 0)
			continue;
		link[n] = '\0';
		live_holders_link(o, dir, pid, atoi(e->d_name), link);
	}
	closedir(d);
}

/* Returns the thread group of @pid. */
static pid_t live_holders_process(struct live_holders_list *o, pid_t pid)
{
	char path[32], *text, *p;
	pid_t tgid = pid;
	size_t len;
	int dir;

	snprintf(path, sizeof(path), "proc/%d", (int)pid);
	dir = openat(o->l->root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return tgid;
	live_holders_fds(o, dir, pid);
	if (!readfile(dir, "status", &text, &len)) {
		unsigned long long kib;

		p = strstr(text, "\nTgid:");
		if (p)
			tgid = atoi(p + 6);
		p = strstr(text, "\nVmPin:");
		if (p && sscanf(p, "\nVmPin: %llu", &kib) == 1 && kib)
			live_holders_candidate(o, HOLDERS_VMPIN, pid, -1, "VmPin", 0,
					       kib << 10, 0);
		free(text);
	}
	close(dir);
	return tgid;
}

void live_holders_free(struct live *l)
{
	if (!l->holders)
		return;
	free(l->holders->holder);
	free(l->holders->end);
	free(l->holders);
	l->holders = NULL;
}

/* Begins a list, which replaces the last one. */
static void live_holders_begin(struct live_holders_list *o)
{
	live_holders_free(o->l);
	o->l->holders = o->h = calloc(1, sizeof(*o->h));
	if (!o->h)
		o->err = -ENOMEM;
}

/* Completes the list when nothing has failed; looks at what the processes @tgids have open. */
static int live_holders_done(struct live_holders_list *o, pid_t *tgids, unsigned n,
			     struct holders **ret)
{
	if (o->err) {
		live_holders_free(o->l);
		return o->err;
	}
	qsort(tgids, n, sizeof(*tgids), live_holders_cmp_pid);
	for (size_t i = 0; i < o->h->n; i++)
		o->h->holder[i].end = o->h->end + (uintptr_t)o->h->holder[i].end;
	live_holders_mapped(o->l, o->h, tgids, n);
	holders_sort(o->h);
	*ret = o->h;
	return 0;
}

int live_holders_read(struct source *src, const pid_t *pids, unsigned npids,
		      struct holders **ret)
{
	struct live_holders_list o = { .l = (struct live *)src };
	pid_t *tgids = calloc(npids + 1, sizeof(*tgids));
	int err;

	live_holders_begin(&o);
	if (!tgids)
		o.err = -ENOMEM;
	if (!o.err)
		live_holders_bpf(&o, 0, 0);
	for (unsigned i = 0; i < npids && !o.err; i++)
		tgids[i] = live_holders_process(&o, pids[i]);
	err = live_holders_done(&o, tgids, npids, ret);
	free(tgids);
	return err;
}

int live_holders_held(struct source *src, pid_t pid, u32 kinds, struct holders **ret)
{
	struct live_holders_list o = { .l = (struct live *)src };

	live_holders_begin(&o);
	if (!o.err)
		live_holders_bpf(&o, pid, kinds);
	return live_holders_done(&o, &pid, 1, ret);
}
