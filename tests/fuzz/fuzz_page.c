/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any words to the interpreter, the predictor and the invariants: whatever was read, they answer
 * with values of their enumerations, and nothing is known and unknown at once.
 */
#include "fuzz.h"
#include "report/lint.h"
#include "page/page.h"
#include "gup/predict.h"

static void check(bool ok)
{
	if (!ok)
		abort();
}

static const char *const releases[] = { "5.10.0", "5.19.0", "6.1.0",  "6.7.0",
					"6.9.3",  "6.12.0", "6.18.0", "7.1.0" };

struct input {
	struct raw_page raw;
	struct vma vma;
	u8 release, has_pinned, thp, denied, hidden, bpf,
		layout[sizeof(struct kpf_layout)];
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct kernel kernels[8];
	static struct pte_layout layouts[8];
	static struct input in;
	struct page_span span = { .end_pfn = 0x100000, .zone = PAGE_ZONE_NORMAL };
	struct process process = { .pid = 1 };
	struct gup_verdicts v;
	struct page_info page;

	for (unsigned i = 0; !kernels[7].kv && i < 8; i++) {
		struct kernel_evidence ev;

		kernel_evidence_init(&ev);
		strcpy(ev.release, releases[i]);
		strcpy(ev.arch, "x86_64");
		ev.page_size = 4096;
		ev.pmd_size = 2 << 20;
		check(!kernel_resolve(&ev, &kernels[i]));
		pte_layout_kernel(&layouts[i], &kernels[i]);
	}
	memset(&in, 0, sizeof(in));
	memcpy(&in, data, size < sizeof(in) ? size : sizeof(in));
	/* What a source promises. */
	in.raw.level &= 3;
	in.raw.mapping %= 5;
	in.raw.order %= 20;
	in.vma.fs %= VMA_FS_SPECIAL + 1;
	in.vma.thp_eligible %= 3;
	in.vma.uffd_async %= 3;
	in.vma.name[VMA_NAME_MAX - 1] = '\0';
	bool *const flags[] = { &in.vma.read,       &in.vma.write,     &in.vma.exec,
				&in.vma.shared,     &in.vma.has_flags, &in.vma.gate,
				&in.vma.file_known, &in.vma.file_dax,  &in.vma.file_empty,
				&in.vma.file_full,  &in.vma.has_smaps };

	for (unsigned i = 0; i < ARRAY_SIZE(flags); i++)
		*(u8 *)flags[i] &= 1;
	for (unsigned i = 0; i < sizeof(in.layout); i++)
		in.layout[i] = in.layout[i] < 64 ? in.layout[i] : 0xff;

	struct page_context ctx = {
		.kernel = &kernels[in.release & 7],
		.spans = &span,
		.nspans = 1,
		.pfns_hidden = in.hidden & 1,
		.kpage_denied = in.denied & 1,
		.have_bpf = in.bpf & 1,
		.has_pinned = in.has_pinned % 3,
		.pins_anywhere = in.has_pinned / 3 % 3,
		.thp_enabled = in.thp % 3,
		.layout = in.bpf & 2 ? (struct kpf_layout *)in.layout : NULL,
		.pte = in.bpf & 4 ? &layouts[in.release & 7] : NULL,
	};
	page_read(&ctx, &in.vma, &in.raw, &page);
	check(page.kind < PAGE_KINDS && page.anon_exclusive <= TRI_UNKNOWN);
	check(!(page.facts.value & ~page.facts.known));
	check(!(page.pte & ~page.pte_known) && !(page.flags & ~page.flags_known));
	for (unsigned i = 0; i < PAGE_FIELDS; i++)
		check(page.why[i] < PAGE_WHYS);
	predict_all(ctx.kernel, &page.facts, &v);
	for (unsigned i = 0; i < GUP_REQUESTS; i++)
		check(v.req[i].word < GUP_WORDS && v.req[i].fast <= TRI_UNKNOWN &&
		      v.req[i].slow <= GUP_SLOW_UNKNOWN &&
		      v.req[i].fault <= GUP_FAULT_UNKNOWN &&
		      v.req[i].page <= GUP_PAGE_UNKNOWN);
	check(v.write.fault < GUP_WRITES && v.fork.word < GUP_FORKS &&
	      v.migrate.word < GUP_MIGRATES);

	struct page_class class = { .page = page, .verdicts = &v };
	struct report_row row = { .process = &process,
				  .vma = &in.vma,
				  .run = { .class = &class } };
	u64 bits = lint_row(&row, -1);
	check(!(bits >> LINTS));
	return 0;
}
