/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/dmesg.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kpageflags.h"
#include "lib/array.h"
#include "pagemap.h"

#include "lib/pure.h"

static const char *const dmesg_flags[] = {
#define PAGEFLAG(pg, member, kpf) #pg,
#include "page/pageflag.def"
};

enum dmesg_flag {
#define PAGEFLAG(pg, member, kpf) DMESG_##pg,
#include "page/pageflag.def"
};

/* page->flags of a dump has its bits in the order of the table. */
static const struct kpf_layout dmesg_layout = {
#define PAGEFLAG(pg, member, kpf) .member = DMESG_##pg,
#include "page/pageflag.def"
};

/* ---- parts of a line */

/* Returns what follows @key in @line, or NULL. */
static const char *dmesg_after(const char *line, const char *key)
{
	const char *at = strstr(line, key);

	return at ? at + strlen(key) : NULL;
}

static bool dmesg_signed(const char *line, const char *key, s64 *ret)
{
	const char *at = dmesg_after(line, key);
	char *end;

	if (!at)
		return false;
	errno = 0;
	*ret = strtoll(at, &end, 10);
	return end != at && !errno;
}

static bool dmesg_hex(const char *line, const char *key, u64 *ret)
{
	const char *at = dmesg_after(line, key);
	char *end;

	if (!at || *at == '-')
		return false;
	errno = 0;
	*ret = strtoull(at, &end, 16);
	return end != at && !errno;
}

/* Copies up to a character of @stop or the end. */
static void dmesg_word(const char *at, const char *stop, char *ret, size_t size)
{
	snprintf(ret, size, "%.*s", (int)MIN(strcspn(at, stop), size - 1), at);
}

/* ---- lines */

static void dmesg_flag(struct dmesg_dump *d, const char *name, size_t len)
{
	for (unsigned i = 0; i < ARRAY_SIZE(dmesg_flags); i++)
		if (strlen(dmesg_flags[i]) == len + 3 &&
		    !memcmp(dmesg_flags[i] + 3, name, len))
			d->flags |= BIT(i);
	d->slab |= len == 4 && !memcmp(name, "slab", 4);
}

/* "anon flags: 0x1fff…(uptodate|…|node=0|zone=3|…) CMA" */
static void dmesg_flags_line(struct dmesg_dump *d, const char *line, const char *at)
{
	const char *list = strchr(at, '('), *end = list ? strchr(list, ')') : NULL;

	if (strstr(line, "ksm flags:"))
		d->mapping = RAW_MAPPING_KSM;
	else if (strstr(line, "anon flags:"))
		d->mapping = RAW_MAPPING_ANON;
	if (!end)
		return;
	d->cma = !strncmp(end, ") CMA", 5);
	dmesg_word(list + 1, ")", d->names, sizeof(d->names));
	for (const char *name = list + 1; name < end;) {
		size_t len = strcspn(name, "|)");

		dmesg_flag(d, name, len);
		name += len + 1;
	}
}

/* The fourth word is ->mapping (struct page of 64-bit kernels): its low bits tell kinds apart. */
static void dmesg_raw_line(struct dmesg_dump *d, const char *at)
{
	unsigned long long word;

	if (sscanf(at, "%*x %*x %*x %llx", &word) != 1)
		return;
	d->mapping = !word             ? RAW_MAPPING_NULL
		     : (word & 3) == 1 ? RAW_MAPPING_ANON
		     : (word & 3) == 3 ? RAW_MAPPING_KSM
		     : (word & 3) == 2 ? RAW_MAPPING_MOVABLE
				       : RAW_MAPPING_FILE;
}

static void dmesg_head_line(struct dmesg *x, const char *line, const char *at)
{
	struct dmesg_dump *d = &x->now;
	s64 order;

	if (!dmesg_signed(line, "order:", &order)) {
		if (!x->head_raw)
			dmesg_raw_line(d, at);
		x->head_raw = true;
		return;
	}
	d->order = order > 0 && order < 30 ? (u8)order : 0;
	if (!dmesg_signed(line, " mapcount:", &d->folio_mapcount))
		d->folio_mapcount = -1;
	if (!dmesg_signed(line, "pincount:", &d->pincount))
		d->pincount = -1;
}

/* "aops:ext4_da_aops ino:1f dentry name(?):"libc.so.6"", until 6.? without "(?)" */
static void dmesg_aops_line(struct dmesg_dump *d, const char *at)
{
	const char *name = strchr(at, '"');

	dmesg_word(at, " ", d->aops, sizeof(d->aops));
	if (!dmesg_hex(at, "ino:", &d->ino))
		d->ino = 0;
	if (name)
		dmesg_word(name + 1, "\"", d->name, sizeof(d->name));
}

