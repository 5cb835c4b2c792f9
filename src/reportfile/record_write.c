/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reportfile/record_int.h"

#include "lib/text.h"

#include <stdio.h>
#include <stdlib.h>

#define Z_SOLO /* no unistd.h: clang refuses what pure.h makes of it */
#include <zlib.h>

#include "lib/pure.h"

_Static_assert(sizeof(struct record_judgement) <= sizeof(struct raw_page),
	       "an empty one is compared with");

struct record_dict {
	unsigned nstates, njudgements;
	struct record_names names;
	/* The run that is not written yet: like leaves may follow whose frames are elsewhere. */
	struct record_run {
		u64 addr, pages; /* ->pages 0: there is none */
		u64 end;         /* where the next would follow; 0: none can */
		u64 part;        /* pages since the last frame in ->own */
		struct raw_page state;
		struct record_judgement judged;
		/* Names of what the line's pages have; later parts of it may have those of part 0 again. */
		struct record_pair {
			char state[8], judge[8];
		} pair[RECORD_PAIRS];
		unsigned npairs;
		char again; /* the next frame's pages have those of that part; 0: the last ones */
		size_t len;
		char own[RECORD_LINE_MAX / 2]; /* words that only this run has */
	} run;
};

int record_write_init(struct record_writer *w, record_put put, void *ctx)
{
	memset(w, 0, sizeof(*w));
	w->put = put;
	w->ctx = ctx;
	w->dict = calloc(1, sizeof(*w->dict));
	if (!w->dict)
		w->error = -ENOMEM;
	return w->error;
}

void record_write_deinit(struct record_writer *w)
{
	if (w->dict)
		record_names_free(&w->dict->names);
	free(w->dict);
	w->dict = NULL;
}

int record_write_magic(record_put put, void *ctx)
{
	char buf[64];
	int n = snprintf(buf, sizeof(buf), RECORD_MAGIC "%u.%u\n", RECORD_MAJOR,
			 RECORD_MINOR);

	return put(ctx, buf, (size_t)n);
}

/* ---- one line ---- */

static void record_write_bytes(struct record_writer *w, const char *buf, size_t len)
{
	if (w->error)
		return;
	w->crc = (u32)crc32(w->crc, (const u8 *)buf, (uInt)len);
	w->error = w->put(w->ctx, buf, len);
}

/* Returns where to break @len bytes of @line so that they fit: before a space, or anywhere. */
static size_t record_fold_at(const char *line, size_t len, size_t room)
{
	if (len <= room)
		return len;
	for (size_t i = room; i > room / 2; i--)
		if (line[i] == ' ' && line[i - 1] != ' ')
			return i;
	return room;
}

int record_write_flush(struct record_writer *w)
{
	size_t done = 0;

	if (w->overflow && !w->error)
		w->error = -EMSGSIZE;
	while (!w->error && (done < w->len || !done)) {
		size_t room = done ? RECORD_COLUMNS - 1 : RECORD_COLUMNS;
		size_t n = record_fold_at(w->line + done, w->len - done, room);

		if (done)
			record_write_bytes(w, "+", 1);
		record_write_bytes(w, w->line + done, n);
		record_write_bytes(w, "\n", 1);
		w->lines++;
		done += n;
		if (!n)
			break;
	}
	w->len = 0;
	w->overflow = false;
	return w->error;
}

static void record_add_n(struct record_writer *w, const char *text, size_t n)
{
	if (n > sizeof(w->line) - w->len) {
		w->overflow = true;
		return;
	}
	memcpy(w->line + w->len, text, n);
	w->len += n;
}

void record_write_add(struct record_writer *w, const char *text)
{
	record_add_n(w, text, strlen(text));
}

void record_write_addf(struct record_writer *w, const char *fmt, ...)
{
	char buf[160];
	int n;

	n = TEXT_FORMAT(buf, sizeof(buf), fmt);
	if (n < 0 || (size_t)n >= sizeof(buf))
		w->overflow = true;
	else
		record_add_n(w, buf, (size_t)n);
}

