/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/render_demo.h"

#include <errno.h>
#include <string.h>

#include "lib/text.h"
#include "render/rows.h"

#define INDENT 14

static const char *const actors[] = { "parent", "child" };
static const char *const labels[] = { "    parent", "    child" };

/* ---- the state of the page in words */

static void describe(const struct demo_sight *s, char *buf, size_t len)
{
	const struct page_info *p = &s->look.page;

	buf[0] = '\0';
	if (!s->has) {
		snprintf(buf, len, "not mapped");
		return;
	}
	if (page_knows(p, PAGE_F_PFN))
		text_add(buf, len, "page frame %llx", s->look.pfn);
	else
		text_add(buf, len, "page frame hidden");
	if (p->anon_exclusive != TRI_UNKNOWN)
		text_add(buf, len, ", %s",
			 p->anon_exclusive == TRI_YES ? "exclusive" : "not exclusive");
	if (p->pte_known & PAGE_PTE_WRITE)
		text_add(buf, len, ", %s",
			 p->pte & PAGE_PTE_WRITE ? "writable" : "write-protected");
	if (page_knows(p, PAGE_F_MAPCOUNT))
		text_add(buf, len, ", mapped %lldx", p->mapcount);
	if (page_knows(p, PAGE_F_REFCOUNT))
		text_add(buf, len, ", %lld reference%s", p->refcount,
			 p->refcount == 1 ? "" : "s");
	if (!strchr(buf, ','))
		text_add(buf, len, ", its state is not readable");
}

static bool same_page(const struct demo_sight *a, const struct demo_sight *b)
{
	return a->has && b->has && page_knows(&a->look.page, PAGE_F_PFN) &&
	       page_knows(&b->look.page, PAGE_F_PFN) && a->look.pfn == b->look.pfn;
}

/* Prints the page of each process, in one line when both have the same. */
static void show_sights(struct render_demo *r, const struct demo_step *s)
{
	char text[400];

	for (unsigned i = 0; i < DEMO_WHOS; i++) {
		if (!s->after[i].pid)
			continue;
		describe(&s->after[i], text, sizeof(text));
		if (i == DEMO_CHILD && same_page(&s->after[0], &s->after[1])) {
			render_block(r->out, labels[i], INDENT, "the same page%s",
				     s->after[0].look.page.anon_exclusive ==
						     s->after[1].look.page.anon_exclusive
					     ? ""
					     : ", differently marked");
			continue;
		}
		render_block(r->out, labels[i], INDENT, "%s", text);
	}
}

/* ---- predictions */

static void unknown_facts(u64 unknown, char *buf, size_t len)
{
	buf[0] = '\0';
	for (unsigned i = 0; i < FACTS; i++)
		if (fact_decides(unknown, i))
			text_add(buf, len, "%s%s", buf[0] ? ", " : "",
				 fact_rows[i].decider);
	if (!buf[0])
		snprintf(buf, len, "facts of the kernel");
}

static void predict_splice(struct render_demo *r, const struct demo_sight *s)
{
	const struct gup_verdict *v = &s->look.verdicts.req[GUP_GET_R];

	if (!s->has)
		return;
	render_block(
		r->out, "    predicted", INDENT, "%s; a plain reference (FOLL_GET) to %s",
		v->fast == TRI_YES  ? "GUP-fast takes it, without asking anyone"
		: v->fast == TRI_NO ? "GUP-fast refuses, slow GUP takes it"
				    : "taken, fast or slow",
		s->look.page.anon_exclusive == TRI_NO
			? "a page that is not exclusive: it may be somebody else's too"
		: s->look.page.anon_exclusive == TRI_YES ? "the process's own page"
							 : "the page");
}

