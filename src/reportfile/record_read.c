/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reportfile/record_int.h"

#include <stdio.h>
#include <stdlib.h>

#define Z_SOLO /* no unistd.h: clang refuses what pure.h makes of it */
#include <zlib.h>

#include "lib/pure.h"

int record_read_init(struct record_reader *r, const struct record_handler *handler,
		     void *ctx)
{
	struct record_parse *p = calloc(1, sizeof(*p));

	memset(r, 0, sizeof(*r));
	r->handler = handler;
	r->ctx = ctx;
	r->parse = p;
	if (!p) {
		snprintf(r->why, sizeof(r->why), "out of memory");
		return r->error = -ENOMEM;
	}
	p->fresh = true;
	kernel_evidence_init(&p->machine.m.kernel);
	p->machine.m.page.recorded = 1;
	p->machine.m.page.spans = p->machine.spans;
	record_clear(record_context_fields, &p->machine.m.page);
	for (unsigned i = 0; i < SOURCE_FACTS; i++)
		snprintf(p->machine.m.evidence[i].why,
			 sizeof(p->machine.m.evidence[i].why), "not recorded");
	return 0;
}

void record_read_deinit(struct record_reader *r)
{
	if (r->parse)
		record_names_free(&r->parse->names);
	free(r->parse);
	r->parse = NULL;
}

/* ---- lines ---- */

static int record_read_section(struct record_reader *r, char *line)
{
	static const struct {
		const char *name;
		enum record_section section;
	} known[] = {
		{ "kernel", SECTION_KERNEL },   { "config", SECTION_CONFIG },
		{ "probes", SECTION_PROBES },   { "evidence", SECTION_EVIDENCE },
		{ "context", SECTION_CONTEXT }, { "pages", SECTION_PAGES },
		{ "holders", SECTION_HOLDERS },
	};
	struct record_parse *p = r->parse;
	size_t n = strlen(line);

	if (line[n - 1] != ']' || n < 3 || n - 2 >= sizeof(p->section_name))
		return record_bad(r, "this is no section");
	line[n - 1] = '\0';
	memcpy(p->section_name, line + 1, n - 1);
	p->section = SECTION_TEXT;
	for (unsigned i = 0; i < ARRAY_SIZE(known); i++)
		if (!strcmp(known[i].name, p->section_name))
			p->section = known[i].section;
	p->context_seen |= p->section == SECTION_CONTEXT;
	/* The machine is complete when pages begin, or when text follows its last section. */
	if (p->section == SECTION_PAGES ||
	    (p->section == SECTION_TEXT && p->context_seen))
		record_machine_send(r);
	if (r->error)
		return r->error;
	if (p->section == SECTION_TEXT && r->handler->text)
		r->error = r->handler->text(r->ctx, p->section_name, NULL);
	return r->error;
}

/* "[end LINES CRC]" */
static int record_read_end_line(struct record_reader *r, char *line)
{
	struct record_parse *p = r->parse;
	char *at = line + 4, *count, *crc;
	u64 n, sum;

	at[strcspn(at, "]")] = '\0';
	count = record_next(&at);
	crc = record_next(&at);
	if (!crc || !record_number(count, 10, &n) || !record_number(crc, 16, &sum))
		return record_bad(r, "this is no end line");
	if (!p->machine_sent && record_machine_send(r))
		return r->error;
	p->section = SECTION_END;
	r->complete = p->seeked || (n == p->end_lines && sum == p->end_crc);
	return 0;
}

static int record_read_magic(struct record_reader *r, char *line)
{
	char *at = line + strlen(RECORD_MAGIC), *dot;
	u64 major, minor;

	if (strncmp(line, RECORD_MAGIC, strlen(RECORD_MAGIC)))
		return record_bad(r, "the file is no gupinfo report");
	dot = strchr(at, '.');
	if (!dot)
		return record_bad(r, "the report has no format version");
	*dot++ = '\0';
	dot[strcspn(dot, " ")] = '\0';
	if (!record_number(at, 10, &major) || !record_number(dot, 10, &minor))
		return record_bad(r, "the report has no format version");
	if (major != RECORD_MAJOR)
		return record_fail(
			r, -EPROTONOSUPPORT,
			"the report has format %llu.%llu; this gupinfo reads format %u",
			major, minor, RECORD_MAJOR);
	return 0;
}

/* Parses the logical line, which is complete now. */
static int record_read_dispatch(struct record_reader *r)
{
	struct record_parse *p = r->parse;
	char *line = p->line;

	p->line[p->len] = '\0';
	p->pending = false;
	p->len = 0;
	r->line = p->line_number;
	r->offset = p->line_offset;
	if (p->line_number == 1 && !p->seeked)
		return record_read_magic(r, line);
	if (p->section == SECTION_END)
		return 0;
	if (!strncmp(line, "[end ", 5))
		return record_read_end_line(r, line);
	if (*line == '[')
		return record_read_section(r, line);
	if (!*line || *line == '#' || p->section == SECTION_PREFACE)
		return 0;
	if (p->section == SECTION_PAGES)
		return record_pages_line(r, line);
	if (p->section == SECTION_HOLDERS)
		return record_holders_line(r, line);
	if (p->section != SECTION_TEXT && p->machine_sent)
		return record_bad(r, "the machine is described after the pages");
	if (p->section != SECTION_TEXT)
		return record_machine_line(r, line);
	if (r->handler->text)
		r->error =
			r->handler->text(r->ctx, p->section_name, line + (*line == ' '));
	return r->error;
}

