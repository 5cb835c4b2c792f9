/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hold.bpf.h - the records of holders.bpf.c: open descriptors, and what the objects behind them hold. */
#pragma once

#include "page/structpage.h"

#include <bpf/bpf_core_read.h>

struct structpage_files files;
BPF_RECORDS(ends, struct structpage_end, STRUCTPAGE_ENDS);
BPF_RECORDS(holds, struct structpage_hold, STRUCTPAGE_HOLDS);
struct structpage_hold now; /* what the next holds have in common */
/* Objects that have been delivered: the fifth of a set pushes out the first. */
u64 seen[1024][4];

#define MOST_PAGES (1 << 20)
#define MOST_BUFFERS (1 << 14)

/* Returns the place of @object, or one for it.  A socket's has bit 0 set when it holds something. */
static __always_inline u64 *seen_at(u64 object)
{
	u64 hash = object * 0x61c8864680b583ebULL; /* hash_64() of linux/hash.h */
	u64 *set = seen[hash >> 54];

	for (u32 i = 0; i < ARRAY_SIZE(*seen); i++)
		if ((set[i] & ~1ULL) == object)
			return &set[i];
	for (u32 i = ARRAY_SIZE(*seen) - 1; i; i--)
		set[i] = set[i - 1];
	set[0] = 0;
	return set;
}

static __always_inline bool first_time(u64 object)
{
	u64 *s = seen_at(object);

	if (*s == object)
		return false;
	*s = object;
	return true;
}

/* @owner: the memory that the object's maker has, or 0. */
static __always_inline void end(u64 object, struct file *file, struct task_struct *task,
				u32 fd, u64 owner)
{
	u32 i = files.nends++;
	struct structpage_end *e = bpf_map_lookup_elem(&ends, &i);
	struct inode *inode = BPF_CORE_READ(file, f_inode);

	if (!e)
		return;
	e->object = object;
	e->ino = BPF_CORE_READ(inode, i_ino);
	e->dev = BPF_CORE_READ(inode, i_sb, s_dev);
	e->pid = BPF_CORE_READ(task, tgid);
	e->fd = fd;
	e->mode = BPF_CORE_READ(file, f_mode) & 3;
	if (owner && owner == (u64)BPF_CORE_READ(task, mm))
		e->mode |= STRUCTPAGE_OWNER;
}

static __always_inline void begin(u64 object, u32 kind)
{
	now.object = object;
	now.kind = kind;
	now.slot = now.offset = now.len = 0;
	now.addr = now.bytes = 0;
	now.again = 0;
}

/*
 * What is called more than once is a global function: the verifier checks each of these once, whoever
 * calls it, which keeps loading short.
 */

/* Returns how many frames @len bytes at @offset are in. */
static __always_inline u32 frames(u32 offset, u32 len)
{
	u64 page = 1ULL << (files.page_shift & 31);

	return ((offset & (page - 1)) + len + page - 1) >> (files.page_shift & 31);
}

/* Adds @pages frames from @page on with one reference; joins them to the last run if possible. */
__noinline int hold(u64 page, u32 pages)
{
	u32 i = files.nholds, last = i - 1;
	struct structpage_hold *h = bpf_map_lookup_elem(&holds, &i);
	struct structpage_hold *p = bpf_map_lookup_elem(&holds, &last);
	u64 pfn = (page - files.vmemmap) / files.page_size;

	if (p && pages == 1 && p->object == now.object && p->kind == now.kind &&
	    (p->slot == now.slot || STRUCTPAGE_NUMBERED(now.kind)) &&
	    p->pfn + p->pages == pfn && p->refs == p->pages) {
		p->pages++;
		p->refs++;
		return 0;
	}
	files.nholds++;
	if (!h)
		return 0;
	*h = now;
	h->pfn = pfn;
	h->pages = pages;
	h->refs = !now.again;
	return 0;
}

/* Returns the first page of the folio of @page (head_of() of folio.bpf.h). */
static __always_inline u64 head_of(u64 page)
{
	u64 word = 0;

	if (bpf_core_field_exists(struct page, compound_head))
		word = probe64(page + bpf_core_field_offset(struct page, compound_head));
	else
		word = probe64(page +
			       bpf_core_field_offset(struct page___info, compound_info));
	if (!(word & 1))
		return page;
	return word >> 32 == 0xffffffff ? page & word & ~1ULL : word - 1;
}

static __always_inline u64 flags_of(u64 page)
{
	if (bpf_core_field_exists(struct page___memdesc, flags.f)) /* 6.18 */
		return probe64(page +
			       bpf_core_field_offset(struct page___memdesc, flags));
	return probe64(page + bpf_core_field_offset(struct page, flags));
}

/* It is memory of a process or a file: that was filled before it was mapped. */
__noinline int is_memory(u64 page)
{
	return (flags_of(head_of(page)) &
		BIT(bpf_core_enum_value(enum pageflags, PG_uptodate))) != 0;
}

static long array_step(u32 i, u64 *at)
{
	u64 page = probe64(*at + i * 8ULL);

	if (page && is_memory(page))
		hold(page, 1);
	return 0;
}

/* Holds the pages of an array of @n pointers at @at. */
__noinline int hold_array(u64 at, u32 n)
{
	now.bytes = (u64)n << files.page_shift;
	if (at)
		bpf_loop(n > MOST_PAGES ? MOST_PAGES : n, array_step, &at, 0);
	return 0;
}

/* A list, and a place in it. */
struct queue_walk {
	u64 head, at;
};
