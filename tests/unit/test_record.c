/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "page/holders.h"
#include "reportfile/record.h"
#include "test.h"

/* ---- a file in memory, and what a reader delivered */

struct file {
	char *text;
	size_t len, size;
};

static int file_put(void *ctx, const char *buf, size_t len)
{
	struct file *f = ctx;

	if (f->len + len >= f->size) {
		f->size = (f->len + len + 1) * 2;
		f->text = realloc(f->text, f->size);
	}
	memcpy(f->text + f->len, buf, len);
	f->len += len;
	f->text[f->len] = '\0';
	return 0;
}

struct seen {
	unsigned machines, processes, vmas, runs, holders, texts;
	struct source_machine machine;
	struct page_span spans[4];
	char model[32], text[300];
	bool complete;
	char why[160];
	struct holder holder;
	struct holder_end end;
	struct process process;
	struct vma vma;
	struct raw_page raw[16];
	struct record_judgement judged[16];
};

static int seen_machine(void *ctx, const struct record_machine *m)
{
	struct seen *s = ctx;

	s->machines++;
	s->machine = m->m;
	memcpy(s->spans, m->spans, sizeof(s->spans));
	EXPECT(m->m.page.spans == m->spans);
	strcpy(s->model, m->model);
	return 0;
}

static int seen_process(void *ctx, const struct process *p)
{
	struct seen *s = ctx;

	s->processes++;
	s->process = *p;
	return 0;
}

static int seen_vma(void *ctx, const struct process *p, const struct vma *vma)
{
	struct seen *s = ctx;

	s->vmas++;
	s->vma = *vma;
	return 0;
}

static int seen_run(void *ctx, const struct process *p, const struct vma *vma,
		    const struct raw_page *raw, const struct record_judgement *judged)
{
	struct seen *s = ctx;

	s->raw[s->runs % 16] = *raw;
	s->judged[s->runs++ % 16] = *judged;
	return 0;
}

static int seen_holder(void *ctx, const struct holder *h)
{
	struct seen *s = ctx;

	s->holders++;
	s->holder = *h;
	s->end = h->end[1];
	return 0;
}

static int seen_holders(void *ctx, bool complete, const char *why)
{
	struct seen *s = ctx;

	s->complete = complete;
	snprintf(s->why, sizeof(s->why), "%s", why);
	return 0;
}

static int seen_text(void *ctx, const char *section, const char *line)
{
	struct seen *s = ctx;

	s->texts += line != NULL;
	if (line)
		snprintf(s->text, sizeof(s->text), "%s", line);
	return 0;
}

static const struct record_handler seen_handler = {
	.machine = seen_machine,
	.process = seen_process,
	.vma = seen_vma,
	.run = seen_run,
	.holders = seen_holders,
	.holder = seen_holder,
	.text = seen_text,
};

/* Feeds @text in pieces of @step bytes; returns the reader's last value and its sentence. */
static int feed(struct seen *s, const char *text, size_t len, size_t step, char why[200])
{
	struct record_reader r;
	int err;

	memset(s, 0, sizeof(*s));
	record_read_init(&r, &seen_handler, s);
	for (size_t at = 0; at < len; at += step)
		record_read_feed(&r, text + at, MIN(step, len - at));
	err = record_read_end(&r);
	snprintf(why, 200, "%s", r.why);
	EXPECT(err || r.complete);
	record_read_deinit(&r);
	return err;
}

/* ---- a report with one of everything */

static const struct page_span spans[] = {
	{ .start_pfn = 1, .end_pfn = 0x1000, .cma_pages = 512, .zone = PAGE_ZONE_DMA },
	{ .start_pfn = 0x100000,
	  .end_pfn = 0x640000,
	  .cma_pages = UINT64_MAX,
	  .node = 1,
	  .zone = -1 },
};

static const struct kpf_layout layout = { .locked = 0,
					  .anon_exclusive = 20,
					  .arch_1 = 0xff };

