/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Streams the VMAs of a process from smaps, and finds the file system behind each. */
#include "live/live_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "live/bpfpage.h"
#include "lib/array.h"
#include "os/readfile.h"

#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif
#define LIVE_AIO_MAGIC 0xa10a10a1u /* AIO_RING_MAGIC, fs/aio.c */
#define LIVE_LINE 65536 /* longer than any line of smaps: paths are below 4096 * 4 */

void live_vmas_free(struct live_mounts *m)
{
	free(m->mount);
	*m = (struct live_mounts){ 0 };
}

static void live_vmas_add_mount(struct live_mounts *m, struct live_mount mount)
{
	array_put(&m->mount, &m->n, &m->room, sizeof(mount), &mount);
}

static void live_vmas_add_fd(struct live *l, int fd, enum vma_fs fs)
{
	struct stat st;

	if (fd < 0)
		return;
	if (!fstat(fd, &st))
		live_vmas_add_mount(&l->internal,
				    (struct live_mount){ .major = major(st.st_dev),
							 .minor = minor(st.st_dev),
							 .fs = fs });
	close(fd);
}

/*
 * mountinfo does not list the kernel's internal mounts: learn their device numbers from files
 * of our own.  memfds, MAP_SHARED|MAP_ANONYMOUS and SysV segments are on one internal tmpfs.
 */
void live_vmas_internal(struct live *l)
{
	live_vmas_add_fd(l, syscall(SYS_memfd_create, "gupinfo", 1u), VMA_FS_SHMEM);
	int fd = syscall(SYS_memfd_secret, (unsigned)O_CLOEXEC);

	if (fd >= 0 || errno == ENOSYS)
		l->machine.kernel.probe[KPROBE_SECRETMEM] = tri_from(true, fd >= 0);
	live_vmas_add_fd(l, fd, VMA_FS_SECRETMEM);
}

/* Parses "36 35 98:0 /root /mount/point options [fields…] - type source superoptions". */
static void live_vmas_mountinfo_line(struct live_mounts *m, char *line)
{
	unsigned major_, minor_;
	char *dash = strstr(line, " - "), *end;

	if (!dash || sscanf(line, "%*d %*d %u:%u", &major_, &minor_) != 2)
		return;
	dash += 3;
	end = strchr(dash, ' ');
	if (end)
		*end = '\0';
	/* "fuse.sshfs" is a fuse file system of subtype sshfs. */
	if (!strncmp(dash, "fuse.", 5))
		dash[4] = '\0';
	live_vmas_add_mount(m,
			    (struct live_mount){ .major = major_,
						 .minor = minor_,
						 .fs = vma_fs_by_type(dash),
						 .devices = !strcmp(dash, "devtmpfs") });
}

static void live_vmas_mountinfo(struct live_mounts *m, int dir, const char *path)
{
	char *text, *line, *rest;
	size_t len;

	m->read = true;
	if (readfile(dir, path, &text, &len))
		return;
	for (rest = text; (line = strsep(&rest, "\n"));)
		live_vmas_mountinfo_line(m, line);
	free(text);
}

static const struct live_mount *live_vmas_mount(const struct live_mounts *m, u32 major_,
						u32 minor_)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->mount[i].major == major_ && m->mount[i].minor == minor_)
			return &m->mount[i];
	return NULL;
}

/* Returns the mapped file's mode without asking a remote file system; 0 when not permitted. */
static unsigned live_vmas_mode(struct live_process *p, const struct vma *vma,
			       u64 *ret_rdev)
{
	struct statx st;
	char path[64];

	snprintf(path, sizeof(path), "map_files/%llx-%llx", vma->start, vma->end);
	if (statx(p->mem, path, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_TYPE, &st))
		return 0;
	*ret_rdev = makedev(st.stx_rdev_major, st.stx_rdev_minor);
	return st.stx_mode;
}

