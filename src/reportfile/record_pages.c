/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reportfile/record_int.h"

#include <stdio.h>

#include "lib/text.h"
#include "lib/pure.h"

static int record_pages_process(struct record_reader *r, char *line)
{
	struct record_parse *p = r->parse;
	char *word = record_next(&line);
	u64 pid;

	if (!word || !record_number(word, 10, &pid) || pid > INT32_MAX)
		return record_bad(r, "a process without a number");
	memset(&p->process, 0, sizeof(p->process));
	record_clear(record_process_fields, &p->process);
	p->process.pid = (pid_t)pid;
	p->have_process = true;
	p->have_vma = false;
	p->vma_end = 0;
	if (record_parse_fields(r, record_process_fields, line, &p->process))
		return r->error;
	if (r->handler->process)
		r->error = r->handler->process(r->ctx, &p->process);
	return r->error;
}

static void record_pages_flags(char *text, struct vma *vma)
{
	vma->has_flags = true;
	for (char *end; *text; text = end) {
		size_t n = strcspn(text, ",");

		for (unsigned i = 0; i < VMFLAGS; i++)
			if (text_same(vma_flag_letters[i], text, n))
				vma->flags |= BIT(i);
		end = text + n + (text[n] == ',');
	}
}

/* Parses "start-end perms offset dev inode". */
static bool record_pages_area(char **line, struct vma *vma)
{
	char *range = record_next(line), *perms = record_next(line);
	char *offset = record_next(line), *dev = record_next(line),
	     *inode = record_next(line);
	char *dash = range ? strchr(range, '-') : NULL,
	     *colon = dev ? strchr(dev, ':') : NULL;
	u64 major, minor;

	if (!dash || !inode || !colon || strlen(perms) != 4)
		return false;
	*dash = *colon = '\0';
	if (!record_number(range, 16, &vma->start) ||
	    !record_number(dash + 1, 16, &vma->end) ||
	    !record_number(offset, 16, &vma->offset) || !record_number(dev, 16, &major) ||
	    !record_number(colon + 1, 16, &minor) ||
	    !record_number(inode, 10, &vma->inode) || major > UINT32_MAX ||
	    minor > UINT32_MAX)
		return false;
	vma->dev_major = (u32)major;
	vma->dev_minor = (u32)minor;
	vma->read = perms[0] == 'r';
	vma->write = perms[1] == 'w';
	vma->exec = perms[2] == 'x';
	vma->shared = perms[3] == 's';
	return true;
}

static int record_pages_vma(struct record_reader *r, char *line)
{
	struct record_parse *p = r->parse;
	struct vma *vma = &p->vma;
	u64 page = kernel_page_size(&p->machine.m.kernel);
	char *word;

	if (!p->have_process)
		return record_bad(r, "an area without a process");
	memset(vma, 0, sizeof(*vma));
	record_clear(record_vma_fields, vma);
	if (!record_pages_area(&line, vma))
		return record_bad(r, "this is no area");
	if (vma->start >= vma->end || (vma->start | vma->end) & (page - 1))
		return record_bad(r, "the area's range is empty or not aligned");
	if (vma->start < p->vma_end)
		return record_bad(r, "areas are not in ascending order");
	while ((word = record_next(&line))) {
		char *flags = record_value(word, "flags");

		if (flags)
			record_pages_flags(flags, vma);
		else if (record_parse_fields(r, record_vma_fields, word, vma))
			return r->error;
	}
	p->have_vma = true;
	p->next_addr = vma->start;
	p->vma_end = vma->end;
	record_forget(&p->names);
	if (r->handler->vma)
		r->error = r->handler->vma(r->ctx, &p->process, vma);
	return r->error;
}

static int record_parse_state(struct record_reader *r, char *line, struct raw_page *state)
{
	char *word;

	while ((word = record_next(&line))) {
		if (!strcmp(word, "pfn"))
			state->has |= RAW_HAS_PFN;
		if (!strcmp(word, "raced"))
			state->has |= RAW_RACED;
		for (const struct record_field *f = record_state_fields; f->key; f++) {
			const char *value = record_value(word, f->key);

			if (!value)
				continue;
			state->has |= f->has;
			if (f->has == RAW_HAS_PTE && !strcmp(value, "*"))
				continue;
			if (!record_parse_field(f, value, state))
				return record_bad(r, "\"%s\" has a bad value", f->key);
		}
	}
	if (state->pagemap >> 9 || state->order > 40)
		return record_bad(r, "a word of the state is out of range");
	state->pagemap <<= 55;
	if (record_pte_in_run(state->has))
		state->pte = 0;
	if ((state->has & RAW_HAS_LEVEL) && !state->level)
		return record_bad(r, "a state with level \"none\"");
	return 0;
}

/* Returns entry @id of @t, which has @max of @size bytes, or NULL: nothing can have this name. */
static void *record_pages_named(struct record_reader *r, struct record_table *t,
				const char *id, u32 max, size_t size)
{
	void *at;
	u64 n;

	if (!record_number(id, 16, &n) || n >= max)
		return NULL;
	at = record_table_at(t, n, size);
	if (!at)
		record_fail(r, -ENOMEM, "out of memory");
	return at;
}

