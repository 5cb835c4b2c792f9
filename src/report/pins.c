/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/pins.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/pure.h"

/* Runs of one object, and of one of its buffers where these are rows, stand together. */
static int by_object(const void *a, const void *b)
{
	const struct holder *x = *(const struct holder *const *)a;
	const struct holder *y = *(const struct holder *const *)b;
	bool slots = holders_kinds[x->kind].flags & HOLDERS_F_ROW;

	return ORDER(x->end, y->end) ?: ORDER(x->nends, y->nends) ?:
	       ORDER(x->kind, y->kind) ?:
	       (slots ? ORDER(x->slot, y->slot) : 0) ?: ORDER(x->pfn, y->pfn);
}

static bool same_row(const struct holder *x, const struct holder *y)
{
	return x->end == y->end && x->nends == y->nends && x->kind == y->kind &&
	       (x->slot == y->slot || !(holders_kinds[x->kind].flags & HOLDERS_F_ROW));
}

/* Frames that are counted once, of holders that ascend by ->pfn. */
struct once {
	u64 counted; /* frames before it are counted */
	u64 held, unmapped;
	bool unknown;
};

static void count_once(struct once *o, const struct holder *x)
{
	u64 end = x->pfn + x->pages, first = MAX(x->pfn, o->counted);

	o->unknown |= x->memory < 0;
	if (end <= first || x->memory <= 0)
		return;
	o->held += MIN((u64)x->memory, end - first);
	o->unmapped += MIN((u64)x->unmapped, end - first);
	o->counted = end;
}

/* Returns the pages that VmPin counts for @x, a run of its object after those before @counted. */
static u64 charged(const struct holder *x, u64 *counted)
{
	u64 from = MAX(x->span_pfn, *counted), end = x->span_pfn + x->span;

	if (!(holders_kinds[x->kind].flags & HOLDERS_F_CHARGED) || x->memory < 0 ||
	    x->again)
		return 0;
	if (x->lone == x->span)
		return x->lone;
	*counted = MAX(*counted, end);
	return end > from ? end - from : 0;
}

static struct pins_process *find(const struct pins *p, pid_t pid)
{
	size_t i = ARRAY_FIRST(k, 0, p->n, p->process[k].process.pid < pid);

	return i < p->n && p->process[i].process.pid == pid ? &p->process[i] : NULL;
}

static struct pins_row *add(struct pins *p, const struct pins_process *of)
{
	struct pins_row *row = array_add(&p->row, &p->nrows, &p->row_room, sizeof(*row));

	if (row) {
		row->of = (size_t)(of - p->process);
		row->fd = -1;
	}
	return row;
}

/* Adds the rows of the @n runs @run: one for each process that has their object open. */
static int add_group(struct pins *p, const struct holder **run, size_t n)
{
	bool pins = holders_kinds[run[0]->kind].flags & HOLDERS_F_PIN;
	const struct holder_end *end = run[0]->end;
	struct once once = { 0 };
	u64 refs = 0;

	for (size_t i = 0; i < n; i++) {
		count_once(&once, run[i]);
		refs += pins ? holders_refs(run[i]) : 0;
	}
	if (!once.held && !once.unknown)
		return 0;
	for (u32 i = 0; i < run[0]->nends; i++) {
		const struct pins_process *of = find(p, end[i].pid);
		struct pins_row *row;

		if (!of || (i && end[i - 1].pid == end[i].pid))
			continue;
		row = add(p, of);
		if (!row)
			return -ENOMEM;
		row->holder = *run[0];
		row->fd = end[i].fd;
		row->held = once.held;
		row->unmapped = once.unknown ? -1 : (s64)once.unmapped;
		row->pins = (s64)refs;
		row->buffers = (u32)n;
	}
	return 0;
}

/* Adds what the objects that processes made are charged, to these. */
static void add_charges(struct pins *p, const struct holder **x, size_t n)
{
	u64 counted = 0;

	for (size_t i = 0; i < n; i++) {
		u64 pages;

		if (!i || x[i]->end != x[i - 1]->end)
			counted = 0;
		pages = charged(x[i], &counted);
		for (u32 e = 0; pages && e < x[i]->nends; e++) {
			struct pins_process *of = find(p, x[i]->end[e].pid);

			if (of && x[i]->end[e].owner &&
			    (!e || x[i]->end[e - 1].pid != x[i]->end[e].pid))
				of->charged += pages * p->base;
		}
	}
}

static void add_sums(struct pins *p, const struct holders *h)
{
	struct once once = { 0 };

	for (size_t i = 0; i < h->nexact; i++) {
		const struct holder *x = &h->holder[i];
		bool ours = ARRAY_ANY(e, x->nends, find(p, x->end[e].pid));
		u64 refs = holders_kinds[x->kind].flags & HOLDERS_F_PIN ? holders_refs(x)
									: 0;

		p->found += refs;
		if (!ours)
			continue;
		p->pins += refs;
		count_once(&once, x);
	}
	p->held = once.held;
	p->unmapped = once.unmapped;
	p->unmapped_unknown = once.unknown;
}

