/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/btfcut.h"

#include <endian.h>
#include <errno.h>
#include <linux/btf.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"

#include "lib/pure.h"

#define BTFCUT_KINDS (BTF_KIND_ENUM64 + 1)
#define BTFCUT_DEPTH 32  /* structs nested in each other */
#define BTFCUT_UNNAMED 8 /* nesting of unnamed members in which a member is searched */
#define BTFCUT_FOUND 64  /* types that have a wanted name; several may share one */
#define BTFCUT_BEGINS 1024
#define BTFCUT_EVERY 16 /* of so many types the place of one is kept */

/* Bytes behind struct btf_type, by kind: a fixed part, and a part for each of vlen. */
static const u8 btfcut_fixed[BTFCUT_KINDS] = { [BTF_KIND_INT] = 4,
					       [BTF_KIND_ARRAY] = 12,
					       [BTF_KIND_VAR] = 4,
					       [BTF_KIND_DECL_TAG] = 4 };
static const u8 btfcut_each[BTFCUT_KINDS] = {
	[BTF_KIND_STRUCT] = 12, [BTF_KIND_UNION] = 12,   [BTF_KIND_ENUM] = 8,
	[BTF_KIND_ENUM64] = 12, [BTF_KIND_DATASEC] = 12, [BTF_KIND_FUNC_PROTO] = 8
};

struct btfcut_buf {
	u8 *data;
	size_t len, room;
};

struct btfcut {
	const u8 *types;
	u32 types_len;
	const char *strs;
	u32 strs_len;
	u32 *at;  /* by (id - 1) / BTFCUT_EVERY: offset of the type in ->types */
	u32 *new; /* by id: ids in the cut without and with members; 0 none */
	u32 n;    /* types that have been scanned */
	u32 next; /* offset of the type to scan next */
	struct btfcut_want *want;
	unsigned nwant;
	unsigned missing, funcs; /* names that are not found yet, and functions of them */
	u8 begins
		[BTFCUT_BEGINS]; /* by btfcut_begin(): 1 + the last wanted name of this hash */
	u8 before[UINT8_MAX]; /* by wanted name: the one before it, likewise */
	u32 found[BTFCUT_FOUND], nfound;
	u32 percpu; /* id of the section of per-CPU variables */
	struct btfcut_buf out, out_strs;
	u32 nout, ptr, integer; /* ids in the cut */
	bool whole; /* members of the current type, which is unnamed, are the owner's */
	int err;    /* the first failure; what is put then goes nowhere */
};

#define BTFCUT_NAMED                                                      \
	(BIT(BTF_KIND_VAR) | BIT(BTF_KIND_STRUCT) | BIT(BTF_KIND_UNION) | \
	 BIT(BTF_KIND_ENUM) | BIT(BTF_KIND_ENUM64))
#define BTFCUT_LONG                                                             \
	(BIT(BTF_KIND_INT) | BIT(BTF_KIND_ARRAY) | BIT(BTF_KIND_STRUCT) |       \
	 BIT(BTF_KIND_UNION) | BIT(BTF_KIND_ENUM) | BIT(BTF_KIND_ENUM64) |      \
	 BIT(BTF_KIND_FUNC_PROTO) | BIT(BTF_KIND_VAR) | BIT(BTF_KIND_DATASEC) | \
	 BIT(BTF_KIND_DECL_TAG))

/*
 * Returns the size of a type with what is behind it.  Most have nothing there: then the next one is
 * read before the CPU knows the kind of this.
 */
static size_t btfcut_size(const struct btf_type *t)
{
	unsigned kind = BTF_INFO_KIND(t->info);

	if (!(BTFCUT_LONG >> kind & 1))
		return sizeof(*t);
	return sizeof(*t) + btfcut_fixed[kind] +
	       btfcut_each[kind] * BTF_INFO_VLEN(t->info);
}

/* Returns type @id, which has been scanned, and sets *@ret_rest to what is behind it. */
static struct btf_type btfcut_get(const struct btfcut *c, u32 id, const u8 **ret_rest)
{
	struct btf_type t = { 0 };
	const u8 *at = c->types;

	if (id && id <= c->n) {
		at += c->at[(id - 1) / BTFCUT_EVERY];
		memcpy(&t, at, sizeof(t));
		for (u32 i = (id - 1) % BTFCUT_EVERY; i; i--) {
			at += btfcut_size(&t);
			memcpy(&t, at, sizeof(t));
		}
	}
	if (ret_rest)
		*ret_rest = at + sizeof(t);
	return t;
}

static const char *btfcut_name(const struct btfcut *c, u32 off)
{
	return off < c->strs_len ? c->strs + off : "";
}

