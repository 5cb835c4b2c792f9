/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reportfile/record_int.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/pure.h"

#define FIELD(type, k, m, f, h)                                                        \
	{                                                                              \
		.key = k, .offset = offsetof(type, m), .size = sizeof(((type *)0)->m), \
		.form = f, .has = h                                                    \
	}

#define STATE(k, m, f, h) FIELD(struct raw_page, k, m, RECORD_##f, RAW_HAS_##h)
const struct record_field record_state_fields[] = {
	STATE("pm", pagemap, HEX, PAGEMAP), /* written without its low 55 bits */
	STATE("scan", scan, HEX, SCAN),
	STATE("level", level, LEVEL, LEVEL),
	STATE("pte", pte, HEX, PTE),
	STATE("kpf", kpageflags, HEX, KPAGEFLAGS),
	STATE("kpc", kpagecount, DEC, KPAGECOUNT),
	STATE("ref", refcount, SIGNED, PAGE),
	STATE("map", mapcount, SIGNED, PAGE),
	STATE("entire", entire_mapcount, SIGNED, PAGE),
	STATE("pin", pincount, SIGNED, PAGE),
	STATE("order", order, DEC, PAGE),
	STATE("mapping", mapping, MAPPING, PAGE),
	STATE("type", page_type, HEX, PAGE),
	STATE("flags", flags, HEX, PAGE),
	STATE("head", head_flags, HEX, PAGE),
	STATE("large", large_mapcount, SIGNED, LARGE),
	STATE("ids", mm_ids, HEX, MM_IDS),
	STATE("batches", batches, HEX, BATCHES),
	{ 0 },
};

#define PROCESS(k, m, f) FIELD(struct process, k, m, RECORD_##f, 0)
const struct record_field record_process_fields[] = {
	PROCESS("ppid", ppid, DEC),
	PROCESS("uid", uid, DEC),
	PROCESS("threads", threads, DEC),
	PROCESS("start", start_time, DEC),
	PROCESS("pinned", has_pinned, TRI),
	PROCESS("VmPin", vm_pin_bytes, DEC),
	PROCESS("VmLck", vm_lck_bytes, DEC),
	PROCESS("VmRSS", rss_bytes, DEC),
	{ 0 },
};

#define VMA(k, m, f) FIELD(struct vma, k, m, RECORD_##f, 0)
const struct record_field record_vma_fields[] = {
	VMA("page", page_size, DEC),
	VMA("pkey", pkey, SIGNED),
	VMA("thp", thp_eligible, TRI),
	VMA("uffd-async", uffd_async, TRI),
	VMA("fs", fs, FS),
	VMA("file-known", file_known, DEC),
	VMA("file-dax", file_dax, DEC),
	VMA("file-empty", file_empty, DEC),
	VMA("file", file_bytes, DEC),
	VMA("gate", gate, DEC),
	VMA("smaps", has_smaps, DEC),
	VMA("rss", rss_bytes, DEC),
	VMA("pss", pss_bytes, DEC),
	VMA("huge", anon_huge_bytes, DEC),
	VMA("pmd", pmd_mapped_bytes, DEC),
	VMA("pool-known", huge_known, DEC),
	VMA("pool-free", huge_free, DEC),
	VMA("pool-reserved", huge_reserved, DEC),
	VMA("pool-surplus", huge_surplus, DEC),
	VMA("pool-overcommit", huge_overcommit, DEC),
	VMA("pool-mount", huge_mount, DEC),
	VMA("pool-cgroup", huge_cgroup, DEC),
	{ 0 },
};

#define CONTEXT(k, m, f) FIELD(struct page_context, k, m, RECORD_##f, 0)
const struct record_field record_context_fields[] = {
	CONTEXT("pfns-hidden", pfns_hidden, DEC),
	CONTEXT("kpage-denied", kpage_denied, DEC),
	CONTEXT("scan", have_scan, DEC),
	CONTEXT("bpf", have_bpf, DEC),
	CONTEXT("has-pinned", has_pinned, TRI),
	CONTEXT("pins-anywhere", pins_anywhere, TRI),
	CONTEXT("thp-enabled", thp_enabled, DEC),
	CONTEXT("use-zero-page", use_zero_page, TRI),
	CONTEXT("huge-free", huge_free, TRI),
	CONTEXT("huge-free-pin", huge_free_pin, TRI),
	CONTEXT("unpinnable-memory", unpinnable_memory, TRI),
	CONTEXT("pkey-rights", pkey_rights_known, DEC),
	CONTEXT("soft-dirty", soft_dirty, TRI),
	CONTEXT("numa-off", numa_balancing_off, DEC),
	{ 0 },
};

