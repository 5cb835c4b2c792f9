/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a confined process can do no more, tried in children, and what it still can. */
#include "os/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

/* Returns the errno of a call that returned @r. */
static int why(long r)
{
	return r < 0 ? errno : 0;
}

/* Runs @child, which returns the number of its first fault, in a process; returns that number. */
static int in_child(int (*child)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
		_exit(child());
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

#define WANT(call, error)                 \
	do {                              \
		if (why(call) != (error)) \
			return __LINE__;  \
	} while (0)

/* src/os/confine.c knows the filter's AUDIT_ARCH of these; elsewhere no call is refused. */
#if defined(__x86_64__) || defined(__aarch64__)
#define FILTERED
#else
#define FILTERED SKIP("calls are filtered on x86-64 and arm64 only")
#endif

static int no_files(void)
{
	char *argv[] = { "true", NULL };
	pid_t parent = getppid();
	char word[8] = "";
	int pipes[2];

	WANT(pipe(pipes), 0);
	confine_all(0, CONFINE_NO_FILES, NULL);
	WANT(open("/etc/passwd", O_RDONLY), EPERM);
	WANT(open("/dev/null", O_WRONLY), EPERM);
	WANT(mkdir("confined", 0700), EPERM);
	WANT(rename("nothing", "nowhere"), EPERM);
	WANT(unlink("nothing"), EPERM);
	WANT(execve("/bin/true", argv, environ), EPERM);
	WANT(fork(), EPERM);
	WANT(socket(AF_UNIX, SOCK_STREAM, 0), EPERM);
	WANT(kill(parent, 0), EPERM);
	WANT(ptrace(PTRACE_ATTACH, parent, 0, 0), EPERM);
	WANT(syscall(SYS_process_vm_readv, parent, NULL, 0, NULL, 0, 0), EPERM);
	WANT(syscall(SYS_bpf, 0, NULL, 0), EPERM);
	WANT(ioctl(pipes[0], TIOCSTI, "x"), EPERM);
	WANT(prctl(PR_GET_DUMPABLE), EPERM);
	/* what is left */
	WANT(write(pipes[1], "word", 4), 0);
	WANT(read(pipes[0], word, 4), 0);
	return strcmp(word, "word") ? __LINE__ : 0;
}

static int for_a_screen(void)
{
	int rules = (int)syscall(444 /* landlock_create_ruleset */, NULL, 0, 1);

	confine_all(0, CONFINE_SCREEN, NULL);
	if (rules > 0) {
		WANT(open("/etc/passwd", O_RDONLY), EACCES);
		WANT(open("/proc/self/maps", O_RDONLY), EACCES);
	}
	WANT(open("test-confine", O_WRONLY | O_CREAT, 0600), 0);
	WANT(unlink("test-confine"), 0);
	WANT(kill(1, 0), EPERM);
	WANT(socket(AF_UNIX, SOCK_STREAM, 0), EPERM);
	return 0;
}

static char dir[] = "test-confine-XXXXXX";

static int beside(void)
{
	char out[64], place[64];
	int fd;

	snprintf(out, sizeof(out), "%s/out.xxx", dir);
	snprintf(place, sizeof(place), "%s/out", dir);
	fd = open(out, O_WRONLY | O_CREAT, 0600);
	confine_all(0, CONFINE_NO_FILES, out);
	WANT(write(fd, "x", 1), 0);
	WANT(rename(out, place), 0);
	WANT(unlink(place), 0);
	return open(place, O_WRONLY | O_CREAT, 0600) < 0 && errno == EPERM ? 0 : __LINE__;
}

static int few_capabilities(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct had[2], has[2];

	WANT(syscall(SYS_capget, &head, had), 0);
	confine_caps(BIT(CAP_SYS_PTRACE) | BIT(CAP_BPF));
	WANT(syscall(SYS_capget, &head, has), 0);
	if (has[0].permitted != (had[0].permitted & (u32)BIT(CAP_SYS_PTRACE)) ||
	    has[1].permitted != (had[1].permitted & (u32)BIT(CAP_BPF - 32)) ||
	    has[0].inheritable || has[1].inheritable)
		return __LINE__;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : __LINE__;
}

TEST(a_parser_can_only_read_and_write)
{
	FILTERED;
	EXPECT_INT(in_child(no_files), 0);
}

TEST(a_screen_can_save_here)
{
	FILTERED;
	EXPECT_INT(in_child(for_a_screen), 0);
}

TEST(an_output_takes_its_place)
{
	FILTERED;
	EXPECT(mkdtemp(dir));
	EXPECT_INT(in_child(beside), 0);
	EXPECT_INT(rmdir(dir), 0);
}

TEST(capabilities_that_are_kept)
{
	EXPECT_INT(in_child(few_capabilities), 0);
}
