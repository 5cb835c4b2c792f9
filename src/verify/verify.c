/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/verify_int.h"
#include "lib/array.h"
#include "lib/text.h"

#include <signal.h>

volatile sig_atomic_t verify_end;

void verify_stop(void)
{
	verify_end = 1;
}

bool verify_wanted(const struct verify *v, enum gupcall_id act)
{
	char why[PAGESTATE_WHY];

	return (!v->opt->only || v->opt->only & BIT(gupcall_row(act)->what)) &&
	       !gupcall_available(act, v->k, &v->env, why);
}

void verify_result_deinit(struct verify_result *r)
{
	free(r->row);
	free(r->cases);
	r->row = NULL;
	r->cases = NULL;
	r->nrows = r->row_room = r->ncases = r->case_room = 0;
}

static struct verify_row *verify_row(struct verify_result *r, const char *state)
{
	size_t len = MIN(strcspn(state, "+"), sizeof(r->row->state) - 1);
	struct verify_row *row;

	for (size_t i = 0; i < r->nrows; i++)
		if (text_same(r->row[i].state, state, len))
			return &r->row[i];
	row = array_add(&r->row, &r->nrows, &r->row_room, sizeof(*row));
	if (row)
		memcpy(row->state, state, len);
	return row;
}

static void verify_reason(struct verify_result *r, const char *text)
{
	size_t i = ARRAY_SEEK(k, r->nreasons, !strcmp(r->reason[k].text, text));

	if (i == ARRAY_SIZE(r->reason))
		return;
	if (i == r->nreasons) {
		snprintf(r->reason[i].text, sizeof(r->reason[i].text), "%s", text);
		r->nreasons++;
	}
	r->reason[i].n++;
}

int verify_count(struct verify *v, const struct verify_case *c, bool keep)
{
	struct verify_result *r = v->r;
	struct verify_row *row = verify_row(r, c->state);

	if (!row)
		return -ENOMEM;
	row->n[c->what][c->outcome]++;
	r->n[c->outcome]++;
	r->trials++;
	r->random += c->random;
	r->raced += c->raced;
	for (unsigned i = 0; c->outcome == VERIFY_UNKNOWN && i < FACTS; i++)
		r->missing[i] += c->unknown >> i & 1;
	if (c->outcome == VERIFY_SKIPPED)
		verify_reason(r, c->note);
	if (keep && array_put(&r->cases, &r->ncases, &r->case_room, sizeof(*c), c))
		return -ENOMEM;
	if (v->opt->progress)
		v->opt->progress(v->opt->progress_ctx, r);
	return 0;
}
