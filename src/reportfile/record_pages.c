/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reportfile/record_int.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/pure.h"

static int record_pages_process(struct record_reader *r, char *line)
{
	struct record_parse *p = r->parse;
	char *word = record_next(&line), *at;
	u64 pid;

	if (!word || !record_number(word, 10, &pid) || pid > INT32_MAX)
		return record_fail(r, -EINVAL, "a process without a number");
	memset(&p->process, 0, sizeof(p->process));
	p->process.pid = (pid_t)pid;
	p->process.has_pinned = TRI_UNKNOWN;
	p->have_process = true;
	p->have_vma = false;
	p->vma_end = 0;
	at = strstr(line, "comm=\"");
	if (at) {
		char *comm = record_next(&at);

		if (!record_unquote(comm + 5, p->process.comm, sizeof(p->process.comm)))
			return record_fail(r, -EINVAL, "the name of process %llu is bad",
					   (unsigned long long)pid);
	}
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
			if (strlen(vma_flag_letters(i)) == n &&
			    !memcmp(text, vma_flag_letters(i), n))
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
		return record_fail(r, -EINVAL, "an area without a process");
	memset(vma, 0, sizeof(*vma));
	vma->thp_eligible = vma->uffd_async = TRI_UNKNOWN;
	if (!record_pages_area(&line, vma))
		return record_fail(r, -EINVAL, "this is no area");
	if (vma->start >= vma->end || (vma->start | vma->end) & (page - 1))
		return record_fail(r, -EINVAL,
				   "the area's range is empty or not aligned");
	if (vma->start < p->vma_end)
		return record_fail(r, -EINVAL, "areas are not in ascending order");
	for (; (word = record_next(&line));) {
		char *name = record_value(word, "name"),
		     *flags = record_value(word, "flags");

		if (name && !record_unquote(name, vma->name, sizeof(vma->name)))
			return record_fail(r, -EINVAL, "the area's name is bad");
		if (flags)
			record_pages_flags(flags, vma);
		if (!name && !flags &&
		    record_parse_fields(r, record_vma_fields, word, vma))
			return r->error;
	}
	p->have_vma = true;
	p->next_addr = vma->start;
	p->vma_end = vma->end;
	memset(&p->scratch, 0, sizeof(p->scratch));
	memset(&p->judge_scratch, 0, sizeof(p->judge_scratch));
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
				return record_fail(r, -EINVAL, "\"%s\" has a bad value",
						   f->key);
		}
	}
	if (state->pagemap >> 9 || state->order > 40)
		return record_fail(r, -EINVAL, "a word of the state is out of range");
	state->pagemap <<= 55;
	if (record_pte_in_run(state->has))
		state->pte = 0;
	if ((state->has & RAW_HAS_LEVEL) && !state->level)
		return record_fail(r, -EINVAL, "a state with level \"none\"");
	return 0;
}

/* Returns what @id names: an entry of @t, or @scratch if it is @lone.  NULL: nothing can. */
static void *record_pages_named(struct record_reader *r, struct record_table *t,
				const char *id, u32 max, size_t size, const char *lone,
				void *scratch)
{
	void *at;
	u64 n;

	if (!strcmp(id, lone))
		return scratch;
	if (!record_number(id, 16, &n) || n >= max)
		return NULL;
	at = record_table_at(t, n, size);
	if (!at)
		record_fail(r, -ENOMEM, "out of memory");
	return at;
}

static struct raw_page *record_pages_state_of(struct record_reader *r, const char *id)
{
	struct record_parse *p = r->parse;

	return record_pages_named(r, &p->state, id, RECORD_STATES,
				  sizeof(struct raw_page), "-", &p->scratch);
}

static struct record_judgement *record_pages_judgement_of(struct record_reader *r,
							  const char *id)
{
	struct record_parse *p = r->parse;

	return record_pages_named(r, &p->judge, id, RECORD_JUDGEMENTS,
				  sizeof(struct record_judgement), "*",
				  &p->judge_scratch);
}