static struct source_machine machine(void)
{
	struct source_machine m = { 0 };

	kernel_evidence_init(&m.kernel);
	strcpy(m.kernel.release, "6.18.44");
	strcpy(m.kernel.version, "#1 SMP \"quoted\" \\ \033[31m");
	strcpy(m.kernel.arch, "x86_64");
	m.kernel.page_size = 4096;
	m.kernel.pmd_size = 2 << 20;
	m.kernel.config[0] = TRI_YES;
	m.kernel.probe[KPROBES - 1] = TRI_NO;
	for (unsigned i = 0; i < SOURCE_FACTS; i++)
		m.evidence[i].ok = true;
	m.evidence[SOURCE_PTE] = (struct source_evidence){ .why = "BPF: needs CAP_BPF" };
	m.structpage_by = "bpf";
	m.page = (struct page_context){
		.spans = spans,
		.nspans = 2,
		.have_bpf = 1,
		.has_pinned = TRI_NO,
		.pins_anywhere = TRI_UNKNOWN,
		.thp_enabled = 1,
		.use_zero_page = TRI_YES,
		.layout = &layout,
		.unpinnable_memory = TRI_YES,
		.pool = { { .bytes = 2 << 20, .free = TRI_UNKNOWN },
			  { .bytes = 1 << 30, .free = TRI_NO } },
		.npools = 2,
	};
	return m;
}

static const struct process process = {
	.pid = 4242,
	.ppid = 4241,
	.uid = 1000,
	.comm = "a \"b\" \\ \xc3\xa4\n\033",
	.threads = 3,
	.start_time = 123456789012ULL,
	.has_pinned = TRI_YES,
	.vm_lck_bytes = 8192,
};

static const struct vma vma = {
	.start = 0x7f0000000000,
	.end = 0x7f0000400000,
	.offset = 0x1000,
	.inode = 12345678901ULL,
	.dev_major = 0xfe,
	.dev_minor = 1,
	.read = true,
	.write = true,
	.has_flags = true,
	.flags = VF(READ) | VF(WRITE),
	.page_size = 4096,
	.pkey = -1,
	.thp_eligible = TRI_YES,
	.uffd_async = TRI_YES,
	.fs = VMA_FS_SHMEM,
	.has_smaps = true,
	.rss_bytes = 4096,
	.name = "/home/a b/\"c\" (deleted)",
};

static const struct raw_page page = {
	.addr = 0x7f0000001000,
	.pages = 3,
	.has = RAW_HAS_PAGEMAP | RAW_HAS_PFN | RAW_HAS_KPAGEFLAGS | RAW_HAS_KPAGECOUNT |
	       RAW_HAS_SCAN | RAW_HAS_PTE | RAW_HAS_LEVEL | RAW_HAS_PAGE | RAW_HAS_LARGE |
	       RAW_HAS_MM_IDS | RAW_RACED,
	.level = RAW_LEVEL_PTE,
	.mapping = RAW_MAPPING_ANON,
	.order = 9,
	.scan = 0x12,
	.page_type = 0xffffffff,
	.pfn = 0x149fd5,
	.head_pfn = 0x149e00,
	.pagemap = BIT(63) | BIT(56),
	.kpageflags = 0x400005828,
	.kpagecount = 2,
	.pte = 0x8000000000000867,
	.flags = 0x17ffffc0020014,
	.head_flags = 0x17ffffc0020014,
	.refcount = -3,
	.mapcount = 1,
	.large_mapcount = 1024,
	.entire_mapcount = 1,
	.pincount = 7,
	.mm_ids = 0x4000300020001,
};

static const struct raw_page swapped = {
	.addr = 0x7f0000004000,
	.pages = 1,
	.has = RAW_HAS_PAGEMAP | RAW_HAS_PTE | RAW_HAS_LEVEL | RAW_HAS_BATCHES,
	.level = RAW_LEVEL_PTE,
	.pagemap = BIT(62) | BIT(55) | 0x123460,
	.pte = 0x3fffffffffffe702,
	.batches = 0xe0012002,
};

