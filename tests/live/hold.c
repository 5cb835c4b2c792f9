/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hold - makes something that holds pages of its own, says where they are, and waits until it is killed.
 *
 *	hold KIND	prints "pid=… addr=0x… fd=…"; exit 77 with the reason where it cannot be made here
 *	hold --list	the kinds
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_xdp.h>
#include <linux/io_uring.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/uio.h>
#include <unistd.h>

#define PAGE ((size_t)sysconf(_SC_PAGESIZE))
#define HUGE (PAGE / 8 * PAGE)
#define AT ((char *)0x40000000)

static int cannot(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	exit(77);
}

/* Maps @pages pages at AT and fills them; @flags may be MAP_SHARED. */
static char *some(size_t pages, int flags)
{
	char *p = mmap(AT, pages * PAGE, PROT_READ | PROT_WRITE,
		       MAP_ANONYMOUS | MAP_FIXED | (flags ? flags : MAP_PRIVATE), -1, 0);

	if (p == MAP_FAILED)
		cannot("mmap");
	madvise(p, pages * PAGE, MADV_NOHUGEPAGE);
	memset(p, 1, pages * PAGE);
	return p;
}

/* A ring with @n bytes at @p in @nbuffers buffers, 16 at most. */
static int ring_of(char *p, size_t n, size_t nbuffers)
{
	struct io_uring_params params = { 0 };
	struct iovec v[16];
	int fd = (int)syscall(SYS_io_uring_setup, 4, &params);

	for (size_t i = 0; i < nbuffers; i++)
		v[i] = (struct iovec){ p + n / nbuffers * i, n / nbuffers };
	if (fd < 0 ||
	    syscall(SYS_io_uring_register, fd, IORING_REGISTER_BUFFERS, v, nbuffers))
		cannot("io_uring");
	return fd;
}

static int make_ring(void)
{
	return ring_of(some(16, 0), 16 * PAGE, 1);
}

struct clone {
	uint32_t src_fd, flags, src_off, dst_off, nr, pad[3];
};

/* @rings more rings share the buffers of ring @fd and their pins (6.12). */
static int clones(int fd, int rings)
{
	struct io_uring_params params = { 0 };
	struct clone clone = { .src_fd = (uint32_t)fd };

	while (rings--) {
		fd = (int)syscall(SYS_io_uring_setup, 4, &params);
		if (fd < 0 || syscall(SYS_io_uring_register, fd, 30, &clone, 1))
			cannot("IORING_REGISTER_CLONE_BUFFERS");
	}
	return fd;
}

static int make_ring_clone(void)
{
	return clones(make_ring(), 1);
}

static int make_ring_clones(void)
{
	return clones(ring_of(some(16, 0), 16 * PAGE, 16), 128);
}

/* The buffer's mapping goes away: its pages stay. */
static int make_ring_unmapped(void)
{
	char *p = some(16, 0);
	int fd = ring_of(p, 16 * PAGE, 1);

	munmap(p, 16 * PAGE);
	some(1, 0);
	return fd;
}

/* The buffer is 4 pages of a huge page, all of which is charged. */
static int make_ring_thp(void)
{
	char *p = mmap(AT, HUGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	madvise(p, HUGE, MADV_HUGEPAGE);
	memset(p, 1, HUGE);
	return ring_of(p + 16 * PAGE, 4 * PAGE, 1);
}

static int pipe_of(char *p, size_t n)
{
	struct iovec v = { p, n };
	int fd[2];

	if (pipe(fd) || vmsplice(fd[1], &v, 1, 0) != (ssize_t)n)
		cannot("vmsplice");
	return fd[1];
}

static int make_pipe(void)
{
	return pipe_of(some(4, 0), 4 * PAGE);
}

/* Bytes that were written to a pipe are in pages of the kernel: they are nobody's memory. */
static int make_pipe_written(void)
{
	int fd[2];

	if (pipe(fd) || write(fd[1], some(1, 0), PAGE) != (ssize_t)PAGE)
		cannot("pipe");
	return fd[1];
}

/* The page cache has the pages of a memfd. */
static int make_memfd(void)
{
	char *p;

	some(4, MAP_SHARED);
	/* so many more fill the batch of this CPU, which puts those on a list, and has no reference then */
	p = mmap(NULL, 256 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		 -1, 0);
	madvise(p, 256 * PAGE, MADV_NOHUGEPAGE);
	memset(p, 1, 256 * PAGE);
	return -1;
}

/* What splice() takes of a file is the file's cache, nobody's memory. */
static int make_pipe_file(void)
{
	int fd[2], file = open("/etc/passwd", O_RDONLY);
	struct statfs fs;

	errno = ENODEV; /* what tmpfs has is like memory of processes */
	if (file < 0 || fstatfs(file, &fs) || fs.f_type == 0x01021994 ||
	    fs.f_type == 0x858458f6 || pipe(fd) ||
	    splice(file, NULL, fd[1], NULL, PAGE, 0) <= 0)
		cannot("splice of a file on disk");
	return fd[1];
}

static int make_mlock(void)
{
	if (mlock(some(4, 0), 4 * PAGE))
		cannot("mlock");
	return -1;
}

static int make_umem(void)
{
	struct xdp_umem_reg reg = { .addr = (uintptr_t)some(16, 0),
				    .len = 16 * PAGE,
				    .chunk_size = PAGE };
	int fd = socket(AF_XDP, SOCK_RAW, 0);

	if (fd < 0 || setsockopt(fd, SOL_XDP, XDP_UMEM_REG, &reg, sizeof(reg)))
		cannot("AF_XDP");
	return fd;
}

/* A connection of TCP to ourselves, of whose other end nobody reads. */
static int connection(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int listener = socket(AF_INET, SOCK_STREAM, 0), small = 4096;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t n = sizeof(a);

	setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	if (bind(listener, (void *)&a, sizeof(a)) || listen(listener, 1) ||
	    getsockname(listener, (void *)&a, &n) || connect(fd, (void *)&a, sizeof(a)) ||
	    accept(listener, NULL, NULL) < 0)
		cannot("TCP");
	return fd;
}

/* The pages wait to be sent: who should read them does not. */
static int make_zerocopy(void)
{
	char *p = some(64, 0);
	int fd = connection(), one = 1;

	if (setsockopt(fd, SOL_SOCKET, 60 /* SO_ZEROCOPY */, &one, sizeof(one)) ||
	    send(fd, p, 64 * PAGE, 0x4000000 /* MSG_ZEROCOPY */ | MSG_DONTWAIT) < 0)
		cannot("MSG_ZEROCOPY");
	return fd;
}

/* Pages go into a pipe, and from there into a socket that nobody reads (6.5). */
static int make_socket(void)
{
	struct iovec v = { some(4, 0), 4 * PAGE };
	int fd[2], pipes[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd) || pipe(pipes) ||
	    vmsplice(pipes[1], &v, 1, 0) != 4 * (ssize_t)PAGE ||
	    splice(pipes[0], NULL, fd[1], NULL, 4 * PAGE, 0) != 4 * (ssize_t)PAGE)
		cannot("splice to a socket");
	close(pipes[0]);
	close(pipes[1]);
	return fd[0];
}