static int record_pages_state(struct record_reader *r, char *line)
{
	struct record_parse *p = r->parse;
	struct raw_page state = { .pages = 1 }, *slot;
	char *id = record_next(&line);

	if (!id)
		return record_fail(r, -EINVAL, "a state without a name");
	slot = record_pages_state_of(r, id);
	if (!slot)
		return record_fail(r, -EINVAL, "no state can have this name");
	if (slot != &p->scratch && slot->pages && !p->seeked)
		return record_fail(r, -EINVAL, "state %s is defined twice", id);
	if (record_parse_state(r, line, &state))
		return r->error;
	*slot = state;
	return 0;
}

/* Finds the index of @word among @n names, or -1. */
#define RECORD_FIND(word, n, name_of)                     \
	({                                                \
		int found_ = -1;                          \
		for (unsigned i_ = 0; i_ < (n); i_++)     \
			if (!strcmp((word), name_of(i_))) \
				found_ = (int)i_;         \
		found_;                                   \
	})

static const char *record_verdict_word(unsigned i)
{
	if (i == GUP_WORD_ERRNO)
		return "errno";
	return i == GUP_WORD_UNKNOWN ? "unknown" : gup_word_name(i, 0);
}

/* Cuts "a:b" at the colon; returns "b" or "". */
static char *record_after_colon(char *word)
{
	char *colon = strchr(word, ':');

	if (!colon)
		return word + strlen(word);
	*colon = '\0';
	return colon + 1;
}

/* Parses "no:must-unshare,error:14,none,none,errno". */
static bool record_parse_request(char *text, struct record_request *q)
{
	char *part[5], *reason, *err;
	int fast, why = 0, slow, fault, page, word;
	u64 number = 0;

	for (unsigned i = 0; i < 5; i++) {
		part[i] = text;
		text += strcspn(text, ",");
		if (!*text != (i == 4))
			return false;
		if (*text)
			*text++ = '\0';
	}
	reason = record_after_colon(part[0]);
	err = record_after_colon(part[1]);
	fast = RECORD_FIND(part[0], 3, gup_tri_name);
	slow = RECORD_FIND(part[1], GUP_SLOW_UNKNOWN + 1, gup_slow_name);
	fault = RECORD_FIND(part[2], GUP_FAULT_UNKNOWN + 1, gup_fault_name);
	page = RECORD_FIND(part[3], GUP_PAGE_UNKNOWN + 1, gup_page_name);
	word = RECORD_FIND(part[4], GUP_WORDS, record_verdict_word);
	if (*reason)
		why = RECORD_FIND(reason, GUP_REASONS, gup_reason_name);
	if (*err && (!record_number(err, 10, &number) || number > 4095))
		return false;
	if (fast < 0 || why < 0 || slow < 0 || fault < 0 || page < 0 || word < 0)
		return false;
	*q = (struct record_request){ .fast = (u8)fast,
				      .fast_reason = (u8)why,
				      .slow = (u8)slow,
				      .fault = (u8)fault,
				      .page = (u8)page,
				      .word = (u8)word,
				      .err = (u16)number };
	return true;
}

static bool record_parse_write(char *text, struct record_judgement *j)
{
	char *seen = strchr(text, ','), *leak = seen ? strchr(seen + 1, ',') : NULL;
	int write, s, l;

	if (!leak)
		return false;
	*seen++ = *leak++ = '\0';
	write = RECORD_FIND(text, GUP_WRITES, gup_write_name);
	s = RECORD_FIND(seen, 3, gup_tri_name);
	l = RECORD_FIND(leak, 3, gup_tri_name);
	if (write < 0 || s < 0 || l < 0)
		return false;
	j->write = (u8)write;
	j->seen_by_refs = (u8)s;
	j->leak = (u8)l;
	return true;
}