/* Writes untrusted bytes: what is not printable ASCII, and @also, becomes \xHH. */
static void record_write_escaped(struct record_writer *w, const char *text,
				 const char *also)
{
	for (; *text; text++) {
		u8 c = (u8)*text;

		if (c >= 0x20 && c < 0x7f && !strchr(also, c))
			record_add_n(w, text, 1);
		else if (c == '\\' || c == '"')
			record_write_addf(w, "\\%c", c);
		else
			record_write_addf(w, "\\x%02x", c);
	}
}

void record_write_quoted(struct record_writer *w, const char *text)
{
	record_write_add(w, "\"");
	record_write_escaped(w, text, "\\\"");
	record_write_add(w, "\"");
}

static void record_write_value(struct record_writer *w, const struct record_field *f,
			       const void *object)
{
	u64 value = record_get(f, object);
	const char *word = record_word(f->form, (unsigned)value);

	if (word)
		record_write_add(w, word);
	else if (f->form == RECORD_HEX)
		record_write_addf(w, "%llx", value);
	else if (f->form == RECORD_SIGNED)
		record_write_addf(w, "%lld", value);
	else
		record_write_addf(w, "%llu", value);
}

static void record_write_field(struct record_writer *w, const struct record_field *f,
			       const void *object)
{
	record_write_addf(w, " %s=", f->key);
	if (f->form == RECORD_TEXT)
		record_write_quoted(w, (const char *)object + f->offset);
	else
		record_write_value(w, f, object);
}

void record_write_fields(struct record_writer *w, const struct record_field *table,
			 const void *object)
{
	for (const struct record_field *f = table; f->key; f++)
		if (!f->optional || record_get(f, object) != record_missing(f))
			record_write_field(w, f, object);
}

/* Writes the line of @key and fields. */
static void record_write_object(struct record_writer *w, const char *key,
				const struct record_field *table, const void *object)
{
	record_write_add(w, key);
	record_write_fields(w, table, object);
	record_write_flush(w);
}

static void record_write_string(struct record_writer *w, const char *key,
				const char *text)
{
	record_write_addf(w, "%s ", key);
	record_write_quoted(w, text);
	record_write_flush(w);
}

/* ---- text ---- */

int record_write_section(struct record_writer *w, const char *name)
{
	record_write_runs(w);
	if (w->lines)
		record_write_flush(w); /* an empty line; the checksum excludes it */
	record_write_addf(w, "[%s]", name);
	return record_write_flush(w);
}

int record_write_comment(struct record_writer *w, const char *text)
{
	record_write_add(w, "# ");
	record_write_escaped(w, text, "\\");
	return record_write_flush(w);
}

int record_write_text(struct record_writer *w, const char *fmt, ...)
{
	char buf[RECORD_LINE_MAX / 4 - 16]; /* fits even when every byte is escaped */

	if (TEXT_FORMAT(buf, sizeof(buf), fmt) < 0)
		buf[0] = '\0';
	record_write_add(w, " ");
	record_write_escaped(w, buf, "\\");
	return record_write_flush(w);
}

int record_write_verbatim(struct record_writer *w, const char *line)
{
	record_write_add(w, " ");
	record_write_escaped(w, line, ""); /* already escaped; a stray byte still is */
	return record_write_flush(w);
}

/* ---- machine ---- */

static void record_write_tris(struct record_writer *w, bool probes, const u8 *value,
			      unsigned n)
{
	record_write_section(w, probes ? "probes" : "config");
	for (unsigned i = 0; i < n; i++) {
		record_write_addf(w, "%s=%c", record_tri_name(probes, i),
				  "ny?"[MIN(value[i], 2)]);
		record_write_flush(w);
	}
}

static void record_write_kernel(struct record_writer *w, const struct kernel_evidence *ev,
				const char *model)
{
	record_write_section(w, "kernel");
	for (const struct record_field *f = record_kernel_fields; f->key; f++)
		if (!f->optional || *((const char *)ev + f->offset))
			record_write_string(w, f->key, (const char *)ev + f->offset);
	if (model)
		record_write_string(w, "model", model);
	record_write_object(w, "sizes", record_sizes_fields, ev);
	record_write_tris(w, false, ev->config, KCONFIGS);
	record_write_tris(w, true, ev->probe, KPROBES);
}