static bool dmesg_alike(const struct dmesg_dump *a, const struct dmesg_dump *b)
{
	return a->pfn == b->pfn && a->refcount == b->refcount &&
	       a->mapcount == b->mapcount && a->flags == b->flags &&
	       MIN(a->ret, 0) == MIN(b->ret, 0) && a->mapping == b->mapping &&
	       !strcmp(a->reason, b->reason);
}

/* The dump is whole: counts it, or keeps it. */
int dmesg_end(struct dmesg *d)
{
	size_t from = d->n > 256 ? d->n - 256 : 0;

	if (!d->open)
		return 0;
	d->open = false;
	d->last = NULL;
	for (size_t i = from; i < d->n; i++)
		if (dmesg_alike(&d->dump[i], &d->now)) {
			d->dump[i].times++;
			d->last = &d->dump[i];
			return 0;
		}
	if (d->n == DMESG_DUMPS) {
		d->dropped++;
		return 0;
	}
	d->now.times = 1;
	if (array_put(&d->dump, &d->n, &d->room, sizeof(d->now), &d->now))
		return -ENOMEM;
	d->last = &d->dump[d->n - 1];
	return 0;
}

static int dmesg_open(struct dmesg *d, const char *line)
{
	int err = dmesg_end(d);

	d->now = (struct dmesg_dump){ .folio_mapcount = -1,
				      .pincount = -1,
				      .ret = d->ret };
	d->ret = 0;
	d->open = dmesg_signed(line, "refcount:", &d->now.refcount) &&
		  dmesg_signed(line, " mapcount:", &d->now.mapcount) &&
		  dmesg_hex(line, "pfn:", &d->now.pfn) && d->now.pfn < 1ULL << 52;
	d->raw = d->head_raw = false;
	dmesg_hex(line, "index:", &d->now.index);
	return err;
}

/* page_owner: "page last allocated via order 0, …, pid 98, tgid 98 (python3), ts …" */
static void dmesg_owner_line(struct dmesg *d, const char *line)
{
	struct dmesg_dump *x = d->last;
	const char *name;
	s64 pid;

	if (!x ||
	    (!dmesg_signed(line, " tgid ", &pid) && !dmesg_signed(line, " pid ", &pid)))
		return;
	x->pid = pid > 0 && pid < INT32_MAX ? (pid_t)pid : 0;
	name = dmesg_after(line, " tgid ");
	name = name ? strchr(name, '(') : NULL;
	if (name)
		dmesg_word(name + 1, ")", x->comm, sizeof(x->comm));
}

int dmesg_line(struct dmesg *d, const char *line)
{
	const char *at;
	s64 number;

	if ((at = dmesg_after(line, "Linux version ")) && !d->release[0]) {
		dmesg_word(at, " ", d->release, sizeof(d->release));
	} else if (strstr(line, "page:") && strstr(line, " mapcount:")) {
		return dmesg_open(d, line);
	} else if (strstr(line, "migrating pfn ")) {
		if (dmesg_signed(line, "ret:", &number))
			d->ret = (s32)MAX(MIN(number, INT32_MAX), -4095);
	} else if (strstr(line, "page last allocated via ")) {
		dmesg_owner_line(d, line);
	} else if (!d->open) {
		return 0;
	} else if ((at = dmesg_after(line, "page dumped because: "))) {
		dmesg_word(at, "\n", d->now.reason, sizeof(d->now.reason));
		return dmesg_end(d);
	} else if ((at = dmesg_after(line, "flags: "))) {
		dmesg_flags_line(&d->now, line, at);
	} else if ((at = dmesg_after(line, "page_type: "))) {
		at = strchr(at, '(');
		if (at)
			dmesg_word(at + 1, ")", d->now.type, sizeof(d->now.type));
	} else if ((at = dmesg_after(line, "head:"))) {
		dmesg_head_line(d, line, at);
	} else if ((at = dmesg_after(line, "raw: "))) {
		if (!d->raw)
			dmesg_raw_line(&d->now, at);
		d->raw = true;
	} else if ((at = dmesg_after(line, "aops:"))) {
		dmesg_aops_line(&d->now, at);
	}
	return 0;
}

void dmesg_deinit(struct dmesg *d)
{
	free(d->dump);
}

/* ---- what it means */

/* Who tried to move it holds it then: folio_isolate_lru() and do_migrate_range() take a reference. */
static s64 dmesg_own(const struct dmesg_dump *d)
{
	return !strcmp(d->reason, "migration failure") ||
	       !strcmp(d->reason, "isolation failed");
}