static const struct holder_end ends[] = {
	{ .pid = 1, .fd = 5, .reads = true, .comm = "reader" },
	{ .pid = 2, .fd = -1, .writes = true, .comm = "x\"y :\n" },
};

static const struct holder pipe_holder = { .kind = HOLDERS_PIPE,
					   .object = 1234567,
					   .slot = 3,
					   .pfn = 0x149fd5,
					   .pages = 1,
					   .nends = 2,
					   .end = ends,
					   .name = "a b" };

static struct record_judgement judgement(void)
{
	struct gup_verdicts v = { 0 };
	struct record_judgement j;

	v.req[GUP_PIN_R] = (struct gup_verdict){ .fast = TRI_NO,
						 .fast_reason = GUP_REASON_MUST_UNSHARE,
						 .fault = GUP_FAULT_UNSHARE,
						 .page = GUP_PAGE_COPY,
						 .word = GUP_WORD_COPY };
	v.req[GUP_LT_W] = (struct gup_verdict){ .fast = TRI_UNKNOWN,
						.slow = GUP_SLOW_ERROR,
						.page = GUP_PAGE_NONE,
						.err = 14,
						.word = GUP_WORD_ERRNO };
	v.req[GUP_LT_R].word = GUP_WORD_UNKNOWN;
	v.write.fault = GUP_WRITE_REUSE;
	v.write.leak = TRI_YES;
	v.write.seen_by_refs = TRI_UNKNOWN;
	v.fork.word = GUP_FORK_SKIP;
	record_judge(&v, &j);
	return j;
}

static void make(struct file *f)
{
	static const char preface[] = "Text for people\n\n+ [none] of it is looked at\n";
	static struct record_writer w;
	struct source_machine m = machine();
	struct record_judgement j = judgement();

	memset(f, 0, sizeof(*f));
	record_write_magic(file_put, f);
	file_put(f, preface, sizeof(preface) - 1);
	EXPECT_INT(record_write_init(&w, file_put, f), 0);
	record_write_machine(&w, &m, "6.18");
	record_write_section(&w, "dmesg");
	record_write_text(&w, "[  12.5] a\tlong line \\ %0200d", 7);
	record_write_section(&w, "pages");
	record_write_process(&w, &process);
	record_write_vma(&w, &vma);
	record_write_run(&w, &page, &j, "anon, a note");
	record_write_run(&w, &swapped, NULL, NULL);
	record_holders_begin(&w, false, "a \"reason\"");
	record_holders_write(&w, &pipe_holder);
	EXPECT_INT(record_write_end(&w), 0);
	record_write_deinit(&w);
}