static enum vma_fs live_vmas_lookup(struct live *l, struct live_process *p,
				    const struct vma *vma)
{
	const struct live_mount *m;
	struct statfs st;
	unsigned mode;
	u64 rdev = 0;

	m = live_vmas_mount(&l->internal, vma->dev_major, vma->dev_minor);
	if (m)
		return m->fs;
	if (!p->mounts.read)
		live_vmas_mountinfo(&p->mounts, p->mem, "mountinfo");
	mode = live_vmas_mode(p, vma, &rdev);
	if (S_ISCHR(mode) && rdev == makedev(1, 5) && !vma->shared)
		return VMA_FS_NONE; /* /dev/zero, private: vma_set_anonymous() */
	if (S_ISCHR(mode))
		return VMA_FS_DEVICE;
	if (S_ISBLK(mode)) /* the file system of the node is not that of the pages */
		return vma_fs_by_type("bdev");
	m = live_vmas_mount(&p->mounts, vma->dev_major, vma->dev_minor);
	if (!m && !l->ours.read) /* e.g. the file system below a container's overlay */
		live_vmas_mountinfo(&l->ours, l->root, "proc/self/mountinfo");
	if (!m)
		m = live_vmas_mount(&l->ours, vma->dev_major, vma->dev_minor);
	/* mountinfo does not have the mount of rings, and one of our own would delay our end by RCU */
	if (!m && !strncmp(vma->name, "/[aio]", 6) && !live_file_statfs(p, vma, &st))
		return (u32)st.f_type == LIVE_AIO_MAGIC ? VMA_FS_AIO : VMA_FS_UNKNOWN;
	if (!m || (!mode && m->devices))
		return VMA_FS_UNKNOWN;
	/* Any file system may have device nodes; a mapped name below /dev hints at one. */
	if (!mode && !strncmp(vma->name, "/dev/", 5) && m->fs != VMA_FS_SHMEM)
		return VMA_FS_UNKNOWN;
	return m->fs;
}

static void live_vmas_fs(struct live *l, struct live_process *p, struct vma *vma)
{
	struct live_mounts *m = &p->mounts;

	if (vma->fs != VMA_FS_UNKNOWN)
		return;
	if (m->inode != vma->inode || m->major != vma->dev_major ||
	    m->minor != vma->dev_minor || !vma->inode || m->fs == VMA_FS_NONE) {
		m->fs = live_vmas_lookup(l, p, vma);
		m->inode = vma->inode;
		m->major = vma->dev_major;
		m->minor = vma->dev_minor;
	}
	vma->fs = m->fs;
}

/* struct procmap_query of PROCMAP_QUERY (6.11 and later), which older headers lack. */
struct live_query {
	u64 size, flags, addr;
	u64 start, end, vma_flags, page_size, offset, inode;
	u32 dev_major, dev_minor, name_size, build_id_size;
	u64 name, build_id;
};
_Static_assert(sizeof(struct live_query) == 104, "struct procmap_query");
#define LIVE_QUERY_IOCTL 0xc0686611u /* _IOWR('f', 17, struct procmap_query) */
_Static_assert(LIVE_QUERY_IOCTL == _IOWR('f', 17, struct live_query), "PROCMAP_QUERY");
#define LIVE_QUERY_NAME 8192 /* of a path, PATH_MAX, with " (deleted)" */
#define LIVE_QUERY_PERMS 0xf /* read, write, exec, shared */

#define LIVE_QUERY_NEXT 0x10 /* PROCMAP_QUERY_COVERING_OR_NEXT_VMA */

/* Returns 0 or -errno; -ENOENT: there is no such VMA. */
static int live_vmas_query(struct live_process *p, struct live_query *q)
{
	q->size = sizeof(*q);
	if (!p->maps) {
		p->maps = openat(p->mem, "maps", O_RDONLY | O_CLOEXEC);
		if (p->maps < 0)
			p->maps = -errno;
	}
	if (p->maps < 0)
		return p->maps;
	return ioctl(p->maps, LIVE_QUERY_IOCTL, q) ? -errno : 0;
}

enum tri live_vmas_same(struct live_process *p, const struct vma *vma)
{
	struct live_query q = { .addr = vma->start };
	u64 perms = vma->read | vma->write << 1 | vma->exec << 2 | vma->shared << 3;
	bool opened = p->maps >= 0;
	int err = live_vmas_query(p, &q);

	if (err)
		return opened && (err == -ENOENT || err == -ESRCH) ? TRI_NO : TRI_UNKNOWN;
	/* The VMA may have grown, or merged with a like neighbour. */
	return tri_from(true, q.start <= vma->start && q.end >= vma->end &&
				      (q.vma_flags & LIVE_QUERY_PERMS) == perms &&
				      q.inode == vma->inode &&
				      q.dev_major == vma->dev_major &&
				      q.dev_minor == vma->dev_minor &&
				      (!q.inode ||
				       q.offset + (vma->start - q.start) == vma->offset));
}

/*
 * Write-protection faults resolve themselves: PAGEMAP_SCAN with PM_SCAN_CHECK_WPASYNC refuses
 * other VMAs, and changes nothing without PM_SCAN_WP_MATCHING.
 */
