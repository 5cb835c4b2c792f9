/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/blockers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/pure.h"

void blockers_deinit(struct blockers *b)
{
	free(b->run);
	free(b->extra);
	free(b->cause);
	free(b->owner);
}

static bool blockers_same(const struct blockers *all, const struct blockers_cause *a,
			  const struct blockers_cause *b)
{
	if (all->all && (a->inode != b->inode || strcmp(a->file, b->file)))
		return false;
	return a->state == b->state && a->mapped == b->mapped && a->kind == b->kind &&
	       a->why == b->why && a->rule == b->rule && !strcmp(a->holder, b->holder);
}

/* Returns the index of @cause, 0 when there are too many, or -ENOMEM.  The last one is most likely. */
static s64 blockers_cause(struct blockers *b, const struct blockers_cause *cause)
{
	static const struct blockers_cause others = {
		.state = FRAME_UNKNOWN,
		.why = "others",
		.text = "there are too many causes to list: ask for a smaller area",
	};

	if (!b->ncauses &&
	    array_put(&b->cause, &b->ncauses, &b->causes_room, sizeof(others), &others))
		return -ENOMEM;
	for (size_t i = b->ncauses; i-- > 1;) {
		struct blockers_cause *c = &b->cause[i];

		if (!blockers_same(b, c, cause))
			continue;
		if (c->inode != cause->inode || strcmp(c->file, cause->file))
			c->inode = 0, c->file[0] = '\0';
		return (s64)i;
	}
	if (b->ncauses == BLOCKERS_CAUSES)
		return 0;
	if (array_put(&b->cause, &b->ncauses, &b->causes_room, sizeof(*cause), cause))
		return -ENOMEM;
	return (s64)b->ncauses - 1;
}

/* Names the first who holds frames of @run. */
static void blockers_holder(struct blockers *b, const struct page_run *run,
			    struct blockers_cause *cause)
{
	struct holders_ledger ledger;

	if ((!cause->rule && !b->all) || !page_knows(&run->class->page, PAGE_F_REFCOUNT))
		return;
	holders_explain(b->holders, run, 0, &ledger);
	for (u32 i = 0; i < ledger.n && !cause->holder[0]; i++) {
		char *slot, *end;

		if (ledger.holder[i].certainty != HOLDERS_EXACT)
			continue;
		holders_text(&ledger.holder[i], cause->holder, sizeof(cause->holder));
		/* all frames of a pipe are one row */
		slot = ledger.holder[i].kind == HOLDERS_PIPE
			       ? strstr(cause->holder, " slot ")
			       : NULL;
		end = slot ? strchr(slot, ':') : NULL;
		if (end)
			memmove(slot, end, strlen(end) + 1);
	}
}

static int blockers_keep(struct blockers *b, const struct frame *f,
			 const struct page_run *run, const struct vma *file)
{
	struct blockers_cause cause = {
		.state = f->state,
		.kind = f->kind,
		.why = f->why,
		.text = f->text,
		.rule = f->rule,
		.inode = file->inode,
		.mapped = page_knows(&f->page, PAGE_F_MAPCOUNT) && f->page.mapcount > 0,
	};
	struct blockers_run *last = b->nruns ? &b->run[b->nruns - 1] : NULL;
	s64 index;

	memcpy(cause.file, file->name, sizeof(cause.file) - 1);
	blockers_holder(b, run, &cause);
	index = blockers_cause(b, &cause);
	if (index < 0)
		return (int)index;
	if (last && last->cause == index && last->pfn + last->pages == run->pfn) {
		last->pages += run->pages;
		return 0;
	}
	if (b->nruns == BLOCKERS_RUNS) { /* the last one stands for all that follow */
		last->cause = 0;
		last->pages += run->pages;
		return 0;
	}
	b->unowned += cause.mapped;
	return array_put(&b->run, &b->nruns, &b->runs_room, sizeof(*b->run),
			 &(struct blockers_run){ .pfn = run->pfn,
						 .pages = run->pages,
						 .cause = (u32)index });
}

/* Files of overlays and subvolumes have other devices than stat(2) shows. */
static bool blockers_is_file(const struct blockers *b, const struct vma *file)
{
	return file->inode == b->inode &&
	       ((file->dev_major == b->dev[0] && file->dev_minor == b->dev[1]) ||
		!strcmp(file->name, b->name));
}

int blockers_add(void *ctx, const struct raw_page *raw, const struct vma *file)
{
	struct blockers *b = ctx;
	struct page_class class = { 0 };
	struct page_run run = { .pfn = raw->pfn, .class = &class };
	u64 end = raw->pfn + raw->pages;
	struct frame f;
	int err = 0;

	if (b->inode && !blockers_is_file(b, file))
		return 0;
	frame_judge(b->kernel, b->page, raw, file, &f);
	class.page = f.page;
	b->frames[f.state] += raw->pages;
	if (f.state == FRAME_MOVES || f.state == FRAME_FREE || f.state == FRAME_ABSENT) {
		if (!b->all)
			return 0;
		f.why = f.state == FRAME_MOVES ? "moves" : "-";
	}
	for (; run.pfn < end && !err; run.pfn += run.pages) {
		bool held;

		run.pages = holders_alike(b->holders, run.pfn, end - run.pfn, &held);
		if (held && !f.page.order)
			run.pages = 1;
		err = blockers_keep(b, &f, &run, file);
	}
	return err;
}

