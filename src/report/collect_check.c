/* SPDX-License-Identifier: GPL-2.0-or-later */
/* collect_check.c - which mappings the names and ranges of a collection ask for. */
#include "report/collect.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/array.h"
#include "lib/text.h"

#include "lib/pure.h"

static bool collect_name_matches(const struct collect_options *opt, unsigned i,
				 const struct vma *vma)
{
	const char *base = strrchr(vma->name, '/');
	const char *real = opt->real_names ? opt->real_names[i] : NULL;

	return vma->name[0] && (!strcmp(vma->name, opt->names[i]) ||
				(base && !strcmp(base + 1, opt->names[i])) ||
				(real && !strcmp(vma->name, real)));
}

bool collect_check_name(const struct collect_options *opt, const struct vma *vma)
{
	return ARRAY_ANY(i, opt->nnames, collect_name_matches(opt, i, vma));
}

/* Which names and ranges are in a mapping, and what mappings there are. */
struct collect_found {
	const struct collect_options *opt;
	u64 names, ranges; /* a bit for each */
	unsigned mappings;
	char text[400]; /* the names of mappings */
	char last[VMA_NAME_MAX];
	u64 start, end; /* of all */
};

static int collect_found_vma(void *ctx, const struct vma *vma)
{
	struct collect_found *f = ctx;
	const char *base = strrchr(vma->name, '/');
	size_t at = strlen(f->text);

	for (unsigned i = 0; i < f->opt->nnames; i++)
		if (collect_name_matches(f->opt, i, vma))
			f->names |= BIT(i);
	for (unsigned i = 0; i < f->opt->nranges; i++)
		if (f->opt->ranges[i].start < vma->end &&
		    f->opt->ranges[i].end > vma->start)
			f->ranges |= BIT(i);
	if (!f->mappings++ || vma->start < f->start)
		f->start = vma->start;
	if (!vma->gate)
		f->end = MAX(f->end, vma->end);
	base = base && base[1] ? base + 1 : vma->name;
	if (*base && strcmp(base, f->last) && at + strlen(base) + 8 < sizeof(f->text)) {
		text_add(f->text, sizeof(f->text), "%s%s", at ? ", " : "", base);
		snprintf(f->last, sizeof(f->last), "%s", base);
	}
	return 0;
}

int collect_check(struct source *src, const struct collect_options *opt,
		  struct diag *diag)
{
	struct collect_found f = { .opt = opt };
	const char *whose = opt->npids == 1 ? "the process" : "these processes";
	struct process p;
	int err = 0;

	if (!opt->nnames && !opt->nranges)
		return 0;
	for (unsigned i = 0; i < opt->npids; i++) {
		if (src->ops->open(src, opt->pids[i], &p))
			continue;
		src->ops->vmas(src, opt->pids[i], false, collect_found_vma, &f);
		src->ops->release(src, opt->pids[i]);
	}
	if (!f.mappings) /* the collection says why */
		return 0;
	for (unsigned i = 0; i < opt->nnames; i++)
		if (!(f.names & BIT(i))) {
			err = -ENOENT;
			diag_add(diag, DIAG_ERROR,
				 "no mapping of %s is called '%.60s'; there are %s",
				 whose, opt->names[i], f.text);
		}
	for (unsigned i = 0; i < opt->nranges; i++)
		if (!(f.ranges & BIT(i))) {
			err = -ENOENT;
			diag_add(
				diag, DIAG_ERROR,
				"nothing is mapped in %llx-%llx of %s; its %u mappings lie in %llx-%llx",
				opt->ranges[i].start, opt->ranges[i].end, whose,
				f.mappings, f.start, f.end);
		}
	return err;
}