static int add_exact(struct pins *p, const struct holders *h)
{
	const struct holder **x = calloc(h->nexact + 1, sizeof(*x));
	size_t n;
	int err = x ? 0 : -ENOMEM;

	for (size_t i = 0; !err && i < h->nexact; i++)
		x[i] = &h->holder[i];
	if (!err && h->nexact)
		qsort(x, h->nexact, sizeof(const void *), by_object);
	for (size_t i = 0; !err && i < h->nexact; i += n) {
		for (n = 1; i + n < h->nexact && same_row(x[i], x[i + n]);)
			n++;
		err = add_group(p, x + i, n);
	}
	if (!err)
		add_charges(p, x, h->nexact);
	free(x);
	return err;
}

/* Adds the devices and others by which a process may hold memory; VmPin is compared, not repeated. */
static int add_candidates(struct pins *p, const struct holders *h)
{
	for (size_t i = h->nexact; i < h->n; i++) {
		const struct holder *x = &h->holder[i];
		const struct pins_process *of = x->nends ? find(p, x->end[0].pid) : NULL;
		struct pins_row *row = of && x->kind != HOLDERS_VMPIN ? add(p, of) : NULL;

		if (!row)
			continue;
		row->holder = *x;
		row->fd = x->end[0].fd;
		row->unmapped = row->pins = -1;
	}
	return 0;
}

/* Adds @bytes that the kernel charges to @of, and that nobody was found for. */
static int add_rest(struct pins *p, const struct pins_process *of, u64 bytes,
		    const char *what)
{
	struct pins_row *row = add(p, of);

	if (!row)
		return -ENOMEM;
	row->holder.kind = HOLDERS_UNKNOWN;
	row->holder.certainty = HOLDERS_CANDIDATE;
	snprintf(row->holder.name, sizeof(row->holder.name), "%s", what);
	row->held = bytes / p->base;
	row->unmapped = row->pins = -1;
	return 0;
}

int pins_locked(struct pins *p, size_t i, u64 addr, u64 bytes)
{
	struct pins_row *row = add(p, &p->process[i]);

	if (!row)
		return -ENOMEM;
	row->holder.kind = HOLDERS_MLOCK;
	row->holder.addr = addr;
	row->holder.bytes = bytes;
	row->held = bytes / p->base;
	row->buffers = 1;
	p->process[i].locked += bytes;
	return 0;
}

ARRAY_ORDER(by_process, struct pins_row,
	    ORDER(x->of, y->of) ?:
	    ORDER(x->holder.certainty, y->holder.certainty) ?:
	    ORDER(x->holder.kind, y->holder.kind) ?: ORDER(x->fd, y->fd) ?:
	    ORDER(x->holder.slot, y->holder.slot) ?:
	    ORDER(x->holder.addr, y->holder.addr))

int pins_make(struct pins *p, const struct holders *h)
{
	int err = h ? add_exact(p, h) : 0;

	if (!err && h)
		err = add_candidates(p, h);
	if (h)
		add_sums(p, h);
	p->complete = h && h->complete;
	for (size_t i = 0; i < p->n && !err; i++) {
		const struct pins_process *of = &p->process[i];

		if (of->process.vm_pin_bytes > of->charged)
			err = add_rest(p, of, of->process.vm_pin_bytes - of->charged,
				       "VmPin has more than was found");
		if (!err && of->process.vm_lck_bytes > of->locked)
			err = add_rest(p, of, of->process.vm_lck_bytes - of->locked,
				       "VmLck has more than mlock(): vfio, iommufd?");
	}
	if (!err && p->nrows)
		qsort(p->row, p->nrows, sizeof(*p->row), by_process);
	return err;
}

s64 pins_unexplained(const struct pins *p)
{
	return p->has_counters ? (s64)(p->acquired - p->released - p->found) : 0;
}

bool pins_number(const struct pins_row *row, enum pins_number number, u32 base, s64 *ret)
{
	const struct holder *h = &row->holder;
	bool counted = h->kind != HOLDERS_MLOCK;
	s64 held = (s64)row->held, rest = row->unmapped;
	const struct {
		bool has;
		s64 num;
	} numbers[PINS_NUMBERS] = {
		[PINS_HELD] = { true, held || h->certainty == HOLDERS_EXACT ? held * base
									    : -1 },
		[PINS_MAPPED] = { counted, rest < 0 ? -1 : (held - rest) * base },
		[PINS_UNMAPPED] = { counted, rest < 0 ? -1 : rest * base },
		[PINS_PINS] = { counted, row->pins },
		[PINS_FD] = { row->fd >= 0, row->fd },
		[PINS_ADDR] = { h->bytes && h->addr, (s64)h->addr },
		[PINS_BYTES] = { h->bytes, (s64)h->bytes },
	};

	*ret = numbers[number].num;
	return numbers[number].has;
}

const char *pins_text(const struct pins_row *row, unsigned word, char *buf, size_t size)
{
	const struct holder *h = &row->holder;

	if (word == PINS_BY)
		return holders_kind_name(h->kind);
	if (word == PINS_CERTAINTY)
		return holders_certainty_name(h->certainty);
	if (h->kind == HOLDERS_PIPE)
		snprintf(buf, size, "pipe %llu, %u buffer%s", h->object, row->buffers,
			 row->buffers == 1 ? "" : "s");
	else
		holders_what(h, buf, size);
	return buf;
}

void pins_deinit(struct pins *p)
{
	free(p->process);
	free(p->row);
}
