/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes to the parsers of /proc and of the command line.  The first byte chooses which:
 * m maps and smaps, z zoneinfo, c kernel configuration, b --bits, r --range, f --filter, e text.
 */
#include "lib/escape.h"
#include "render/filter.h"
#include "fuzz.h"
#include "kernel/kernel.h"
#include "kpageflags.h"
#include "report/range.h"
#include "page/vma.h"
#include "page/zoneinfo.h"

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void lines(const char *text, size_t len)
{
	struct vma vma = { 0 };

	while (len) {
		const char *newline = memchr(text, '\n', len);
		size_t n = newline ? (size_t)(newline - text) : len;

		if (!vma_parse_header(text, n, &vma))
			check(strnlen(vma.name, sizeof(vma.name)) < sizeof(vma.name));
		vma_parse_smaps(text, n, &vma);
		vma_is_cow(&vma);
		check(vma_fs_names[vma_fs_by_name(&vma)]);
		n += newline != NULL;
		text += n;
		len -= n;
	}
}

static void filter(const char *text)
{
	struct gup_verdicts verdicts = { 0 };
	struct page_class class = { .page = { .size = 4096 }, .verdicts = &verdicts };
	struct process process = { .pid = 1, .comm = "x" };
	struct vma vma = { .end = 4096 };
	struct report_row row = { .process = &process,
				  .vma = &vma,
				  .run = { 0, 1, 0, &class },
				  .raw = &class.raw };
	struct filter *f = NULL;
	char why[300];

	/* for a repetition of repetitions the C library's regcomp() takes any amount of memory */
	if (strchr(text, '{'))
		return;
	if (!filter_parse(COLUMNS_PAGE, text, &f, why, sizeof(why)))
		filter_match(f, &row);
	else
		check(why[0]);
	filter_free(f);
}

static void words(char which, const char *text, size_t len)
{
	struct kpageflags_filter bits;
	struct collect_range range;
	const char *why = NULL;
	char out[64];
	u64 number;

	if (which == 'b' && kpageflags_parse(text, &bits, &why))
		check(why);
	if (which == 'b' && !why)
		kpageflags_match(&bits, len, ~0ull);
	if (which == 'r' && !range_parse(text, 4096, &range, &why))
		check(range.start < range.end || why || !range.end);
	range_parse_address(text, &number);
	range_parse_size(text, len, &number);
	if (which == 'f')
		filter(text);
	if (which == 'e') {
		escape_text(out, sizeof(out), text);
		for (char *p = out; *p; p++)
			check((uint8_t)*p >= 0x20 && *p != 0x7f);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kernel_evidence ev;
	struct page_span spans[16];
	char *text;
	size_t n;

	if (!size)
		return 0;
	/* Memory of its own, so that a step past the end is seen. */
	n = size - 1;
	text = malloc(n + 1);
	memcpy(text, data + 1, n);
	text[n] = '\0';
	switch (data[0]) {
	case 'm':
		lines(text, n);
		break;
	case 'z':
		zoneinfo_parse(text, spans, 16); /* may return more: how many there are */
		break;
	case 'c':
		kernel_evidence_init(&ev);
		kernel_evidence_config(&ev, text, n);
		break;
	default:
		words((char)data[0], text, strlen(text));
	}
	free(text);
	return 0;
}