/* ---- the output */

static void btfcut_put(struct btfcut *c, struct btfcut_buf *b, const void *data,
		       size_t len)
{
	char *to =
		c->err || !len ? NULL : array_more(&b->data, &b->len, &b->room, 1, len);

	if (to)
		memcpy(to, data, len);
	else if (len && !c->err)
		c->err = -ENOMEM;
}

static void btfcut_put_name(struct btfcut *c, u32 *name)
{
	const char *s = btfcut_name(c, *name);

	*name = *s ? c->out_strs.len : 0;
	if (*s)
		btfcut_put(c, &c->out_strs, s, strlen(s) + 1);
}

/* Appends a type and the @len bytes @rest behind it.  Returns its id. */
static u32 btfcut_put_type(struct btfcut *c, struct btf_type t, const void *rest,
			   size_t len)
{
	btfcut_put_name(c, &t.name_off);
	btfcut_put(c, &c->out, &t, sizeof(t));
	btfcut_put(c, &c->out, rest, len);
	return ++c->nout;
}

/* ---- the input */

/* A hash of the first eight bytes, which spares comparing most of the 100,000 names. */
static unsigned btfcut_begin(const char *name, size_t room)
{
	u64 word = 0, end;

	if (room < sizeof(word))
		memcpy(&word, name, room);
	else
		memcpy(&word, name, sizeof(word));
	word = le64toh(word);
	/* the lowest bit of these is in the first byte that is 0 */
	end = (word - 0x0101010101010101) & ~word & 0x8080808080808080;
	word &= ((end & -end) >> 7) - 1;
	return word * 0x9e3779b97f4a7c15 >> 54;
}

/* Returns the index of the wanted function, variable or type of this name, or -1. */
static int btfcut_wanted(const struct btfcut *c, u32 name, unsigned kind)
{
	const char *s = btfcut_name(c, name);
	unsigned i =
		name < c->strs_len ? c->begins[btfcut_begin(s, c->strs_len - name)] : 0;

	for (; i; i = c->before[i - 1])
		if (c->want[i - 1].func == (kind == BTF_KIND_FUNC) &&
		    c->want[i - 1].var == (kind == BTF_KIND_VAR) &&
		    !strcmp(s, c->want[i - 1].name))
			return (int)i - 1;
	return -1;
}

static void btfcut_found(struct btfcut *c, u32 id, struct btfcut_want *want,
			 unsigned kind)
{
	if (!want->id) {
		want->id = id;
		c->missing--;
		c->funcs -= kind == BTF_KIND_FUNC;
	}
	if (kind != BTF_KIND_FUNC && kind != BTF_KIND_VAR && c->nfound < BTFCUT_FOUND)
		c->found[c->nfound++] = id;
}

/* Notes where types start and which are wanted, until all wanted names and type @id are found. */
static int btfcut_scan(struct btfcut *c, u32 id)
{
	const u8 *types = c->types;
	u32 n = c->n, next = c->next;

	while (next < c->types_len && (c->missing || n < id)) {
		u32 left = c->types_len - next;
		struct btf_type t;
		unsigned kind;
		size_t size;
		int i;

		if (left < sizeof(t))
			return -EINVAL;
		memcpy(&t, types + next, sizeof(t));
		kind = BTF_INFO_KIND(t.info);
		size = btfcut_size(&t);
		if (!kind || kind >= BTFCUT_KINDS || size > left)
			return -EINVAL;
		if (!(n++ % BTFCUT_EVERY))
			c->at[n / BTFCUT_EVERY] = next;
		next += size;
		if (BTFCUT_NAMED >> kind & 1 || (kind == BTF_KIND_FUNC && c->funcs)) {
			i = btfcut_wanted(c, t.name_off, kind);
			if (i >= 0)
				btfcut_found(c, n, &c->want[i], kind);
		} else if (kind == BTF_KIND_DATASEC &&
			   !strcmp(btfcut_name(c, t.name_off), ".data..percpu")) {
			c->percpu = n;
			c->missing--;
		}
	}
	c->n = n;
	c->next = next;
	return 0;
}

/* ---- types */

static u32 btfcut_emit(struct btfcut *c, u32 id, unsigned depth);

/* Skips what CO-RE skips: typedefs and qualifiers. */
static u32 btfcut_resolve(struct btfcut *c, u32 id)
{
	for (unsigned i = 0; i < BTFCUT_DEPTH; i++) {
		struct btf_type t;

		if (id > c->n && btfcut_scan(c, id))
			return 0;
		t = btfcut_get(c, id, NULL);
		switch (BTF_INFO_KIND(t.info)) {
		case BTF_KIND_TYPEDEF:
		case BTF_KIND_VOLATILE:
		case BTF_KIND_CONST:
		case BTF_KIND_RESTRICT:
		case BTF_KIND_TYPE_TAG:
			id = t.size;
			continue;
		}
		return id;
	}
	return 0;
}

