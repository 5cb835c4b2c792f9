/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay/replay.h"

#include "lib/array.h"
#include "page/holders.h"
#include "replay/replay_unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct replay_area {
	u64 offset; /* of its line */
	struct vma vma;
};

struct replay_process {
	struct process process;
	size_t first, n; /* its VMAs */
	u64 line;        /* of the file */
};

/* A file and what was read of it last. */
struct replay_text {
	int fd;
	u64 offset;
	size_t len;
	char buf[1 << 16];
};

struct replay {
	struct source source; /* first member */
	struct replay_unpack file;
	char name[256];
	struct record_reader reader;
	bool reader_ready;
	struct record_machine machine;
	struct kernel kernel; /* of ->machine */
	struct pte_layout pte;
	struct replay_process *proc;
	struct replay_area *area;
	pid_t *pids;
	size_t nprocs, proc_room, nareas, area_room;

	struct holders holders;
	size_t holder_room, end_room;
	bool has_holders;

	/* The walk under way. */
	const struct vma *vma;
	u64 start, end, next; /* bytes; ->next: first byte not yet delivered */
	source_raw_cb cb;
	void *ctx;
	bool in_area, done;

	struct replay_text text;
};

/* ---- bytes */

/* Fills ->buf with the bytes at @offset; returns how many there are, 0 at the end. */
static ssize_t replay_fill(struct replay_text *t, u64 offset)
{
	ssize_t n;

	if (offset >= t->offset && offset < t->offset + t->len)
		return (ssize_t)(t->offset + t->len - offset);
	do
		n = pread(t->fd, t->buf, sizeof(t->buf), (off_t)offset);
	while (n < 0 && errno == EINTR);
	t->offset = offset;
	t->len = n > 0 ? (size_t)n : 0;
	return n < 0 ? -errno : n;
}

/* Feeds the file from @offset until it ends or the reader stops. */
static int replay_feed(struct replay_text *t, struct record_reader *reader, u64 offset)
{
	ssize_t n;

	while ((n = replay_fill(t, offset)) > 0) {
		int err = record_read_feed(reader, t->buf + (offset - t->offset),
					   (size_t)n);

		if (err)
			return err;
		offset += (u64)n;
	}
	return (int)n;
}

int replay_scan_fd(int fd, const struct record_handler *handler, void *ctx, char why[200])
{
	struct replay_text *text = calloc(1, sizeof(*text));
	struct record_reader reader;
	int err = record_read_init(&reader, handler, ctx);

	if (!text)
		err = -ENOMEM;
	else
		text->fd = fd;
	if (!err)
		err = replay_feed(text, &reader, 0);
	if (!err)
		err = record_read_end(&reader);
	memcpy(why, reader.why, sizeof(reader.why));
	record_read_deinit(&reader);
	free(text);
	return err;
}

int replay_scan(struct source *src, const struct record_handler *handler, void *ctx)
{
	struct replay *r = (struct replay *)src;
	char why[200];
	int err = replay_scan_fd(r->text.fd, handler, ctx, why);

	return err == -ENODATA ? 0 : err; /* replay_open() has reported it */
}

/* ---- the index */

static int replay_index_machine(void *ctx, const struct record_machine *m)
{
	struct replay *r = ctx;

	r->machine = *m;
	r->machine.m.page.spans = r->machine.spans;
	if (m->m.page.layout)
		r->machine.m.page.layout = &r->machine.layout;
	if (m->m.structpage_by)
		r->machine.m.structpage_by = r->machine.structpage_by;
	r->machine.m.page.pte = &r->pte;
	r->machine.m.page.kernel = &r->kernel;
	r->source.machine = &r->machine.m;
	if (kernel_resolve(&r->machine.m.kernel, &r->kernel)) {
		snprintf(r->reader.why, sizeof(r->reader.why),
			 "the kernel release of the report is no version");
		return -EINVAL;
	}
	pte_layout_kernel(&r->pte, &r->kernel);
	return 0;
}