/* Returns the number of @pid, from 1 on; 0 without memory. */
static u32 blockers_owner(struct blockers *b, pid_t pid, const char *comm)
{
	struct blockers_owner o = { .pid = pid };

	if (b->nowners && b->owner[b->nowners - 1].pid == pid)
		return (u32)b->nowners;
	strncpy(o.comm, comm, sizeof(o.comm) - 1);
	if (array_put(&b->owner, &b->nowners, &b->owners_room, sizeof(o), &o))
		return 0;
	return (u32)b->nowners;
}

void blockers_sort(struct blockers *b)
{
	if (b->nsorted < b->nruns)
		array_sort(b->run, b->nruns, sizeof(*b->run));
	b->nsorted = b->nruns;
}

/* Leaves of run @i what is in [@pfn, @end); the rest become runs of their own. */
static int blockers_split(struct blockers *b, size_t i, u64 pfn, u64 end)
{
	struct blockers_run r = b->run[i];
	const struct blockers_run rest[] = {
		{ .pfn = r.pfn,
		  .pages = pfn > r.pfn ? pfn - r.pfn : 0,
		  .cause = r.cause },
		{ .pfn = end,
		  .pages = r.pfn + r.pages > end ? r.pfn + r.pages - end : 0,
		  .cause = r.cause }
	};

	for (unsigned k = 0; k < ARRAY_SIZE(rest); k++) {
		if (!rest[k].pages)
			continue;
		if (array_put(&b->run, &b->nruns, &b->runs_room, sizeof(r), &rest[k]))
			return -ENOMEM;
		b->unowned++;
		b->run[i].pages -= rest[k].pages;
	}
	b->run[i].pfn = MAX(r.pfn, pfn);
	return 0;
}

/* Process @pid maps a part of @r, which has an owner. */
static int blockers_also(struct blockers *b, const struct blockers_run *r, pid_t pid,
			 const char *comm, u64 addr, u64 pfn, u64 end)
{
	struct blockers_run also = *r;

	if (!b->all || b->nextra == BLOCKERS_RUNS || b->owner[r->owner - 1].pid == pid)
		return 0;
	also.pfn = MAX(r->pfn, pfn);
	also.pages = MIN(r->pfn + r->pages, end) - also.pfn;
	also.addr = addr + (also.pfn - pfn) * kernel_page_size(&b->kernel->ev);
	also.owner = blockers_owner(b, pid, comm);
	if (!also.owner)
		return -ENOMEM;
	return array_put(&b->extra, &b->nextra, &b->extra_room, sizeof(also), &also);
}

int blockers_map(struct blockers *b, pid_t pid, const char *comm, u64 addr, u64 pfn,
		 u64 pages)
{
	size_t i = ARRAY_FIRST(k, 0, b->nsorted, b->run[k].pfn + b->run[k].pages <= pfn);
	u64 end = pfn + pages, base = kernel_page_size(&b->kernel->ev);

	for (; i < b->nsorted && b->run[i].pfn < end; i++) {
		struct blockers_run *r = &b->run[i];

		if (!b->cause[r->cause].mapped)
			continue;
		if (r->owner) {
			if (blockers_also(b, r, pid, comm, addr, pfn, end))
				return -ENOMEM;
			continue;
		}
		if (b->nruns < BLOCKERS_RUNS && blockers_split(b, i, pfn, end))
			return -ENOMEM;
		r = &b->run[i];
		r->owner = blockers_owner(b, pid, comm);
		if (!r->owner)
			return -ENOMEM;
		r->addr = addr + (r->pfn - pfn) * base;
		b->unowned--;
	}
	return 0;
}

ARRAY_ORDER(blockers_by_cause, struct blockers_run,
	    ORDER(x->cause, y->cause) ?: ORDER(x->owner, y->owner) ?:
	    ORDER(x->pfn, y->pfn))

/* What blocks for sure comes first, what is free last. */
static int blockers_by_pages(const void *a, const void *b)
{
	static const u8 rank[FRAME_STATES] = { [FRAME_UNKNOWN] = 1,
					       [FRAME_MOVES] = 2,
					       [FRAME_FREE] = 3,
					       [FRAME_ABSENT] = 4 };
	const struct blockers_row *x = a, *y = b;

	return ORDER(rank[x->cause->state], rank[y->cause->state]) ?: ORDER(y->pages, x->pages) ?:
	       ORDER(x->pfn, y->pfn);
}

int blockers_rows(struct blockers *b, struct blockers_row **ret, size_t *ret_n)
{
	struct blockers_row *rows = NULL, *last = NULL;
	size_t n = 0, room = 0;

	for (size_t i = 0; i < b->nextra; i++)
		if (array_put(&b->run, &b->nruns, &b->runs_room, sizeof(*b->run),
			      &b->extra[i]))
			return -ENOMEM;
	b->nextra = 0;
	if (b->nruns)
		qsort(b->run, b->nruns, sizeof(*b->run), blockers_by_cause);
	for (size_t i = 0; i < b->nruns; i++) {
		const struct blockers_run *r = &b->run[i];

		if (i && !ORDER(r[-1].cause, r->cause) && r[-1].owner == r->owner) {
			last->pages += r->pages;
			continue;
		}
		last = array_add(&rows, &n, &room, sizeof(*rows));
		if (!last) {
			free(rows);
			return -ENOMEM;
		}
		*last = (struct blockers_row){ .cause = &b->cause[r->cause],
					       .owner = r->owner ? &b->owner[r->owner - 1]
								 : NULL,
					       .pfn = r->pfn,
					       .addr = r->addr,
					       .pages = r->pages };
	}
	if (n)
		qsort(rows, n, sizeof(*rows), blockers_by_pages);
	*ret = rows;
	*ret_n = n;
	return 0;
}