TEST(a_report_reads_back_as_it_was_written)
{
	static const size_t steps[] = { 1, 7, 80, 1 << 20 };
	struct record_judgement j = judgement();
	struct file f;
	struct seen s;
	char why[200];

	make(&f);
	for (unsigned i = 0; i < ARRAY_SIZE(steps); i++) {
		EXPECT_INT(feed(&s, f.text, f.len, steps[i], why), 0);
		EXPECT_STR(why, "");
		EXPECT_INT(s.machines, 1);
		EXPECT_INT(s.processes, 1);
		EXPECT_INT(s.vmas, 1);
		EXPECT_INT(s.runs, 2);
		EXPECT_INT(s.texts, 1);
		EXPECT(!s.complete);
		EXPECT_STR(s.why, "a \"reason\"");
		EXPECT_INT(s.holders, 1);
		EXPECT_INT(s.holder.kind, HOLDERS_PIPE);
		EXPECT_INT(s.holder.pfn, 0x149fd5);
		EXPECT_INT(s.holder.object, 1234567);
		EXPECT_STR(s.holder.name, "a b");
		EXPECT_INT(s.holder.nends, 2);
		EXPECT_INT(s.end.fd, -1);
		EXPECT(s.end.writes && !s.end.reads);
		EXPECT_STR(s.end.comm, "x\"y :\n");
		EXPECT_STR(s.model, "6.18");
		EXPECT_STR(s.machine.kernel.version, "#1 SMP \"quoted\" \\ \033[31m");
		EXPECT_INT(s.machine.kernel.config[0], TRI_YES);
		EXPECT_INT(s.machine.kernel.config[KCONFIGS - 1], TRI_UNKNOWN);
		EXPECT_INT(s.machine.kernel.probe[KPROBES - 1], TRI_NO);
		EXPECT(s.machine.evidence[SOURCE_PAGEMAP].ok);
		EXPECT(!s.machine.evidence[SOURCE_PTE].ok);
		EXPECT_STR(s.machine.evidence[SOURCE_PTE].why, "BPF: needs CAP_BPF");
		EXPECT_INT(s.machine.page.nspans, 2);
		EXPECT(!memcmp(s.spans, spans, sizeof(spans)));
		EXPECT_INT(s.machine.page.has_pinned, TRI_NO);
		EXPECT_INT(s.machine.page.pins_anywhere, TRI_UNKNOWN);
		EXPECT_INT(s.machine.page.recorded, 1);
		EXPECT_INT(s.machine.page.unpinnable_memory, TRI_YES);
		EXPECT_INT(s.machine.page.npools, 2);
		EXPECT_INT(s.machine.page.pool[0].free, TRI_UNKNOWN);
		EXPECT_INT(s.machine.page.pool[1].bytes, 1 << 30);
		EXPECT_INT(s.machine.page.pool[1].free, TRI_NO);
		EXPECT(!memcmp(&s.process, &process, sizeof(process)));
		EXPECT(!memcmp(&s.vma, &vma, sizeof(vma)));
		EXPECT(!memcmp(&s.raw[0], &page, sizeof(page)));
		EXPECT(!memcmp(&s.raw[1], &swapped, sizeof(swapped)));
		EXPECT(!memcmp(&s.judged[0], &j, sizeof(j)));
		EXPECT_INT(s.judged[1].present, 0);
	}
	free(f.text);
}

TEST(lines_are_short_and_plain)
{
	struct file f;
	size_t column = 0;

	make(&f);
	for (size_t i = 0; i < f.len; i++) {
		column = f.text[i] == '\n' ? 0 : column + 1;
		EXPECT(column <= RECORD_COLUMNS);
		EXPECT(f.text[i] == '\n' || (f.text[i] >= 0x20 && f.text[i] < 0x7f));
	}
	free(f.text);
}

TEST(carriage_returns_of_a_mailer_do_no_harm)
{
	struct file f, crlf = { 0 };
	struct seen s;
	char why[200];

	make(&f);
	for (size_t i = 0; i < f.len; i++) {
		if (f.text[i] == '\n')
			file_put(&crlf, "\r", 1);
		file_put(&crlf, f.text + i, 1);
	}
	for (size_t step = 1; step < 5000; step = step * 5 + 1)
		EXPECT_INT(feed(&s, crlf.text, crlf.len, step, why), 0);
	EXPECT_INT(s.runs, 2);
	free(f.text);
	free(crlf.text);
}

/* Cut anywhere, a file is torn, and what is delivered was in it. */
/* A step of about 300 samples; all places where time does not matter. */
static size_t sparse(size_t len)
{
	return getenv("GUPINFO_TEST_THOROUGH") ? 1 : len / 300 | 1;
}

TEST(every_cut_is_noticed)
{
	struct file f;
	struct seen s;
	char why[200];

	make(&f);
	for (size_t len = 0; len + 1 < f.len; len += len < 100 ? 1 : sparse(f.len)) {
		int err = feed(&s, f.text, len, 64, why);

		EXPECT(err == -ENODATA || (err == -EINVAL && len < 40) ||
		       (err == -EINVAL && !s.machines) ||
		       (err == -EINVAL && len + 10 > f.len));
		EXPECT(why[0]);
		if (s.vmas)
			EXPECT(!memcmp(&s.vma, &vma, sizeof(vma)));
		if (s.runs)
			EXPECT(!memcmp(&s.raw[0], &page, sizeof(page)));
	}
	free(f.text);
}

