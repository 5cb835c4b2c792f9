/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reportfile/record_int.h"

#include "page/holders.h"

#include <stdio.h>

#include "lib/pure.h"

/* ---- writing */

int record_holders_begin(struct record_writer *w, bool complete, const char *why)
{
	record_write_section(w, "holders");
	record_write_add(w, complete ? "complete" : "incomplete ");
	if (!complete)
		record_write_quoted(w, why);
	return record_write_flush(w);
}

int record_holders_write(struct record_writer *w, const struct holder *h)
{
	if (h->kind >= HOLDERS_KINDS || h->certainty > HOLDERS_POSSIBLE)
		return 0;
	record_write_addf(w, "holder %s %s", holders_kind_name(h->kind),
			  holders_certainty_name(h->certainty));
	record_write_fields(w, record_holder_fields, h);
	for (u32 i = 0; i < MIN(h->nends, RECORD_ENDS); i++) {
		const struct holder_end *e = &h->end[i];

		record_write_addf(w, " end=%d:%d:%s%s:", (int)e->pid, e->fd,
				  e->reads ? "r" : "", e->writes ? "w" : "");
		record_write_quoted(w, e->comm);
	}
	return record_write_flush(w);
}

/* ---- reading */

/* PID:FD:rw:"comm" */
static bool record_holders_end(char *text, struct holder_end *ret)
{
	char *part[3], *at = text;
	u64 pid, fd = 0;
	bool none;

	for (unsigned i = 0; i < 3; i++) {
		part[i] = at;
		at = strchr(at, ':');
		if (!at)
			return false;
		*at++ = '\0';
	}
	none = !strcmp(part[1], "-1");
	if (!record_number(part[0], 10, &pid) || pid > INT32_MAX ||
	    (!none && (!record_number(part[1], 10, &fd) || fd > INT32_MAX)))
		return false;
	ret->pid = (pid_t)pid;
	ret->fd = none ? -1 : (int)fd;
	ret->reads = strchr(part[2], 'r') != NULL;
	ret->writes = strchr(part[2], 'w') != NULL;
	return record_unquote(at, ret->comm, sizeof(ret->comm));
}

static int record_holders_holder(struct record_reader *r, char *line)
{
	struct holder_end end[RECORD_ENDS] = { 0 };
	struct holder h = { .kind = HOLDERS_KINDS, .certainty = 255, .end = end };
	char *kind = record_next(&line), *certainty = record_next(&line), *word;

	for (unsigned i = 0; certainty && i < HOLDERS_KINDS; i++)
		if (!strcmp(kind, holders_kind_name(i)))
			h.kind = (u8)i;
	for (unsigned i = 0; certainty && i <= HOLDERS_POSSIBLE; i++)
		if (!strcmp(certainty, holders_certainty_name(i)))
			h.certainty = (u8)i;
	if (h.certainty == 255)
		return record_bad(r, "this is no holder");
	if (h.kind == HOLDERS_KINDS)
		return 0; /* of a later minor version */
	while ((word = record_next(&line))) {
		char *at = record_value(word, "end");

		if (at &&
		    (h.nends == RECORD_ENDS || !record_holders_end(at, &end[h.nends++])))
			return record_bad(r, "an end of the holder is bad");
		if (!at && record_parse_fields(r, record_holder_fields, word, &h))
			return r->error;
	}
	if (h.pages > UINT64_MAX / KERNEL_PAGE_LEAST ||
	    h.pfn > UINT64_MAX / KERNEL_PAGE_LEAST)
		return record_bad(r, "the holder's frames are out of range");
	if (r->handler->holder)
		r->error = r->handler->holder(r->ctx, &h);
	return r->error;
}

int record_holders_line(struct record_reader *r, char *line)
{
	char *key = record_next(&line), *why, text[160] = "";
	bool complete;

	if (!key)
		return 0;
	if (!strcmp(key, "holder"))
		return record_holders_holder(r, line);
	complete = !strcmp(key, "complete");
	if (!complete && strcmp(key, "incomplete"))
		return 0;
	why = record_next(&line);
	if (why && !record_unquote(why, text, sizeof(text)))
		return record_bad(r, "the reason is bad");
	if (r->handler->holders)
		r->error = r->handler->holders(r->ctx, complete, text);
	return r->error;
}
