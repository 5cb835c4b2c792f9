/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reportfile/record_int.h"

#include "page/holders.h"
#include "lib/text.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/pure.h"

#define FIELD(type, k, m, f, r, ...)                                                   \
	{                                                                              \
		.key = k, .offset = offsetof(type, m), .size = sizeof(((type *)0)->m), \
		.form = RECORD_##f, .redact = RECORD_##r, __VA_ARGS__                  \
	}

/* ---- the machine */

#define KERNEL(...) FIELD(struct kernel_evidence, __VA_ARGS__, KEPT)
const struct record_field record_kernel_fields[] = {
	KERNEL("release", release, TEXT), /* each on a line of its own */
	KERNEL("version", version, TEXT),
	KERNEL("arch", arch, TEXT),
	FIELD(struct kernel_evidence, "mmu", mmu, TEXT, KEPT, .optional = true),
	{ 0 },
};

const struct record_field record_sizes_fields[] = {
	KERNEL("page", page_size, DEC),
	KERNEL("pmd", pmd_size, DEC),
	{ 0 },
};

#define CONTEXT(k, m, f, ...) FIELD(struct page_context, k, m, f, KEPT, __VA_ARGS__)
const struct record_field record_context_fields[] = {
	CONTEXT("pfns-hidden", pfns_hidden, DEC),
	CONTEXT("kpage-denied", kpage_denied, DEC),
	CONTEXT("scan", have_scan, DEC),
	CONTEXT("bpf", have_bpf, DEC),
	CONTEXT("has-pinned", has_pinned, TRI),
	CONTEXT("pins-anywhere", pins_anywhere, TRI),
	CONTEXT("thp-enabled", thp_enabled, DEC, .missing = 0xff),
	CONTEXT("use-zero-page", use_zero_page, TRI),
	CONTEXT("huge-free", huge_free, TRI),
	CONTEXT("huge-free-pin", huge_free_pin, TRI),
	CONTEXT("unpinnable-memory", unpinnable_memory, TRI),
	CONTEXT("pkey-rights", pkey_rights_known, DEC),
	CONTEXT("soft-dirty", soft_dirty, TRI),
	CONTEXT("numa-off", numa_balancing_off, DEC),
	{ 0 },
};

#define ZONE(...) FIELD(struct page_span, __VA_ARGS__)
const struct record_field record_zone_fields[] = {
	ZONE("node", node, DEC, KEPT),
	ZONE("zone", zone, ZONE, KEPT),
	ZONE("start", start_pfn, HEX, FRAME),
	ZONE("end", end_pfn, HEX, FRAME),
	ZONE("cma", cma_pages, DEC, KEPT, .optional = true, .missing = UINT64_MAX),
	{ 0 },
};

#define POOL(...) FIELD(struct page_pool, __VA_ARGS__, KEPT)
const struct record_field record_pool_fields[] = {
	POOL("bytes", bytes, DEC),
	POOL("free", free, TRI),
	POOL("free-pin", free_pin, TRI),
	{ 0 },
};

const struct record_field record_layout_fields[] = {
#define PAGEFLAG(pg, m, kpf) FIELD(struct kpf_layout, #m, m, DEC, KEPT, .missing = 0xff),
#include "page/pageflag.def"
	{ 0 },
};

/* ---- processes and their pages */

#define PROCESS(...) FIELD(struct process, __VA_ARGS__)
const struct record_field record_process_fields[] = {
	PROCESS("ppid", ppid, DEC, KEPT),
	PROCESS("uid", uid, DEC, USER),
	PROCESS("threads", threads, DEC, KEPT),
	PROCESS("start", start_time, DEC, ZEROED),
	PROCESS("pinned", has_pinned, TRI, KEPT),
	PROCESS("VmPin", vm_pin_bytes, DEC, KEPT),
	PROCESS("VmLck", vm_lck_bytes, DEC, KEPT),
	PROCESS("VmRSS", rss_bytes, DEC, KEPT),
	PROCESS("comm", comm, TEXT, COMM),
	PROCESS("part", part, DEC, KEPT, .optional = true),
	{ 0 },
};