static struct raw_page *record_pages_state_of(struct record_reader *r, const char *id)
{
	struct record_names *n = &r->parse->names;

	return strcmp(id, "-") ? record_pages_named(r, &n->state, id, RECORD_STATES,
						    sizeof(n->lone_state))
			       : &n->lone_state;
}

static struct record_judgement *record_pages_judgement_of(struct record_reader *r,
							  const char *id)
{
	struct record_names *n = &r->parse->names;

	return strcmp(id, "*") ? record_pages_named(r, &n->judge, id, RECORD_JUDGEMENTS,
						    sizeof(n->lone_judge))
			       : &n->lone_judge;
}

static int record_pages_state(struct record_reader *r, char *line)
{
	struct record_parse *p = r->parse;
	struct raw_page state = { .pages = 1 }, *slot;
	char *id = record_next(&line);

	if (!id)
		return record_bad(r, "a state without a name");
	slot = record_pages_state_of(r, id);
	if (!slot)
		return record_bad(r, "no state can have this name");
	if (slot != &p->names.lone_state && slot->pages && !p->seeked)
		return record_bad(r, "state %s is defined twice", id);
	if (record_parse_state(r, line, &state))
		return r->error;
	*slot = state;
	return 0;
}

/* Parses the parts of one value; those after a colon may be missing. */
static bool record_parse_parts(const struct record_field *table, char *text, void *object)
{
	for (const struct record_field *f = table; f->key; f++) {
		char end, *part;

		if (f->optional && *text != *f->key)
			continue;
		if (*f->key && *text++ != *f->key)
			return false;
		part = text;
		text += strcspn(text, ":,");
		end = *text;
		*text = '\0';
		if (!record_parse_field(f, part, object))
			return false;
		*text = end;
	}
	return !*text;
}

static int record_pages_judge(struct record_reader *r, char *line)
{
	struct record_parse *p = r->parse;
	struct record_judgement j = { .present = 1, .migrate = GUP_MIGRATES }, *slot;
	char *id = record_next(&line), *word;

	if (!id)
		return record_bad(r, "a judgement without a name");
	slot = record_pages_judgement_of(r, id);
	if (!slot)
		return record_bad(r, "no judgement can have this name");
	if (slot != &p->names.lone_judge && slot->present && !p->seeked)
		return record_bad(r, "judgement %s is defined twice", id);
	while ((word = record_next(&line))) {
		char *value = strchr(word, '=');
		unsigned what = gup_what_by_name(word, strcspn(word, "="));
		bool ok = true;

		if (!value)
			continue;
		*value++ = '\0';
		if (what < GUP_REQUESTS)
			ok = record_parse_parts(record_request_fields, value,
						&j.req[what]) &&
			     j.req[what].err <= 4095;
		else if (!strcmp(word, "write"))
			ok = record_parse_parts(record_store_fields, value, &j);
		else if (what == GUP_FORK)
			ok = record_parse_parts(record_fork_fields, value, &j);
		else if (what == GUP_MIGRATE)
			ok = record_parse_parts(record_migrate_fields, value, &j);
		if (!ok)
			return record_bad(r, "the judgement of %s is bad", word);
	}
	*slot = j;
	return 0;
}

/* What the pages of a run line are like, by the names in it. */
struct record_like {
	const struct raw_page *state;
	const struct record_judgement *judged;
};

static int record_pages_like(struct record_reader *r, const char *state,
			     const char *judge, struct record_like *ret)
{
	static const struct record_judgement none;
	const struct raw_page *like = record_pages_state_of(r, state);
	const struct record_judgement *j = &none;

	if (!like || !like->pages)
		return record_bad(r, "the state is not defined");
	if (strcmp(judge, "-"))
		j = record_pages_judgement_of(r, judge);
	if (!j || (j != &none && !j->present))
		return record_bad(r, "the judgement is not defined");
	*ret = (struct record_like){ like, j };
	return 0;
}

/* A run line on its way. */
struct record_line {
	struct raw_page raw; /* ->addr: of what is not delivered yet */
	u64 leaf, left;      /* bytes of a leaf; leaves from ->raw.addr on */
	u64 part;            /* leaves of the last frame; 0: there was none */
	bool head;           /* ->raw.head_pfn was in the line */
	bool more;           /* a frame must follow */
	struct record_like like[RECORD_PAIRS];
	unsigned nlikes, now;
};

static int record_pages_deliver(struct record_reader *r, struct record_line *l, u64 n)
{
	struct record_parse *p = r->parse;
	struct raw_page *raw = &l->raw;

	raw->pages = n;
	if (raw->has & RAW_HAS_PAGE && !l->head)
		raw->head_pfn = raw->pfn;
	if (n && r->handler->run)
		r->error = r->handler->run(r->ctx, &p->process, &p->vma, raw,
					   l->like[l->now].judged);
	raw->addr += n * l->leaf;
	l->left -= n;
	l->part = 0;
	return r->error;
}