static void predict_store(struct render_demo *r, const struct demo_sight *s)
{
	const struct gup_write *w = &s->look.verdicts.write;
	char facts[200];

	if (!s->has)
		return;
	if (w->leak == TRI_UNKNOWN) {
		unknown_facts(w->unknown, facts, sizeof(facts));
		render_block(r->out, "    predicted", INDENT,
			     "not known: it depends on facts that could not be read (%s)",
			     facts);
		return;
	}
	if (w->leak == TRI_YES)
		render_block(
			r->out, "    predicted", INDENT,
			"the store %s, so the reference sees it: LEAK",
			w->fault == GUP_WRITE_NONE
				? "needs no fault"
				: "keeps the page although somebody else refers to it");
	else
		render_block(
			r->out, "    predicted", INDENT, "%s",
			w->fault == GUP_WRITE_COPY
				? "the store goes to a copy, the reference keeps the old bytes: safe"
				: "nobody else will see the store: safe");
}

/* ---- steps */

static void title(struct render_demo *r, const struct demo_step *s, const char *what)
{
	fprintf(r->out, "%s  %u. The %s %s\n", r->brief ? "" : "\n", s->number,
		actors[s->who], what);
}

static void show_store(struct render_demo *r, const struct demo_step *s)
{
	const struct demo_sight *a = &s->before[s->who], *b = &s->after[s->who];

	title(r, s, "stores \"new\" there");
	predict_store(r, a);
	if (a->has && b->has && page_knows(&a->look.page, PAGE_F_PFN) &&
	    page_knows(&b->look.page, PAGE_F_PFN))
		render_block(r->out, "    seen", INDENT,
			     same_page(a, b) ? "the page was kept, and is writable now"
					     : "a new page took its place");
}

static void show_read(struct render_demo *r, const struct demo_step *s)
{
	const char *judged = s->predicted == TRI_UNKNOWN   ? ""
			     : s->predicted == s->observed ? ", as predicted"
							   : ", which was NOT predicted";
	char what[120];

	snprintf(what, sizeof(what), "reads the %s from its pipe: \"%s\"", "bytes",
		 s->observed == TRI_YES  ? "new"
		 : s->observed == TRI_NO ? "old"
					 : "?");
	title(r, s, what);
	if (s->observed == TRI_UNKNOWN)
		return;
	if (r->opt->color && s->observed == TRI_YES)
		fputs("\033[1;31m", r->out);
	render_block(
		r->out, "    seen", INDENT,
		s->observed == TRI_YES
			? "LEAK%s: the %s has read what the other process stored later"
			: "safe%s: the %s still reads what was there when it took the reference",
		judged, actors[s->who]);
	if (r->opt->color && s->observed == TRI_YES)
		fputs("\033[0m", r->out);
}

static int on_step(void *ctx, const struct demo_step *s, enum demo_memory memory)
{
	struct render_demo *r = ctx;

	if (!r->shown)
		return 0;
	switch (s->action) {
	case DEMO_MAP:
		title(r, s, "maps private memory and fills it with \"old\"");
		break;
	case DEMO_FORK:
		title(r, s, "forks");
		if (s->before[s->who].has) {
			u8 word = s->before[s->who].look.verdicts.fork.word;

			render_block(
				r->out, "    predicted", INDENT,
				word == GUP_FORK_SHARE
					? "both processes share the page, write-protected"
				: word == GUP_FORK_COPY
					? "the page is pinned: the child gets its own copy"
					: "not known");
		}
		break;
	case DEMO_SPLICE:
		title(r, s, "puts 4096 bytes of it into a pipe by vmsplice(), uncopied");
		predict_splice(r, &s->before[s->who]);
		break;
	case DEMO_UNMAP:
		title(r, s, "unmaps the memory; only its pipe still refers to the page");
		break;
	case DEMO_PROTECT:
		title(r, s, "makes the memory read-only, then writable again");
		break;
	case DEMO_STORE:
		show_store(r, s);
		break;
	default:
		show_read(r, s);
		return 0;
	}
	if (!r->brief)
		show_sights(r, s);
	return fflush(r->out) ? -EPIPE : 0;
}

/* ---- around the steps */

static const char intro_brief[] =
	"Can the holder of a reference to a page read what another process stores there later? gupinfo predicts each step, does it, and looks again.";
static const char intro[] =
	"After fork() parent and child share their memory; whoever stores first gets a copy (copy-on-write). "
	"A reference to a page that is taken past the page tables, such as vmsplice()'s, is not a mapping. "
	"If the kernel counts mappings only, it may think that the last process that maps a page is alone and let it store into it: then the holder of the reference sees the store. "
	"Below, gupinfo makes a parent and a child of its own, predicts each step from the state of the page, does it, and looks again.";

