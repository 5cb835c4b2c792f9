/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the referee makes of a prediction and of what was seen, and how it is shown. */
#include <errno.h>

#include "test.h"

#include "render/render.h"
#include "verify/verify_judge.h"

#define TEST_PRESENT BIT(63)

static struct kernel kernel;
static struct page_info page;
static struct gup_verdicts predicted;
static struct gupcall_result seen;
static struct verify_case result;

/* A page that stays: predicted fast for @what, seen so. */
static void start(const char *release)
{
	struct kernel_evidence ev;

	kernel_evidence_init(&ev);
	snprintf(ev.release, sizeof(ev.release), "%s", release);
	snprintf(ev.arch, sizeof(ev.arch), "x86_64");
	EXPECT_INT(kernel_resolve(&ev, &kernel), 0);
	page = (struct page_info){ .anon = true, .anon_exclusive = TRI_YES };
	predicted = (struct gup_verdicts){ 0 };
	for (unsigned i = 0; i < GUP_REQUESTS; i++)
		predicted.req[i] = (struct gup_verdict){ .fast = TRI_YES };
	seen = (struct gupcall_result){ .before = TEST_PRESENT | 7,
					.after = TEST_PRESENT | 7,
					.slow = TRI_UNKNOWN,
					.refs = TRI_UNKNOWN };
	result = (struct verify_case){ 0 };
}

static unsigned judge(enum gupcall_id act)
{
	result.nfields = 0;
	verify_judge(&kernel, act, &page, &predicted, &seen, &result);
	EXPECT(result.nfields <= VERIFY_FIELDS);
	return result.outcome;
}

TEST(fast)
{
	start("6.18.0");
	EXPECT_INT(judge(GUPCALL_DO_VMSPLICE), VERIFY_RIGHT);
	seen.slow = TRI_NO;
	EXPECT_INT(judge(GUPCALL_DO_VMSPLICE), VERIFY_RIGHT);
	seen.slow = TRI_YES;
	EXPECT_INT(judge(GUPCALL_DO_VMSPLICE), VERIFY_WRONG);
	start("6.18.0");
	seen.faults = 1;
	EXPECT_INT(judge(GUPCALL_DO_VMSPLICE), VERIFY_WRONG);
	start("6.18.0");
	seen.after++;
	EXPECT_INT(judge(GUPCALL_DO_VMSPLICE), VERIFY_WRONG);
	start("6.18.0");
	seen.err = -EFAULT;
	EXPECT_INT(judge(GUPCALL_DO_VMSPLICE), VERIFY_WRONG);
}

TEST(slow)
{
	struct gup_verdict *v = &predicted.req[GUP_PIN_R];

	start("6.18.0");
	*v = (struct gup_verdict){ .fast = TRI_NO,
				   .fault = GUP_FAULT_UNSHARE,
				   .page = GUP_PAGE_COPY };
	EXPECT_INT(judge(GUPCALL_DO_DIO_WRITE), VERIFY_WRONG); /* no fault, same page */
	seen.faults = 1;
	EXPECT_INT(judge(GUPCALL_DO_DIO_WRITE), VERIFY_WRONG); /* same page */
	seen.after++;
	EXPECT_INT(judge(GUPCALL_DO_DIO_WRITE), VERIFY_RIGHT);
	v->page = GUP_PAGE_UNKNOWN;
	EXPECT_INT(judge(GUPCALL_DO_DIO_WRITE), VERIFY_UNKNOWN);
	v->fault = GUP_FAULT_NONE;
	EXPECT_INT(judge(GUPCALL_DO_DIO_WRITE), VERIFY_WRONG); /* wrong beats unknown */
}

