/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "live/peek.h"

#include <errno.h>
#include <string.h>

#define ENTRIES 512 /* of struct structpage_walk */
#define CHUNK sizeof(((struct structpage_peek *)0)->data)
#define SINGLE (STRUCTPAGE_PEEKS - 1) /* the peek that is not kept */
#define LEVELS 5
#define WAY (SINGLE - LEVELS) /* those of a way down: */
#define HOLES 64 /* entries above leaves that are empty, which are handled together */
#define LINE 64  /* bytes, of which one entry is on the way */

/* One call, and what was read ahead of the current table. */
struct peek {
	const struct peek_io *io;
	struct structpage_peek *peek; /* STRUCTPAGE_PEEKS */
	u32 n;                        /* that are kept */
	u16 page[ENTRIES];            /* by entry: the peek of its struct page, */
	u16 head[ENTRIES];            /* and of the head of its folio; SINGLE: none */
	u64 again[ENTRIES];           /* the entries after these were read, */
	u32 nagain;                   /* so many */
	/* Tables of the last way down by level, and which of their size they are. */
	u64 table[LEVELS + 1], of[LEVELS + 1];
	u32 nway; /* levels of this way that were read at once */
	int err;
};

/* The call of this thread. */
static _Thread_local struct peek *self;

static bool run(u32 first, u32 n)
{
	struct structpage_walk *w = self->io->walk;
	u32 from = w->peeks;
	int r;

	w->peeks = from + first;
	w->npeeks = n;
	r = self->io->run(self->io->ctx);
	w->peeks = from;
	if (r && !self->err)
		self->err = r;
	return !r;
}

static void ask(u32 i, u64 addr, u32 bytes)
{
	self->peek[i].addr = addr;
	self->peek[i].bytes = bytes;
	self->peek[i].err = -EIO;
}

/* Asks for @bytes at @addr by the peeks from @i on, and returns the one behind them. */
static u32 ask_all(u32 i, u64 addr, u64 bytes)
{
	for (u64 at = 0; at < bytes; at += CHUNK)
		ask(i++, addr + at, (u32)MIN(bytes - at, CHUNK));
	return i;
}

/* Puts together what the peeks from @i on found.  False: some of it cannot be read. */
static bool answer(u32 i, void *to, u64 bytes)
{
	for (u64 at = 0; at < bytes; at += CHUNK, i++) {
		if (self->peek[i].err)
			return false;
		memcpy((char *)to + at, self->peek[i].data, MIN(bytes - at, CHUNK));
	}
	return true;
}

/*
 * Before the first of the entries on a way down is taken, they are all read, at once, where the tables of the
 * last way go on to be right: most ways differ only in the last table.
 */
static void way_down(void)
{
	const struct structpage_walk *w = self->io->walk;
	u32 page = self->io->machine->page_shift, l = w->level;
	u64 index = (1ULL << (page - 3)) - 1;

	self->table[l] = w->down;
	self->of[l] = w->addr >> arch_level_shift(page, l + 1);
	if (l != self->io->machine->levels)
		return;
	for (self->nway = 0;
	     l > 1 && self->of[l] == w->addr >> arch_level_shift(page, l + 1); l--)
		ask(WAY + self->nway++,
		    (self->table[l] +
		     (w->addr >> arch_level_shift(page, l) & index) * sizeof(u64)) &
			    ~(LINE - 1ULL),
		    LINE);
	run(WAY, self->nway);
}

/* Returns the bytes at @addr when peek @i has them. */
static const u8 *has(u32 i, u64 addr, u64 bytes)
{
	const struct structpage_peek *p = &self->peek[i];
	u64 off = addr - p->addr;

	return !p->err && off < p->bytes && bytes <= p->bytes - off ? p->data + off
								    : NULL;
}

/* What was read ahead of what the walk is at; NULL when it must be read now. */
static const u8 *kept(u64 addr, u64 bytes)
{
	const struct structpage_walk *w = self->io->walk;
	u32 page = self->page[w->i % ENTRIES], head = self->head[w->i % ENTRIES];
	const u8 *found = NULL;

	if (!w->table)
		for (u32 k = 0; k < self->nway && !found; k++)
			found = has(WAY + k, addr, bytes);
	else if (!w->tries && head != SINGLE)
		found = has(head, addr, bytes);
	if (!found && w->table && !w->tries && page != SINGLE)
		found = has(page, addr, bytes);
	return found;
}

static long copy(void *to, u64 bytes, u64 addr)
{
	const u8 *found = kept(addr, bytes);
	u32 i = bytes > CHUNK ? 0 : SINGLE;

	if (found) {
		memcpy(to, found, bytes);
		return 0;
	}
	self->nway = 0; /* what was read on the way is older than what follows */
	if (!run(i, ask_all(i, addr, bytes) - i))
		return -EIO;
	return answer(i, to, bytes) ? 0 : -EFAULT;
}

/* An entry that changed while its page was read is not taken from what was read ahead. */
static u64 word(u64 addr)
{
	const struct structpage_walk *w = self->io->walk;
	u64 i = (addr - w->table) / sizeof(u64), ret = 0;

	if (w->table && addr >= w->table && i < self->nagain && !w->tries)
		return self->again[i];
	if (!w->table && addr == w->down_ptr)
		way_down();
	return copy(&ret, sizeof(ret), addr) ? 0 : ret;
}