static void rule(const struct render_demo *r)
{
	fprintf(r->out, "\n%.79s\n",
		"--------------------------------------------------------------------------------");
}

static int on_begin(void *ctx, const struct report_head *head)
{
	struct render_demo *r = ctx;

	r->head = *head;
	if (r->silent)
		return 0;
	fprintf(r->out, "gupinfo --demo: kernel %s, judged as %s\n\n",
		head->machine->kernel.release, head->kernel->model);
	render_wrap(r->out, 0, 0, r->brief ? intro_brief : intro);
	for (unsigned i = 0; i < SOURCE_FACTS; i++)
		if (!head->machine->evidence[i].ok && head->machine->evidence[i].why[0]) {
			char text[300];

			snprintf(text, sizeof(text), "not readable here: %s",
				 head->machine->evidence[i].why);
			fputs("\n  ", r->out);
			render_wrap(r->out, 2, 2, text);
		}
	return 0;
}

static int on_start(void *ctx, const struct demo_case *c, enum demo_memory memory,
		    u64 bytes)
{
	struct render_demo *r = ctx;
	static const char *const what[] = { "ordinary pages", "a transparent huge page",
					    "a hugetlb page" };
	char text[200];

	/* the case in which the kernel's own test fails */
	r->shown = !r->silent && (!r->brief || (memory == DEMO_HUGETLB &&
						c == &demo_case[DEMO_CASE_CHILD]));
	if (!r->shown)
		return 0;
	rule(r);
	snprintf(text, sizeof(text), "%s:%s - %s (%s), \"%s\"", demo_case_memory(memory),
		 c->name, what[memory], bytes ? COLUMNS_SIZE(bytes) : "?", c->selftest);
	render_wrap(r->out, 0, 2, text);
	if (r->brief)
		return 0;
	fputs("  ", r->out);
	render_wrap(r->out, 2, 2, c->about);
	return 0;
}

static int on_result(void *ctx, const struct demo_result *res)
{
	struct render_demo *r = ctx;

	if (r->shown && res->skipped[0]) {
		fputs("\n", r->out);
		render_block(r->out, "    skipped", INDENT, "%s", res->skipped);
	}
	return fflush(r->out) ? -EPIPE : 0;
}

static int on_end(void *ctx, const struct demo_result *res, unsigned n)
{
	struct render_demo *r = ctx;
	unsigned leaks = 0, wrong = 0, unknown = 0, skipped = 0;
	int err;

	if (!r->silent)
		rule(r);
	err = rows_items(r->opt, COLUMNS_CASE, &r->head, res, sizeof(*res), n);
	if (err || r->silent)
		return err;
	for (unsigned i = 0; i < n; i++) {
		const struct demo_result *x = &res[i];
		bool skip = x->skipped[0], known = x->predicted != TRI_UNKNOWN;

		leaks += !skip && x->observed == TRI_YES;
		skipped += skip;
		unknown += !skip && !known;
		wrong += !skip && known && x->observed != TRI_UNKNOWN &&
			 x->predicted != x->observed;
	}
	fprintf(r->out, "\n%u of %u cases leak", leaks, n - skipped);
	fprintf(r->out, wrong ? "; %u predicted wrongly" : "; none predicted wrongly",
		wrong);
	if (unknown)
		fprintf(r->out, "; %u not predicted", unknown);
	if (skipped)
		fprintf(r->out, "; %u skipped", skipped);
	fputs("\n", r->out);
	if (leaks)
		render_wrap(
			r->out, 0, 0,
			"hugetlb reuses a page that is mapped once, whatever refers to it beside: huge pages are too scarce to copy them on suspicion. "
			"The kernel's selftest expects these failures.");
	if (r->brief)
		fputs("All steps of all cases: gupinfo --demo -v; of one: --demo NAME.\n",
		      r->out);
	return fflush(r->out) ? -EPIPE : 0;
}

const struct demo_view render_demo_view = { .begin = on_begin,
					    .start = on_start,
					    .step = on_step,
					    .result = on_result,
					    .end = on_end };
