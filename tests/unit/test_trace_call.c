/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The arguments and ranges of traced calls, from bytes in this process: no ptrace, no root. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "trace/trace_int.h"

#include "test.h"

static struct source_machine machine = { .kernel.arch = "x86_64" };
static struct source source = { .machine = &machine };
static struct trace trace = { .src = &source };
static struct trace_call call;
static struct tracer_stop stop;

/* Enters a call of this process; whether it is of interest. */
static bool enter(unsigned nr, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f)
{
	stop = (struct tracer_stop){ .what = TRACER_ENTRY,
				     .call = nr,
				     .pid = getpid(),
				     .tid = getpid(),
				     .args = { a, b, c, d, e, f } };
	return trace_call_entry(&trace, &stop, &call);
}

/* Skips the rest of a test that reads its own memory as a target's: the user emulation of qemu cannot. */
#define NEEDS_READV()                                                      \
	do {                                                               \
		if (process_vm_readv(getpid(), NULL, 0, NULL, 0, 0) < 0 && \
		    errno == ENOSYS)                                       \
			SKIP("there is no process_vm_readv() here");       \
	} while (0)

static void leave(s64 ret)
{
	stop.what = TRACER_RETURN;
	stop.ret = ret;
	trace_call_return(&trace, &stop, &call);
}

static const struct event_arg *arg(const char *name)
{
	static const struct event_arg none = { .name = "", .text = "none" };

	for (unsigned i = 0; i < call.event.nargs; i++)
		if (!strcmp(call.event.arg[i].name, name))
			return &call.event.arg[i];
	return &none;
}

static void expect_range(unsigned i, u64 start, u64 end)
{
	EXPECT(i < call.nranges);
	EXPECT_INT(call.range[i].start, start);
	EXPECT_INT(call.range[i].end, end);
}

#define CALL(id, ...) enter(TRACER_##id, __VA_ARGS__)

TEST(words_of_arguments)
{
	CALL(MMAP, 0x10000, 8192, PROT_READ | PROT_EXEC,
	     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, (u32)-1, 0);
	EXPECT_INT(call.event.nargs, 6);
	EXPECT_INT(call.event.kind, EVENT_MMAP);
	EXPECT_INT(arg("addr")->num, 0x10000);
	EXPECT_INT(arg("addr")->kind, EVENT_ARG_HEX);
	EXPECT_INT(arg("length")->num, 8192);
	EXPECT_INT(arg("length")->kind, EVENT_ARG_NUM);
	EXPECT_STR(arg("prot")->text, "r-x");
	EXPECT_STR(arg("flags")->text, "private,fixed,anonymous");
	EXPECT_INT(arg("fd")->num, -1);
	CALL(MADVISE, 0x10000, 4096, 14, 0, 0, 0);
	EXPECT_INT(call.event.kind, EVENT_MADVISE);
	EXPECT_STR(arg("advice")->text, "hugepage");
	CALL(MADVISE, 0x10000, 4096, 102, 0, 0, 0);
	EXPECT_STR(arg("advice")->text, "guard-install");
	CALL(MADVISE, 0x10000, 4096, 77, 0, 0, 0);
	EXPECT_STR(arg("advice")->text, "77");
	CALL(IO_URING_REGISTER, 3, 1, 0, 0, 0, 0);
	EXPECT_STR(arg("opcode")->text, "unregister-buffers");
	CALL(IO_URING_REGISTER, 3, BIT(31) | 30, 0, 0, 0, 0);
	EXPECT_STR(arg("opcode")->text, "clone-buffers");
	NEEDS_READV();
	CALL(EXECVE, (uintptr_t) "/bin/true", 0, 0, 0, 0, 0);
	EXPECT_STR(arg("path")->text, "/bin/true");
}

/* A register holds 64 bits, an int of C only the lower half. */
TEST(descriptors_and_pids_are_int)
{
	const u64 minus1 = 0xffffffff;

	CALL(VMSPLICE, minus1, 0, 0, 0, 0, 0);
	EXPECT_INT(arg("fd")->num, -1);
	CALL(PROCESS_MADVISE, minus1, 0, 0, 4, 0, 0);
	EXPECT_INT(arg("pidfd")->num, -1);
	CALL(PROCESS_VM_READV, minus1, 0, 0, 0, 0, 0);
	EXPECT_INT(arg("target")->num, -1);
	CALL(EXECVEAT, (u32)AT_FDCWD, (uintptr_t) "x", 0, 0, 0, 0);
	EXPECT_INT(arg("dirfd")->num, AT_FDCWD);
	CALL(PKEY_MPROTECT, 0, 4096, 0, minus1, 0, 0);
	EXPECT_INT(arg("pkey")->num, -1);
	CALL(IO_URING_REGISTER, minus1, 0, 0, 0, 0, 0);
	EXPECT_INT(arg("fd")->num, -1);
	CALL(MUNMAP, 0x10000, 0x100000000, 0, 0, 0, 0);
	EXPECT_INT(arg("length")->num, 0x100000000);
}