static s32 sum_mapcounts(u64 head, u32 n);
static void ahead(struct structpage_walk *w, u32 n);
static u64 empty_entries(u64 ptr);

/* --- the walk, with what a program has */

#undef __always_inline /* of libc */
#define __always_inline inline __attribute__((always_inline))
#define __noinline static __attribute__((noinline, unused))
#define barrier_var(v) __asm__("" : "+r"(v))
#define BPF_RECORDS(name, of, n) struct name
#define bpf_map_lookup_elem(map, index) (&self->io->rec[*(index)])
#define bpf_core_type_size(type) self->io->page_size
#define bpf_probe_read_kernel(to, bytes, from) copy(to, bytes, (u64)(uintptr_t)(from))
#define probe64 word
#define rdonly_cast(at, id) (at)
#define call (*self->io->machine)
#define lay (*self->io->layout)

#define CAST 0

#include "bpf/walk.bpf.h"

/* --- reading ahead */

/* The word of a struct page's copy that says whether it is a tail. */
static u64 head_in(u32 i)
{
	u64 ret;

	memcpy(&ret, self->peek[i].data + lay.head, sizeof(ret));
	return head_word(self->peek[i].addr, ret);
}

/* Asks for the heads of folios by the peeks from @i on, and returns the one behind them. */
static u32 ask_heads(u32 i, u32 n)
{
	u64 page, last = 0, head, flags;

	for (u32 k = 0; k < n; k++) {
		const struct structpage_peek *p = &self->peek[self->page[k]];

		if (self->page[k] == SINGLE || p->err)
			continue;
		page = p->addr;
		memcpy(&flags, p->data + lay.flags, sizeof(flags));
		head = head_of(page, head_in(self->page[k]));
		if (head == page && !(flags & lay.head_bit))
			continue;
		if (head != last)
			ask(i++, head, 128);
		last = head;
		self->head[k] = (u16)(i - 1);
	}
	return i;
}

/*
 * Reads the heads of folios, then the tails again, for somebody may have split the folio, and then the @n entries
 * of the current table.
 */
static void ahead_heads(const struct structpage_walk *w, u32 n)
{
	u32 heads = ask_heads(self->n, n), i = heads, entries;

	for (u32 k = 0; k < n; k++)
		if (self->head[k] != SINGLE)
			ask(i++, self->peek[self->page[k]].addr, 64);
	entries = i;
	i = ask_all(i, w->table, n * sizeof(u64));
	if (!run(self->n, i - self->n))
		return;
	if (answer(entries, self->again, n * sizeof(u64)))
		self->nagain = n;
	i = heads;
	for (u32 k = 0; k < n; k++)
		if (self->head[k] != SINGLE && head_in(i++) != head_in(self->page[k]))
			self->page[k] = self->head[k] = SINGLE;
	self->n = heads;
}

/* Reads the struct pages of the current table's @n entries. */
static void ahead(struct structpage_walk *w, u32 n)
{
	u64 e, pfn;

	self->n = self->nagain = 0;
	for (u32 k = 0; k < n; k++) {
		self->page[k] = self->head[k] = SINGLE;
		e = w->pt[k];
		pfn = pfn_of(e, 1);
		if (!is_present(e, 1) || !has_struct_page(e, pfn) || passed_over(w, e))
			continue;
		ask(self->n, page_address(pfn), 64);
		self->page[k] = (u16)self->n++;
	}
	if (self->n && run(0, self->n))
		ahead_heads(w, n);
}

/* Returns how many entries from the empty one at @ptr on are: all of an aligned group, or one. */
static u64 empty_entries(u64 ptr)
{
	u64 e[HOLES], any = 0, n = ptr / sizeof(*e);

	n = MIN(n & -n, HOLES);
	if (copy(e, n * sizeof(*e), ptr))
		return 1;
	for (u64 i = 0; i < n; i++)
		any |= e[i];
	return any ? 1 : n;
}

static s32 sum_mapcounts(u64 head, u32 n)
{
	s32 sum = 0, v;

	for (u32 i = 0, some; i < n; i += some) {
		some = MIN(n - i, WAY - self->n);
		for (u32 k = 0; k < some; k++)
			ask(self->n + k,
			    head + (u64)(i + k) * self->io->page_size + lay.mapcount,
			    sizeof(v));
		if (!run(self->n, some))
			break;
		for (u32 k = 0; k < some; k++)
			if (answer(self->n + k, &v, sizeof(v)) && v >= 0)
				sum += v + 1;
	}
	return sum;
}

int peek_observe(const struct peek_io *io)
{
	struct structpage_walk *w = io->walk;
	struct peek p = { .io = io, .peek = io->peek + w->peeks };
	u32 most = w->gentle ? STRUCTPAGE_GENTLE : STRUCTPAGE_STEPS;

	self = &p;
	walk_reset(w);
	if (run(0, 0) && !w->err) {
		for (w->steps = 0; w->steps < most && !p.err; w->steps++)
			if (step(w->steps, &w))
				break;
		walk_settle(w);
	}
	self = NULL;
	return p.err;
}
