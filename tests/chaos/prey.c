/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * prey - a process whose pages are known, and that does something else all the time.
 *
 *	prey BEHAVIOUR [SEED]	prints "ready PID", then behaves until it is killed or ends (SEED > 2)
 *	prey --list		the behaviours
 *
 * What tests/chaos/chaos.py knows of it, in pages from BASE on (of the second image: BASE2), is
 * written here and there:
 *
 *	+0   anon  32: 0 written, 1 never touched, 2 only read, 3 written and in a pipe (index mod 4)
 *	+64  file   8: written, MAP_SHARED of a file of its own
 *	+128 memfd  8: even pages written, odd ones never touched
 *	+192 shared 8: written, then inherited by one child that lives as long as it
 *	+256 busy  16: what a behaviour works on
 *
 * Below BASE lie 32 MiB of which every other page is written, so that a reading takes its time.
 *
 * Nothing but the busy pages ever changes once it is ready; their neighbours are no mappings.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096
#define BASE 0x7e0000000000ULL
#define BASE2 0x7d0000000000ULL
#define BUSY 16

static char *base, *busy;
static unsigned seed;
static const char *behaviour;
static char self[4096];

static void die(const char *what)
{
	perror(what);
	_exit(1);
}

static void *map_at(unsigned page, unsigned pages, int flags, int fd)
{
	void *p = mmap(base + (size_t)page * PAGE, (size_t)pages * PAGE,
		       PROT_READ | PROT_WRITE, flags | MAP_FIXED_NOREPLACE, fd, 0);

	if (p == MAP_FAILED)
		die("mmap");
	madvise(p, (size_t)pages * PAGE, MADV_NOHUGEPAGE);
	return p;
}

static int file_of(unsigned pages)
{
	const char *dir = getenv("TMPDIR");
	char path[300];

	snprintf(path, sizeof(path), "%.200s/prey-XXXXXX", dir ? dir : "/tmp");
	int fd = mkostemp(path, O_CLOEXEC);

	if (fd < 0 || ftruncate(fd, (off_t)pages * PAGE))
		die(path);
	unlink(path);
	return fd;
}

