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
		snprintf(own, sizeof(own), "%s/.config/gupinfo", home ? home : "");
		if (getenv("XDG_CONFIG_HOME"))
			snprintf(own, sizeof(own), "%s/gupinfo",
				 getenv("XDG_CONFIG_HOME"));
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

/* The calls that are left, the most frequent first: always, ... */
static const u16 confine_calls[] = {
	SYS_pread64,      SYS_write,          SYS_read,          SYS_brk,
	SYS_mmap,         SYS_munmap,         SYS_mremap,        SYS_mprotect,
	SYS_madvise,      SYS_lseek,          SYS_close,         SYS_fcntl,
	SYS_fstat,        SYS_newfstatat,     SYS_futex,         SYS_getrandom,
	SYS_sysinfo,      SYS_writev,         SYS_clock_gettime, SYS_clock_nanosleep,
	SYS_getpid,       SYS_gettid,         SYS_sched_yield,   SYS_sigaltstack,
	SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn,  SYS_restart_syscall,
	SYS_exit_group
};
/* ... with a file to write, ... */
static const u16 confine_out[] = { SYS_renameat2, SYS_unlinkat,
#ifdef SYS_renameat /* rename() of arm64 */
				   SYS_renameat,
#endif
#ifdef SYS_rename
				   SYS_rename, SYS_unlink
#endif
};
/* ... with a screen, ... */
static const u16 confine_screen[] = { SYS_openat, SYS_faccessat, SYS_faccessat2,
				      SYS_ppoll,  SYS_pselect6,
#ifdef SYS_poll
				      SYS_access, SYS_poll,      SYS_select,
#endif
				      SYS_getuid, SYS_geteuid,   SYS_getgid,
				      SYS_getegid };
/* ... and those of which one argument must have a value. */
static const struct {
	u16 nr;
	bool screen;
	u8 arg;
	u32 value;
} confine_checked[] = {
	{ SYS_ioctl, false, 1, TCGETS }, { SYS_ioctl, false, 1, TIOCGWINSZ },
	{ SYS_kill, true, 0, 0 }, /* stops the job */
	{ SYS_ioctl, true, 1, TCSETS },  { SYS_ioctl, true, 1, TCSETSW },
	{ SYS_ioctl, true, 1, TCSETSF },
};

#define LOAD(member)                                            \
	(struct sock_filter) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, \
				      offsetof(struct seccomp_data, member))
/* Loads the low half of an argument. */
#define LOAD_ARG(i)                                               \
	(struct sock_filter)                                      \
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,                \
			 offsetof(struct seccomp_data, args[i]) + \
				 4 * (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__))
#define EQUALS(what, yes, no) \
	(struct sock_filter) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, what, yes, no)
#define RETURN(what) (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, what)

static struct sock_filter confine_filter[512];

static u16 confine_allow_calls(u16 n, const u16 *calls, size_t ncalls)
{
	for (size_t i = 0; i < ncalls; i++) {
		confine_filter[n++] = EQUALS(calls[i], 0, 1);
		confine_filter[n++] = RETURN(SECCOMP_RET_ALLOW);
	}
	return n;
}

static void confine_seccomp(bool out, bool screen)
{
	struct sock_filter *f = confine_filter;
	struct sock_fprog program = { .filter = f };
	u16 n = 0;

	f[n++] = LOAD(arch);
	f[n++] = EQUALS(CONFINE_ARCH, 1, 0);
	f[n++] = RETURN(SECCOMP_RET_KILL_PROCESS);
	f[n++] = LOAD(nr);
	n = confine_allow_calls(n, confine_calls, ARRAY_SIZE(confine_calls));
	if (out)
		n = confine_allow_calls(n, confine_out, ARRAY_SIZE(confine_out));
	if (screen)
		n = confine_allow_calls(n, confine_screen, ARRAY_SIZE(confine_screen));
	for (size_t i = 0; i < ARRAY_SIZE(confine_checked); i++) {
		if (confine_checked[i].screen && !screen)
			continue;
		f[n++] = LOAD(nr);
		f[n++] = EQUALS(confine_checked[i].nr, 0, 3);
		f[n++] = LOAD_ARG(confine_checked[i].arg);
		f[n++] = EQUALS(confine_checked[i].value, 0, 1);
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
	confine_seccomp(out || files == CONFINE_SCREEN, files == CONFINE_SCREEN);
}