static int make_provided(void)
{
	struct io_uring_params params = { 0 };
	struct io_uring_buf_reg reg = { .ring_addr = (uintptr_t)some(1, 0),
					.ring_entries = 16,
					.bgid = 7 };
	int fd = (int)syscall(SYS_io_uring_setup, 4, &params);

	if (fd < 0 ||
	    syscall(SYS_io_uring_register, fd, IORING_REGISTER_PBUF_RING, &reg, 1))
		cannot("ring of provided buffers");
	return fd;
}

/* Its rings are in our memory (6.5). */
static int make_ring_memory(void)
{
	struct io_uring_params params = { .flags = 1U << 14 /* IORING_SETUP_NO_MMAP */ };
	char *p = mmap(AT, HUGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	uint64_t at[2] = { (uintptr_t)p, (uintptr_t)p + PAGE };
	int fd;

	madvise(p, HUGE, MADV_NOHUGEPAGE);
	memset(p, 0, 2 * PAGE);
	memcpy((char *)&params.cq_off + 32, &at[0], 8); /* cq_off.user_addr */
	memcpy((char *)&params.sq_off + 32, &at[1], 8); /* sq_off.user_addr */
	fd = (int)syscall(SYS_io_uring_setup, 4, &params);
	if (fd < 0)
		cannot("IORING_SETUP_NO_MMAP");
	return fd;
}

/* Nobody knows whether a request is in flight: it is a candidate. */
static int make_direct(void)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_DIRECT);

	some(4, 0);
	if (fd < 0)
		cannot("O_DIRECT");
	return fd;
}

struct udmabuf_create {
	uint32_t memfd, flags;
	uint64_t offset, size;
};

static int make_udmabuf(void)
{
	int memfd = memfd_create("hold", MFD_ALLOW_SEALING);
	int fd = open("/dev/udmabuf", O_RDWR);
	struct udmabuf_create create = { .memfd = memfd, .size = 16 * PAGE };
	char *p;

	if (memfd < 0 || ftruncate(memfd, 16 * PAGE) ||
	    fcntl(memfd, F_ADD_SEALS, F_SEAL_SHRINK))
		cannot("memfd");
	p = mmap(AT, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, memfd, 0);
	memset(p, 1, 16 * PAGE);
	if (fd < 0 ||
	    (fd = ioctl(fd, _IOW('u', 0x42, struct udmabuf_create), &create)) < 0)
		cannot("udmabuf");
	return fd;
}

static const struct {
	const char *name;
	int (*make)(void);
} kinds[] = {
	{ "ring", make_ring },
	{ "ring-unmapped", make_ring_unmapped },
	{ "ring-thp", make_ring_thp },
	{ "ring-clone", make_ring_clone },
	{ "ring-clones", make_ring_clones },
	{ "ring-memory", make_ring_memory },
	{ "provided", make_provided },
	{ "pipe", make_pipe },
	{ "pipe-written", make_pipe_written },
	{ "pipe-file", make_pipe_file },
	{ "memfd", make_memfd },
	{ "mlock", make_mlock },
	{ "umem", make_umem },
	{ "zerocopy", make_zerocopy },
	{ "socket", make_socket },
	{ "direct", make_direct },
	{ "udmabuf", make_udmabuf },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (argc == 2 && !strcmp(argv[1], "--list"))
			puts(kinds[i].name);
		if (argc != 2 || strcmp(argv[1], kinds[i].name))
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		syscall(SYS_close_range, 3, ~0U, 0); /* descriptors of the test */
		printf("pid=%d addr=%p fd=%d\n", (int)getpid(), (void *)AT,
		       kinds[i].make());
		fflush(stdout);
		for (;;)
			pause();
	}
	return argc == 2 && !strcmp(argv[1], "--list") ? 0 : 2;
}