TEST(every_changed_byte_is_noticed)
{
	struct file f;
	struct seen s;
	char why[200];
	size_t body;

	make(&f);
	body = (size_t)(strstr(f.text, "[kernel]") - f.text);
	for (size_t i = body; i + 1 < f.len; i += sparse(f.len)) {
		char old = f.text[i];

		f.text[i] = old == 'x' ? 'y' : 'x';
		EXPECT(feed(&s, f.text, f.len, f.len, why) != 0);
		EXPECT(why[0]);
		f.text[i] = old;
	}
	/* Text before the first section may be edited. */
	f.text[body - 5] = '!';
	EXPECT_INT(feed(&s, f.text, f.len, f.len, why), 0);
	free(f.text);
}

/* ---- hostile files: one sentence each */

#define HEAD \
	"gupinfo report 1.0\n[kernel]\nrelease \"6.18\"\nsizes page=4096 pmd=2097152\n"
#define PAGES HEAD "[pages]\nprocess 1 comm=\"x\"\n"
#define AREA PAGES "vma 1000-4000 rw-p 0 00:00 0\nstate 0001 pm=100 pfn\n"

TEST(hostile_files_are_answered_by_one_sentence)
{
	static const struct {
		const char *text, *why;
		int err;
	} rows[] = {
		{ "", "the file is empty", -EINVAL },
		{ "\n", "line 1: the file is no gupinfo report", -EINVAL },
		{ "\177ELF\2\1\1", "line 1: the file is no gupinfo report", -EINVAL },
		{ "gupinfo report 2.0\n\033[2Jnew",
		  "line 1: the report has format 2.0; this gupinfo reads format 1",
		  -EPROTONOSUPPORT },
		{ "gupinfo report 99999999999999999999.0\n",
		  "line 1: the report has no format version", -EINVAL },
		{ "gupinfo report 1.0\n\033[2J",
		  "line 2: a byte that is no printable ASCII (0x1b)", -EINVAL },
		{ "gupinfo report 1.0\n[pages]\nx",
		  "line 2: no kernel release comes before the pages", -EINVAL },
		{ "gupinfo report 1.0\na\r",
		  "the report is torn: it ends without an end line", -ENODATA },
		{ HEAD, "the report is torn: it ends without an end line", -ENODATA },
		{ HEAD "[end 4 0]\n",
		  "the report was changed after it was written: its number of lines or its checksum is wrong",
		  -ENODATA },
		{ HEAD "sizes page=4097\n\n", "line 5: 4097 is no page size", -EINVAL },
		{ HEAD "sizes page=18446744073709551615\n\n",
		  "line 5: \"page\" has a bad value", -EINVAL },
		{ HEAD "[context]\nzone node=0 zone=9 start=0 end=1\n\n",
		  "line 6: \"zone\" has a bad value", -EINVAL },
		{ HEAD "[context]\nzone node=0 zone=DMA start=2 end=1\n\n",
		  "line 6: this is no zone", -EINVAL },
		{ HEAD "[pages]\nvma 1000-2000 rw-p 0 0:0 0\n\n",
		  "line 6: an area without a process", -EINVAL },
		{ HEAD "[pages]\nprocess 99999999999\n\n",
		  "line 6: a process without a number", -EINVAL },
		{ PAGES "vma 2000-1000 rw-p 0 0:0 0\n\n",
		  "line 7: the area's range is empty or not aligned", -EINVAL },
		{ PAGES "vma 1-2 rw-p 0 0:0 0\n\n",
		  "line 7: the area's range is empty or not aligned", -EINVAL },
		{ PAGES "vma 1000-2000 rw-p 0 0:0 0 name=\"\\x1\"\n\n",
		  "line 7: \"name\" has a bad value", -EINVAL },
		{ AREA "vma 3000-5000 rw-p 0 0:0 0\n\n",
		  "line 9: areas are not in ascending order", -EINVAL },
		{ AREA "1000 4 0001 -\n\n", "line 9: the run is longer than its area",
		  -EINVAL },
		{ AREA "1000 18446744073709551615 0001 -\n\n",
		  "line 9: the run is longer than its area", -EINVAL },
		{ AREA "1000 0 0001 -\n\n", "line 9: this is no run of pages", -EINVAL },
		{ AREA "1000 2 0001 -\n2000 1 0001 -\n\n",
		  "line 10: the run is outside its area, or not in order", -EINVAL },
		{ AREA "1000 1 0002 -\n\n", "line 9: the state is not defined", -EINVAL },
		{ AREA "1000 1 0001 003\n\n", "line 9: the judgement is not defined",
		  -EINVAL },
		{ AREA "1000 1 ffffff -\n\n", "line 9: the state is not defined",
		  -EINVAL },
		{ AREA "1000 1 0001 - p1g\n\n", "line 9: a word of the run is bad",
		  -EINVAL },
		{ AREA "state 0002 pm=100 pfn\n1000 2 0002 - p5 p6 p7\n\n",
		  "line 10: a word of the run is bad", -EINVAL },
		{ AREA "state 0002 pm=100 pfn\n1000 2 0002 - p5*3\n\n",
		  "line 10: a word of the run is bad", -EINVAL },
		{ AREA "state 0002 pm=100 pfn\n1000 2 0002 - p5*0\n\n",
		  "line 10: a word of the run is bad", -EINVAL },
		{ AREA "state 0002 pm=100 pfn\n1000 2 0002 - p5*\n\n",
		  "line 10: a word of the run is bad", -EINVAL },
		{ AREA "1000 2 0001 - p5 1p6\n\n", "line 9: a word of the run is bad",
		  -EINVAL },
		{ AREA "1000 2 0001 - 0p6\n\n", "line 9: a word of the run is bad",
		  -EINVAL },
		{ AREA "1000 2 0001 - p5 s0001 p6\n\n",
		  "line 9: a word of the run is bad", -EINVAL },
		{ AREA "1000 2 0001 - s0001:- p6\n\n", "line 9: a word of the run is bad",
		  -EINVAL },
		{ AREA "1000 2 0001 - p5 s0001:-\n\n", "line 9: a word of the run is bad",
		  -EINVAL },
		{ AREA "1000 2 0001 - p5*2 s0001:- p6\n\n",
		  "line 9: a word of the run is bad", -EINVAL },
		{ AREA "1000 2 0001 - p5 s0002:- p6\n\n",
		  "line 9: the state is not defined", -EINVAL },
		{ AREA "state 0002 pm=0\n1000 2 0001 - p5 s0002:- p6\n\n",
		  "line 10: a word of the run is bad", -EINVAL },
		{ AREA "state 0001 pm=100\n\n", "line 9: state 0001 is defined twice",
		  -EINVAL },
		{ AREA "state 0002 pm=fff\n\n",
		  "line 9: a word of the state is out of range", -EINVAL },
		{ AREA "state 0002 ref=4294967296\n\n", "line 9: \"ref\" has a bad value",
		  -EINVAL },
		{ AREA "state 0002 level=pgd\n\n", "line 9: \"level\" has a bad value",
		  -EINVAL },
		{ AREA "judge 001 get-r=yes\n\n", "line 9: the judgement of get-r is bad",
		  -EINVAL },
		{ AREA "judge 001 get-r=yes,ok,none,same,wrong\n\n",
		  "line 9: the judgement of get-r is bad", -EINVAL },
		{ AREA "judge fff1 fork=share\n\n",
		  "line 9: no judgement can have this name", -EINVAL },
	};
	struct seen s;
	char why[200];

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		EXPECT_INT(feed(&s, rows[i].text, strlen(rows[i].text), 3, why),
			   rows[i].err);
		EXPECT_STR(why, rows[i].why);
		EXPECT_INT(feed(&s, rows[i].text, strlen(rows[i].text), 4096, why),
			   rows[i].err);
		EXPECT_STR(why, rows[i].why);
	}
}