static int replay_index_process(void *ctx, const struct process *p)
{
	struct replay *r = ctx;
	struct replay_process new = { .process = *p,
				      .first = r->nareas,
				      .line = r->reader.line };

	return array_put(&r->proc, &r->nprocs, &r->proc_room, sizeof(new), &new);
}

static int replay_index_vma(void *ctx, const struct process *p, const struct vma *vma)
{
	struct replay *r = ctx;
	struct replay_area new = { .offset = r->reader.offset, .vma = *vma };
	int err = array_put(&r->area, &r->nareas, &r->area_room, sizeof(new), &new);

	r->proc[r->nprocs - 1].n += !err;
	return err;
}

static int replay_index_holders(void *ctx, bool complete, const char *why)
{
	struct replay *r = ctx;

	r->has_holders = true;
	r->holders.complete = complete;
	snprintf(r->holders.why, sizeof(r->holders.why), "%s", why);
	return 0;
}

/* Until the end of the file, ->end of a holder is an index into ->holders.end. */
static int replay_index_holder(void *ctx, const struct holder *h)
{
	struct replay *r = ctx;
	struct holders *all = &r->holders;
	struct holder *new =
		array_add(&all->holder, &all->n, &r->holder_room, sizeof(*new));

	if (!new)
		return -ENOMEM;
	*new = *h;
	new->end = (void *)all->nends;
	int err = 0;

	for (u32 i = 0; i < h->nends && !err; i++)
		err = array_put(&all->end, &all->nends, &r->end_room, sizeof(*h->end),
				&h->end[i]);
	return err;
}

/* ---- observing */

static int replay_deliver(struct replay *r, const struct raw_page *raw)
{
	r->next = page_read_end(&r->machine.m.kernel, r->vma, raw);
	return r->cb(r->ctx, raw, 1);
}

/* The report does not have what is between its runs. */
static int replay_gap(struct replay *r, u64 until)
{
	u64 base = kernel_page_size(&r->machine.m.kernel);
	u64 from = MAX(r->next, r->start), to = MIN(until, r->end);
	struct raw_page nothing = { .addr = from };

	if (from >= to)
		return 0;
	nothing.pages = (to - from) / base;
	return replay_deliver(r, &nothing);
}

/* Everything requested has been delivered: stops the reader. */
static int replay_done(struct replay *r)
{
	r->done = true;
	return 1;
}

static int replay_run(void *ctx, const struct process *p, const struct vma *vma,
		      const struct raw_page *raw, const struct record_judgement *judged)
{
	struct replay *r = ctx;
	u64 base = kernel_page_size(&r->machine.m.kernel);
	u64 leaf = page_read_leaf_size(&r->machine.m.kernel, vma, raw);
	struct raw_page cut = *raw;
	int err;

	if (!r->in_area)
		return 0;
	if (raw->addr >= r->end)
		return replay_done(r);
	if (raw->addr + raw->pages * leaf <= r->start)
		return 0;
	if (cut.addr < r->start) {
		u64 skip = (r->start - cut.addr) / leaf;

		cut.addr += skip * leaf;
		cut.pages -= skip;
		if (cut.has & RAW_HAS_PFN)
			cut.pfn += skip * (leaf / base);
		if (cut.has & RAW_HAS_PAGE && cut.has & RAW_HAS_PFN &&
		    cut.pfn >= cut.head_pfn)
			cut.head_pfn += (cut.pfn - cut.head_pfn) >> cut.order
									    << cut.order;
	}
	if (cut.addr < r->end && cut.pages > (r->end - cut.addr + leaf - 1) / leaf)
		cut.pages = (r->end - cut.addr + leaf - 1) / leaf;
	err = replay_gap(r, cut.addr);
	return err ? err : replay_deliver(r, &cut);
}

static int replay_vma(void *ctx, const struct process *p, const struct vma *vma)
{
	struct replay *r = ctx;

	if (r->in_area)
		return replay_done(r); /* the next VMA */
	r->in_area = true;
	return 0;
}

