/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tracee.c - small programs for test_tracer and test_trace.sh to follow; argv[1] names one.
 * Built without sanitizers: LeakSanitizer is a debugger of its own.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <stdlib.h>

#include "lib/bits.h"

extern char **environ;
static volatile sig_atomic_t signals_seen;

static void *map_and_unmap(void *arg)
{
	for (unsigned i = 0; i < 10; i++)
		munmap(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
		       4096);
	return arg;
}

static int prog_threads(void)
{
	pthread_t th[8];

	for (unsigned i = 0; i < 8; i++)
		pthread_create(&th[i], NULL, map_and_unmap, NULL);
	for (unsigned i = 0; i < 8; i++)
		pthread_join(th[i], NULL);
	return 3;
}

static int prog_spawn(void)
{
	char *argv[] = { "sh", "-c", "exit 4", NULL };
	int status;
	pid_t pid;

	if (posix_spawn(&pid, "/bin/sh", NULL, NULL, argv, environ))
		return 1;
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

static void on_signal(int sig, siginfo_t *info, void *ctx)
{
	(void)ctx;
	signals_seen += sig == SIGUSR1 && info->si_value.sival_int == 7 &&
			info->si_pid == getpid();
}

static int prog_signals(void)
{
	struct sigaction sa = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };
	struct timespec ts = { .tv_nsec = 20000000 };

	sigaction(SIGUSR1, &sa, NULL);
	for (unsigned i = 0; i < 20; i++) {
		sigqueue(getpid(), SIGUSR1, (union sigval){ .sival_int = 7 });
		nanosleep(&ts, NULL);
	}
	printf("%d signals\n", signals_seen);
	fflush(stdout);
	kill(getpid(), SIGTERM);
	return 1;
}

static void *exec_from_thread(void *arg)
{
	execl("/bin/sh", "sh", "-c", "echo from thread; exit 9", (char *)NULL);
	return arg;
}

static void *wait_for_ever(void *arg)
{
	pause();
	return arg;
}

static int prog_thread_exec(void)
{
	pthread_t th[4];

	for (unsigned i = 0; i < 3; i++)
		pthread_create(&th[i], NULL, wait_for_ever, NULL);
	pthread_create(&th[3], NULL, exec_from_thread, NULL);
	pause();
	return 1;
}

static void *exec_later(void *arg)
{
	usleep(100000);
	return exec_from_thread(arg);
}

/* The leader is in a call that never returns, as its pipe is full, when another thread execs. */
static int prog_thread_exec_in_call(void)
{
	static char page[4096];
	struct iovec iov = { .iov_base = page, .iov_len = sizeof(page) };
	pthread_t th;
	int fds[2];

	if (pipe(fds) || fcntl(fds[1], F_SETPIPE_SZ, 4096) < 0)
		return 1;
	pthread_create(&th, NULL, exec_later, NULL);
	while (vmsplice(fds[1], &iov, 1, 0) > 0)
		;
	return 1;
}

static int prog_exit_with_threads(void)
{
	pthread_t th;

	for (unsigned i = 0; i < 3; i++)
		pthread_create(&th, NULL, wait_for_ever, NULL);
	usleep(10000);
	exit(8);
}

static void *late_exit(void *arg)
{
	usleep(50000);
	exit(6);
	return arg;
}

/* The leader ends first; another thread ends the process. */
static int prog_leader_first(void)
{
	pthread_t th;

	pthread_create(&th, NULL, late_exit, NULL);
	pthread_exit(NULL);
}

static int prog_waiting_threads(void)
{
	pthread_t th;

	pthread_create(&th, NULL, wait_for_ever, NULL);
	pause();
	return 0;
}

static void *exec_again(void *arg)
{
	usleep(100);
	execl("/proc/self/exe", "tracee", "exec-storm", (char *)NULL);
	return arg;
}

/* Executes itself again and again from a thread, the last of many. */
static int prog_exec_storm(void)
{
	pthread_t th;

	for (unsigned i = 0; i < 20; i++)
		pthread_create(&th, NULL, wait_for_ever, NULL);
	pthread_create(&th, NULL, exec_again, NULL);
	pause();
	return 1;
}

/* Names a child that has ended, for whom it never waits. */
static int prog_zombie(void)
{
	siginfo_t info;
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT))
		return 1;
	printf("%d\n", pid);
	fflush(stdout);
	pause();
	return 0;
}

/* The leader has ended, another thread waits for ever. */
static int prog_leader_gone(void)
{
	pthread_t th;

	pthread_create(&th, NULL, wait_for_ever, NULL);
	pthread_exit(NULL);
}