/* What follows has the state and the judgement number @n of the line. */
static bool record_pages_switch(struct record_reader *r, struct record_line *l, u64 n)
{
	struct raw_page next;

	if (n >= l->nlikes || !l->part || record_pages_deliver(r, l, l->part))
		return false;
	l->now = (unsigned)n;
	next = *l->like[n].state;
	next.addr = l->raw.addr;
	l->raw = next;
	l->more = true;
	return next.has & RAW_HAS_PFN && !l->head &&
	       page_read_leaf_size(&r->parse->machine.m.kernel, &r->parse->vma, &next) ==
		       l->leaf;
}

/* Names a further state and judgement: "2f80:1a3". */
static bool record_pages_also(struct record_reader *r, struct record_line *l, char *name)
{
	char *judge = strchr(name, ':');

	if (!judge || l->nlikes == RECORD_PAIRS)
		return false;
	*judge++ = '\0';
	return !record_pages_like(r, name, judge, &l->like[l->nlikes]) &&
	       record_pages_switch(r, l, l->nlikes++);
}

static bool record_pages_frame(struct record_reader *r, struct record_line *l, u64 pfn,
			       const char *times)
{
	u64 n = 1;

	if (l->part && record_pages_deliver(r, l, l->part))
		return false;
	l->raw.pfn = pfn;
	l->more = false;
	if (times && !record_number(times, 10, &n))
		return false;
	l->part = n;
	return n && n <= l->left;
}

/*
 * Parses the words that only this run has: head, swap entry, page-table entry, PFNs, and what else the
 * pages behind are like.  What a PFN but the last stands for is a run of its own: "p2f80*3" three leaves,
 * "p2f80" one, "1p2f80" one that is like those behind the first "s".
 */
static int record_pages_own(struct record_reader *r, char *line, struct record_line *l)
{
	struct raw_page *raw = &l->raw;
	char *word, *times;
	bool ok = true;
	u64 v = 0;

	while (ok && (word = record_next(&line))) {
		if (*word == 's') {
			ok = record_pages_also(r, l, word + 1);
			continue;
		}
		if (word[1] == 'p') {
			ok = record_pages_switch(r, l, (u64)digit_value(*word++));
			if (!ok)
				break;
		}
		times = *word == 'p' ? strchr(word, '*') : NULL;
		if (times)
			*times++ = '\0';
		ok = record_number(word + 1, 16, &v);
		if (ok && *word == 'p' && raw->has & RAW_HAS_PFN) {
			ok = record_pages_frame(r, l, v, times);
		} else if (ok && *word == 'h' && raw->has & RAW_HAS_PAGE) {
			raw->head_pfn = v, l->head = true;
		} else if (ok && *word == 'w' && raw->has & RAW_HAS_PAGEMAP &&
			   v <= RECORD_ENTRY_MASK) {
			raw->pagemap |= v;
		} else if (ok && *word == 'e' && record_pte_in_run(raw->has)) {
			raw->pte = v;
		} else {
			ok = false;
		}
	}
	if (r->error)
		return r->error;
	if (!ok || !l->left || l->more)
		return record_bad(r, "a word of the run is bad");
	return record_pages_deliver(r, l, l->left);
}

static int record_pages_run(struct record_reader *r, const char *addr, char *line)
{
	struct record_parse *p = r->parse;
	struct kernel_evidence *ev = &p->machine.m.kernel;
	char *pages = record_next(&line), *state = record_next(&line);
	char *judge = record_next(&line);
	struct record_line l;
	u64 start, n;

	if (!p->have_vma)
		return record_bad(r, "pages without an area");
	if (!judge || !record_number(addr, 16, &start) || !record_number(pages, 10, &n) ||
	    !n)
		return record_bad(r, "this is no run of pages");
	if (record_pages_like(r, state, judge, &l.like[0]))
		return r->error;
	l.raw = *l.like[0].state;
	l.raw.addr = start;
	l.leaf = page_read_leaf_size(ev, &p->vma, &l.raw);
	l.left = n;
	l.part = l.now = 0;
	l.head = l.more = false;
	l.nlikes = 1;
	if (start < p->next_addr || start >= p->vma.end ||
	    start & (kernel_page_size(ev) - 1))
		return record_bad(r, "the run is outside its area, or not in order");
	/* The VMA may end inside a leaf: its end cuts the run. */
	if (n > (p->vma.end - start + l.leaf - 1) / l.leaf)
		return record_bad(r, "the run is longer than its area");
	p->next_addr = n * l.leaf > p->vma.end - start ? p->vma.end : start + n * l.leaf;
	return record_pages_own(r, line, &l);
}

int record_pages_line(struct record_reader *r, char *line)
{
	char *key = record_next(&line);

	if (!key)
		return 0;
	if (!strcmp(key, "process"))
		return record_pages_process(r, line);
	if (!strcmp(key, "vma"))
		return record_pages_vma(r, line);
	if (!strcmp(key, "state"))
		return record_pages_state(r, line);
	if (!strcmp(key, "judge"))
		return record_pages_judge(r, line);
	if (digit_value(key[0]) < 16 && !key[strspn(key, "0123456789abcdef")])
		return record_pages_run(r, key, line);
	return 0; /* of a later minor version */
}