static int replay_stop_process(void *ctx, const struct process *p)
{
	return replay_done(ctx);
}

static int replay_stop_text(void *ctx, const char *section, const char *line)
{
	return replay_done(ctx);
}

static const struct record_handler replay_index = {
	.machine = replay_index_machine,
	.process = replay_index_process,
	.vma = replay_index_vma,
	.holders = replay_index_holders,
	.holder = replay_index_holder,
};

static const struct record_handler replay_observing = {
	.process = replay_stop_process,
	.vma = replay_vma,
	.run = replay_run,
	.text = replay_stop_text,
};

ARRAY_ORDER(replay_by_pid, struct replay_process, ORDER(x->process.pid, y->process.pid))

static const struct replay_process *replay_find(struct replay *r, pid_t pid)
{
	struct replay_process key = { .process.pid = pid };

	return bsearch(&key, r->proc, r->nprocs, sizeof(key), replay_by_pid);
}

static const struct replay_area *
replay_area_of(struct replay *r, const struct replay_process *p, const struct vma *vma)
{
	size_t end = p->first + p->n,
	       at = ARRAY_FIRST(i, p->first, end, r->area[i].vma.end <= vma->start);

	return at < end && r->area[at].vma.start <= vma->start ? &r->area[at] : NULL;
}

static int replay_op_observe(struct source *src, pid_t pid, const struct vma *vma,
			     u64 start, u64 end, bool fold, source_raw_cb cb, void *ctx)
{
	struct replay *r = (struct replay *)src;
	const struct replay_process *p = replay_find(r, pid);
	const struct replay_area *area = p ? replay_area_of(r, p, vma) : NULL;
	int err;

	if (!p)
		return -ESRCH;
	r->vma = vma;
	r->start = r->next = start;
	r->end = end;
	r->cb = cb;
	r->ctx = ctx;
	r->in_area = r->done = false;
	if (area) {
		r->reader.handler = &replay_observing;
		record_read_seek(&r->reader, area->offset, &p->process);
		err = replay_feed(&r->text, &r->reader, area->offset);
		if (err && !r->done)
			return err;
	}
	return replay_gap(r, end);
}

/* ---- the other operations */

static int replay_op_open(struct source *src, pid_t pid, struct process *ret)
{
	const struct replay_process *p = replay_find((struct replay *)src, pid);

	if (!p)
		return -ESRCH;
	*ret = p->process;
	return 0;
}

static int replay_op_vmas(struct source *src, pid_t pid, bool smaps, source_vma_cb cb,
			  void *ctx)
{
	struct replay *r = (struct replay *)src;
	const struct replay_process *p = replay_find(r, pid);

	if (!p)
		return -ESRCH;
	for (size_t i = 0; i < p->n; i++) {
		int err = cb(ctx, &r->area[p->first + i].vma);

		if (err)
			return err;
	}
	return 0;
}

static int replay_op_holders(struct source *src, const pid_t *pids, unsigned npids,
			     struct holders **ret)
{
	struct replay *r = (struct replay *)src;

	*ret = &r->holders;
	return r->has_holders ? 0 : -ENODATA;
}

static void replay_op_release(struct source *src, pid_t pid)
{
}

static void replay_op_close(struct source *src)
{
	struct replay *r = (struct replay *)src;

	close(r->file.fd);
	if (r->file.text)
		fclose(r->file.text);
	if (r->reader_ready)
		record_read_deinit(&r->reader);
	free(r->proc);
	free(r->area);
	free(r->pids);
	free(r->holders.holder);
	free(r->holders.end);
	free(r);
}

static const struct source_ops replay_ops = {
	.open = replay_op_open,
	.vmas = replay_op_vmas,
	.observe = replay_op_observe,
	.holders = replay_op_holders,
	.release = replay_op_release,
	.close = replay_op_close,
};

/* ---- opening */