TEST(an_endless_line_is_refused)
{
	static char text[70000];
	struct seen s;
	char why[200];
	int n = snprintf(text, sizeof(text), HEAD "[pages]\nprocess ");

	memset(text + n, '1', sizeof(text) - (size_t)n);
	EXPECT_INT(feed(&s, text, sizeof(text), 999, why), -EINVAL);
	EXPECT_STR(why, "line 6: the line is longer than 16384 bytes");
	for (size_t i = (size_t)n; i + 1 < sizeof(text); i += 2)
		memcpy(text + i, "\n+", 2);
	EXPECT(feed(&s, text, sizeof(text), 999, why) < 0);
}

/* A later minor version may add lines, keys and sections. */
TEST(what_a_minor_version_adds_is_skipped)
{
	const char *text =
		"gupinfo report 1.7\n[kernel]\nrelease \"6.18\" more=1\nsmell \"x\"\n"
		"[config]\nCONFIG_OTHER=y\n[weather]\nsunny\n[pages]\n"
		"process 7 mood=4 comm=\"x\"\nvma 1000-4000 rw-p 0 00:00 0 hue=3\n"
		"state 0001 pm=100 zest=9\njudge 001 get-x=maybe fork=share\n"
		"zebra\n1000 1 0001 001\n";
	struct seen s;
	char why[200];

	EXPECT_INT(feed(&s, text, strlen(text), 10, why), -ENODATA);
	EXPECT_INT(s.vmas, 1);
	EXPECT_INT(s.texts, 1);
	EXPECT_STR(s.text, "sunny");
	EXPECT_INT(s.runs, 0); /* the last line of a torn file is not believed */
}