TEST(waits)
{
	struct gup_verdict *v = &predicted.req[GUP_PIN_W];

	start("6.18.0");
	*v = (struct gup_verdict){ .fast = TRI_NO,
				   .slow = GUP_SLOW_UNKNOWN,
				   .fault = GUP_FAULT_WRITE,
				   .page = GUP_PAGE_UNKNOWN };
	predicted.write = (struct gup_write){ .fault = GUP_WRITE_UNKNOWN,
					      .seen_by_refs = TRI_UNKNOWN,
					      .leak = TRI_UNKNOWN };
	seen.waits = true;
	EXPECT_INT(judge(GUPCALL_DO_VM_WRITEV), VERIFY_UNKNOWN);
	EXPECT_INT(judge(GUPCALL_DO_STORE), VERIFY_UNKNOWN);
	v->waits = predicted.write.waits = true;
	EXPECT_INT(judge(GUPCALL_DO_VM_WRITEV), VERIFY_RIGHT);
	EXPECT_INT(judge(GUPCALL_DO_STORE), VERIFY_RIGHT);
	seen.waits = false; /* it was done */
	EXPECT_INT(judge(GUPCALL_DO_VM_WRITEV), VERIFY_WRONG);
	EXPECT_INT(judge(GUPCALL_DO_STORE), VERIFY_WRONG);
	seen.err = -EFAULT;
	EXPECT_INT(judge(GUPCALL_DO_VM_WRITEV), VERIFY_WRONG);
	EXPECT_INT(judge(GUPCALL_DO_STORE), VERIFY_WRONG);
}

TEST(errors)
{
	struct gup_verdict *v = &predicted.req[GUP_LT_W];

	start("6.18.0");
	*v = (struct gup_verdict){ .fast = TRI_NO,
				   .slow = GUP_SLOW_ERROR,
				   .err = EFAULT };
	EXPECT_INT(judge(GUPCALL_DO_URING), VERIFY_WRONG);
	seen.err = -EFAULT;
	seen.errno_is_gup = true;
	EXPECT_INT(judge(GUPCALL_DO_URING), VERIFY_RIGHT);
	seen.err = -ENOMEM;
	EXPECT_INT(judge(GUPCALL_DO_URING), VERIFY_WRONG);
	seen.errno_is_gup = false; /* the call does not say why */
	EXPECT_INT(judge(GUPCALL_DO_URING), VERIFY_RIGHT);
	v->err = 0;
	EXPECT_INT(judge(GUPCALL_DO_URING), VERIFY_UNKNOWN);
}

TEST(faults_of_hugetlb_are_not_counted_by_old_kernels)
{
	struct gup_verdict *v = &predicted.req[GUP_PIN_W];
	struct gup_verdict copied = { .fast = TRI_NO,
				      .fault = GUP_FAULT_WRITE,
				      .page = GUP_PAGE_COPY };

	start("6.1.0");
	*v = copied;
	fact_set(&page.facts, F(VMA_HUGETLB), true);
	seen.after++;
	EXPECT_INT(judge(GUPCALL_DO_VM_WRITEV), VERIFY_RIGHT);
	start("6.12.0");
	*v = copied;
	fact_set(&page.facts, F(VMA_HUGETLB), true);
	seen.after++;
	EXPECT_INT(judge(GUPCALL_DO_VM_WRITEV), VERIFY_WRONG);
}