#define ZONE(k, m, f) FIELD(struct page_span, k, m, RECORD_##f, 0)
const struct record_field record_zone_fields[] = {
	ZONE("node", node, DEC),       ZONE("zone", zone, ZONE),
	ZONE("start", start_pfn, HEX), ZONE("end", end_pfn, HEX),
	ZONE("cma", cma_pages, DEC),   { 0 },
};

const struct record_field record_layout_fields[] = {
#define PAGEFLAG(pg, m, kpf) FIELD(struct kpf_layout, #m, m, RECORD_DEC, 0),
#include "page/pageflag.def"
#undef PAGEFLAG
	{ 0 },
};

const char *record_word(enum record_form form, unsigned value)
{
	static const char *const tri[] = { "no", "yes", "unknown" };
	static const char *const mapping[] = { "null", "anon", "ksm", "file", "movable" };

	switch (form) {
	case RECORD_TRI:
		return value < ARRAY_SIZE(tri) ? tri[value] : NULL;
	case RECORD_LEVEL:
		return !value                  ? "none"
		       : value > RAW_LEVEL_PUD ? NULL
					       : page_leaf_name(value);
	case RECORD_MAPPING:
		return value < ARRAY_SIZE(mapping) ? mapping[value] : NULL;
	case RECORD_ZONE:
		if (value == PAGE_ZONES)
			return "unknown";
		return value < PAGE_ZONES ? page_zone_name((int)value) : NULL;
	case RECORD_FS:
		return value < VMA_FSES ? vma_fs_name(value) : NULL;
	default:
		return NULL;
	}
}

u64 record_get(const struct record_field *f, const void *object)
{
	const char *at = (const char *)object + f->offset;
	u64 value = 0;

	switch (f->size) {
	case 1:
		return *(const u8 *)at;
	case 2: {
		u16 v;

		memcpy(&v, at, sizeof(v));
		return v;
	}
	case 4: {
		u32 v;

		memcpy(&v, at, sizeof(v));
		return f->form == RECORD_SIGNED ? (u64)(s64)(s32)v : v;
	}
	default:
		memcpy(&value, at, sizeof(value));
		return value;
	}
}

void record_set(const struct record_field *f, void *object, u64 value)
{
	char *at = (char *)object + f->offset;
	u32 v32 = (u32)value;
	u16 v16 = (u16)value;

	switch (f->size) {
	case 1:
		*(u8 *)at = (u8)value;
		break;
	case 2:
		memcpy(at, &v16, sizeof(v16));
		break;
	case 4:
		memcpy(at, &v32, sizeof(v32));
		break;
	default:
		memcpy(at, &value, sizeof(value));
	}
}

/* CRC-32 (IEEE 802.3), a nibble at a time. */
u32 record_crc(u32 crc, const char *buf, size_t len)
{
	static const u32 table[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
		0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
		0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};

	crc = ~crc;
	for (size_t i = 0; i < len; i++) {
		crc ^= (u8)buf[i];
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return ~crc;
}

/* FNV-1a */
u64 record_hash(const void *key, size_t len)
{
	const u8 *p = key;
	u64 h = 0xcbf29ce484222325ULL;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x100000001b3ULL;
	return h;
}

void *record_table_at(struct record_table *t, size_t i, size_t size)
{
	void **chunk = &t->chunk[i / RECORD_CHUNK];

	if (!*chunk)
		*chunk = calloc(RECORD_CHUNK, size);
	return *chunk ? (char *)*chunk + i % RECORD_CHUNK * size : NULL;
}

void record_table_free(struct record_table *t)
{
	for (unsigned i = 0; i < ARRAY_SIZE(t->chunk); i++)
		free(t->chunk[i]);
}

void record_state_of(const struct raw_page *raw, struct raw_page *ret_state)
{
	memset(ret_state, 0, sizeof(*ret_state));
	ret_state->has = raw->has;
	for (const struct record_field *f = record_state_fields; f->key; f++)
		if (raw->has & f->has)
			record_set(f, ret_state, record_get(f, raw));
	ret_state->pagemap &= ~RECORD_ENTRY_MASK;
	if (record_pte_in_run(raw->has))
		ret_state->pte = 0;
}

u64 record_leaf_size(const struct raw_page *raw, u32 base_page_size, u32 pmd_size)
{
	u64 base = base_page_size ? base_page_size : 4096;
	u64 pmd = pmd_size ? pmd_size : 2 << 20;

	if (!(raw->has & RAW_HAS_LEVEL) || raw->level <= RAW_LEVEL_PTE)
		return base;
	return raw->level == RAW_LEVEL_PMD ? pmd : pmd * (pmd / base);
}

void record_judge(const struct gup_verdicts *v, struct record_judgement *ret)
{
	memset(ret, 0, sizeof(*ret));
	for (unsigned i = 0; i < GUP_REQUESTS; i++) {
		const struct gup_verdict *from = &v->req[i];

		ret->req[i] = (struct record_request){
			.fast = from->fast,
			.fast_reason = from->fast == TRI_NO ? from->fast_reason : 0,
			.slow = from->slow,
			.fault = from->fault,
			.page = from->page,
			.word = from->word,
			.err = from->slow == GUP_SLOW_ERROR ? from->err : 0,
		};
	}
	ret->write = v->write.fault;
	ret->seen_by_refs = v->write.seen_by_refs;
	ret->leak = v->write.leak;
	ret->fork = v->fork.word;
	ret->present = 1;
}

/* ---- reading words ---- */

int record_fail(struct record_reader *r, int err, const char *fmt, ...)
{
	va_list ap;
	int n = 0;

	if (r->error)
		return r->error;
	if (r->parse->line_number)
		n = snprintf(r->why, sizeof(r->why),
			     "line %llu: ", (unsigned long long)r->parse->line_number);
	va_start(ap, fmt);
	vsnprintf(r->why + n, sizeof(r->why) - (size_t)n, fmt, ap);
	va_end(ap);
	return r->error = err;
}

/* ---- words of a line ---- */

/* Cuts the next word off *@at, in place; a quoted part keeps its spaces.  NULL at the end. */
char *record_next(char **at)
{
	char *start = *at + strspn(*at, " ");
	bool quoted = false;
	char *p;

	if (!*start)
		return NULL;
	for (p = start; *p && (quoted || *p != ' '); p++) {
		if (*p == '"')
			quoted = !quoted;
		else if (*p == '\\' && p[1])
			p++;
	}
	*at = *p ? p + 1 : p;
	*p = '\0';
	return start;
}

int record_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return 99;
}

