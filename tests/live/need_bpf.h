/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * need_bpf.h - must the BPF reader work here?  One answer for all tests.
 *
 * It depends on the build, the kernel and the caller's rights.  A test whose reader does not
 * work skips when bpf_excuse() has a reason, and fails otherwise.  Scripts ask
 * tests/live/mkpages --bpf.
 */
#ifndef GUPINFO_NEED_BPF_H
#define GUPINFO_NEED_BPF_H

#include "config.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

static inline bool need_bpf_file_has(const char *path, const char *text)
{
	char buf[256];
	FILE *f = fopen(path, "re");
	size_t n = f ? fread(buf, 1, sizeof(buf) - 1, f) : 0;

	if (f)
		fclose(f);
	buf[n] = '\0';
	return strstr(buf, text);
}

/* Capability @cap, or CAP_SYS_ADMIN, is effective in the first user namespace. */
static inline bool need_bpf_capable(int cap)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };
	unsigned long long have;

	if (syscall(SYS_capget, &head, data))
		return false;
	have = data[0].effective | (unsigned long long)data[1].effective << 32;
	return (have >> CAP_SYS_ADMIN & 1 || have >> cap & 1) &&
	       need_bpf_file_has("/proc/self/uid_map", "4294967295");
}

/* Returns why BPF need not work here; NULL: it must. */
static inline const char *bpf_excuse(void)
{
	struct utsname u;
	unsigned major = 0, minor = 0;

#ifndef HAVE_BPF
	return "gupinfo was built without BPF";
#endif
	if (uname(&u) || sscanf(u.release, "%u.%u", &major, &minor) != 2 ||
	    major * 1000 + minor < 6001)
		return "BPF needs Linux 6.1";
	if (access("/sys/kernel/btf/vmlinux", R_OK))
		return "the kernel's BTF cannot be read here";
	/* the programs call kernel functions */
	if (access("/proc/sys/net/core/bpf_jit_enable", F_OK))
		return "the kernel has no compiler for BPF (CONFIG_BPF_JIT)";
	if (geteuid() || !need_bpf_capable(CAP_BPF) || !need_bpf_capable(CAP_PERFMON))
		return "not root with CAP_BPF and CAP_PERFMON";
	if (need_bpf_file_has("/sys/kernel/security/lockdown", "[confidentiality]"))
		return "kernel lockdown is in confidentiality mode";
	/*
	 * The kernel lacks the command; a filter of system calls returns another error.  In 7.3 a bit
	 * above the commands announces a second structure (BPF_COMMON_ATTRS): -1 would have it.
	 */
	if (syscall(SYS_bpf, 0x7fff, NULL, 0, NULL, 0) != -1 || errno != EINVAL)
		return "the bpf system call is not permitted here";
	return NULL;
}

/* Ends the test because the reader does not work: skipped with @why, or failed. */
#define NO_BPF(why)                                                                  \
	do {                                                                         \
		if (bpf_excuse())                                                    \
			SKIP("%s", why);                                             \
		printf("# %s:%d: BPF must work here, but: %s\n", __FILE__, __LINE__, \
		       why);                                                         \
		test_failures++;                                                     \
		return;                                                              \
	} while (0)

#endif