/* Writes a report up to the pages of @v. */
static void begin_pages(struct record_writer *w, struct file *f,
			const struct source_machine *m, const struct vma *v)
{
	record_write_magic(file_put, f);
	record_write_init(w, file_put, f);
	record_write_machine(w, m, NULL);
	record_write_section(w, "pages");
	record_write_process(w, &process);
	record_write_vma(w, v);
}

/* Ends the report and reads it: it has @runs runs. */
static void read_pages(struct record_writer *w, struct file *f, struct seen *s,
		       unsigned runs)
{
	char why[200];

	EXPECT_INT(record_write_end(w), 0);
	record_write_deinit(w);
	EXPECT_INT(feed(s, f->text, f->len, 65536, why), 0);
	EXPECT_STR(why, "");
	EXPECT_INT(s->runs, runs);
}

/* More distinct states than names: they are written in full, and all come back. */
TEST(dictionaries_overflow_gracefully)
{
	static struct record_writer w;
	struct source_machine m = machine();
	struct raw_page o = page;
	struct file f = { 0 };
	struct seen s;
	struct vma big = vma;
	unsigned n = RECORD_STATES + 100;

	big.end = big.start + (u64)n * 4096;
	begin_pages(&w, &f, &m, &big);
	o.pages = 1;
	o.has = RAW_HAS_PAGEMAP | RAW_HAS_PFN | RAW_HAS_KPAGECOUNT;
	for (unsigned i = 0; i < n; i++) {
		o.addr = big.start + i * 4096ULL;
		o.kpagecount = i;
		o.pfn = 1000 + i;
		EXPECT_INT(record_write_run(&w, &o, NULL, NULL), 0);
	}
	read_pages(&w, &f, &s, n);
	EXPECT_INT(s.raw[(n - 1) % 16].kpagecount, n - 1);
	EXPECT_INT(s.raw[(n - 1) % 16].pfn, 1000 + n - 1);
	EXPECT_INT(s.raw[(n - 1) % 16].flags, 0);
	free(f.text);
}

