/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reportfile/record_int.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/pure.h"

static int record_machine_kernel(struct record_reader *r, char *line)
{
	struct record_machine *m = &r->parse->machine;
	struct kernel_evidence *ev = &m->m.kernel;
	char *key = record_next(&line), *value = record_next(&line);
	u64 n;

	if (!key || !value)
		return record_fail(r, -EINVAL, "a fact of the kernel has no value");
	if ((!strcmp(key, "release") &&
	     !record_unquote(value, ev->release, sizeof(ev->release))) ||
	    (!strcmp(key, "version") &&
	     !record_unquote(value, ev->version, sizeof(ev->version))) ||
	    (!strcmp(key, "arch") &&
	     !record_unquote(value, ev->arch, sizeof(ev->arch))) ||
	    (!strcmp(key, "model") && !record_unquote(value, m->model, sizeof(m->model))))
		return record_fail(r, -EINVAL, "\"%s\" is no text, or too long", key);
	if (strcmp(key, "sizes"))
		return 0;
	for (; value; value = record_next(&line)) {
		char *page = record_value(value, "page"),
		     *pmd = record_value(value, "pmd");

		if ((!page && !pmd) || !record_number(page ? page : pmd, 10, &n))
			continue;
		if (n & (n - 1) || n > (page ? 65536 : 512 << 20) || (n && n < 4096))
			return record_fail(r, -EINVAL, "%llu is no page size",
					   (unsigned long long)n);
		if (page)
			ev->page_size = (u32)n;
		else
			ev->pmd_size = (u32)n;
	}
	if (ev->pmd_size && ev->pmd_size <= kernel_page_size(ev))
		return record_fail(r, -EINVAL,
				   "the huge page is not larger than the page");
	return 0;
}

/* Parses "NAME=y", n or ?, for configuration and probes; skips names that this version lacks. */
static void record_machine_tri(char *line, unsigned n, const char *(*name)(unsigned),
			       u8 *ret)
{
	for (unsigned i = 0; i < n; i++) {
		const char *value = record_value(line, name(i));

		if (value && value[0] && !value[1])
			ret[i] = *value == 'y'   ? TRI_YES
				 : *value == 'n' ? TRI_NO
						 : TRI_UNKNOWN;
	}
}

static const char *record_config_name(unsigned i)
{
	return kernel_config_name(i);
}

static const char *record_probe_name(unsigned i)
{
	return kernel_probe_name(i);
}

static int record_machine_evidence(struct record_reader *r, char *line)
{
	struct record_machine *m = &r->parse->machine;
	char *key = record_next(&line), *value = record_next(&line), *why;

	if (!key || !value)
		return record_fail(r, -EINVAL, "evidence without a value");
	if (!strcmp(key, "structpage-by")) {
		if (!record_unquote(value, m->structpage_by, sizeof(m->structpage_by)))
			return record_fail(r, -EINVAL, "\"%s\" is no text, or too long",
					   key);
		m->m.structpage_by = m->structpage_by;
		return 0;
	}
	for (unsigned i = 0; i < SOURCE_FACTS; i++) {
		struct source_evidence *e = &m->m.evidence[i];

		if (strcmp(key, source_fact_key(i)))
			continue;
		e->ok = !strcmp(value, "ok");
		why = record_next(&line);
		e->why[0] = '\0';
		if (why && !record_unquote(why, e->why, sizeof(e->why)))
			return record_fail(r, -EINVAL, "\"%s\" has a bad reason", key);
	}
	return 0;
}

static int record_machine_zone(struct record_reader *r, char *line)
{
	struct record_machine *m = &r->parse->machine;
	struct page_span span = { .cma_pages = UINT64_MAX, .zone = PAGE_ZONES };
	int err;

	if (m->m.page.nspans == RECORD_SPANS)
		return record_fail(r, -EINVAL, "more than %u zones", RECORD_SPANS);
	err = record_parse_fields(r, record_zone_fields, line, &span);
	if (err)
		return err;
	if (span.end_pfn < span.start_pfn || span.node < 0)
		return record_fail(r, -EINVAL, "this is no zone");
	if (span.zone >= PAGE_ZONES)
		span.zone = -1;
	m->spans[m->m.page.nspans++] = span;
	return 0;
}

/* Parses the free huge pages of a size: "bytes=2097152 free=yes". */
static int record_machine_pool(struct record_reader *r, char *line)
{
	static const struct record_field fields[] = {
		{ .key = "bytes", .offset = 0, .size = 8, .form = RECORD_DEC },
		{ .key = "free", .offset = 8, .size = 1, .form = RECORD_TRI },
		{ .key = "free-pin", .offset = 9, .size = 1, .form = RECORD_TRI },
		{ 0 },
	};
	struct page_context *c = &r->parse->machine.m.page;
	struct {
		u64 bytes;
		u8 free, free_pin;
	} pool = { .free = TRI_UNKNOWN, .free_pin = TRI_UNKNOWN };
	int err = record_parse_fields(r, fields, line, &pool);

	if (err)
		return err;
	if (c->npools == PAGE_POOLS)
		return record_fail(r, -EINVAL, "more than %u pools", PAGE_POOLS);
	c->pool[c->npools].bytes = pool.bytes;
	c->pool[c->npools].free_pin = pool.free_pin;
	c->pool[c->npools++].free = pool.free;
	return 0;
}

static int record_machine_context(struct record_reader *r, char *line)
{
	struct record_machine *m = &r->parse->machine;
	char *key = record_next(&line);

	if (key && !strcmp(key, "machine"))
		return record_parse_fields(r, record_context_fields, line, &m->m.page);
	if (key && !strcmp(key, "pageflags")) {
		memset(&m->layout, 0xff, sizeof(m->layout));
		m->m.page.layout = &m->layout;
		return record_parse_fields(r, record_layout_fields, line, &m->layout);
	}
	if (key && !strcmp(key, "pool"))
		return record_machine_pool(r, line);
	if (key && !strcmp(key, "zone"))
		return record_machine_zone(r, line);
	return 0;
}

int record_machine_send(struct record_reader *r)
{
	struct record_parse *p = r->parse;

	if (p->machine_sent)
		return 0;
	p->machine_sent = true;
	if (!p->machine.m.kernel.release[0])
		return record_fail(r, -EINVAL,
				   "no kernel release comes before the pages");
	if (r->handler->machine)
		r->error = r->handler->machine(r->ctx, &p->machine);
	return r->error;
}

int record_machine_line(struct record_reader *r, char *line)
{
	struct kernel_evidence *ev = &r->parse->machine.m.kernel;

	switch (r->parse->section) {
	case SECTION_KERNEL:
		return record_machine_kernel(r, line);
	case SECTION_CONFIG:
		record_machine_tri(line, KCONFIGS, record_config_name, ev->config);
		return 0;
	case SECTION_PROBES:
		record_machine_tri(line, KPROBES, record_probe_name, ev->probe);
		return 0;
	case SECTION_EVIDENCE:
		return record_machine_evidence(r, line);
	default:
		return record_machine_context(r, line);
	}
}
