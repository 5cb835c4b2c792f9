/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The seccomp filter of --trace, run here as the kernel runs it (net/core/filter.c, kernel/seccomp.c). */
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/syscall.h>

#include "trace/tracer_int.h"

#include "test.h"

static struct sock_filter filter[4096];
static unsigned n;

/* What the filter says to a call; 0 when it runs out of its instructions. */
static u32 run(const struct seccomp_data *d)
{
	u32 a = 0;

	for (unsigned pc = 0; pc < n; pc++) {
		const struct sock_filter *i = &filter[pc];

		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			EXPECT(i->k % 4 == 0 && i->k + 4 <= sizeof(*d));
			memcpy(&a, (const char *)d + i->k, 4);
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			pc += a == i->k ? i->jt : i->jf;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			pc += a & i->k ? i->jt : i->jf;
			break;
		case BPF_RET | BPF_K:
			return i->k;
		default:
			EXPECT(!"an instruction that this test does not know");
			return 0;
		}
	}
	return 0;
}

static bool stops_flags(u32 arch, int nr, u64 count, u64 flags)
{
	struct seccomp_data d = { .arch = arch,
				  .nr = nr,
				  .args = { 1, 2, count, flags } };
	u32 said = run(&d);

	EXPECT(said == SECCOMP_RET_TRACE || said == SECCOMP_RET_ALLOW);
	return said == SECCOMP_RET_TRACE;
}

static bool stops(u32 arch, int nr, u64 count)
{
	return stops_flags(arch, nr, count, 0);
}

static void make(bool each_mmap)
{
	n = tracer_start_filter(filter, ARRAY_SIZE(filter), each_mmap);
	EXPECT(n > 10 && n <= BPF_MAXINSNS);
}

static void check(u32 arch, const char *name, int nr, int how)
{
	bool dio = how == FILTER_DIO;

	if (nr < 0)
		return;
	if (!stops(arch, nr, 4096) || stops(arch, nr, 4097) == dio ||
	    stops(arch, nr, 0) == dio || stops(arch, nr, 512 * 3) != true)
		printf("# %s, number %d\n", name, nr);
	EXPECT(stops(arch, nr, 4096));
	EXPECT(stops(arch, nr, 512 * 3));
	EXPECT_INT(stops(arch, nr, 4097), !dio);
	EXPECT_INT(stops(arch, nr, 100), !dio);
	EXPECT_INT(stops(arch, nr, 0), !dio);
}

#ifdef TRACER_ARCH
#define NATIVE TRACER_ARCH
#else
#define NATIVE 0
#endif

TEST(calls_of_the_table_stop)
{
	make(true);
	for (unsigned i = 0; i < TRACER_CALLS; i++) {
		check(NATIVE, tracer_task_calls[i].name, tracer_task_calls[i].native,
		      tracer_task_calls[i].filter);
#ifdef TRACER_ARCH
		check(TRACER_ARCH_COMPAT, tracer_task_calls[i].name,
		      tracer_task_calls[i].compat, tracer_task_calls[i].filter);
#endif
	}
}

TEST(others_go_on)
{
	make(true);
	for (int nr = 0; nr < 600; nr++) {
		bool native = false, compat = false;

		for (unsigned i = 0; i < TRACER_CALLS; i++) {
			native |= tracer_task_calls[i].native == nr;
			compat |= tracer_task_calls[i].compat == nr;
		}
		EXPECT_INT(stops(NATIVE, nr, 4096), native);
#ifdef TRACER_ARCH
		EXPECT_INT(stops(TRACER_ARCH_COMPAT, nr, 4096), compat);
		EXPECT(!stops(AUDIT_ARCH_S390X, nr, 4096));
#else
		(void)compat;
#endif
	}
}

TEST(the_calls_that_take_pages_are_in_the_table)
{
	static const int wanted[] = { SYS_vmsplice,
				      SYS_clone,
				      SYS_mmap,
				      SYS_madvise,
				      SYS_io_uring_register,
				      SYS_process_vm_readv,
				      SYS_pwritev2,
				      SYS_execve };

	make(true);
	for (unsigned i = 0; i < ARRAY_SIZE(wanted); i++)
		EXPECT(stops(NATIVE, wanted[i], 4096));
	EXPECT(!stops(NATIVE, SYS_getpid, 4096));
}

TEST(a_mapping_without_pages_goes_on)
{
	for (unsigned each = 0; each < 2; each++) {
		make(each);
		EXPECT_INT(stops_flags(NATIVE, SYS_mmap, 4096, MAP_PRIVATE), each);
		EXPECT(stops_flags(NATIVE, SYS_mmap, 4096, MAP_PRIVATE | MAP_FIXED));
		EXPECT(stops_flags(NATIVE, SYS_mmap, 4096, MAP_SHARED | MAP_POPULATE));
		EXPECT(stops_flags(NATIVE, SYS_mmap, 4096, MAP_PRIVATE | MAP_LOCKED));
		EXPECT(stops(NATIVE, SYS_munmap, 4096));
#ifdef __x86_64__
		EXPECT_INT(stops_flags(AUDIT_ARCH_I386, 192, 4096, MAP_PRIVATE), each);
		EXPECT(stops_flags(AUDIT_ARCH_I386, 192, 4096, MAP_FIXED));
#endif
	}
}

TEST(no_room)
{
	EXPECT_INT(tracer_start_filter(filter, 3, true), 0);
}
