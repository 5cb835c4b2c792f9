/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/render_event.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "reportfile/record.h"

#define CHUNK 2000 /* bytes of JSON in one line of the file */

struct render_event_record {
	struct render_event_record_options opt;
	struct record_writer w;
};

static int put(void *ctx, const char *buf, size_t len)
{
	return fwrite(buf, 1, len, ctx) == len ? 0 : -EIO;
}

static int on_begin(void *ctx, const struct report_head *head)
{
	struct render_event_record *r = ctx;
	int err = record_write_magic(put, r->opt.file);

	fprintf(r->opt.file,
		"\nA recording of gupinfo --trace %s, kernel %s.\n"
		"gupinfo --replay FILE --trace shows the events again, other views the last\nstate of each process.\n\n",
		r->opt.version, head->machine->kernel.release);
	if (!err)
		err = record_write_machine(&r->w, head->machine, head->kernel->model);
	if (!err)
		err = record_write_section(&r->w, "pages");
	if (!err && r->opt.inner && r->opt.inner->begin)
		err = r->opt.inner->begin(r->opt.inner_ctx, head);
	return err;
}

/* Writes the lines of the file, one for each piece. */
static void put_pieces(FILE *out, char mark, const char *text, size_t len)
{
	for (; len; mark = mark == '=' ? '+' : mark) {
		size_t n = MIN(len, CHUNK);

		while (n < len &&
		       ((u8)text[n] & 0xc0) == 0x80) /* inside of a character */
			n--;
		fprintf(out, "%c%.*s\n", mark, (int)n, text);
		text += n;
		len -= n;
	}
}

static int on_event(void *ctx, const struct event *e)
{
	struct render_event_record *r = ctx;
	char *text;
	size_t len;
	u64 pages;
	int err = render_event_json(e, false, true, &text, &len, &pages);

	if (err)
		return err;
	put_pieces(r->opt.data, '=', text, pages);
	put_pieces(r->opt.data, '-', text + pages, len - pages - 1);
	err = ferror(r->opt.data) ? -EIO : 0;
	free(text);
	if (!err && r->opt.inner)
		err = r->opt.inner->event(r->opt.inner_ctx, e);
	return err;
}

/* The state has no row where nothing is mapped; in a report that would mean "not read". */
static int write_hole(struct record_writer *w, const struct store *s,
		      const struct store_vma *v, u64 from, u64 to)
{
	struct raw_page hole = { .addr = from,
				 .pages = (to - from) / w->base_page_size,
				 .has = RAW_HAS_PAGEMAP };

	return from < to && store_covers(s, v, from)
		       ? record_write_run(w, &hole, NULL, NULL)
		       : 0;
}

static int write_rows(struct record_writer *w, const struct store *s,
		      const struct store_vma *v)
{
	int err = record_write_vma(w, &v->vma);
	u64 next = v->vma.start;

	for (size_t i = 0; !err && i < store_nrows(v); i++) {
		const struct page_run *row = &v->rows->row[i];
		struct raw_page raw = row->class->raw;
		struct record_judgement judged;

		err = write_hole(w, s, v, next, row->addr);
		next = page_end(row);
		if (err)
			break;
		raw.addr = row->addr;
		raw.pages = row->pages;
		if (raw.has & RAW_HAS_PFN) {
			raw.pfn = row->pfn;
			raw.head_pfn = page_head(row);
		}
		record_judge(row->class->verdicts, &judged);
		err = record_write_run(w, &raw, &judged, NULL);
	}
	if (!err)
		err = write_hole(w, s, v, next, v->vma.end);
	return err ? err : record_write_runs(w);
}

static int on_process(void *ctx, const struct event_member *m)
{
	struct render_event_record *r = ctx;
	const struct store_process *p = store_process_by_pid(m->now, m->pid);
	int err = p ? record_write_process(&r->w, &p->process) : 0;

	for (size_t i = 0; !err && p && i < p->nvmas; i++)
		err = write_rows(&r->w, m->now, &p->vma[i]);
	if (!err && r->opt.inner && r->opt.inner->process)
		err = r->opt.inner->process(r->opt.inner_ctx, m);
	return err;
}

static int copy_data(struct render_event_record *r)
{
	char line[CHUNK + 3];
	int err = record_write_section(&r->w, RENDER_EVENT_SECTION);

	rewind(r->opt.data);
	while (!err && fgets(line, sizeof(line), r->opt.data)) {
		line[strcspn(line, "\n")] = '\0';
		err = record_write_text(&r->w, "%s", line);
	}
	return err;
}

static int on_end(void *ctx, int status)
{
	struct render_event_record *r = ctx;
	int err = copy_data(r);

	if (!err)
		err = record_write_end(&r->w);
	if (!err && fflush(r->opt.file))
		err = -EIO;
	if (!err && r->opt.inner && r->opt.inner->end)
		err = r->opt.inner->end(r->opt.inner_ctx, status);
	return err;
}

const struct event_view render_event_record_view = {
	.begin = on_begin, .event = on_event, .process = on_process, .end = on_end
};

int render_event_record_new(const struct render_event_record_options *opt, void **ret)
{
	struct render_event_record *r = calloc(1, sizeof(*r));
	int err;

	if (!r)
		return -ENOMEM;
	r->opt = *opt;
	err = record_write_init(&r->w, put, opt->file);
	if (err) {
		render_event_record_free(r);
		return err;
	}
	*ret = r;
	return 0;
}

void render_event_record_free(void *ctx)
{
	struct render_event_record *r = ctx;

	if (!r)
		return;
	record_write_deinit(&r->w);
	free(r);
}