#define VMA(...) FIELD(struct vma, __VA_ARGS__, .optional = true)
const struct record_field record_vma_fields[] = {
	VMA("name", name, TEXT, PATH),
	VMA("page", page_size, DEC, KEPT),
	VMA("pkey", pkey, SIGNED, KEPT),
	VMA("thp", thp_eligible, TRI, KEPT),
	VMA("uffd-async", uffd_async, TRI, KEPT),
	VMA("fs", fs, FS, KEPT),
	VMA("file-known", file_known, DEC, KEPT),
	VMA("file-dax", file_dax, DEC, KEPT),
	VMA("file-empty", file_empty, DEC, KEPT),
	VMA("file-full", file_full, DEC, KEPT),
	VMA("file", file_bytes, DEC, KEPT),
	VMA("gate", gate, DEC, KEPT),
	VMA("smaps", has_smaps, DEC, KEPT),
	VMA("rss", rss_bytes, DEC, KEPT),
	VMA("pss", pss_bytes, DEC, KEPT),
	VMA("huge", anon_huge_bytes, DEC, KEPT),
	VMA("pmd", pmd_mapped_bytes, DEC, KEPT),
	VMA("pool-known", huge_known, DEC, KEPT),
	VMA("pool-free", huge_free, DEC, KEPT),
	VMA("pool-reserved", huge_reserved, DEC, KEPT),
	VMA("pool-surplus", huge_surplus, DEC, KEPT),
	VMA("pool-overcommit", huge_overcommit, DEC, KEPT),
	VMA("pool-mount", huge_mount, DEC, KEPT),
	VMA("pool-cgroup", huge_cgroup, DEC, KEPT),
	{ 0 },
};

#define STATE(k, m, f, h) FIELD(struct raw_page, k, m, f, KEPT, .has = RAW_HAS_##h)
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
	STATE("once", maps_once, DEC, MAPS),
	STATE("share", maps_share, HEX, MAPS),
	{ 0 },
};

/*
 * Parts of one value, "no:must-unshare,error:14,none,none,errno": the key stands before each.  An
 * optional part is written when the part before it is ->has.
 */
#define PART(k, m, f, ...) FIELD(struct record_request, k, m, f, KEPT, __VA_ARGS__)
const struct record_field record_request_fields[] = {
	PART("", fast, TRI),
	PART(":", fast_reason, REASON, .optional = true, .has = TRI_NO),
	PART(",", slow, SLOW),
	PART(":", err, DEC, .optional = true, .has = GUP_SLOW_ERROR),
	PART(",", fault, FAULT),
	PART(",", page, PAGE),
	PART(",", word, WORD),
	{ 0 },
};

#define JUDGEMENT(...) FIELD(struct record_judgement, __VA_ARGS__, KEPT)
const struct record_field record_store_fields[] = {
	JUDGEMENT("", write, WRITE),
	JUDGEMENT(",", seen_by_refs, TRI),
	JUDGEMENT(",", leak, TRI),
	{ 0 },
};

const struct record_field record_fork_fields[] = {
	JUDGEMENT("", fork, FORK),
	{ 0 },
};

const struct record_field record_migrate_fields[] = {
	JUDGEMENT("", migrate, MIGRATE),
	{ 0 },
};

/* ---- holders */

#define HOLDER(...) FIELD(struct holder, __VA_ARGS__, .optional = true)
const struct record_field record_holder_fields[] = {
	HOLDER("slot", slot, DEC, KEPT),     HOLDER("object", object, DEC, INODE),
	HOLDER("pfn", pfn, HEX, FRAME),      HOLDER("pages", pages, DEC, KEPT),
	HOLDER("whole", whole, DEC, KEPT),   HOLDER("again", again, DEC, KEPT),
	HOLDER("addr", addr, HEX, ADDRESS),  HOLDER("bytes", bytes, DEC, KEPT),
	HOLDER("offset", offset, DEC, KEPT), HOLDER("len", len, DEC, KEPT),
	HOLDER("name", name, TEXT, DEVICE),  { 0 },
};

/* ---- values */

static const struct record_words {
	unsigned n;
	const char *const *words;
} record_words[] = {
	[RECORD_TRI] = { 3, (const char *const[]){ "no", "yes", "unknown" } },
	[RECORD_LEVEL] = { 4, (const char *const[]){ "none", "pte", "pmd", "pud" } },
	[RECORD_MAPPING] = { 5, (const char *const[]){ "null", "anon", "ksm", "file",
						       "movable" } },
	[RECORD_FS] = { VMA_FSES, vma_fs_names },
	[RECORD_REASON] = { GUP_REASONS, gup_reason_names },
	[RECORD_SLOW] = { 3, (const char *const[]){ "ok", "error", "unknown" } },
	[RECORD_FAULT] = { GUP_FAULT_UNKNOWN + 1, gup_fault_names },
	[RECORD_PAGE] = { GUP_PAGE_UNKNOWN + 1, gup_page_names },
	[RECORD_WRITE] = { GUP_WRITES, gup_write_names },
	[RECORD_FORK] = { GUP_FORKS, gup_fork_names },
	[RECORD_MIGRATE] = { GUP_MIGRATES, gup_migrate_names },
};