/* Parses all of @s: at least one digit, at most 64 bits. */
bool record_number(const char *s, unsigned base, u64 *ret)
{
	u64 v = 0;

	if (!*s)
		return false;
	for (; *s; s++) {
		unsigned d = (unsigned)record_digit(*s);

		if (d >= base || v > (UINT64_MAX - d) / base)
			return false;
		v = v * base + d;
	}
	*ret = v;
	return true;
}

/* Undoes \xHH, \\ and \" at *@s, or takes the character as it is; false when it is none of them. */
static bool record_char(const char **s, char *ret)
{
	const char *at = *s;

	*ret = *at++;
	if (*ret == '\\' && *at == 'x') {
		int high = record_digit(at[1]),
		    low = high < 16 ? record_digit(at[2]) : 99;

		if (high > 15 || low > 15 || !(high | low))
			return false;
		*ret = (char)(high << 4 | low);
		at += 3;
	} else if (*ret == '\\') {
		*ret = *at++;
		if (*ret != '\\' && *ret != '"')
			return false;
	}
	*s = at;
	return true;
}

bool record_unquote(const char *s, char *buf, size_t size)
{
	size_t n = 0;

	if (*s++ != '"')
		return false;
	while (*s && *s != '"') {
		if (n + 1 >= size || !record_char(&s, &buf[n]))
			return false;
		n++;
	}
	buf[n] = '\0';
	return s[0] == '"' && !s[1];
}

size_t record_unescape(const char *line, char *buf)
{
	size_t n = 0;

	while (*line && record_char(&line, &buf[n]))
		n++;
	buf[n] = '\0';
	return n;
}

/* Returns the value of "key=value" when @word starts with @key, else NULL. */
char *record_value(char *word, const char *key)
{
	size_t n = strlen(key);

	return !strncmp(word, key, n) && word[n] == '=' ? word + n + 1 : NULL;
}

bool record_parse_field(const struct record_field *f, const char *text, void *object)
{
	u64 v;

	for (unsigned i = 0; record_word(f->form, i); i++) {
		if (!strcmp(record_word(f->form, i), text)) {
			record_set(f, object, i);
			return true;
		}
	}
	if (record_word(f->form, 0))
		return false;
	if (f->form == RECORD_SIGNED && *text == '-') {
		if (!record_number(text + 1, 10, &v) || v > BIT(31))
			return false;
		record_set(f, object, -v);
		return true;
	}
	if (!record_number(text, f->form == RECORD_HEX ? 16 : 10, &v))
		return false;
	if (f->size < 8 && v >> (f->size * 8 - (f->form == RECORD_SIGNED)))
		return false;
	record_set(f, object, v);
	return true;
}

/* Parses the rest of a line as fields of @object; later minor versions may have unknown keys. */
int record_parse_fields(struct record_reader *r, const struct record_field *table,
			char *at, void *object)
{
	char *word;

	while ((word = record_next(&at))) {
		for (const struct record_field *f = table; f->key; f++) {
			char *value = record_value(word, f->key);

			if (value && !record_parse_field(f, value, object))
				return record_fail(r, -EINVAL, "\"%s\" has a bad value",
						   f->key);
		}
	}
	return 0;
}