/* Like leaves whose frames are anywhere share a line, until one is not like them. */
TEST(scattered_frames_share_lines)
{
	static struct record_writer w;
	struct source_machine m = machine();
	struct record_judgement j = judgement();
	struct raw_page o = page;
	struct file f = { 0 };
	struct seen s;
	struct vma big = vma;
	size_t before;
	unsigned n = 4000;

	big.end = big.start + 3ULL * n * 4096;
	begin_pages(&w, &f, &m, &big);
	before = f.len;
	o.has = RAW_HAS_PAGEMAP | RAW_HAS_PFN | RAW_HAS_PAGE | RAW_HAS_LEVEL;
	o.pagemap &= ~(BIT(55) - 1);
	o.level = RAW_LEVEL_PTE;
	o.order = 0;
	o.addr = big.start;
	for (unsigned i = 0; i < n; i++) {
		o.pages = i % 100 == 7 ? 3 : 1;
		o.refcount = i < n - 10 ? 1 : 2;
		o.pfn = 0x100000 + i * 7919 % 0x100000;
		o.head_pfn = i % 1000 == 500 ? o.pfn - 1 : o.pfn;
		if (i % 900 == 899) /* nothing was read between */
			o.addr += 4096;
		EXPECT_INT(record_write_run(&w, &o, &j, NULL), 0);
		o.addr += o.pages * 4096;
	}
	read_pages(&w, &f, &s, n);
	EXPECT(f.len - before < 9 * n);
	for (unsigned i = n - 16; i < n; i++) {
		const struct raw_page *got = &s.raw[i % 16];

		EXPECT_INT(got->pages, i % 100 == 7 ? 3 : 1);
		EXPECT_INT(got->refcount, i < n - 10 ? 1 : 2);
		EXPECT_INT(got->pfn, 0x100000 + i * 7919 % 0x100000);
		EXPECT_INT(got->head_pfn, got->pfn);
		EXPECT(i == n - 16 ||
		       got->addr == s.raw[(i - 1) % 16].addr +
					    s.raw[(i - 1) % 16].pages * 4096);
	}
	free(f.text);
}

/* Memory that the kernel ages: neighbours differ, and are of few kinds. */
TEST(pages_that_alternate_share_lines)
{
	static struct record_writer w;
	struct source_machine m = machine();
	struct record_judgement j[3] = { judgement(), judgement() };
	struct raw_page o = page;
	struct file f = { 0 };
	struct seen s;
	struct vma big = vma;
	size_t before;
	unsigned n = 4000;

	j[1].fork = GUP_FORK_SHARE;
	big.end = big.start + 2ULL * n * 4096;
	begin_pages(&w, &f, &m, &big);
	before = f.len;
	o.has = RAW_HAS_PAGEMAP | RAW_HAS_PFN | RAW_HAS_PAGE | RAW_HAS_LEVEL;
	o.pagemap &= ~(BIT(55) - 1);
	o.order = 0;
	o.addr = big.start;
	for (unsigned i = 0; i < n; i++) {
		o.pages = 1 + i % 2;
		o.refcount = (s32)(i * i % 7);
		o.pfn = o.head_pfn = 0x100000 + i * 7919 % 0x100000;
		EXPECT_INT(record_write_run(&w, &o, &j[i % 3], NULL), 0);
		o.addr += o.pages * 4096;
	}
	read_pages(&w, &f, &s, n);
	EXPECT(f.len - before < 13 * n);
	for (unsigned i = n - 16; i < n; i++) {
		const struct raw_page *got = &s.raw[i % 16];

		EXPECT_INT(got->pages, 1 + i % 2);
		EXPECT_INT(got->refcount, i * i % 7);
		EXPECT_INT(got->pfn, 0x100000 + i * 7919 % 0x100000);
		EXPECT_INT(got->head_pfn, got->pfn);
		EXPECT(!memcmp(&s.judged[i % 16], &j[i % 3], sizeof(j[0])));
	}
	free(f.text);
}
