/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "os/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

void confine_caps(u64 keep)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct cap[2];

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (syscall(SYS_capget, &head, cap))
		return;
	for (unsigned i = 0; i < ARRAY_SIZE(cap); i++) {
		cap[i].permitted &= (u32)(keep >> 32 * i);
		cap[i].effective &= cap[i].permitted;
		cap[i].inheritable = 0;
	}
	syscall(SYS_capset, &head, cap);
}

/* ---- Landlock */

#define CONFINE_LOOK (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define CONFINE_MAKE                                                                  \
	(CONFINE_LOOK | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | \
	 LANDLOCK_ACCESS_FS_REMOVE_FILE)

static void confine_allow(int rules, const char *path, u64 access)
{
	struct landlock_path_beneath_attr rule = {
		.allowed_access = access,
		.parent_fd = path ? open(path, O_PATH | O_CLOEXEC) : -1,
	};

	if (rule.parent_fd < 0)
		return;
	syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	close(rule.parent_fd);
}

static void confine_landlock(enum confine_files files, const char *out)
{
	static const char *const terminfo[] = { "/etc/terminfo", "/lib/terminfo",
						"/usr/lib/terminfo",
						"/usr/share/terminfo" };
	static const char *const make[] = { ".", "/tmp", "/var/tmp" };
	/* all that the first version knows */
	struct landlock_ruleset_attr handled = {
		.handled_access_fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1
	};
	int rules =
		(int)syscall(SYS_landlock_create_ruleset, &handled, sizeof(handled), 0);
	const char *home = getenv("HOME");
	char *beside = out ? strdup(out) : NULL, own[4096];

	if (rules < 0) {
		free(beside);
		return;
	}
	if (beside)
		confine_allow(rules, dirname(beside), CONFINE_MAKE);
	free(beside);
	for (unsigned i = 0; files == CONFINE_SCREEN && i < ARRAY_SIZE(terminfo); i++)
		confine_allow(rules, terminfo[i], CONFINE_LOOK);
	for (unsigned i = 0; files == CONFINE_SCREEN && i < ARRAY_SIZE(make); i++)
		confine_allow(rules, make[i], CONFINE_MAKE);
	if (files == CONFINE_SCREEN) {
		snprintf(own, sizeof(own), "%s/.terminfo", home ? home : "");
		confine_allow(rules, own, CONFINE_LOOK);
		confine_allow(rules, getenv("TERMINFO"), CONFINE_LOOK);
		confine_allow(rules, getenv("TMPDIR"), CONFINE_MAKE);
	}
	syscall(SYS_landlock_restrict_self, rules, 0);
	close(rules);
}

/* ---- seccomp */

#if defined(__x86_64__)
#define CONFINE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define CONFINE_ARCH AUDIT_ARCH_AARCH64
#else
#define CONFINE_ARCH 0 /* every call is denied: no filter then */
#endif

enum confine_when { ALWAYS, WITH_OUT, WITH_SCREEN };

/* The calls that are left, the most frequent first. */
static const struct confine_call {
	u16 nr;
	u8 when;   /* enum confine_when */
	u8 checks; /* 1 + the argument that must be ->value; 0: none */
	u32 value;
} confine_calls[] = {
	{ SYS_pread64 },
	{ SYS_write },
	{ SYS_read },
	{ SYS_brk },
	{ SYS_mmap },
	{ SYS_munmap },
	{ SYS_mremap },
	{ SYS_mprotect },
	{ SYS_madvise },
	{ SYS_lseek },
	{ SYS_close },
	{ SYS_fcntl },
	{ SYS_fstat },
	{ SYS_newfstatat },
	{ SYS_futex },
	{ SYS_getrandom },
	{ SYS_sysinfo },
	{ SYS_writev },
	{ SYS_clock_gettime },
	{ SYS_clock_nanosleep },
	{ SYS_getpid },
	{ SYS_gettid },
	{ SYS_sched_yield },
	{ SYS_sigaltstack },
	{ SYS_rt_sigaction },
	{ SYS_rt_sigprocmask },
	{ SYS_rt_sigreturn },
	{ SYS_restart_syscall },
	{ SYS_exit_group },
	{ SYS_ioctl, .checks = 2, .value = TCGETS },
	{ SYS_ioctl, .checks = 2, .value = TIOCGWINSZ },
	{ SYS_renameat2, WITH_OUT },
	{ SYS_unlinkat, WITH_OUT },
#ifdef SYS_rename
	{ SYS_rename, WITH_OUT },
	{ SYS_unlink, WITH_OUT },
#endif
	{ SYS_openat, WITH_SCREEN },
	{ SYS_faccessat, WITH_SCREEN },
	{ SYS_faccessat2, WITH_SCREEN },
	{ SYS_ppoll, WITH_SCREEN },
	{ SYS_pselect6, WITH_SCREEN },
#ifdef SYS_poll
	{ SYS_access, WITH_SCREEN },
	{ SYS_poll, WITH_SCREEN },
	{ SYS_select, WITH_SCREEN },
#endif
	{ SYS_getuid, WITH_SCREEN },
	{ SYS_geteuid, WITH_SCREEN },
	{ SYS_getgid, WITH_SCREEN },
	{ SYS_getegid, WITH_SCREEN },
	{ SYS_kill, WITH_SCREEN, .checks = 1, .value = 0 }, /* stops the job */
	{ SYS_ioctl, WITH_SCREEN, .checks = 2, .value = TCSETS },
	{ SYS_ioctl, WITH_SCREEN, .checks = 2, .value = TCSETSW },
	{ SYS_ioctl, WITH_SCREEN, .checks = 2, .value = TCSETSF },
};

#define LOAD(member)                                            \
	(struct sock_filter) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, \
				      offsetof(struct seccomp_data, member))
#define EQUALS(what, yes, no) \
	(struct sock_filter) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, what, yes, no)
#define RETURN(what) (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, what)

static void confine_seccomp(enum confine_when most)
{
	static struct sock_filter f[6 * ARRAY_SIZE(confine_calls) + 8];
	struct sock_fprog program = { .filter = f };
	u16 n = 0;

	f[n++] = LOAD(arch);
	f[n++] = EQUALS(CONFINE_ARCH, 1, 0);
	f[n++] = RETURN(SECCOMP_RET_KILL_PROCESS);
	for (size_t i = 0; i < ARRAY_SIZE(confine_calls); i++) {
		const struct confine_call *c = &confine_calls[i];

		if (c->when > most)
			continue;
		f[n++] = LOAD(nr);
		f[n++] = EQUALS(c->nr, 0, c->checks ? 3 : 1);
		if (c->checks) {
			f[n++] = LOAD(args[c->checks - 1]);
			f[n++] = EQUALS(c->value, 0, 1);
		}
		f[n++] = RETURN(SECCOMP_RET_ALLOW);
	}
	f[n++] = RETURN(SECCOMP_RET_ERRNO | EPERM);
	program.len = n;
	if (CONFINE_ARCH)
		syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

void confine_all(u64 keep, enum confine_files files, const char *out)
{
	btowc(0xa4); /* the C library opens what the locale needs when it is first needed */
	confine_caps(keep);
#ifdef __SANITIZE_ADDRESS__
	/* LeakSanitizer reads /proc at the end, and stops the process to look at it. */
	const char *opt = getenv("ASAN_OPTIONS");

	if (!opt || !strstr(opt, "detect_leaks=0"))
		return;
#endif
	confine_landlock(files, out);
	confine_seccomp(files == CONFINE_SCREEN ? WITH_SCREEN : out ? WITH_OUT : ALWAYS);
}
