/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes to the report reader.  What it delivers is written again and read again: the second
 * reading must deliver the same, and the writer's file must be complete.
 */
#include "page/holders.h"
#include "reportfile/record.h"
#include "fuzz.h"

struct twice {
	struct record_writer w;
	struct record_reader second;
	u64 sum[2]; /* of what the first and the second reader delivered */
	bool begun; /* section "holders" of the second file */
};

static u64 mix(u64 sum, const void *p, size_t len)
{
	const u8 *b = p;

	for (size_t i = 0; i < len; i++)
		sum = (sum ^ b[i]) * 0x100000001b3ULL;
	return sum;
}

static void check(bool ok)
{
	if (!ok)
		abort();
}

/* -- second */

static int second_process(void *ctx, const struct process *p)
{
	struct twice *t = ctx;

	t->sum[1] = mix(t->sum[1], p, sizeof(*p));
	return 0;
}

static int second_vma(void *ctx, const struct process *p, const struct vma *vma)
{
	struct twice *t = ctx;

	t->sum[1] = mix(t->sum[1], vma, sizeof(*vma));
	return 0;
}

static int second_run(void *ctx, const struct process *p, const struct vma *vma,
		      const struct raw_page *raw, const struct record_judgement *judged)
{
	struct twice *t = ctx;

	t->sum[1] = mix(t->sum[1], raw, sizeof(*raw));
	t->sum[1] = mix(t->sum[1], judged, sizeof(*judged));
	return 0;
}

static const struct record_handler second = {
	.process = second_process,
	.vma = second_vma,
	.run = second_run,
};

/* -- first */

static int put(void *ctx, const char *buf, size_t len)
{
	struct twice *t = ctx;

	for (size_t i = 0; i < len; i++)
		check(buf[i] == '\n' || (buf[i] >= 0x20 && buf[i] < 0x7f));
	return record_read_feed(&t->second, buf, len);
}

/* Back to section "pages" after one of holders. */
static void pages(struct twice *t)
{
	if (t->begun)
		record_write_section(&t->w, "pages");
	t->begun = false;
}

static int first_machine(void *ctx, const struct record_machine *m)
{
	struct twice *t = ctx;

	record_write_machine(&t->w, &m->m, m->model);
	record_write_section(&t->w, "pages");
	return 0;
}

static int first_process(void *ctx, const struct process *p)
{
	struct twice *t = ctx;

	t->sum[0] = mix(t->sum[0], p, sizeof(*p));
	pages(t);
	return record_write_process(&t->w, p);
}

static int first_vma(void *ctx, const struct process *p, const struct vma *vma)
{
	struct twice *t = ctx;

	check(vma->start < vma->end && strnlen(vma->name, VMA_NAME_MAX) < VMA_NAME_MAX);
	t->sum[0] = mix(t->sum[0], vma, sizeof(*vma));
	pages(t);
	return record_write_vma(&t->w, vma);
}

static int first_run(void *ctx, const struct process *p, const struct vma *vma,
		     const struct raw_page *raw, const struct record_judgement *judged)
{
	struct twice *t = ctx;

	check(raw->addr >= vma->start && raw->addr < vma->end && raw->pages);
	t->sum[0] = mix(t->sum[0], raw, sizeof(*raw));
	t->sum[0] = mix(t->sum[0], judged, sizeof(*judged));
	pages(t);
	return record_write_run(&t->w, raw, judged, "note");
}

static int first_holders(void *ctx, bool complete, const char *why)
{
	struct twice *t = ctx;

	if (t->begun)
		return 0;
	t->begun = true;
	return record_holders_begin(&t->w, complete, why);
}

static int first_holder(void *ctx, const struct holder *h)
{
	struct twice *t = ctx;

	check(h->kind < HOLDERS_KINDS && h->nends <= RECORD_ENDS);
	first_holders(ctx, true, "");
	return record_holders_write(&t->w, h);
}

static int first_text(void *ctx, const char *section, const char *line)
{
	check(strlen(section) < 32);
	return 0;
}

static const struct record_handler first = {
	.machine = first_machine,
	.process = first_process,
	.vma = first_vma,
	.run = first_run,
	.holders = first_holders,
	.holder = first_holder,
	.text = first_text,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct twice t;
	struct record_reader r;
	size_t step = size ? 1 + data[size - 1] : 1;

	memset(&t, 0, sizeof(t));
	record_read_init(&t.second, &second, &t);
	record_write_init(&t.w, put, &t);
	record_write_magic(put, &t);
	record_read_init(&r, &first, &t);
	for (size_t at = 0; at < size; at += step)
		record_read_feed(&r, (const char *)data + at, MIN(step, size - at));
	record_read_end(&r);
	check(!r.error == !r.why[0]);
	if (!r.error || r.complete) {
		check(!record_write_end(&t.w));
		check(!record_read_end(&t.second) && t.second.complete);
		check(t.sum[0] == t.sum[1]);
	}
	record_read_deinit(&r);
	record_write_deinit(&t.w);
	record_read_deinit(&t.second);
	return 0;
}