/* CO-RE needs only its size: it is a member of a type that nobody wants. */
static bool btfcut_is_other(const struct btfcut *c, const struct btf_type *t)
{
	unsigned kind = BTF_INFO_KIND(t->info);

	return btfcut_each[kind] && !c->whole && *btfcut_name(c, t->name_off) &&
	       btfcut_wanted(c, t->name_off, kind) < 0;
}

/* Puts a type with members or enum values, with the cut's ids of their names and types. */
static u32 btfcut_composite(struct btfcut *c, struct btf_type t, const u8 *rest,
			    unsigned depth)
{
	unsigned kind = BTF_INFO_KIND(t.info), step = btfcut_each[kind] / 4;
	size_t len = (size_t)BTF_INFO_VLEN(t.info) * btfcut_each[kind];
	u32 *words = malloc(len + 1), ret;

	if (!words) {
		c->err = -ENOMEM;
		return 0;
	}
	memcpy(words, rest, len);
	for (u32 i = 0, *w = words; i < BTF_INFO_VLEN(t.info) && !c->err;
	     i++, w += step) {
		/* 6.19: "union pipe_index;", a type with a name (-fms-extensions) */
		c->whole = !*btfcut_name(c, w[0]);
		btfcut_put_name(c, &w[0]);
		if (kind == BTF_KIND_STRUCT || kind == BTF_KIND_UNION)
			w[1] = btfcut_emit(c, w[1], depth + 1);
	}
	ret = btfcut_put_type(c, t, words, len);
	free(words);
	return ret;
}

static u32 btfcut_array(struct btfcut *c, struct btf_type t, const u8 *rest,
			unsigned depth)
{
	u32 words[3]; /* element, index, number */

	memcpy(words, rest, sizeof(words));
	words[0] = btfcut_emit(c, words[0], depth + 1);
	words[1] = c->integer;
	return btfcut_put_type(c, t, words, sizeof(words));
}

/* Puts type @id of a member into the cut, unless it is there.  Returns its id. */
static u32 btfcut_emit(struct btfcut *c, u32 id, unsigned depth)
{
	struct btf_type t;
	u32 got = 0, *new;
	const u8 *rest;

	id = btfcut_resolve(c, id);
	t = btfcut_get(c, id, &rest);
	if (!id || id > c->n || depth > BTFCUT_DEPTH)
		c->err = c->err ? c->err : -EINVAL;
	if (c->err)
		return 0;
	new = &c->new[id * 2 + !btfcut_is_other(c, &t)];
	if (*new)
		return *new;
	if (btfcut_is_other(c, &t))
		t.info &= ~0xffffu;
	switch (BTF_INFO_KIND(t.info)) {
	case BTF_KIND_INT:
		got = btfcut_put_type(c, t, rest, 4);
		break;
	case BTF_KIND_FLOAT:
		got = btfcut_put_type(c, t, NULL, 0);
		break;
	case BTF_KIND_PTR:
		got = c->ptr;
		break;
	case BTF_KIND_ARRAY:
		got = btfcut_array(c, t, rest, depth);
		break;
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		got = btfcut_composite(c, t, rest, depth);
		break;
	default:
		c->err = -EINVAL;
	}
	return *new = got;
}

static int btfcut_open(struct btfcut *c, const void *btf, size_t size)
{
	const u8 *bytes = btf;
	struct btf_header h;

	if (size < sizeof(h))
		return -EINVAL;
	memcpy(&h, btf, sizeof(h));
	if (h.magic != BTF_MAGIC || h.version != BTF_VERSION || h.hdr_len < sizeof(h) ||
	    h.hdr_len > size)
		return -EINVAL;
	bytes += h.hdr_len;
	size -= h.hdr_len;
	if (h.type_off > size || h.type_len > size - h.type_off || h.str_off > size ||
	    h.str_len > size - h.str_off || !h.str_len ||
	    bytes[h.str_off + h.str_len - 1])
		return -EINVAL;
	c->types = bytes + h.type_off;
	c->types_len = h.type_len;
	c->strs = (const char *)bytes + h.str_off;
	c->strs_len = h.str_len;
	return 0;
}