static void live_vmas_uffd(struct live *l, struct live_process *p, struct vma *vma)
{
	u64 end = vma->start + kernel_page_size(&l->machine.kernel), walked;
	int n;

	if (!(vma->flags & VF(UFFD_WP)) || !l->have_scan || p->pagemap < 0)
		return;
	n = live_chunk_scan(p->pagemap, PAGEMAP_SCAN_CHECK_WPASYNC, vma->start, end,
			    PAGEMAP_IS_PRESENT, PAGEMAP_IS_PRESENT, 0, NULL, 0, &walked);
	vma->uffd_async = tri_from(n >= 0 || n == -EPERM, n >= 0);
}

/* A file that is read line by line through one buffer. */
struct live_lines {
	int fd;
	char *buf;
	size_t at, len;
};

/* Returns the next line without its newline: 1, 0 at the end, or -errno. */
static int live_vmas_line(struct live_lines *r, char **ret, size_t *ret_len)
{
	for (;;) {
		char *start = r->buf + r->at, *nl = memchr(start, '\n', r->len - r->at);
		ssize_t got;

		if (nl) {
			*ret = start;
			*ret_len = nl - start;
			r->at = nl + 1 - r->buf;
			return 1;
		}
		memmove(r->buf, start, r->len - r->at);
		r->len -= r->at;
		r->at = 0;
		if (r->len == LIVE_LINE)
			return -EOVERFLOW;
		got = read(r->fd, r->buf + r->len, LIVE_LINE - r->len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -errno : 0;
		r->len += got;
	}
}

/* VMA flags that BPF reads beside the lines of maps: unlike smaps it walks no page tables. */
struct live_vmas_bits {
	int fd;
	u64 page; /* bytes of a base page */
	unsigned pkey_bits;
	struct structpage_vma v[128];
	size_t at, n;
	size_t most; /* so many are read at once: the kernel looks no further */
};

/* Moves to the next VMA; false at the end. */
static bool live_vmas_bits_next(struct live_vmas_bits *b)
{
	ssize_t got;

	if (++b->at < b->n)
		return true;
	do
		got = read(b->fd, b->v, b->most * sizeof(*b->v));
	while (got < 0 && (errno == EINTR || errno == EAGAIN));
	b->at = 0;
	b->n = got > 0 ? (size_t)got / sizeof(*b->v) : 0;
	return b->n;
}

/* Opens the flags of VMAs with a part in [@start, @end); ->fd is negative when BPF cannot. */
static void live_vmas_bits_open(struct live *l, struct live_process *p, u64 start,
				u64 end, struct live_vmas_bits *ret)
{
	*ret = (struct live_vmas_bits){
		.pkey_bits = l->pte.arch ? l->pte.arch->vma_pkey_bits : 0,
		.page = kernel_page_size(&l->machine.kernel),
		.most = end - start == UINT64_MAX ? ARRAY_SIZE(ret->v) : 1,
		.fd = live_bpf_walks(l) ? bpfpage_vmas(l->bpf, p->pid, start, end)
					: -ENOTSUP,
	};
}

/* Adds the flags of @vma; false when BPF read another VMA, or flags of unknown meaning. */
static bool live_vmas_bits_add(struct live_vmas_bits *b, struct vma *vma)
{
	const struct structpage_vma *v;

	if (vma->gate) /* get_gate_vma(): it is in no process and has no other flags */
		return vma_set_flags(vma, vma->read | vma->write << 1 | vma->exec << 2,
				     b->page, b->pkey_bits);
	while (b->at < b->n && b->v[b->at].end <= vma->start)
		if (!live_vmas_bits_next(b))
			return false;
	v = &b->v[b->at];
	if (b->at >= b->n || v->start != vma->start || v->end != vma->end ||
	    (v->flags & 7) != (u64)(vma->read | vma->write << 1 | vma->exec << 2))
		return false;
	if (v->lost)
		vma->huge_known |= VMA_HUGE_LOST;
	if (v->uffd & STRUCTPAGE_UFFD_RWP)
		vma->uffd_async = tri_from(true, v->uffd & STRUCTPAGE_UFFD_RWP_ASYNC);
	return v->order < 20 &&
	       vma_set_flags(vma, v->flags, b->page << v->order, b->pkey_bits);
}

/* ---- small VMAs wait, so that their pages are read together */

#define LIVE_AHEAD_BYTES (1ULL << 20) /* larger VMAs are read by themselves */
#define LIVE_AHEAD_GAP (1ULL << 30)   /* to the next VMA */

/* Begins a walk of the VMAs of @p.  Returns false where nothing is read ahead. */
static bool live_vmas_begin(struct live *l, const struct live_process *p)
{
	if (!l->src.ahead || p->pagemap < 0 || l->ahead ||
	    !(l->bpf ? live_bpf_walks(l) : l->have_scan))
		return false;
	l->ahead = malloc(sizeof(*l->ahead));
	if (!l->ahead)
		return false;
	l->ahead->p = p;
	l->ahead->n = 0;
	l->ahead->from = l->ahead->to = 0;
	l->ahead->seq = l->bpf ? bpfpage_mm_seq(l->bpf, p->pagemap) : 0;
	return true;
}

static void live_vmas_end(struct live *l)
{
	free(l->ahead);
	l->ahead = NULL;
}

static bool live_vmas_waits(const struct live_ahead *a, const struct vma *vma)
{
	return a->n < LIVE_AHEAD && !vma->gate && vma->has_flags &&
	       !(vma->flags & (VF(HUGETLB) | VF(PFNMAP))) &&
	       vma->end - vma->start <= LIVE_AHEAD_BYTES &&
	       (!a->n || (vma->start >= a->vma[a->n - 1].end &&
			  vma->start - a->vma[a->n - 1].end <= LIVE_AHEAD_GAP));
}

/* Delivers the VMAs that wait, and lets @vma wait or delivers it, too (NULL: there is none). */
static int live_vmas_pass(struct live *l, const struct vma *vma, source_vma_cb cb,
			  void *ctx)
{
	struct live_ahead *a = l->ahead;
	int err = 0;

	if (!vma || !live_vmas_waits(a, vma)) {
		for (size_t i = 0; i < a->n && !err; i++)
			err = cb(ctx, &a->vma[i]);
		a->n = 0;
	}
	if (err || !vma)
		return err;
	if (!live_vmas_waits(a, vma))
		return cb(ctx, vma);
	a->vma[a->n++] = *vma;
	return 0;
}

/* ---- the walk */

/* VMAs below @from have been delivered; @bits NULL: the lines are those of smaps. */
struct live_vmas_pass {
	struct live *l;
	struct live_process *p;
	struct live_vmas_bits *bits;
	u64 from;
	bool ahead; /* VMAs wait in ->l->ahead */
	source_vma_cb cb;
	void *ctx;
};

/* Adds what neither maps nor smaps has. */
static void live_vmas_complete(struct live *l, struct live_process *p, struct vma *vma)
{
	live_vmas_fs(l, p, vma);
	live_file_read(l, p, vma);
	live_hugetlb_read(l, p, vma);
	live_vmas_uffd(l, p, vma);
}

/* Returns -EAGAIN when neither smaps nor @o->bits has the flags of @vma. */
static int live_vmas_deliver(struct live_vmas_pass *o, struct vma *vma)
{
	if (vma->start < o->from)
		return 0;
	if (o->bits && !live_vmas_bits_add(o->bits, vma) && !vma->has_flags)
		return -EAGAIN;
	o->from = vma->end;
	live_vmas_complete(o->l, o->p, vma);
	return o->ahead ? live_vmas_pass(o->l, vma, o->cb, o->ctx) : o->cb(o->ctx, vma);
}

static int live_vmas_stream(struct live_vmas_pass *o, struct live_lines *r)
{
	struct vma vma, next;
	bool pending = false;
	char *line = NULL;
	size_t len = 0;
	int err;

	while ((err = live_vmas_line(r, &line, &len)) > 0) {
		bool header = !vma_parse_header(line, len, &next);
		bool last = !header && pending && vma_parse_smaps(line, len, &vma);

		/* Without smaps a VMA is complete at the next header, with smaps at VmFlags. */
		if (pending && (header || last)) {
			pending = false;
			err = live_vmas_deliver(o, &vma);
			if (err)
				return err;
		}
		if (header) {
			vma = next;
			pending = true;
		}
	}
	return !err && pending ? live_vmas_deliver(o, &vma) : err;
}

static int live_vmas_file_of(struct live_vmas_pass *o, const char *name)
{
	struct live_lines r = { .fd = openat(o->p->mem, name, O_RDONLY | O_CLOEXEC) };
	int err;

	if (r.fd < 0)
		return -errno;
	r.buf = malloc(LIVE_LINE);
	err = r.buf ? live_vmas_stream(o, &r) : -ENOMEM;
	free(r.buf);
	close(r.fd);
	return err;
}

/* Reads maps, and VmFlags by BPF; smaps goes on where they disagree.  -EAGAIN: BPF read nothing. */
static int live_vmas_quick(struct live_vmas_pass *o)
{
	struct live_vmas_bits *b = malloc(sizeof(*b));
	int err = -EAGAIN;

	if (!b)
		return -ENOMEM;
	live_vmas_bits_open(o->l, o->p, 0, UINT64_MAX, b);
	if (b->fd >= 0 && live_vmas_bits_next(b)) {
		o->bits = b;
		err = live_vmas_file_of(o, "maps");
		if (err == -EAGAIN)
			err = live_vmas_file_of(o, "smaps");
		o->bits = NULL;
	}
	if (b->fd >= 0)
		close(b->fd);
	free(b);
	return err;
}

int live_vmas_walk(struct live *l, struct live_process *p, bool smaps, source_vma_cb cb,
		   void *ctx)
{
	struct live_vmas_pass o = { .l = l, .p = p, .cb = cb, .ctx = ctx };
	int err = -EAGAIN;

	p->mounts.stat_inode = 0; /* a file may have grown since the last walk */
	o.ahead = live_vmas_begin(l, p);
	if (live_bpf_walks(l) && !smaps)
		err = live_vmas_quick(&o);
	if (err == -EAGAIN)
		err = live_vmas_file_of(&o, "smaps");
	if (err == -ENOENT && faccessat(p->mem, "maps", F_OK, 0) == 0)
		err = live_vmas_file_of(&o, "maps"); /* a kernel without smaps */
	if (o.ahead) {
		int last = live_vmas_pass(l, NULL, cb, ctx);

		err = err ? err : last;
		live_vmas_end(l);
	}
	return err == -ENOENT ? -ESRCH : err;
}

/* Makes the line of maps out of @q, with its @name, and parses it. */
static int live_vmas_parse_query(const struct live_query *q, const char *name,
				 struct vma *ret)
{
	char line[LIVE_QUERY_NAME + 128];
	int n = snprintf(line, sizeof(line), "%llx-%llx %c%c%c%c %llx %x:%x %llu %s",
			 q->start, q->end, q->vma_flags & 1 ? 'r' : '-',
			 q->vma_flags & 2 ? 'w' : '-', q->vma_flags & 4 ? 'x' : '-',
			 q->vma_flags & 8 ? 's' : 'p', q->offset, q->dev_major,
			 q->dev_minor, q->inode, name);

	return vma_parse_header(line, (size_t)n, ret);
}

/* -EAGAIN: it was changed between its line and its flags. */
static int live_vmas_look(struct live *l, struct live_process *p, u64 addr, u64 end,
			  struct vma *ret)
{
	char name[LIVE_QUERY_NAME];
	struct live_query q = { .flags = LIVE_QUERY_NEXT,
				.addr = addr,
				.name = (uintptr_t)name,
				.name_size = sizeof(name) };
	struct live_vmas_bits bits;
	int err;

	name[0] = '\0';
	err = live_bpf_walks(l) ? live_vmas_query(p, &q) : -ENOTSUP;
	/* the kernel's own mapping, above user space, is no process's: only maps and smaps list it */
	if (err == -ENOENT && end > bpfpage_user_end(l->bpf))
		return -ENOTSUP;
	if (err == -ENOENT || (!err && q.start >= end))
		return live_chunk_has_memory(p) ? -ENOENT : -ESRCH;
	/* maps writes a newline in a name as \012 */
	if (err || strchr(name, '\n') || live_vmas_parse_query(&q, name, ret))
		return err ? err : -EINVAL;
	live_vmas_bits_open(l, p, ret->start, ret->end, &bits);
	if (bits.fd < 0)
		return bits.fd;
	err = live_vmas_bits_next(&bits) && live_vmas_bits_add(&bits, ret) ? 0 : -EAGAIN;
	close(bits.fd);
	if (err)
		return err;
	p->mounts.stat_inode = 0; /* the file may have grown since the last time */
	live_vmas_complete(l, p, ret);
	/* the descriptor of maps may have been opened after an exec: then the old memory is gone */
	return live_chunk_has_memory(p) ? 0 : -ESRCH;
}

/* Who maps and unmaps all the time changes it again and again; to list all VMAs takes longer. */
int live_vmas_at(struct live *l, struct live_process *p, u64 addr, u64 end,
		 struct vma *ret)
{
	int err = -EAGAIN;

	for (unsigned i = 0; i < 8 && err == -EAGAIN; i++)
		err = live_vmas_look(l, p, addr, end, ret);
	return err;
}