/* Sorts the processes for replay_find(); ->pids keeps the report's order. */
static int replay_sort(struct replay *r)
{
	r->pids = calloc(r->nprocs, sizeof(*r->pids));
	for (size_t i = 0; r->pids && i < r->nprocs; i++)
		r->pids[i] = r->proc[i].process.pid;
	qsort(r->proc, r->nprocs, sizeof(*r->proc), replay_by_pid);
	for (size_t i = 1; i < r->nprocs; i++) {
		if (replay_by_pid(&r->proc[i - 1], &r->proc[i]))
			continue;
		snprintf(r->reader.why, sizeof(r->reader.why),
			 "line %llu: process %d is there twice",
			 MAX(r->proc[i - 1].line, r->proc[i].line),
			 (int)r->proc[i].process.pid);
		return -EINVAL;
	}
	return r->pids ? 0 : -ENOMEM;
}

/* Reads the whole report once.  Returns 0, or -errno after a message. */
static int replay_build(struct replay *r)
{
	struct diag *diag = r->source.diag;
	int err = record_read_init(&r->reader, &replay_index, r), sorted;

	r->reader_ready = true;
	if (!err)
		err = replay_feed(&r->text, &r->reader, 0);
	if (!err)
		err = record_read_end(&r->reader);
	sorted = (!err || err == -ENODATA) && r->nprocs ? replay_sort(r) : 0;
	if (sorted)
		err = sorted;
	if (err == -ENODATA && r->nprocs) {
		diag_add(diag, DIAG_INCOMPLETE, "%s: %s", r->name, r->reader.why);
		err = 0;
	} else if (err) {
		diag_add(diag, DIAG_ERROR, "%s: %s", r->name,
			 r->reader.why[0] ? r->reader.why : strerror(-err));
	} else if (!r->nprocs) {
		diag_add(diag, DIAG_ERROR, "%s: the report holds no process", r->name);
		err = -ENODATA;
	}
	if (err)
		return err;
	if (!r->source.machine) {
		diag_add(diag, DIAG_ERROR,
			 "%s: the report does not say of which kernel it is", r->name);
		return -EINVAL;
	}
	for (size_t i = 0; i < r->holders.n; i++)
		r->holders.holder[i].end =
			r->holders.end + (size_t)r->holders.holder[i].end;
	holders_sort(&r->holders);
	return 0;
}

static struct source *replay_open_own(int fd, const char *name, struct diag *diag)
{
	struct replay *r = calloc(1, sizeof(*r));

	if (!r) {
		diag_add(diag, DIAG_ERROR, "out of memory");
		close(fd);
		return NULL;
	}
	r->source = (struct source){ .ops = &replay_ops, .diag = diag };
	snprintf(r->name, sizeof(r->name), "%s", name);
	if (!replay_unpack_open(&r->file, fd, r->name, diag))
		return &r->source;
	replay_op_close(&r->source);
	return NULL;
}

int replay_read(struct source *src)
{
	struct replay *r = (struct replay *)src;
	int err = replay_unpack_text(&r->file, r->name, src->diag);

	r->text.fd = r->file.text ? fileno(r->file.text) : r->file.fd;
	return err ? err : replay_build(r);
}

struct source *replay_open_fd(int fd, const char *name, struct diag *diag)
{
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	if (own >= 0)
		return replay_open_own(own, name, diag);
	diag_add(diag, DIAG_ERROR, "cannot read %s: %m", name);
	return NULL;
}

struct source *replay_open(const char *path, struct diag *diag)
{
	int fd;

	if (!strcmp(path, "-"))
		return replay_open_fd(STDIN_FILENO, "standard input", diag);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd >= 0)
		return replay_open_own(fd, path, diag);
	diag_add(diag, DIAG_ERROR, "cannot open %s: %m", path);
	return NULL;
}

const pid_t *replay_pids(const struct source *src, size_t *ret_n)
{
	const struct replay *r = (const struct replay *)src;

	*ret_n = r->nprocs;
	return r->pids;
}

const char *replay_model(const struct source *src)
{
	return ((const struct replay *)src)->machine.model;
}
