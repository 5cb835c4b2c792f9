/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cut BTF (bpfbtf.h) says what the whole one says, for every relocation of every BPF program,
 * on the BTF of kernels in tests/btf (made by tests/btf/make.py).
 */
#include <linux/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include "live/bpfbtf.h"
#include "page/structpage.h"
#include "test.h"

#include "config.h"

#ifndef HAVE_BPF

TEST(the_cut_says_what_the_whole_says)
{
	SKIP("gupinfo was built without BPF");
}

#else

#define TRI_NO LIBBPF_TRI_NO
#define TRI_YES LIBBPF_TRI_YES
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "bpf/holders.skel.h"
#include "bpf/structpage.skel.h"
#undef TRI_NO
#undef TRI_YES

/* A relocation: struct bpf_core_relo, and what its access string says, in names. */
struct relocation {
	char type[64];
	char path
		[4]
		[64]; /* members; "" an element of an array, or the members of one without name */
	unsigned n;
	u32 kind;
};

static struct relocation relocations[4000];
static unsigned nrelocations;

static u32 skipped(const struct btf *b, u32 id)
{
	const struct btf_type *t = btf__type_by_id(b, id);

	while (btf_is_mod(t) || btf_is_typedef(t)) {
		id = t->type;
		t = btf__type_by_id(b, id);
	}
	return id;
}

static bool is_enum(const struct btf_type *t)
{
	return btf_is_enum(t) || btf_is_enum64(t);
}

static const char *name_of_value(const struct btf *b, const struct btf_type *t,
				 unsigned i)
{
	return btf__str_by_offset(b, btf_is_enum(t) ? btf_enum(t)[i].name_off
						    : btf_enum64(t)[i].name_off);
}

/* "0:1:2" as names of members; of an enum it is the number of a value. */
static void read_access(const struct btf *b, u32 id, const char *access,
			struct relocation *r)
{
	const struct btf_type *t;
	char *p = (char *)access;
	bool first = true;

	for (; *p; p += *p == ':') {
		unsigned i = strtoul(p, &p, 10);
		const char *name = "";

		id = skipped(b, id);
		t = btf__type_by_id(b, id);
		if (is_enum(t)) {
			name = name_of_value(b, t, i);
		} else if (first) {
			first = false;
			continue;
		} else if (btf_is_composite(t)) {
			name = btf__str_by_offset(b, btf_members(t)[i].name_off);
			id = btf_members(t)[i].type;
		} else {
			id = btf_array(t)->type;
		}
		EXPECT(r->n < ARRAY_SIZE(r->path));
		if (btf_is_array(t) || *name)
			snprintf(r->path[r->n++ % ARRAY_SIZE(r->path)],
				 sizeof(r->path[0]), "%s", name);
	}
}