static int prog_stopped(void)
{
	int status, fds[2];
	char c = 0;

	if (pipe(fds))
		return 4;
	pid_t pid = fork();
	if (!pid) {
		raise(SIGSTOP);
		_exit(read(fds[0], &c, 1) == 1 ? 5 : 6);
	}
	if (waitpid(pid, &status, WUNTRACED) != pid || !WIFSTOPPED(status))
		return 1;
	usleep(50000);
	if (waitpid(pid, &status, WNOHANG) != 0) /* must still be stopped */
		return 2;
	kill(pid, SIGCONT);
	if (waitpid(pid, &status, WCONTINUED) != pid || !WIFCONTINUED(status))
		return 3;
	if (write(fds[1], &c, 1) != 1)
		return 7;
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

/* mmap2(0, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0), madvise and munmap by 32-bit calls. */
static int prog_compat(void)
{
#ifdef __x86_64__
	long addr, ret, advised;

	__asm__ volatile("push %%rbp\n\txor %%ebp, %%ebp\n\tint $0x80\n\tpop %%rbp"
			 : "=a"(addr)
			 : "a"(192), "b"(0), "c"(4096), "d"(1), "S"(0x22), "D"(-1)
			 : "memory", "r8", "r9", "r10", "r11");
	__asm__ volatile("int $0x80"
			 : "=a"(advised)
			 : "a"(219), "b"(addr), "c"(4096), "d"(0)
			 : "memory", "r8", "r9", "r10", "r11");
	__asm__ volatile("int $0x80"
			 : "=a"(ret)
			 : "a"(91), "b"(addr), "c"(4096)
			 : "memory", "r8", "r9", "r10", "r11");
	return (u32)addr < 0xfffff000 && !advised && !ret ? 2 : 1;
#elif defined(__aarch64__)
	/* a program of A32 instructions, which ends with status 2 */
	static const u32 program[] = {
		/* ELF header, and one segment: all of it at 0x10000 */
		0x464c457f, 0x00010101, 0, 0, 40 << 16 | 2, 1, 0x10054, 52, 0, 5 << 24,
		32 << 16 | 52, 1, 0, 1, 0, 0x10000, 0x10000, 172, 172, 5, 0x10000,
		/* mov r0, #0; mov r1, #4096; mov r2, #1; mov r3, #0x22; mvn r4, #0 */
		0xe3a00000, 0xe3a01a01, 0xe3a02001, 0xe3a03022, 0xe3e04000,
		/* mov r5, #0; mov r7, #192; svc 0; mov r6, r0 */
		0xe3a05000, 0xe3a070c0, 0xef000000, 0xe1a06000,
		/* mov r1, #4096; mov r2, #0; mov r7, #220; svc 0; mov r0, r6 */
		0xe3a01a01, 0xe3a02000, 0xe3a070dc, 0xef000000, 0xe1a00006,
		/* mov r7, #91; svc 0; cmp r0, #0; movne r0, #1; moveq r0, #2 */
		0xe3a0705b, 0xef000000, 0xe3500000, 0x13a00001, 0x03a00002,
		/* mov r1, r1; mov r7, #1; svc 0 */
		0xe1a01001, 0xe3a07001, 0xef000000
	};
	int fd = memfd_create("a32", MFD_CLOEXEC);

	if (fd >= 0 && write(fd, program, sizeof(program)) == sizeof(program))
		fexecve(fd, (char *[]){ "a32", NULL }, environ);
	return 1;
#else
	return 1;
#endif
}

static int prog_splice(void)
{
	static char page[8192];
	int fds[2];
	struct iovec iov = { .iov_base = page, .iov_len = 4096 };

	if (pipe(fds))
		return 1;
	return vmsplice(fds[1], &iov, 1, 0) == 4096 ? 0 : 1;
}

static int prog_writes(void)
{
	char buf[1024] = { 0 };
	int fd = open("/dev/null", O_WRONLY);

	for (unsigned i = 0; i < 100; i++)
		if (write(fd, buf, 100) != 100)
			return 1;
	return write(fd, buf, 512) != 512 || write(fd, buf, 0) != 0;
}

static int prog_forks(void)
{
	for (unsigned i = 0; i < 20; i++) {
		pid_t pid = fork();
		if (!pid)
			_exit((int)i);
		int status;
		if (waitpid(pid, &status, 0) != pid || WEXITSTATUS(status) != (int)i)
			return 1;
	}
	return 0;
}

static int prog_state(void)
{
	sigset_t set;
	struct sigaction sa;

	sigprocmask(SIG_SETMASK, NULL, &set);
	for (int i = 1; i < 32; i++)
		if (sigismember(&set, i))
			printf("blocked %d\n", i);
	sigaction(SIGCHLD, NULL, &sa);
	printf("chld %s, nnp %d\n", sa.sa_handler == SIG_IGN ? "ignored" : "default",
	       prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	for (int fd = 3; fd < 64; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			printf("fd %d\n", fd);
	fflush(stdout);
	return 0;
}

static __attribute__((noreturn)) int prog_loop(void)
{
	struct timespec ts = { .tv_nsec = 1000000 };

	for (;;) {
		map_and_unmap(NULL);
		nanosleep(&ts, NULL);
	}
}

/* Maps memory; what LeakSanitizer's and crash reporters' helpers are: a clone that refuses ptrace. */
static int untraced_child(void *arg)
{
	map_and_unmap(arg);
	_exit(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
	      MAP_FAILED);
}

static int prog_untraced(void)
{
	static char stack[65536] __attribute__((aligned(16)));
	int status;
	pid_t pid = clone(untraced_child, stack + sizeof(stack), CLONE_UNTRACED | SIGCHLD,
			  NULL);

	if (waitpid(pid, &status, 0) != pid)
		return 1;
	u64 args[8] = { [0] = CLONE_UNTRACED, [4] = SIGCHLD };
	pid_t pid3 = (pid_t)syscall(SYS_clone3, args, sizeof(args));
	if (!pid3)
		untraced_child(NULL);
	int status3;
	if (waitpid(pid3, &status3, 0) != pid3)
		return 1;
	return status || status3 || args[0] != CLONE_UNTRACED;
}

/* The kernel selftest's first vmsplice case; says on stdout whether it leaks. */
static int seed_case(int flags, size_t size)
{
	char *mem = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
	int ready[2], stored[2], status;
	char c = 0;

	if (mem == MAP_FAILED || pipe(ready) || pipe(stored))
		return 77;
	memset(mem, 1, size);
	pid_t pid = fork();
	if (!pid) {
		struct iovec iov = { .iov_base = mem, .iov_len = 4096 };
		char buf[4096];
		int fds[2];

		if (pipe(fds) || vmsplice(fds[1], &iov, 1, 0) != 4096 ||
		    munmap(mem, size))
			_exit(2);
		if (write(ready[1], &c, 1) != 1 || read(stored[0], &c, 1) != 1)
			_exit(3);
		if (read(fds[0], buf, 4096) != 4096)
			_exit(4);
		_exit(buf[0] == 1 ? 0 : 1);
	}
	if (read(ready[0], &c, 1) != 1)
		return 5;
	memset(mem, 0xff, 4096);
	if (write(stored[1], &c, 1) != 1 || waitpid(pid, &status, 0) != pid)
		return 6;
	printf("%s\n", WEXITSTATUS(status) == 1 ? "leak"
		       : WEXITSTATUS(status)    ? "error"
						: "safe");
	return 0;
}

static int prog_seed(void)
{
	return seed_case(0, 4096);
}

static int prog_seed_huge(void)
{
	return seed_case(MAP_HUGETLB, 2 << 20);
}

/* Many calls that concern no page. */
static int prog_busy(void)
{
	char buf[100];
	int fd = open("/dev/zero", O_RDONLY);

	for (unsigned i = 0; i < 200000; i++)
		if (syscall(SYS_getppid) < 0 || read(fd, buf, sizeof(buf)) != sizeof(buf))
			return 1;
	return 0;
}

/* Many calls that do. */
static int prog_maps(void)
{
	for (unsigned i = 0; i < 300; i++)
		map_and_unmap(NULL);
	return 0;
}

/* A page is mapped, written to and unmapped, again and again. */
static int prog_touches(void)
{
	for (unsigned i = 0; i < 4000; i++) {
		char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (page == MAP_FAILED)
			return 1;
		*(volatile char *)page = 1;
		munmap(page, 4096);
	}
	return 0;
}

static int prog_many_forks(void)
{
	for (unsigned i = 0; i < 500; i++) {
		pid_t pid = fork();
		if (!pid)
			_exit(0);
		if (waitpid(pid, NULL, 0) != pid)
			return 1;
	}
	return 0;
}

static int prog_term(void)
{
	raise(SIGTERM);
	return 0;
}

static const struct {
	const char *name;
	int (*run)(void);
} programs[] = {
	{ "threads", prog_threads },
	{ "spawn", prog_spawn },
	{ "signals", prog_signals },
	{ "thread-exec", prog_thread_exec },
	{ "thread-exec-in-call", prog_thread_exec_in_call },
	{ "leader-first", prog_leader_first },
	{ "stopped", prog_stopped },
	{ "compat", prog_compat },
	{ "splice", prog_splice },
	{ "writes", prog_writes },
	{ "forks", prog_forks },
	{ "state", prog_state },
	{ "loop", prog_loop },
	{ "untraced", prog_untraced },
	{ "seed", prog_seed },
	{ "seed-huge", prog_seed_huge },
	{ "term", prog_term },
	{ "exit-with-threads", prog_exit_with_threads },
	{ "busy", prog_busy },
	{ "maps", prog_maps },
	{ "touches", prog_touches },
	{ "many-forks", prog_many_forks },
	{ "waiting-threads", prog_waiting_threads },
	{ "exec-storm", prog_exec_storm },
	{ "zombie", prog_zombie },
	{ "leader-gone", prog_leader_gone },
};

int main(int argc, char **argv)
{
	for (unsigned i = 0; argc == 2 && i < ARRAY_SIZE(programs); i++)
		if (!strcmp(argv[1], programs[i].name))
			return programs[i].run();
	return 99;
}