/* The first byte of a line, @c, decides whether the line continues the one before. */
static int record_read_start(struct record_reader *r, char c, bool *ret_continues)
{
	struct record_parse *p = r->parse;

	p->fresh = false;
	p->number++;
	*ret_continues = p->pending && c == '+' && p->section != SECTION_PREFACE;
	if (*ret_continues) {
		p->pending = false;
		return 0;
	}
	if (p->pending && record_read_dispatch(r))
		return r->error;
	p->line_number = p->number;
	p->line_offset = p->offset;
	p->end_lines = p->body_lines;
	p->end_crc = p->crc;
	if (c == '[' && p->section == SECTION_PREFACE) {
		p->crc = p->end_crc = 0;
		p->body_lines = p->end_lines = 0;
	}
	return 0;
}

/* Adds @len bytes without a newline to the line. */
static int record_read_bytes(struct record_reader *r, const char *buf, size_t len)
{
	struct record_parse *p = r->parse;
	bool continues = false;

	if (p->fresh && record_read_start(r, *buf, &continues))
		return r->error;
	for (size_t i = 0; i < len; i++) {
		if ((u8)buf[i] >= 0x20 && (u8)buf[i] < 0x7f)
			continue;
		if (p->number == 1)
			return record_bad(r, "the file is no gupinfo report");
		p->line_number = p->number;
		return record_bad(r, "a byte that is no printable ASCII (0x%02x)",
				  (u8)buf[i]);
	}
	p->crc = (u32)crc32(p->crc, (const u8 *)buf, (uInt)len);
	p->offset += len;
	buf += continues;
	len -= continues;
	if (len > RECORD_LINE_MAX - p->len)
		return record_bad(r, "the line is longer than %u bytes", RECORD_LINE_MAX);
	memcpy(p->line + p->len, buf, len);
	p->len += len;
	return 0;
}

static int record_read_newline(struct record_reader *r)
{
	struct record_parse *p = r->parse;
	bool continues;

	if (p->fresh && record_read_start(r, '\n', &continues))
		return r->error;
	p->crc = (u32)crc32(p->crc, (const u8 *)"\n", 1);
	p->offset++;
	p->body_lines++;
	p->fresh = p->pending = true;
	p->carriage = false;
	return 0;
}

int record_read_feed(struct record_reader *r, const char *buf, size_t len)
{
	struct record_parse *p = r->parse;

	while (len && !r->error && p->section != SECTION_END) {
		const char *newline = memchr(buf, '\n', len);
		size_t n = newline ? (size_t)(newline - buf) : len;
		bool carriage = n && buf[n - 1] == '\r';

		if (p->carriage && n) {
			p->line_number = p->number;
			return record_bad(r, "a carriage return inside the line");
		}
		if (n > carriage && record_read_bytes(r, buf, n - carriage))
			break;
		p->carriage = carriage;
		p->offset += carriage;
		if (newline && record_read_newline(r))
			break;
		n += newline != NULL;
		buf += n;
		len -= n;
	}
	return r->error;
}

int record_read_end(struct record_reader *r)
{
	struct record_parse *p = r->parse;

	if (r->error)
		return r->error;
	if (!p->number)
		return record_bad(r, "the file is empty");
	if (p->number == 1 && !p->pending)
		return record_bad(r, "the file is no gupinfo report");
	/* The last line of a torn file may lack its continuation: do not trust it. */
	if (p->pending && (p->line_number == 1 || !memcmp(p->line, "[end ", 5)) &&
	    record_read_dispatch(r))
		return r->error;
	if (r->complete || p->seeked)
		return 0;
	if (p->machine.m.kernel.release[0] && record_machine_send(r))
		return r->error;
	p->line_number = 0;
	if (p->section == SECTION_END)
		return record_fail(
			r, -ENODATA,
			"the report was changed after it was written: its number of lines or its checksum is wrong");
	return record_fail(r, -ENODATA,
			   "the report is torn: it ends without an end line");
}

void record_read_seek(struct record_reader *r, u64 offset, const struct process *process)
{
	struct record_parse *p = r->parse;

	p->len = 0;
	p->pending = p->carriage = false;
	p->fresh = p->seeked = true;
	p->offset = offset;
	p->section = SECTION_PAGES;
	p->process = *process;
	p->have_process = true;
	p->have_vma = false;
	p->vma_end = 0;
	r->error = 0;
}
