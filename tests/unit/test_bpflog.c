/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What libbpf says when a program is not loaded, and the line of it that a user reads. */
#include "kernel/bpflog.h"

#include "test.h"

static const char *line_of(const char *const *messages, unsigned n)
{
	static struct bpflog l;

	memset(&l, 0, sizeof(l));
	for (unsigned i = 0; i < n; i++)
		bpflog_add(&l, messages[i]);
	return l.line;
}

TEST(the_verdict_of_the_verifier)
{
	static const char *const said[] = {
		"libbpf: prog 'observe_cast': BPF program load failed: Permission denied\n",
		"libbpf: prog 'observe_cast': -- BEGIN PROG LOAD LOG --\n"
		"0: R1=ctx(off=0,imm=0) R10=fp0\n"
		"; int observe_cast(void *ctx)\n"
		"43: (0f) r1 += r2\n"
		"math between map_value pointer and register with unbounded min value\n"
		"verification time 12 usec\n"
		"stack depth 0+0\n"
		"processed 44 insns (limit 1000000) max_states_per_insn 0\n"
		"-- END PROG LOAD LOG --\n",
		"libbpf: prog 'observe_cast': failed to load: -13\n",
		"libbpf: failed to load object 'structpage_bpf'\n",
	};

	EXPECT_STR(
		line_of(said, ARRAY_SIZE(said)),
		"observe_cast: math between map_value pointer and register with unbounded min value");
}

/* As libbpf 1.1 says it of pipe_inode_info->head in a cut that lacks it. */
TEST(a_field_that_is_not_there)
{
	static const char *const said[] = {
		"libbpf: prog 'files_walk': BPF program load failed: Invalid argument\n",
		"libbpf: prog 'files_walk': -- BEGIN PROG LOAD LOG --\n"
		"225: <invalid CO-RE relocation>\n"
		"failed to resolve CO-RE relocation <byte_off> [74] struct pipe_inode_info.head (0:0 @ offset 0)\n"
		"processed 197 insns (limit 1000000)\n-- END PROG LOAD LOG --\n",
	};

	EXPECT_STR(
		line_of(said, ARRAY_SIZE(said)),
		"files_walk: failed to resolve CO-RE relocation <byte_off> [74] struct pipe_inode_info.head (0:0 @ offset 0)");
}

TEST(without_a_log_the_first_warning)
{
	static const char *const said[] = {
		"libbpf: Error loading vmlinux BTF: -2\n",
		"libbpf: failed to load object 'structpage_bpf'\n",
	};
	static const char *const empty[] = {
		"libbpf: prog 'vmas': BPF program load failed: No space left on device\n",
		"libbpf: prog 'vmas': -- BEGIN PROG LOAD LOG --\n"
		"processed 0 insns\n-- END PROG LOAD LOG --\n",
	};

	EXPECT_STR(line_of(said, 2), "Error loading vmlinux BTF: -2");
	EXPECT_STR(line_of(empty, 2),
		   "prog 'vmas': BPF program load failed: No space left on device");
	EXPECT_STR(line_of(NULL, 0), "");
}

/* One line of printable text that fits, whatever comes. */
TEST(any_text)
{
	char text[400];
	const char *said[] = { text, text };

	for (unsigned i = 0; i < sizeof(text) - 1; i++)
		text[i] = (char)(i % 40 + 1);
	text[sizeof(text) - 1] = '\0';
	EXPECT(strlen(line_of(said, 2)) < sizeof(((struct bpflog *)0)->line));
	memcpy(text, "-- BEGIN PROG LOAD LOG --\n", 26);
	for (const char *c = line_of(said, 2); *c; c++)
		EXPECT(*c >= ' ');
}