static void btfcut_write(struct btfcut *c)
{
	struct btf_type integer = { .info = BTF_KIND_INT << 24, .size = 4 };
	struct btf_type ptr = { .info = BTF_KIND_PTR << 24 };
	u32 encoding = 32;

	btfcut_put(c, &c->out_strs, "", 1);
	c->ptr = btfcut_put_type(c, ptr, NULL, 0);
	c->integer = btfcut_put_type(c, integer, &encoding, sizeof(encoding));
	for (u32 i = 0; i < c->nfound && !c->err; i++)
		btfcut_emit(c, c->found[i], 0);
}

static void btfcut_join(struct btfcut *c, void **ret, size_t *ret_size)
{
	struct btf_header h = { .magic = BTF_MAGIC,
				.version = BTF_VERSION,
				.hdr_len = sizeof(h),
				.type_len = c->out.len,
				.str_off = c->out.len,
				.str_len = c->out_strs.len };
	struct btfcut_buf all = { 0 };

	btfcut_put(c, &all, &h, sizeof(h));
	btfcut_put(c, &all, c->out.data, c->out.len);
	btfcut_put(c, &all, c->out_strs.data, c->out_strs.len);
	if (c->err) {
		free(all.data);
		return;
	}
	*ret = all.data;
	*ret_size = all.len;
}

/* @name is a member of @t or of its unnamed members, or a value of the enum. */
static bool btfcut_has_member(struct btfcut *c, u32 id, const char *name, unsigned depth)
{
	const u8 *rest;
	struct btf_type t = btfcut_get(c, id, &rest);
	unsigned each = btfcut_each[BTF_INFO_KIND(t.info)];
	bool has = false;

	for (u32 i = 0; i < BTF_INFO_VLEN(t.info) && depth && each && !has; i++) {
		u32 words[2]; /* name, type or value */
		const char *s;

		memcpy(words, rest + (size_t)i * each, sizeof(words));
		s = btfcut_name(c, words[0]);
		has = *s ? !strcmp(s, name)
			 : btfcut_has_member(c, btfcut_resolve(c, words[1]), name,
					     depth - 1);
	}
	return has;
}

static void btfcut_has(struct btfcut *c)
{
	for (unsigned i = 0; i < c->nfound; i++) {
		struct btf_type t = btfcut_get(c, c->found[i], NULL);
		struct btfcut_want *w =
			&c->want[btfcut_wanted(c, t.name_off, BTF_INFO_KIND(t.info))];

		for (unsigned m = 0; m < ARRAY_SIZE(w->member) && w->member[m]; m++)
			if (btfcut_has_member(c, c->found[i], w->member[m],
					      BTFCUT_UNNAMED))
				w->has |= BIT(m);
	}
}

/* Notes where in their section the wanted variables are. */
static void btfcut_offsets(struct btfcut *c)
{
	const u8 *rest;
	struct btf_type t = btfcut_get(c, c->percpu, &rest);
	u32 words[3]; /* variable, offset, size */

	for (u32 i = 0; i < BTF_INFO_VLEN(t.info); i++) {
		memcpy(words, rest + i * sizeof(words), sizeof(words));
		for (unsigned k = 0; k < c->nwant; k++)
			if (c->want[k].var && c->want[k].id == words[0])
				c->want[k].offset = words[1];
	}
}

int btfcut_make(const void *btf, size_t size, struct btfcut_want *want, unsigned nwant,
		void **ret, size_t *ret_size)
{
	struct btfcut c = { .want = want, .nwant = nwant, .missing = nwant };
	int err = btfcut_open(&c, btf, size);
	bool vars = false;

	if (err || nwant > ARRAY_SIZE(c.before))
		return err ? err : -EINVAL;
	for (unsigned i = 0; i < nwant; i++) {
		const char *name = want[i].name;
		u8 *last = &c.begins[btfcut_begin(name, strlen(name) + 1)];

		vars |= want[i].var;
		c.funcs += want[i].func;
		want[i].id = want[i].has = want[i].offset = 0;
		c.before[i] = *last;
		*last = (u8)(i + 1);
	}
	c.missing += vars; /* the section of per-CPU variables */
	/* a type takes at least twelve bytes */
	c.at = malloc((c.types_len / sizeof(struct btf_type) / BTFCUT_EVERY + 1) *
		      sizeof(*c.at));
	c.new = calloc(c.types_len / sizeof(struct btf_type) + 2, 2 * sizeof(*c.new));
	c.err = c.at && c.new ? btfcut_scan(&c, 0) : -ENOMEM;
	if (!c.err) {
		btfcut_has(&c);
		btfcut_offsets(&c);
		btfcut_write(&c);
		btfcut_join(&c, ret, ret_size);
	}
	free(c.at);
	free(c.new);
	free(c.out.data);
	free(c.out_strs.data);
	return c.err;
}
