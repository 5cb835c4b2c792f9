/* SPDX-License-Identifier: GPL-2.0-or-later */
/* BTF made by hand, cut, and cut again; and BTF that is broken. */
#include "kernel/btfcut.h"

#include "test.h"

#include <linux/btf.h>

#define KIND(kind, vlen) ((u32)(kind) << 24 | (vlen))

struct bytes {
	u32 types[128];
	char strs[256];
	u32 n, len;
};

static u32 name(struct bytes *b, const char *s)
{
	u32 at = b->len;

	strcpy(b->strs + at, s);
	b->len += strlen(s) + 1;
	return at;
}

static void put(struct bytes *b, u32 a, u32 b_, u32 c)
{
	b->types[b->n++] = a;
	b->types[b->n++] = b_;
	b->types[b->n++] = c;
}

/*
 * 1 int, 2 struct other { int x; }, 3 typedef word -> 1, 4 pointer to other,
 * 5 struct { word inside; }, 6 int[3], 7 function bpf_thing, 8 function prototype,
 * 9 struct page { word flags; struct other o; struct other *p; struct {...}; int a[3]; },
 * 10 enum pageflags { PG_a, PG_b = 5 }, 11 struct page again
 */
static void make(struct bytes *b)
{
	memset(b, 0, sizeof(*b));
	b->len = 1;
	put(b, name(b, "int"), KIND(1, 0), 4);
	b->types[b->n++] = 32;
	put(b, name(b, "other"), KIND(4, 1), 4);
	put(b, name(b, "x"), 1, 0);
	put(b, name(b, "word"), KIND(8, 0), 1);
	put(b, 0, KIND(2, 0), 2);
	put(b, 0, KIND(4, 1), 4);
	put(b, name(b, "inside"), 3, 0);
	put(b, 0, KIND(3, 0), 0);
	put(b, 1, 1, 3);
	put(b, name(b, "bpf_thing"), KIND(12, 1), 8);
	put(b, 0, KIND(13, 0), 0);
	put(b, name(b, "page"), KIND(4, 5), 40);
	put(b, name(b, "flags"), 3, 0);
	put(b, name(b, "o"), 2, 32);
	put(b, name(b, "p"), 4, 64);
	put(b, 0, 5, 128);
	put(b, name(b, "a"), 6, 160);
	put(b, name(b, "pageflags"), KIND(6, 2), 4);
	b->types[b->n++] = name(b, "PG_a");
	b->types[b->n++] = 0;
	b->types[b->n++] = name(b, "PG_b");
	b->types[b->n++] = 5;
	put(b, name(b, "page"), KIND(4, 0), 8);
}

static size_t join(const struct bytes *b, u8 *out)
{
	struct btf_header h = { .magic = BTF_MAGIC,
				.version = BTF_VERSION,
				.hdr_len = sizeof(h),
				.type_len = b->n * 4,
				.str_off = b->n * 4,
				.str_len = b->len };

	memcpy(out, &h, sizeof(h));
	memcpy(out + sizeof(h), b->types, b->n * 4);
	memcpy(out + sizeof(h) + b->n * 4, b->strs, b->len);
	return sizeof(h) + b->n * 4 + b->len;
}

static struct btfcut_want want[] = {
	{ "page" }, { "pageflags" }, { "bpf_thing", .func = true }, { "nothing" }
};

static int cut(const u8 *btf, size_t size, u8 **ret, size_t *ret_size)
{
	void *p = NULL;
	int err = btfcut_make(btf, size, want, ARRAY_SIZE(want), &p, ret_size);

	*ret = p;
	return err;
}

static bool has(const u8 *p, size_t len, const char *s)
{
	size_t n = strlen(s) + 1;

	for (size_t i = 0; i + n <= len; i++)
		if (!memcmp(p + i, s, n))
			return true;
	return false;
}

TEST(what_is_wanted_and_what_is_inside)
{
	struct bytes b;
	u8 btf[2048], *out, *again;
	size_t size, n, n2;

	make(&b);
	size = join(&b, btf);
	EXPECT_INT(cut(btf, size, &out, &n), 0);
	EXPECT_INT(want[0].id, 9); /* the first of that name */
	EXPECT_INT(want[1].id, 10);
	EXPECT_INT(want[2].id, 7);
	EXPECT_INT(want[3].id, 0);
	EXPECT(has(out, n, "page") && has(out, n, "flags") && has(out, n, "inside") &&
	       has(out, n, "PG_b"));
	EXPECT(has(out, n, "other")); /* by value: its size counts, its members do not */
	EXPECT(!has(out, n, "x") && !has(out, n, "word") && !has(out, n, "bpf_thing"));
	EXPECT(n < size);
	/* it is BTF itself, and nothing is left to cut */
	EXPECT_INT(cut(out, n, &again, &n2), 0);
	EXPECT(want[0].id && want[1].id && !want[2].id);
	EXPECT_INT(n2, n);
	free(again);
	free(out);
}

/*
 * 6.19: struct pipe { union pipe_index; } has a member without a name of a type with one.  Its
 * members are kept there; where a member of that type has a name they are not.
 */