static u64 dmesg_kpageflags(const struct dmesg_dump *d)
{
	static const struct {
		const char *type;
		u64 bit;
	} types[] = {
		{ "slab", KPF_BIT(SLAB) },       { "table", KPF_BIT(PGTABLE) },
		{ "pgtable", KPF_BIT(PGTABLE) }, { "buddy", KPF_BIT(BUDDY) },
		{ "offline", KPF_BIT(OFFLINE) }, { "hugetlb", KPF_BIT(HUGE) },
	};
	u64 word = (d->flags & BIT(DMESG_PG_reserved) ? KPF_BIT(RESERVED) : 0) |
		   (d->flags & BIT(DMESG_PG_hwpoison) ? KPF_BIT(HWPOISON) : 0) |
		   (d->flags & BIT(DMESG_PG_lru) ? KPF_BIT(LRU) : 0) |
		   (d->slab ? KPF_BIT(SLAB) : 0);

	for (unsigned i = 0; i < ARRAY_SIZE(types); i++)
		if (!strcmp(d->type, types[i].type))
			word |= types[i].bit;
	return !strncmp(d->aops, "hugetlbfs", 9) ? word | KPF_BIT(HUGE) : word;
}

/* The methods of a file's mapping are called after its file system. */
static enum vma_fs dmesg_fs(const struct dmesg_dump *d)
{
	char type[sizeof(d->aops)];

	if (!strcmp(d->aops, "def_blk_aops"))
		return vma_fs_by_type("bdev");
	if (!strncmp(d->aops, "ram_aops", 8))
		return vma_fs_by_type("ramfs");
	dmesg_word(d->aops, "_", type, sizeof(type));
	return vma_fs_by_type(!strcmp(type, "fat") ? "vfat" : type);
}

void dmesg_judge(const struct kernel *k, const struct dmesg_dump *d,
		 struct dmesg_verdict *ret)
{
	const struct page_context ctx = { .kernel = k,
					  .have_bpf = true,
					  .pins_anywhere = TRI_UNKNOWN,
					  .layout = &dmesg_layout };
	bool tried = !strcmp(d->reason, "migration failure");
	struct raw_page raw = {
		.pfn = d->pfn,
		.head_pfn = ROUND_DOWN(d->pfn, BIT(d->order)),
		.pages = BIT(d->order),
		.order = d->order,
		.has = RAW_HAS_PFN | RAW_HAS_PAGEMAP | RAW_HAS_KPAGEFLAGS | RAW_HAS_PAGE |
		       (d->order && d->folio_mapcount < 0 ? 0 : RAW_HAS_LARGE) |
		       (tried ? RAW_HAS_BATCHES : 0), /* they were drained before */
		.pagemap = PAGEMAP_PRESENT,
		/* it was on a list, from which the attempt took it */
		.kpageflags = dmesg_kpageflags(d) | (tried ? KPF_BIT(LRU) : 0),
		.flags = d->flags | (tried ? BIT(DMESG_PG_lru) : 0),
		.mapping = d->mapping,
		.page_type = d->type[0] ? 0xf0000000 : (u32)(d->mapcount - 1),
		.refcount = (s32)MIN(d->refcount - dmesg_own(d), INT32_MAX),
		.mapcount = (s32)MIN(d->mapcount, INT32_MAX),
		.large_mapcount =
			(s32)MIN(d->order ? d->folio_mapcount : d->mapcount, INT32_MAX),
		.pincount = (s32)MIN(MAX(d->pincount, 0), INT32_MAX),
	};
	struct frame *f = &ret->frame;
	struct vma file = { .pkey = -1 };

	raw.head_flags = raw.flags;
	frame_mapping(&file,
		      d->mapping == RAW_MAPPING_ANON || d->mapping == RAW_MAPPING_KSM,
		      raw.kpageflags & KPF_BIT(HUGE), dmesg_fs(d));
	frame_judge(k, &ctx, &raw, &file, f);
	ret->own = dmesg_own(d);
	ret->expected = f->page.expected;
	ret->more = f->page.expected < 0 ? -1 : f->page.excess;
	if (d->ret == -ENOMEM && f->state != FRAME_BLOCKS) {
		f->state = FRAME_BLOCKS;
		f->why = "no-target";
		f->text = "there was no memory to move it to";
	} else if (f->state == FRAME_MOVES && ret->own) {
		f->state = FRAME_UNKNOWN;
		f->why = "gone";
		f->text =
			"nothing in the dump stops it: what did was gone when it was written";
	}
}
