/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --family: processes, their descendants, and the frames that they share. */
#include "cmd/session.h"

#include "lib/array.h"
#include "live/procs.h"
#include "report/family.h"
#include "replay/replay.h"

#include <errno.h>
#include <stdlib.h>

#define FAMILY_BYTES ((size_t)1 << 30) /* of the store: 32 for each run of pages */

/* Adds to the processes that were asked for those of @list that descend from one of them. */
static int family_descendants(struct options *opt, const struct process *list, size_t n)
{
	unsigned before;
	int err = 0;

	/* family_new() takes no more: looking for the descendants of all would take long */
	do {
		before = opt->npids;
		for (size_t i = 0; i < n && !err && opt->npids <= FAMILY_MEMBERS; i++)
			if (ARRAY_ANY(k, opt->npids, opt->pids[k] == list[i].ppid) &&
			    !ARRAY_ANY(k, opt->npids, opt->pids[k] == list[i].pid))
				err = options_add_pid(opt, list[i].pid);
	} while (!err && opt->npids > before);
	return err;
}

/* The processes of the report that is replayed. */
static int family_recorded(struct session *s, struct process **ret, size_t *ret_n)
{
	const pid_t *pids = replay_pids(s->source, ret_n);

	*ret = calloc(MAX(*ret_n, 1), sizeof(**ret));
	for (size_t i = 0; i < *ret_n && *ret; i++)
		if (!s->source->ops->open(s->source, pids[i], &(*ret)[i]))
			s->source->ops->release(s->source, pids[i]);
	return *ret ? 0 : -ENOMEM;
}

int mode_family_new(struct session *s, const struct store *store, struct family **ret)
{
	int err = family_new(store, ret);

	return err == -E2BIG
		       ? session_fail(s, err, "more than %u processes", FAMILY_MEMBERS)
		       : err;
}

int mode_family(struct session *s)
{
	struct store *store =
		store_new(&(struct store_options){ .max_bytes = FAMILY_BYTES }, NULL);
	struct family *family = NULL;
	int err = store ? session_collect(s, &store_view, store, false) : -ENOMEM;

	if (!err && store->dropped)
		diag_add(
			&s->diag, DIAG_INCOMPLETE,
			"there are more runs of pages than fit in %zu MiB: the rest is not known",
			FAMILY_BYTES >> 20);
	if (!err)
		err = mode_family_new(s, store, &family);
	if (!err)
		err = render_family(&s->opt.render, store, family, session_of(s));
	family_free(family);
	store_free(store);
	return session_exit(s, err);
}

int mode_family_members(struct session *s)
{
	struct process *list = NULL;
	size_t n = 0;
	int err = s->opt.replay ? 0 : session_follow(s);

	if (err)
		return err;
	err = s->opt.replay ? family_recorded(s, &list, &n) : procs_list(NULL, &list, &n);
	if (!err)
		err = family_descendants(&s->opt, list, n);
	free(list);
	return err ? session_exit(s, err) : 0;
}