int record_write_machine(struct record_writer *w, const struct source_machine *m,
			 const char *model)
{
	const struct page_context *c = &m->page;

	w->base_page_size = m->kernel.page_size;
	record_write_kernel(w, &m->kernel, model);
	record_write_section(w, "evidence");
	for (unsigned i = 0; i < SOURCE_FACTS; i++) {
		record_write_addf(w, "%s %s", source_facts[i].key,
				  m->evidence[i].ok ? "ok" : "missing ");
		if (!m->evidence[i].ok)
			record_write_quoted(w, m->evidence[i].why);
		record_write_flush(w);
	}
	if (m->structpage_by)
		record_write_string(w, "structpage-by", m->structpage_by);
	record_write_section(w, "context");
	record_write_object(w, "machine", record_context_fields, c);
	for (unsigned i = 0; i < c->nspans && i < RECORD_SPANS; i++)
		record_write_object(w, "zone", record_zone_fields, &c->spans[i]);
	for (unsigned i = 0; i < c->npools && i < PAGE_POOLS; i++)
		record_write_object(w, "pool", record_pool_fields, &c->pool[i]);
	if (c->layout)
		record_write_object(w, "pageflags", record_layout_fields, c->layout);
	return w->error;
}

/* ---- pages ---- */

int record_write_process(struct record_writer *w, const struct process *p)
{
	record_write_runs(w);
	record_write_addf(w, "process %d", (int)p->pid);
	record_write_fields(w, record_process_fields, p);
	return record_write_flush(w);
}

int record_write_vma(struct record_writer *w, const struct vma *vma)
{
	record_write_runs(w);
	record_forget(&w->dict->names);
	record_write_addf(w, "vma %llx-%llx %s %llx %02x:%02x %llu", vma->start, vma->end,
			  VMA_PERMS(vma), vma->offset, vma->dev_major, vma->dev_minor,
			  vma->inode);
	record_write_fields(w, record_vma_fields, vma);
	if (vma->has_flags) {
		record_write_add(w, " flags=");
		EACH_BIT (i, vma->flags)
			record_write_addf(w, "%s%s", vma->flags & (BIT(i) - 1) ? "," : "",
					  vma_flag_letters[i]);
	}
	return record_write_flush(w);
}

static void record_write_state(struct record_writer *w, const char *id,
			       const struct raw_page *state, const char *note)
{
	if (note && note[0])
		record_write_comment(w, note);
	record_write_addf(w, "state %s", id);
	for (const struct record_field *f = record_state_fields; f->key; f++) {
		if (!(state->has & f->has))
			continue;
		if (f->has == RAW_HAS_PAGEMAP)
			record_write_addf(w, " %s=%llx", f->key, state->pagemap >> 55);
		else if (f->has == RAW_HAS_PTE && record_pte_in_run(state->has))
			record_write_addf(w, " %s=*", f->key);
		else
			record_write_field(w, f, state);
	}
	if (state->has & RAW_HAS_PFN)
		record_write_add(w, " pfn");
	if (state->has & RAW_RACED)
		record_write_add(w, " raced");
	record_write_flush(w);
}

/*
 * Finds the name of @value, of @size bytes, among the @max of @t.  Returns whether it has to be
 * defined: it is new; or there is no name left, *@ret_name is @max, and @lone was another.
 */
static bool record_write_name(struct record_table *t, unsigned *used, u32 max,
			      const void *value, size_t size, void *lone, u32 *ret_name)
{
	static const struct raw_page none;
	u64 h = record_hash(value, size);
	u32 slot = (u32)(h ^ h >> 32) % max;
	bool same;

	*ret_name = max;
	for (unsigned i = 0; i < 64 && *ret_name == max; i++, slot = (slot + 1) % max) {
		void *entry = record_table_at(t, slot, size);

		if (!entry)
			break;
		same = !memcmp(entry, value, size);
		if (!same && (memcmp(entry, &none, size) || *used > max / 4 * 3))
			continue;
		*ret_name = slot;
		*used += !same;
		lone = entry;
	}
	same = !memcmp(lone, value, size);
	memcpy(lone, value, size);
	return !same;
}