static int record_pages_judge(struct record_reader *r, char *line)
{
	struct record_parse *p = r->parse;
	struct record_judgement j = { .present = 1 }, *slot;
	char *id = record_next(&line), *word;

	if (!id)
		return record_fail(r, -EINVAL, "a judgement without a name");
	slot = record_pages_judgement_of(r, id);
	if (!slot)
		return record_fail(r, -EINVAL, "no judgement can have this name");
	if (slot != &p->judge_scratch && slot->present && !p->seeked)
		return record_fail(r, -EINVAL, "judgement %s is defined twice", id);
	while ((word = record_next(&line))) {
		char *value = strchr(word, '=');
		enum gup_request req;
		bool ok = true;
		int fork;

		if (!value)
			continue;
		*value++ = '\0';
		req = gup_request_by_name(word, strlen(word));
		if (req < GUP_REQUESTS)
			ok = record_parse_request(value, &j.req[req]);
		else if (!strcmp(word, "write"))
			ok = record_parse_write(value, &j);
		else if (!strcmp(word, "fork") &&
			 (ok = (fork = RECORD_FIND(value, GUP_FORKS, gup_fork_name)) >=
			       0))
			j.fork = (u8)fork;
		if (!ok)
			return record_fail(r, -EINVAL, "the judgement of %s is bad",
					   word);
	}
	*slot = j;
	return 0;
}

/* Parses the words that only this run has: PFN, head, swap entry, page-table entry. */
static bool record_pages_own(char *line, struct raw_page *raw)
{
	bool head = false;
	char *word;
	u64 v;

	while ((word = record_next(&line))) {
		if (!record_number(word + 1, 16, &v))
			return false;
		if (*word == 'p' && raw->has & RAW_HAS_PFN)
			raw->pfn = v;
		else if (*word == 'h' && raw->has & RAW_HAS_PAGE)
			raw->head_pfn = v, head = true;
		else if (*word == 'w' && raw->has & RAW_HAS_PAGEMAP &&
			 v <= RECORD_ENTRY_MASK)
			raw->pagemap |= v;
		else if (*word == 'e' && record_pte_in_run(raw->has))
			raw->pte = v;
		else
			return false;
	}
	if (raw->has & RAW_HAS_PAGE && !head)
		raw->head_pfn = raw->pfn;
	return true;
}

static int record_pages_run(struct record_reader *r, const char *addr, char *line)
{
	struct record_parse *p = r->parse;
	struct kernel_evidence *ev = &p->machine.m.kernel;
	char *pages = record_next(&line), *state = record_next(&line);
	char *judge = record_next(&line);
	static const struct record_judgement none;
	const struct record_judgement *j;
	const struct raw_page *like;
	struct raw_page raw;
	u64 leaf, start, n;

	if (!p->have_vma)
		return record_fail(r, -EINVAL, "pages without an area");
	if (!judge || !record_number(addr, 16, &start) || !record_number(pages, 10, &n) ||
	    !n)
		return record_fail(r, -EINVAL, "this is no run of pages");
	like = record_pages_state_of(r, state);
	if (!like || !like->pages)
		return record_fail(r, -EINVAL, "the state is not defined");
	j = strcmp(judge, "-") ? record_pages_judgement_of(r, judge) : &none;
	if (!j || (j != &none && !j->present))
		return record_fail(r, -EINVAL, "the judgement is not defined");
	raw = *like;
	raw.addr = start;
	raw.pages = n;
	if (!record_pages_own(line, &raw))
		return record_fail(r, -EINVAL, "a word of the run is bad");
	leaf = record_leaf_size(&raw, ev->page_size, ev->pmd_size);
	if (start < p->next_addr || start >= p->vma.end ||
	    start & (kernel_page_size(ev) - 1))
		return record_fail(r, -EINVAL,
				   "the run is outside its area, or not in order");
	/* The VMA may end inside a leaf: its end cuts the run. */
	if (n > (p->vma.end - start + leaf - 1) / leaf)
		return record_fail(r, -EINVAL, "the run is longer than its area");
	p->next_addr = n * leaf > p->vma.end - start ? p->vma.end : start + n * leaf;
	if (r->handler->run)
		r->error = r->handler->run(r->ctx, &p->process, &p->vma, &raw, j);
	return r->error;
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
	if (record_digit(key[0]) < 16 && !key[strspn(key, "0123456789abcdef")])
		return record_pages_run(r, key, line);
	return 0; /* of a later minor version */
}