const char *record_word(enum record_form form, unsigned v)
{
	if (form == RECORD_ZONE)
		return v < PAGE_ZONES    ? page_zone_name((int)v)
		       : v == PAGE_ZONES ? "unknown"
					 : NULL;
	if (form == RECORD_WORD)
		return v == GUP_WORD_ERRNO     ? "errno"
		       : v == GUP_WORD_UNKNOWN ? "unknown"
		       : v < GUP_WORDS         ? gup_kind_name(v)
					       : NULL;
	return form < ARRAY_SIZE(record_words) && v < record_words[form].n
		       ? record_words[form].words[v]
		       : NULL;
}

u64 record_get(const struct record_field *f, const void *object)
{
	const void *at = (const char *)object + f->offset;

	switch (f->size) {
	case 1: /* a zone that is not known is negative */
		return f->form == RECORD_ZONE ? MIN(*(const u8 *)at, PAGE_ZONES)
					      : *(const u8 *)at;
	case 2:
		return *(const u16 *)at;
	case 4:
		return f->form == RECORD_SIGNED ? (u64)(s64) * (const s32 *)at
						: *(const u32 *)at;
	case 8:
		return *(const u64 *)at;
	default: /* text */
		return *(const char *)at != '\0';
	}
}

void record_set(const struct record_field *f, void *object, u64 value)
{
	void *at = (char *)object + f->offset;

	switch (f->size) {
	case 1:
		*(u8 *)at =
			f->form == RECORD_ZONE && value == PAGE_ZONES ? 0xff : (u8)value;
		break;
	case 2:
		*(u16 *)at = (u16)value;
		break;
	case 4:
		*(u32 *)at = (u32)value;
		break;
	case 8:
		*(u64 *)at = value;
		break;
	default:
		*(char *)at = '\0';
	}
}

void record_clear(const struct record_field *table, void *object)
{
	for (const struct record_field *f = table; f->key; f++)
		record_set(f, object, record_missing(f));
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

void record_names_free(struct record_names *n)
{
	for (unsigned i = 0; i < ARRAY_SIZE(n->state.chunk); i++) {
		free(n->state.chunk[i]);
		free(n->judge.chunk[i]);
	}
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
	ret->migrate = v->migrate.word;
	ret->present = 1;
}

/* ---- reading words ---- */

int record_fail(struct record_reader *r, int err, const char *fmt, ...)
{
	int n = 0;

	if (r->error)
		return r->error;
	if (r->parse->line_number)
		n = snprintf(r->why, sizeof(r->why),
			     "line %llu: ", r->parse->line_number);
	TEXT_FORMAT(r->why + n, sizeof(r->why) - (size_t)n, fmt);
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

/* Parses all of @s: at least one digit, at most 64 bits. */
bool record_number(const char *s, unsigned base, u64 *ret)
{
	u64 v = 0;

	if (!*s)
		return false;
	for (; *s; s++) {
		unsigned d = digit_value(*s);

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
		unsigned high = digit_value(at[1]),
			 low = high < 16 ? digit_value(at[2]) : 16;

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
	bool negative = f->form == RECORD_SIGNED && *text == '-';
	unsigned bits = f->size * 8 - (f->form == RECORD_SIGNED);
	u64 v;

	if (f->form == RECORD_TEXT)
		return record_unquote(text, (char *)object + f->offset, f->size);
	if (f->form > RECORD_TEXT) {
		unsigned i = 0;

		while (record_word(f->form, i) && strcmp(record_word(f->form, i), text))
			i++;
		if (record_word(f->form, i))
			record_set(f, object, i);
		return record_word(f->form, i);
	}
	if (!record_number(text + negative, f->form == RECORD_HEX ? 16 : 10, &v) ||
	    (bits < 64 && v > BIT(bits) - !negative))
		return false;
	record_set(f, object, negative ? -v : v);
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
				return record_bad(r, "\"%s\" has a bad value", f->key);
		}
	}
	return 0;
}