/* Returns the name of @state, which it writes first when it is new. */
static void record_state_id(struct record_writer *w, const struct raw_page *state,
			    const char *note, char id[8])
{
	struct record_dict *d = w->dict;
	u32 name;
	bool new = record_write_name(&d->names.state, &d->nstates, RECORD_STATES, state,
				     sizeof(*state), &d->names.lone_state, &name);

	snprintf(id, 8, name < RECORD_STATES ? "%04x" : "-", name);
	if (new)
		record_write_state(w, id, state, note);
}

/* Writes the parts of one value; of those after a colon the part before decides. */
static void record_write_parts(struct record_writer *w, const char *key,
			       const struct record_field *table, const void *object)
{
	u64 before = 0;

	record_write_addf(w, " %s=", key);
	for (const struct record_field *f = table; f->key; f++) {
		if (f->optional && before != f->has)
			continue;
		record_write_add(w, f->key);
		record_write_value(w, f, object);
		before = record_get(f, object);
	}
}

static void record_write_judgement(struct record_writer *w, const char *id,
				   const struct record_judgement *j)
{
	record_write_addf(w, "judge %s", id);
	for (unsigned i = 0; i < GUP_REQUESTS; i++)
		record_write_parts(w, gup_requests[i].name, record_request_fields,
				   &j->req[i]);
	record_write_parts(w, "write", record_store_fields, j);
	record_write_parts(w, "fork", record_fork_fields, j);
	if (j->migrate < GUP_MIGRATES)
		record_write_parts(w, "migrate", record_migrate_fields, j);
	record_write_flush(w);
}

static void record_judge_id(struct record_writer *w, const struct record_judgement *j,
			    char id[8])
{
	struct record_dict *d = w->dict;
	bool new;
	u32 name;

	snprintf(id, 8, "-");
	if (!j->present)
		return;
	new = record_write_name(&d->names.judge, &d->njudgements, RECORD_JUDGEMENTS, j,
				sizeof(*j), &d->names.lone_judge, &name);
	snprintf(id, 8, name < RECORD_JUDGEMENTS ? "%03x" : "*", name);
	if (new)
		record_write_judgement(w, id, j);
}

int record_write_runs(struct record_writer *w)
{
	struct record_run *run = &w->dict->run;

	if (!run->pages)
		return w->error;
	record_write_addf(w, "%llx %llu %s %s", run->addr, run->pages, run->pair[0].state,
			  run->pair[0].judge);
	record_add_n(w, run->own, run->len);
	run->pages = 0;
	return record_write_flush(w);
}

/* Adds " p" and @pfn behind what the run has. */
static void record_run_frame(struct record_run *run, u64 pfn)
{
	unsigned digits = (67 - __builtin_clzll(pfn | 1)) / 4;
	char *to = run->own + run->len;

	*to++ = ' ';
	if (run->again)
		*to++ = run->again;
	run->again = 0;
	*to++ = 'p';
	for (unsigned i = digits; i--; pfn >>= 4)
		to[i] = "0123456789abcdef"[pfn & 15];
	run->len = to + digits - run->own;
}

static bool record_run_headed(const struct raw_page *raw)
{
	return raw->has & RAW_HAS_PAGE && raw->head_pfn != raw->pfn;
}

/* A line may have several of them: it has a frame and no other words.  Of larger leaves there are few. */
static bool record_run_plain(const struct raw_page *raw)
{
	return raw->has & RAW_HAS_PFN && !record_run_headed(raw) &&
	       !(raw->has & RAW_HAS_PAGEMAP && raw->pagemap & RECORD_ENTRY_MASK) &&
	       (!(raw->has & RAW_HAS_LEVEL) || raw->level <= RAW_LEVEL_PTE);
}