TEST(a_string_that_ends_at_an_unmapped_page)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *two = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	NEEDS_READV();
	EXPECT(two != MAP_FAILED);
	munmap(two + page, page);
	memcpy(two + page - 4, "abcd", 4);
	CALL(EXECVE, (uintptr_t)two + page - 4, 0, 0, 0, 0, 0);
	EXPECT_STR(arg("path")->text, "abcd");
	munmap(two, page);
	CALL(EXECVE, (uintptr_t)two, 0, 0, 0, 0, 0);
	EXPECT_STR(arg("path")->text, "");
}

TEST(ranges_are_whole_pages)
{
	CALL(MUNMAP, 0x10800, 0x1000, 0, 0, 0, 0);
	EXPECT_INT(call.event.kind, EVENT_MUNMAP);
	EXPECT_INT(call.nranges, 1);
	expect_range(0, 0x10000, 0x12000);
	CALL(MUNMAP, 0x10000, 0, 0, 0, 0, 0);
	EXPECT_INT(call.nranges, 0);
	CALL(MUNMAP, UINT64_MAX - 100, 4096, 0, 0, 0, 0);
	EXPECT_INT(call.nranges, 0);
	CALL(MREMAP, 0x10000, 0x1000, 0x3000, MREMAP_MAYMOVE | MREMAP_FIXED, 0x80000, 0);
	EXPECT_INT(call.event.kind, EVENT_MREMAP);
	EXPECT_INT(call.nranges, 2);
	expect_range(1, 0x80000, 0x83000);
	CALL(MREMAP, 0x10000, 0x1000, 0x3000, MREMAP_MAYMOVE, 0, 0);
	leave(0x90000);
	EXPECT_INT(call.nranges, 2);
	expect_range(1, 0x90000, 0x93000);
	CALL(MREMAP, 0x10000, 0x1000, 0x3000, MREMAP_MAYMOVE, 0, 0);
	leave(-12);
	EXPECT_INT(call.nranges, 1);
	CALL(MMAP, 0, 0x2000, 3, MAP_PRIVATE | MAP_ANONYMOUS, (u32)-1, 0);
	EXPECT(call.no_pages);
	leave(0x50000);
	EXPECT_INT(call.nranges, 0);
	CALL(MMAP, 0, 0x2000, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, (u32)-1, 0);
	leave(0x50000);
	expect_range(0, 0x50000, 0x52000);
}

TEST(ranges_of_vectors)
{
	struct iovec iov[3] = { { (void *)0x10000, 0x1000 },
				{ (void *)0x30010, 0x20 },
				{ (void *)0x11000, 0x1000 } };
	int fds[2];

	NEEDS_READV();
	EXPECT(!pipe(fds));
	CALL(VMSPLICE, fds[1], (uintptr_t)iov, 3, 0, 0, 0);
	EXPECT_INT(call.nranges, 2);
	expect_range(0, 0x10000, 0x12000); /* neighbours are one */
	expect_range(1, 0x30000, 0x31000);
	EXPECT(call.watches);
	EXPECT_INT(call.event.kind, EVENT_VMSPLICE);
	EXPECT_INT(call.event.nargs, 4);
	leave(0x1008); /* of the second vector 8 bytes, of the third none */
	EXPECT_INT(call.nranges, 2);
	expect_range(0, 0x10000, 0x11000);
	expect_range(1, 0x30000, 0x31000);
	/* from a pipe into memory nothing is referenced */
	CALL(VMSPLICE, fds[0], (uintptr_t)iov, 3, 0, 0, 0);
	EXPECT_STR(arg("direction")->text, "from-pipe");
	EXPECT_INT(call.event.nargs, 5);
	EXPECT(!call.watches);
	/* a vector that cannot be read has no ranges */
	CALL(VMSPLICE, fds[1], 8, 3, 0, 0, 0);
	EXPECT_INT(call.nranges, 0);
	close(fds[0]);
	close(fds[1]);
	CALL(PROCESS_VM_READV, getpid(), 0, 0, (uintptr_t)iov, 2, 0);
	EXPECT_INT(call.event.kind, EVENT_PROCESS_VM_READV);
	EXPECT_INT(call.nranges, 2);
	EXPECT(!call.event.incomplete);
}

