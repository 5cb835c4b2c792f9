/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reportfile/record_int.h"

#include "lib/pure.h"

static bool record_bad_size(u32 n, u32 max)
{
	return n & (n - 1) || n > max || (n && n < KERNEL_PAGE_LEAST);
}

static int record_machine_kernel(struct record_reader *r, char *line)
{
	struct record_machine *m = &r->parse->machine;
	struct kernel_evidence *ev = &m->m.kernel;
	char *key = record_next(&line), *value = record_next(&line);
	bool ok = true;

	if (!key || !value)
		return record_bad(r, "a fact of the kernel has no value");
	for (const struct record_field *f = record_kernel_fields; f->key && ok; f++)
		if (!strcmp(key, f->key))
			ok = record_parse_field(f, value, ev);
	if (!strcmp(key, "model"))
		ok = record_unquote(value, m->model, sizeof(m->model));
	if (!ok)
		return record_bad(r, "\"%s\" is no text, or too long", key);
	if (strcmp(key, "sizes"))
		return 0;
	for (; value; value = record_next(&line))
		if (record_parse_fields(r, record_sizes_fields, value, ev))
			return r->error;
	if (record_bad_size(ev->page_size, 65536) ||
	    record_bad_size(ev->pmd_size, 512 << 20))
		return record_bad(r, "%u is no page size",
				  record_bad_size(ev->page_size, 65536) ? ev->page_size
									: ev->pmd_size);
	if (ev->pmd_size && ev->pmd_size <= kernel_page_size(ev))
		return record_bad(r, "the huge page is not larger than the page");
	return 0;
}

/* Parses "NAME=y", n or ?, for configuration and probes; skips names that this version lacks. */
static int record_machine_tri(char *line, bool probes, unsigned n, u8 *ret)
{
	for (unsigned i = 0; i < n; i++) {
		const char *value = record_value(line, record_tri_name(probes, i));

		if (value && value[0] && !value[1])
			ret[i] = *value == 'y'   ? TRI_YES
				 : *value == 'n' ? TRI_NO
						 : TRI_UNKNOWN;
	}
	return 0;
}

static int record_machine_evidence(struct record_reader *r, char *line)
{
	struct record_machine *m = &r->parse->machine;
	char *key = record_next(&line), *value = record_next(&line), *why;

	if (!key || !value)
		return record_bad(r, "evidence without a value");
	if (!strcmp(key, "structpage-by")) {
		if (!record_unquote(value, m->structpage_by, sizeof(m->structpage_by)))
			return record_bad(r, "\"%s\" is no text, or too long", key);
		m->m.structpage_by = m->structpage_by;
		return 0;
	}
	for (unsigned i = 0; i < SOURCE_FACTS; i++) {
		struct source_evidence *e = &m->m.evidence[i];

		if (strcmp(key, source_facts[i].key))
			continue;
		e->ok = !strcmp(value, "ok");
		why = record_next(&line);
		e->why[0] = '\0';
		if (why && !record_unquote(why, e->why, sizeof(e->why)))
			return record_bad(r, "\"%s\" has a bad reason", key);
	}
	return 0;
}

static int record_machine_zone(struct record_reader *r, char *line)
{
	struct record_machine *m = &r->parse->machine;
	struct page_span *span = &m->spans[m->m.page.nspans];

	if (m->m.page.nspans == RECORD_SPANS)
		return record_bad(r, "more than %u zones", RECORD_SPANS);
	record_clear(record_zone_fields, span);
	if (record_parse_fields(r, record_zone_fields, line, span))
		return r->error;
	if (span->end_pfn < span->start_pfn || span->node < 0)
		return record_bad(r, "this is no zone");
	m->m.page.nspans++;
	return 0;
}

/* Parses the free huge pages of a size: "bytes=2097152 free=yes". */
static int record_machine_pool(struct record_reader *r, char *line)
{
	struct page_context *c = &r->parse->machine.m.page;

	if (c->npools == PAGE_POOLS)
		return record_bad(r, "more than %u pools", PAGE_POOLS);
	record_clear(record_pool_fields, &c->pool[c->npools]);
	return record_parse_fields(r, record_pool_fields, line, &c->pool[c->npools++]);
}

static int record_machine_context(struct record_reader *r, char *line)
{
	struct record_machine *m = &r->parse->machine;
	char *key = record_next(&line);

	if (key && !strcmp(key, "machine"))
		return record_parse_fields(r, record_context_fields, line, &m->m.page);
	if (key && !strcmp(key, "pageflags")) {
		record_clear(record_layout_fields, &m->layout);
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
		return record_bad(r, "no kernel release comes before the pages");
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
		return record_machine_tri(line, false, KCONFIGS, ev->config);
	case SECTION_PROBES:
		return record_machine_tri(line, true, KPROBES, ev->probe);
	case SECTION_EVIDENCE:
		return record_machine_evidence(r, line);
	default:
		return record_machine_context(r, line);
	}
}