TEST(unnamed_members_of_named_types)
{
	struct bytes b = { .len = 1 };
	struct btfcut_want pipe[] = {
		{ "before", .member = { "head", "i" } },
		{ "pipe", .member = { "tail", "deep" } },
		{ "flags", .member = { "one", "two" } },
	};
	u8 btf[2048];
	void *out = NULL, *again = NULL;
	size_t size, n, n2;

	put(&b, name(&b, "int"), KIND(1, 0), 4); /* 1 */
	b.types[b.n++] = 32;
	put(&b, name(&b, "pipe_index"), KIND(5, 2), 8); /* 2 */
	put(&b, name(&b, "head"), 1, 0);
	put(&b, 0, 3, 0);
	put(&b, name(&b, "inside"), KIND(4, 1), 8); /* 3 */
	put(&b, name(&b, "tail"), 1, 32);
	put(&b, name(&b, "before"), KIND(4, 1), 8); /* 4 */
	put(&b, name(&b, "i"), 2, 0);
	put(&b, name(&b, "pipe"), KIND(4, 1), 8); /* 5 */
	put(&b, 0, 2, 0);
	put(&b, name(&b, "flags"), KIND(6, 1), 4); /* 6 */
	b.types[b.n++] = name(&b, "two");
	b.types[b.n++] = 0;
	size = join(&b, btf);
	for (unsigned keep = 1; keep <= 2; keep++) {
		/* "before" alone needs no members of the union, "pipe" does */
		EXPECT_INT(btfcut_make(btf, size, pipe, keep, &out, &n), 0);
		EXPECT_INT(has(out, n, "head") && has(out, n, "tail"), keep == 2);
		free(out);
	}
	EXPECT_INT(btfcut_make(btf, size, pipe, ARRAY_SIZE(pipe), &out, &n), 0);
	EXPECT_INT(pipe[0].has, BIT(1)); /* "head" is not its own */
	EXPECT_INT(pipe[1].has, BIT(0));
	EXPECT_INT(pipe[2].has, BIT(1));
	EXPECT_INT(btfcut_make(out, n, pipe, ARRAY_SIZE(pipe), &again, &n2), 0);
	EXPECT(n2 == n && pipe[1].has == BIT(0) && pipe[0].has == BIT(1));
	free(again);
	free(out);
}

/* pahole writes the section of per-CPU variables last, or among other types. */
TEST(offsets_of_per_cpu_variables)
{
	struct btfcut_want vars[] = { { "two", .var = true },
				      { "one", .var = true },
				      { "no", .var = true } };
	u8 btf[2048];

	for (unsigned last = 0; last < 2; last++) {
		struct bytes b = { .len = 1 };
		u32 first = last ? 2 : 3;
		void *out = NULL;
		size_t n;

		put(&b, name(&b, "int"), KIND(1, 0), 4); /* 1 */
		b.types[b.n++] = 32;
		for (unsigned i = 0; i < 3; i++) {
			if (i == (last ? 2 : 0)) {
				put(&b, name(&b, ".data..percpu"), KIND(15, 2), 64);
				put(&b, first, 8, 4);
				put(&b, first + 1, 40, 4);
			} else {
				put(&b, name(&b, i == (last ? 0 : 1) ? "one" : "two"),
				    KIND(14, 0), 1);
				b.types[b.n++] = 0;
			}
		}
		EXPECT_INT(btfcut_make(btf, join(&b, btf), vars, ARRAY_SIZE(vars), &out,
				       &n),
			   0);
		EXPECT_INT(vars[1].offset, 8);
		EXPECT_INT(vars[0].offset, 40);
		EXPECT_INT(vars[2].offset, 0);
		free(out);
	}
}

TEST(every_end_is_a_clean_error)
{
	struct bytes b;
	u8 btf[2048], *out;
	size_t size, n;

	make(&b);
	size = join(&b, btf);
	for (size_t i = 0; i < size; i++) {
		u8 *copy = malloc(i + 1);

		memcpy(copy, btf, i);
		out = NULL;
		EXPECT(cut(copy, i, &out, &n) < 0);
		EXPECT(!out);
		free(copy);
	}
}

TEST(any_byte_may_be_wrong)
{
	struct bytes b;
	u8 btf[2048], *out;
	size_t size, n;

	make(&b);
	size = join(&b, btf);
	for (size_t i = 0; i < size; i++)
		for (unsigned v = 1; v < 256; v += 7) {
			u8 *copy = malloc(size);

			memcpy(copy, btf, size);
			copy[i] ^= v;
			out = NULL;
			if (!cut(copy, size, &out, &n))
				EXPECT(out);
			free(out);
			free(copy);
		}
}

/* A struct that holds itself cannot be; it must not be followed for ever. */
TEST(a_struct_inside_itself)
{
	struct bytes b = { .len = 1 };
	u8 btf[2048], *out = NULL;
	size_t size, n;

	put(&b, name(&b, "page"), KIND(4, 1), 8);
	put(&b, name(&b, "m"), 2, 0);
	put(&b, 0, KIND(4, 1), 8);
	put(&b, name(&b, "n"), 2, 0);
	size = join(&b, btf);
	EXPECT(cut(btf, size, &out, &n) < 0);
	EXPECT(!out);
}