TEST(faults_that_are_retried_are_not_counted_by_old_kernels)
{
	static const struct {
		const char *release;
		enum gupcall_id act;
		bool shared, right;
	} cases[] = {
		{ "5.10.0", GUPCALL_DO_DIO_READ_GET, true, true },
		{ "5.19.0", GUPCALL_DO_VM_WRITEV, true, true },
		{ "6.0.0", GUPCALL_DO_VM_WRITEV, true, false },
		{ "6.18.0", GUPCALL_DO_DIO_READ, true, false },
		/* it keeps the mmap lock, so that nothing is retried */
		{ "5.10.0", GUPCALL_DO_URING_SLOW, true, false },
		{ "5.10.0", GUPCALL_DO_VM_WRITEV, false, false },
		/* a load dirties nothing */
		{ "5.10.0", GUPCALL_DO_VM_READV, true, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		start(cases[i].release);
		for (unsigned r = 0; r < GUP_REQUESTS; r++)
			predicted.req[r] = (struct gup_verdict){
				.fast = TRI_NO,
				.fault = GUP_FAULT_POPULATE,
				.page = GUP_PAGE_NEW,
			};
		fact_set(&page.facts, F(VMA_SHARED), cases[i].shared);
		seen.before = 0;
		EXPECT_INT(judge(cases[i].act),
			   cases[i].right ? VERIFY_RIGHT : VERIFY_WRONG);
		seen.faults = 1; /* counted it is right everywhere */
		EXPECT_INT(judge(cases[i].act), VERIFY_RIGHT);
		seen.faults = 0;
		seen.err = -EFAULT; /* that is evidence without a counter, too */
		EXPECT_INT(judge(cases[i].act), VERIFY_WRONG);
	}
}

TEST(a_direct_write_through_the_page_cache_is_no_evidence)
{
	struct gup_verdict refused = { .fast = TRI_NO,
				       .slow = GUP_SLOW_ERROR,
				       .err = EFAULT };

	start("6.16.12");
	predicted.req[GUP_PIN_R] = refused;
	EXPECT_INT(judge(GUPCALL_DO_DIO_WRITE), VERIFY_SKIPPED);
	EXPECT(*result.note);
	EXPECT_INT(judge(GUPCALL_DO_VM_READV), VERIFY_WRONG);
	seen.err = -EFAULT;
	seen.errno_is_gup = true;
	EXPECT_INT(judge(GUPCALL_DO_DIO_WRITE), VERIFY_RIGHT);
	start("6.16.12");
	EXPECT_INT(judge(GUPCALL_DO_DIO_WRITE), VERIFY_RIGHT); /* predicted ok, and was */
	start("6.17.13");
	predicted.req[GUP_PIN_R] = refused;
	EXPECT_INT(judge(GUPCALL_DO_DIO_WRITE), VERIFY_WRONG);
	start("6.14.0");
	predicted.req[GUP_PIN_R] = refused;
	EXPECT_INT(judge(GUPCALL_DO_DIO_WRITE), VERIFY_WRONG);
}

TEST(stores)
{
	start("6.18.0");
	predicted.write = (struct gup_write){ .fault = GUP_WRITE_REUSE,
					      .seen_by_refs = TRI_YES,
					      .leak = TRI_YES };
	page.anon_exclusive = TRI_NO;
	seen.faults = 1;
	seen.refs = TRI_YES;
	EXPECT_INT(judge(GUPCALL_DO_STORE), VERIFY_RIGHT);
	page.anon_exclusive = TRI_YES; /* then it was the process's own reference */
	EXPECT_INT(judge(GUPCALL_DO_STORE), VERIFY_WRONG);
	predicted.write.leak = TRI_NO;
	EXPECT_INT(judge(GUPCALL_DO_STORE), VERIFY_RIGHT);
	seen.refs = TRI_NO;
	EXPECT_INT(judge(GUPCALL_DO_STORE), VERIFY_WRONG);
	seen.refs = TRI_UNKNOWN; /* no reference of the state shows it */
	EXPECT_INT(judge(GUPCALL_DO_STORE), VERIFY_RIGHT);
	seen.after++;
	EXPECT_INT(judge(GUPCALL_DO_STORE), VERIFY_WRONG); /* copied */
	seen.err = -EFAULT;
	EXPECT_INT(judge(GUPCALL_DO_STORE), VERIFY_WRONG); /* SIGSEGV */
}

TEST(forks)
{
	start("6.18.0");
	predicted.fork.word = GUP_FORK_SHARE;
	seen.child_first = seen.child = seen.after;
	EXPECT_INT(judge(GUPCALL_DO_FORK), VERIFY_RIGHT);
	seen.child_first = seen.child = seen.after + 1;
	EXPECT_INT(judge(GUPCALL_DO_FORK), VERIFY_WRONG);
	predicted.fork.word = GUP_FORK_COPY;
	EXPECT_INT(judge(GUPCALL_DO_FORK), VERIFY_RIGHT);
	seen.child_err = -ENOMEM;
	EXPECT_INT(judge(GUPCALL_DO_FORK), VERIFY_WRONG);
	predicted.fork.word = GUP_FORK_SKIP;
	EXPECT_INT(judge(GUPCALL_DO_FORK), VERIFY_RIGHT);
}

TEST(migrations)
{
	start("6.18.0");
	predicted.migrate.word = GUP_MIGRATE_YES;
	EXPECT_INT(judge(GUPCALL_DO_MOVE), VERIFY_WRONG); /* it is where it was */
	EXPECT_STR(result.field[0].observed, "same");
	seen.after++;
	EXPECT_INT(judge(GUPCALL_DO_MOVE), VERIFY_RIGHT);
	predicted.migrate.word = GUP_MIGRATE_NEVER;
	EXPECT_INT(judge(GUPCALL_DO_MOVE), VERIFY_WRONG);
	seen.after--;
	seen.err = -EBUSY;
	EXPECT_INT(judge(GUPCALL_DO_MOVE), VERIFY_RIGHT);
	predicted.migrate.word = GUP_MIGRATE_REFS;
	EXPECT_INT(judge(GUPCALL_DO_MOVE), VERIFY_WRONG);
	seen.err = -EAGAIN;
	EXPECT_INT(judge(GUPCALL_DO_MOVE), VERIFY_RIGHT);
	predicted.migrate.word = GUP_MIGRATE_NONE;
	EXPECT_INT(judge(GUPCALL_DO_MOVE), VERIFY_WRONG);
	seen.err = -ENOENT;
	EXPECT_INT(judge(GUPCALL_DO_MOVE), VERIFY_RIGHT);
	predicted.migrate = (struct gup_whatif){ .word = GUP_MIGRATE_UNKNOWN,
						 .unknown = F(HUGE_FREE) };
	EXPECT_INT(judge(GUPCALL_DO_MOVE), VERIFY_UNKNOWN);
	EXPECT(result.unknown == F(HUGE_FREE));
}

TEST(views)
{
	struct verify_result r = { .kernel = &kernel, .seed = 5, .trials = 1 };
	struct verify_row row = { .state = "order-0" };
	const struct source_machine machine = { 0 };
	const struct report_head head = { &kernel, &machine };
	struct render_options opt = { .version = "0.1.0" };
	char *text = NULL;
	size_t len;
	FILE *out;

	start("6.18.0");
	seen.faults = 1;
	judge(GUPCALL_DO_VMSPLICE);
	snprintf(result.state, sizeof(result.state), "order-0+shared");
	result.request = "get-r";
	result.act = "vmsplice";
	snprintf(result.note, sizeof(result.note), "a \"note\"\n");
	row.n[GUP_GET_R][VERIFY_WRONG] = 1;
	r.n[VERIFY_WRONG] = 1;
	r.row = &row;
	r.cases = &result;
	r.nrows = r.ncases = 1;
	out = open_memstream(&text, &len);
	opt.out = out;
	EXPECT_INT(render_verify(&opt, &head, &r), 0);
	fclose(out);
	EXPECT(strstr(text, "order-0              0!1     -"));
	EXPECT(strstr(text, "WRONG: get-r of order-0+shared by vmsplice on 6.18.0\n"));
	EXPECT(strstr(text,
		      "fault         predicted none      observed some      <-- wrong"));
	EXPECT(strstr(text, "--verify --state 'order-0+shared' --request get-r\n"));
	EXPECT(strstr(text, "0 right, 1 wrong, 0 unknown, 0 skipped"));
	free(text);
	out = open_memstream(&text, &len);
	opt.out = out;
	opt.json = RENDER_JSON_DOCUMENT;
	EXPECT_INT(render_verify(&opt, &head, &r), 0);
	fclose(out);
	EXPECT(strstr(text, "\"wrong\":1"));
	EXPECT(strstr(text, "\"result\":\"wrong\""));
	EXPECT(strstr(text, "\"note\":\"a \\\"note\\\"\\n\""));
	free(text);
}