static void read_relocations(const void *elf, size_t size)
{
	struct btf_ext *ext = NULL;
	int fd = memfd_create("elf", 0);
	char path[40];
	struct btf *b;
	const u32 *p, *end;
	const u8 *raw;
	u32 raw_size;

	EXPECT_INT(write(fd, elf, size), size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	b = btf__parse_elf(path, &ext);
	EXPECT(b && ext);
	if (!b || !ext)
		return;
	raw = btf_ext__get_raw_data(ext, &raw_size);
	p = (const u32 *)raw; /* ->core_relo_off, ->core_relo_len are words 6 and 7 */
	end = (const u32 *)(raw + p[1] + p[6] + p[7]);
	for (p = (const u32 *)(raw + p[1] + p[6]) + 1; p < end;) {
		u32 n = p[1];

		for (p += 2; n; n--, p += 4) {
			struct relocation *r = &relocations[nrelocations];
			const struct btf_type *t = btf__type_by_id(b, p[1]);
			char *generation;

			*r = (struct relocation){ 0 };
			snprintf(r->type, sizeof(r->type), "%s",
				 btf__str_by_offset(b, t->name_off));
			generation = strstr(r->type, "___");
			if (generation)
				*generation = '\0';
			r->kind = p[3];
			if (r->kind < BPF_CORE_TYPE_ID_LOCAL ||
			    r->kind == BPF_CORE_ENUMVAL_EXISTS ||
			    r->kind == BPF_CORE_ENUMVAL_VALUE)
				read_access(b, p[1], btf__str_by_offset(b, p[2]), r);
			nrelocations += nrelocations + 1 < ARRAY_SIZE(relocations);
		}
	}
	btf_ext__free(ext);
	btf__free(b);
	close(fd);
}

/* Member @name of type @id, or of its members without a name. */
static bool find_member(const struct btf *b, u32 id, const char *name, u32 *bits,
			u32 *type)
{
	const struct btf_type *t = btf__type_by_id(b, id);

	for (unsigned i = 0; btf_is_composite(t) && i < btf_vlen(t); i++) {
		const struct btf_member *m = btf_members(t) + i;
		const char *is = btf__str_by_offset(b, m->name_off);
		u32 inner = 0;

		*type = skipped(b, m->type);
		if (*is ? !strcmp(is, name)
			: find_member(b, skipped(b, m->type), name, &inner, type)) {
			*bits += btf_member_bit_offset(t, i) + inner;
			return true;
		}
	}
	return false;
}

static bool is_wanted(const struct btf *b, const struct btf_type *t,
		      const struct relocation *r)
{
	return (btf_is_composite(t) || is_enum(t)) &&
	       !strcmp(btf__str_by_offset(b, t->name_off), r->type);
}

static void say(char *out, size_t size, const char *fmt, ...)
{
	size_t n = strlen(out);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(out + n, size - n, fmt, ap);
	va_end(ap);
}

/* What @b says of a relocation, by each type of that name: offset, size and kind; "": nothing. */
static void answer(const struct btf *b, const struct relocation *r, char *out,
		   size_t size)
{
	out[0] = '\0';
	for (u32 id = 1; id < btf__type_cnt(b); id++) {
		const struct btf_type *t = btf__type_by_id(b, id);
		u32 bits = 0, at = id;
		bool found = true;

		if (!is_wanted(b, t, r))
			continue;
		for (unsigned i = 0; is_enum(t) && i < btf_vlen(t); i++)
			if (r->n && !strcmp(name_of_value(b, t, i), r->path[0]))
				say(out, size, "value %d ",
				    btf_is_enum(t) ? btf_enum(t)[i].val
						   : (int)btf_enum64(t)[i].val_lo32);
		if (is_enum(t))
			continue;
		for (unsigned i = 0; found && i < r->n; i++) {
			if (r->path[i][0])
				found = find_member(b, at, r->path[i], &bits, &at);
			else
				at = skipped(b, btf_array(btf__type_by_id(b, at))->type);
		}
		if (found)
			say(out, size, "at %u size %d kind %u ", bits,
			    (int)btf__resolve_size(b, at),
			    btf_kind(btf__type_by_id(b, at)));
	}
}

static struct btf *whole, *cut;

static bool open_kernel(const char *name, bool all)
{
	const char *dir = getenv("srcdir");
	static u8 bytes[1 << 18];
	char path[400];
	void *data = NULL;
	size_t size, n;
	FILE *f;

	btf__free(whole);
	btf__free(cut);
	whole = cut = NULL;
	/* The types of x86-64's kernels; a machine's own BTF has its own byte order. */
	if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
		return false;
	snprintf(path, sizeof(path), "%s/tests/btf/%s.btf", dir ? dir : ".", name);
	f = fopen(path, "re");
	size = f ? fread(bytes, 1, sizeof(bytes), f) : 0;
	if (f)
		fclose(f);
	EXPECT(size && !bpfbtf_make(bytes, size, all, &data, &n));
	if (!data)
		return false;
	whole = btf__new(bytes, size);
	cut = btf__new(data, n);
	free(data);
	EXPECT(whole && cut);
	return whole && cut;
}

static const char *const kernels[] = { "6.1", "6.12", "6.18", "6.19", "7.0", "7.3" };

/* The first cut has what structpage.bpf.c asks for, the other what all programs ask for. */
static void compare(bool all)
{
	const void *elf;
	size_t size;

	nrelocations = 0;
	elf = structpage_bpf__elf_bytes(&size);
	read_relocations(elf, size);
	if (all) {
		elf = holders_bpf__elf_bytes(&size);
		read_relocations(elf, size);
	}
	EXPECT(nrelocations > 150);
	for (unsigned k = 0; k < ARRAY_SIZE(kernels); k++) {
		unsigned found = 0;

		if (!open_kernel(kernels[k], all))
			continue;
		for (unsigned i = 0; i < nrelocations; i++) {
			const struct relocation *r = &relocations[i];
			char a[400], b[400];

			answer(whole, r, a, sizeof(a));
			answer(cut, r, b, sizeof(b));
			found += a[0] != 0;
			if (!a[0] == !b[0] && !strcmp(a, b))
				continue;
			printf("# %s: %s.%s.%s: the whole says \"%s\", the cut \"%s\"\n",
			       kernels[k], r->type, r->path[0], r->path[1], a, b);
			test_failures++;
		}
		printf("# %s: %u of %u relocations\n", kernels[k], found, nrelocations);
		EXPECT(found > nrelocations * 3 / 4);
	}
}

TEST(the_cut_says_what_the_whole_says)
{
	compare(false);
	compare(true);
}

/* What readers of other kinds saw there: that the answers above are no empty ones. */
TEST(facts_that_are_known)
{
	static const struct {
		const char *kernel, *type, *member, *says;
	} rows[] = {
		{ "7.0", "page", "compound_head", "at 64 size 8 kind 1 " },
		{ "7.3", "page", "compound_head", "" },
		{ "7.3", "page", "compound_info", "at 64 size 8 kind 1 " },
		{ "7.0", "page", "compound_info", "" },
		{ "7.3", "page", "_refcount", "at 416 size 4 kind 4 " },
		{ "6.1", "folio", "_large_mapcount", "" },
		{ "7.3", "folio", "_large_mapcount", "at 640 size 4 kind 4 " },
		{ "7.3", "pageflags", "PG_private", "value 14 " },
		{ "7.3", "pageflags", "PG_double_map", "" },
	};
	static const char *const pipes[] = { "6.12", "6.18", "6.19", "7.0", "7.3" };
	char says[400];

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		struct relocation r = { .n = 1 };

		strcpy(r.type, rows[i].type);
		strcpy(r.path[0], rows[i].member);
		if (!open_kernel(rows[i].kernel, true))
			continue;
		answer(cut, &r, says, sizeof(says));
		EXPECT_STR(says, rows[i].says);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(pipes); i++) {
		struct relocation r = { .type = "pipe_inode_info",
					.path[0] = "tail",
					.n = 1 };

		if (!open_kernel(pipes[i], true))
			continue;
		answer(cut, &r, says, sizeof(says));
		EXPECT(says[0]);
	}
	btf__free(whole);
	btf__free(cut);
}

#endif