static void make_anon(void)
{
	char *p = map_at(0, 32, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	int fds[2];

	madvise(p, 32 * PAGE, MADV_DONTFORK);
	if (pipe2(fds, O_CLOEXEC))
		die("pipe");
	for (unsigned i = 0; i < 32; i++) {
		struct iovec v = { .iov_base = p + (size_t)i * PAGE, .iov_len = PAGE };

		if (i % 4 == 2)
			(void)*(volatile char *)v.iov_base;
		if (i % 4 == 0 || i % 4 == 3)
			*(volatile char *)v.iov_base = (char)i;
		if (i % 4 == 3 && vmsplice(fds[1], &v, 1, 0) != PAGE)
			die("vmsplice");
	}
}

static void make_big(void)
{
	const size_t bytes = 32 << 20;
	char *p = mmap(base - bytes - 16 * PAGE, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (p == MAP_FAILED)
		die("mmap");
	madvise(p, bytes, MADV_NOHUGEPAGE);
	madvise(p, bytes, MADV_DONTFORK);
	for (size_t at = 0; at < bytes; at += 2 * PAGE)
		p[at] = 1;
}

static void make_files(void)
{
	char *file = map_at(64, 8, MAP_SHARED, file_of(8));
	int memfd = memfd_create("prey", MFD_CLOEXEC);

	if (memfd < 0 || ftruncate(memfd, 8 * PAGE))
		die("memfd");
	char *mem = map_at(128, 8, MAP_SHARED, memfd);

	for (unsigned i = 0; i < 8; i++)
		file[i * PAGE] = 1;
	for (unsigned i = 0; i < 8; i += 2)
		mem[i * PAGE] = 1;
	msync(file, 8 * PAGE, MS_SYNC); /* or they are written back later */
	madvise(file, 8 * PAGE, MADV_DONTFORK);
	madvise(mem, 8 * PAGE, MADV_DONTFORK);
}

static void make_shared(void)
{
	char *p = map_at(192, 8, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	int life[2];
	char c;

	for (unsigned i = 0; i < 8; i++)
		p[i * PAGE] = 1;
	if (pipe2(life, O_CLOEXEC))
		die("pipe");
	pid_t pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid) { /* until its parent ends or executes */
		close(life[1]);
		_exit((int)read(life[0], &c, 1));
	}
	madvise(p, 8 * PAGE, MADV_DONTFORK);
}

/* ---- behaviours: one step; the caller repeats it */

static void moment(unsigned us)
{
	seed = seed * 1103515245 + 12345;
	usleep(us + (seed >> 16) % (us + 1));
}

static void calm(void)
{
	pause();
}

/* The time to live, in microseconds after it is ready. */
static void live(void)
{
	const char *us = getenv("PREY_LIVES");

	usleep(us ? (unsigned)atoi(us) : 20000);
}

static void ends(void)
{
	live();
	_exit(0);
}

static void is_killed(void)
{
	live();
	raise(SIGKILL);
}

static void execs(void)
{
	bool second = (uintptr_t)base == BASE2;

	moment(5000);
	execl(self, self, behaviour, second ? "1" : "2", (char *)NULL);
	die(self);
}

static void *exec_in_thread(void *arg)
{
	execs();
	return arg;
}

static void execs_in_a_thread(void)
{
	pthread_t th;

	pthread_create(&th, NULL, exec_in_thread, NULL);
	pause();
}

static void forks(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	busy[0]++;
	waitpid(pid, NULL, 0);
}

static void vforks(void)
{
	pid_t pid = vfork();

	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
}

static void unmaps(void)
{
	munmap(busy, BUSY * PAGE);
	map_at(256, BUSY, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	for (unsigned i = 0; i < BUSY; i++)
		busy[i * PAGE] = 1;
}

static void protects(void)
{
	for (unsigned i = 0; i < BUSY; i += 2)
		mprotect(busy + i * PAGE, PAGE, PROT_READ);
	for (unsigned i = 0; i < BUSY; i += 2)
		mprotect(busy + i * PAGE, PAGE, PROT_READ | PROT_WRITE);
}

static void forgets(void)
{
	madvise(busy, BUSY * PAGE, MADV_DONTNEED);
	for (unsigned i = 0; i < BUSY; i++)
		busy[i * PAGE] = 1;
}

static void truncates(void)
{
	static int fd = -1;

	if (fd < 0) {
		fd = file_of(BUSY);
		munmap(busy, BUSY * PAGE);
		map_at(256, BUSY, MAP_SHARED, fd);
	}
	for (unsigned i = 0; i < BUSY; i++)
		busy[i * PAGE] = 1;
	if (ftruncate(fd, PAGE) || ftruncate(fd, BUSY * PAGE))
		die("ftruncate");
}

static void moves(void)
{
	char *to = base + 320 * PAGE;

	mremap(busy, BUSY * PAGE, BUSY * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	mremap(to, BUSY * PAGE, BUSY * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, busy);
}

/* A child stops and continues it. */
static void is_stopped(void)
{
	pid_t parent = getpid();

	if (!fork()) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (getppid() == parent) {
			kill(parent, SIGSTOP);
			usleep(3000);
			kill(parent, SIGCONT);
			usleep(1000);
		}
		kill(parent, SIGCONT);
		_exit(0);
	}
	for (;;)
		busy[0]++;
}

static void *nothing(void *arg)
{
	return arg;
}

static void threads(void)
{
	pthread_t th[4];

	for (unsigned i = 0; i < 4; i++)
		pthread_create(&th[i], NULL, nothing, NULL);
	for (unsigned i = 0; i < 4; i++)
		pthread_join(th[i], NULL);
}

static void *sleeps(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static void leader_ends(void)
{
	pthread_t th;

	pthread_create(&th, NULL, sleeps, NULL);
	syscall(SYS_exit, 0);
}

static void splices(void)
{
	static int fds[2];
	static char sink[PAGE];
	struct iovec v = { .iov_base = busy, .iov_len = PAGE };

	if (!fds[1] && pipe2(fds, O_CLOEXEC))
		die("pipe");
	if (vmsplice(fds[1], &v, 1, 0) != PAGE || read(fds[0], sink, PAGE) != PAGE)
		die("vmsplice");
}

static const struct {
	const char *name;
	void (*step)(void);
} behaviours[] = {
	{ "calm", calm },
	{ "exit", ends },
	{ "killed", is_killed },
	{ "exec", execs },
	{ "thread-exec", execs_in_a_thread },
	{ "fork", forks },
	{ "vfork", vforks },
	{ "unmap", unmaps },
	{ "mprotect", protects },
	{ "dontneed", forgets },
	{ "truncate", truncates },
	{ "mremap", moves },
	{ "stop", is_stopped },
	{ "threads", threads },
	{ "leader-exit", leader_ends },
	{ "splice", splices },
};

int main(int argc, char **argv)
{
	const unsigned n = sizeof(behaviours) / sizeof(behaviours[0]);
	unsigned i = 0;

	for (; argc == 2 && !strcmp(argv[1], "--list") && i < n; i++)
		puts(behaviours[i].name);
	if (i)
		return 0;
	while (argc >= 2 && i < n && strcmp(behaviours[i].name, argv[1]))
		i++;
	if (argc < 2 || i == n)
		return 2;
	behaviour = argv[1];
	/* "1" and "2" are the images of exec; else a seed */
	seed = argc > 2 ? (unsigned)atoi(argv[2]) : 0;
	base = (char *)(argc > 2 && !strcmp(argv[2], "2") ? BASE2 : BASE);
	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		die("/proc/self/exe");
	if (getenv("PREY_LIVES"))
		make_big();
	make_anon();
	make_files();
	make_shared();
	busy = map_at(256, BUSY, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	memset(busy, 1, BUSY * PAGE);
	if (argc < 3 || seed > 2)
		printf("ready %d\n", getpid());
	fflush(stdout);
	for (;;)
		behaviours[i].step();
}