static void record_run_begin(struct record_writer *w, const struct raw_page *raw,
			     const char *note)
{
	struct record_run *run = &w->dict->run;
	u64 entry = raw->has & RAW_HAS_PAGEMAP ? raw->pagemap & RECORD_ENTRY_MASK : 0;

	record_state_id(w, &run->state, note, run->pair[0].state);
	record_judge_id(w, &run->judged, run->pair[0].judge);
	run->npairs = 1;
	run->again = 0;
	run->addr = raw->addr;
	run->len = run->pages = 0;
	if (raw->has & RAW_HAS_PFN)
		record_run_frame(run, raw->pfn);
	if (record_run_headed(raw))
		run->len += snprintf(run->own + run->len, 32, " h%llx", raw->head_pfn);
	if (entry)
		run->len += snprintf(run->own + run->len, 32, " w%llx", entry);
	if (record_pte_in_run(raw->has))
		run->len += snprintf(run->own + run->len, 32, " e%llx", raw->pte);
	run->end = record_run_plain(raw) ? raw->addr : 0;
}

/* Ends the part of the last frame. */
static void record_run_part(struct record_run *run)
{
	if (run->part > 1)
		run->len += snprintf(run->own + run->len, 32, "*%llu", run->part);
}

/* Without a name of its own, what a page has ends with the next of its kind. */
static bool record_run_named(const struct record_pair *p)
{
	return p->state[0] != '-' && p->judge[0] != '*';
}

/* Begins another part of the line, of @state and @judged.  False: it needs a line of its own. */
static bool record_run_goes_on(struct record_writer *w, const struct raw_page *state,
			       const struct record_judgement *judged, const char *note)
{
	struct record_run *run = &w->dict->run;
	struct record_pair *first = run->pair, *end = first + run->npairs, *p,
			   new = { 0 };

	if (!memcmp(&run->state, state, sizeof(*state)) &&
	    !memcmp(&run->judged, judged, sizeof(*judged))) {
		record_run_part(run);
		return true;
	}
	if (!record_run_named(first))
		return false;
	record_state_id(w, state, note, new.state);
	record_judge_id(w, judged, new.judge);
	if (!record_run_named(&new))
		return false;
	for (p = first; p < end && memcmp(p, &new, sizeof(new));)
		p++;
	if (p == first + RECORD_PAIRS)
		return false;
	record_run_part(run);
	if (p < end)
		run->again = "0123456789abcdef"[p - first];
	else
		run->len += snprintf(run->own + run->len, 32, " s%s:%s", new.state,
				     new.judge);
	run->npairs += p == end;
	*p = new;
	run->state = *state;
	run->judged = *judged;
	return true;
}

int record_write_run(struct record_writer *w, const struct raw_page *raw,
		     const struct record_judgement *judged, const char *note)
{
	static const struct record_judgement none;
	struct record_run *run = &w->dict->run;
	struct raw_page state;

	if (w->error)
		return w->error;
	record_state_of(raw, &state);
	state.pages = 1;
	judged = judged && judged->present ? judged : &none;
	if (run->pages && run->end == raw->addr && record_run_plain(raw) &&
	    run->len < sizeof(run->own) - 128 &&
	    record_run_goes_on(w, &state, judged, note)) {
		record_run_frame(run, raw->pfn);
	} else {
		record_write_runs(w);
		run->state = state;
		run->judged = *judged;
		record_run_begin(w, raw, note);
	}
	run->part = raw->pages;
	run->pages += raw->pages;
	if (run->end)
		run->end += raw->pages * w->base_page_size;
	return w->error;
}

int record_write_end(struct record_writer *w)
{
	char buf[64];
	int n;

	record_write_runs(w);
	n = snprintf(buf, sizeof(buf), "[end %llu %08x]\n", w->lines, w->crc);
	if (!w->error)
		w->error = w->put(w->ctx, buf, (size_t)n);
	return w->error;
}