TEST(tagged_addresses)
{
	struct iovec iov = { (void *)(0x5bULL << 56 | 0x10000), 0x2000 };

	CALL(MADVISE, 0xb400000000010000, 0x1000, MADV_DONTNEED, 0, 0, 0);
	expect_range(0, 0xb400000000010000, 0xb400000000011000);
	strcpy(machine.kernel.arch, "aarch64");
	CALL(MADVISE, 0xb400000000010000, 0x1000, MADV_DONTNEED, 0, 0, 0);
	EXPECT_INT(arg("addr")->num, (s64)0xb400000000010000);
	expect_range(0, 0x10000, 0x11000);
	CALL(IO_URING_REGISTER, 3, 0, (uintptr_t)&iov, 1, 0, 0);
	expect_range(0, 0x10000, 0x12000);
	strcpy(machine.kernel.arch, "x86_64");
}

TEST(vectors_of_a_32_bit_call)
{
	u32 narrow[4] = { 0x10000, 0x1000, 0x40000, 0x2000 };

	NEEDS_READV();
	stop = (struct tracer_stop){ .call = TRACER_IO_URING_REGISTER,
				     .compat = true,
				     .pid = getpid(),
				     .args = { 3, 0, (uintptr_t)narrow, 2 } };
	EXPECT(trace_call_entry(&trace, &stop, &call));
	EXPECT_INT(call.nranges, 2);
	expect_range(0, 0x10000, 0x11000);
	expect_range(1, 0x40000, 0x42000);
	EXPECT(call.watches);
}

TEST(more_ranges_than_are_kept)
{
	struct iovec iov[TRACE_RANGES + 5];

	NEEDS_READV();
	for (unsigned i = 0; i < ARRAY_SIZE(iov); i++)
		iov[i] = (struct iovec){ (void *)(uintptr_t)(0x10000 * (i + 1)), 1 };
	CALL(IO_URING_REGISTER, 3, 0, (uintptr_t)iov, ARRAY_SIZE(iov), 0, 0);
	EXPECT_INT(call.nranges, TRACE_RANGES);
	EXPECT(call.dropped);
}

TEST(buffers_that_io_uring_takes_otherwise)
{
	struct iovec iov = { (void *)0x10000, 0x1000 };
	struct {
		u32 nr, flags;
		u64 resv, data, tags;
	} reg = { .nr = 1, .data = (uintptr_t)&iov };
	struct {
		u32 offset, resv;
		u64 data, tags;
		u32 nr, resv2;
	} update = { .data = (uintptr_t)&iov, .nr = 1 };

	NEEDS_READV();
	CALL(IO_URING_REGISTER, 3, 15, (uintptr_t)&reg, sizeof(reg), 0, 0);
	EXPECT_INT(call.nranges, 1);
	EXPECT(call.watches);
	CALL(IO_URING_REGISTER, 3, 16, (uintptr_t)&update, sizeof(update), 0, 0);
	EXPECT_INT(call.nranges, 1);
	CALL(IO_URING_REGISTER, 3, 2, (uintptr_t)&reg, 1, 0, 0);
	EXPECT_INT(call.nranges, 0);
	EXPECT(!call.watches);
}

TEST(reads_that_are_not_direct_are_of_no_interest)
{
	int fd = open("/proc/self/exe", O_RDONLY);

	EXPECT(fd >= 0);
	EXPECT(!CALL(READ, fd, 0x10000, 4096, 0, 0, 0));
	EXPECT(!CALL(READ, 9999, 0x10000, 4096, 0, 0, 0));
	EXPECT_INT(call.event.kind, EVENT_READ);
	EXPECT(!CALL(WRITE, fd, 0x10000, 4096, 0, 0, 0));
	EXPECT_INT(call.event.kind, EVENT_WRITE);
	close(fd);
	NEEDS_READV(); /* which shows the flags of files as the host has them, too */
	fd = open("/proc/self/exe", O_RDONLY | O_DIRECT);
	if (fd < 0)
		SKIP("the file system of this program has no O_DIRECT");
	EXPECT(CALL(READ, fd, 0x10000, 8192, 0, 0, 0));
	expect_range(0, 0x10000, 0x12000);
	leave(512);
	expect_range(0, 0x10000, 0x11000);
	close(fd);
}

/* What each call that reads or writes with O_DIRECT touches: a buffer, or the vectors at its place. */
TEST(direct_calls_touch_their_buffers)
{
	static const struct {
		u8 call, event;
		bool vector;
	} calls[] = {
		{ TRACER_READ, EVENT_READ, false },
		{ TRACER_PREAD64, EVENT_READ, false },
		{ TRACER_READV, EVENT_READ, true },
		{ TRACER_PREADV, EVENT_READ, true },
		{ TRACER_PREADV2, EVENT_READ, true },
		{ TRACER_WRITE, EVENT_WRITE, false },
		{ TRACER_PWRITE64, EVENT_WRITE, false },
		{ TRACER_WRITEV, EVENT_WRITE, true },
		{ TRACER_PWRITEV, EVENT_WRITE, true },
		{ TRACER_PWRITEV2, EVENT_WRITE, true },
	};
	const struct iovec iov[2] = { { (void *)0x10000, 0x1000 },
				      { (void *)0x30000, 0x2000 } };
	int cached = open("/proc/self/exe", O_RDONLY), direct;

	NEEDS_READV();
	EXPECT(cached >= 0);
	direct = open("/proc/self/exe", O_RDONLY | O_DIRECT);
	for (unsigned i = 0; i < ARRAY_SIZE(calls); i++) {
		u64 at = calls[i].vector ? (uintptr_t)iov : 0x10000;
		u64 count = calls[i].vector ? 2 : 0x3000;

		EXPECT(!enter(calls[i].call, (u64)cached, at, count, 0, 0, 0));
		if (direct < 0)
			continue;
		EXPECT(enter(calls[i].call, (u64)direct, at, count, 0, 0, 0));
		EXPECT_INT(call.event.kind, calls[i].event);
		EXPECT_INT(call.event.nargs, 3);
		EXPECT_INT(arg("fd")->num, direct);
		EXPECT_INT(arg("buffer")->num, at);
		EXPECT_INT(arg("count")->num, count);
		EXPECT(!call.watches); /* the references are gone when the call returns */
		EXPECT_INT(call.nranges, calls[i].vector ? 2 : 1);
		expect_range(0, 0x10000, calls[i].vector ? 0x11000 : 0x13000);
		if (calls[i].vector)
			expect_range(1, 0x30000, 0x32000);
		leave(0x1800); /* the rest was not touched */
		EXPECT_INT(call.nranges, calls[i].vector ? 2 : 1);
		expect_range(0, 0x10000, calls[i].vector ? 0x11000 : 0x12000);
		if (calls[i].vector)
			expect_range(1, 0x30000, 0x31000);
	}
	close(cached);
	if (direct < 0)
		SKIP("the file system of this program has no O_DIRECT");
	close(direct);
}

TEST(calls_of_the_whole_process)
{
	EXPECT(CALL(FORK, 0, 0, 0, 0, 0, 0));
	EXPECT_INT(call.event.kind, EVENT_FORK);
	EXPECT(call.whole && !call.no_pages);
	/* The parent waits in vfork() and shares its page tables with the child. */
	EXPECT(CALL(VFORK, 0, 0, 0, 0, 0, 0));
	EXPECT_INT(call.event.kind, EVENT_FORK);
	EXPECT(!call.whole && call.no_pages);
	NEEDS_READV();
	EXPECT(CALL(EXECVEAT, 7, (uintptr_t) "true", 0, 0, 0, 0));
	EXPECT_INT(call.event.kind, EVENT_EXEC);
	EXPECT_STR(call.event.call, "execveat");
	EXPECT_STR(arg("path")->text, "true");
	EXPECT_INT(arg("dirfd")->num, 7);
	EXPECT(call.whole && !call.no_pages);
}

TEST(protection_calls)
{
	EXPECT(CALL(MPROTECT, 0x10000, 0x2000, PROT_READ, 0, 0, 0));
	EXPECT_INT(call.event.kind, EVENT_MPROTECT);
	EXPECT_INT(call.event.nargs, 3);
	expect_range(0, 0x10000, 0x12000);
	EXPECT(CALL(PKEY_MPROTECT, 0x10000, 0x2000, PROT_WRITE, 5, 0, 0));
	EXPECT_INT(call.event.kind, EVENT_MPROTECT);
	EXPECT_STR(call.event.call, "pkey_mprotect");
	EXPECT_STR(arg("prot")->text, "-w-");
	EXPECT_INT(arg("pkey")->num, 5);
	expect_range(0, 0x10000, 0x12000);
	EXPECT(CALL(PROCESS_VM_WRITEV, getpid(), 0, 0, 0, 0, 0));
	EXPECT_INT(call.event.kind, EVENT_PROCESS_VM_WRITEV);
}

TEST(threads_change_no_pages)
{
	u64 args[1] = { CLONE_VM | CLONE_THREAD };

	CALL(CLONE, CLONE_VM, 0, 0, 0, 0, 0);
	EXPECT(call.whole && call.no_pages);
	CALL(CLONE, 17, 0, 0, 0, 0, 0);
	EXPECT(call.whole && !call.no_pages);
	NEEDS_READV();
	CALL(CLONE3, (uintptr_t)args, 8, 0, 0, 0, 0);
	EXPECT(call.no_pages);
	args[0] = 0;
	CALL(CLONE3, (uintptr_t)args, 8, 0, 0, 0, 0);
	EXPECT(!call.no_pages);
}
