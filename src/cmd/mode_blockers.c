/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --blockers: what of an area of physical memory would not move now, why, and whose it is. */
#include "cmd/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "live/live_area.h"
#include "live/procs.h"
#include "report/blockers.h"
#include "report/collect.h"
#include "reportfile/record.h"

struct blockers_scan {
	struct session *s;
	struct blockers b;
	struct live_area area;
	const struct process *process; /* whose entries are searched */
	size_t unread;
};

static int blockers_hit(void *ctx, const struct raw_page *raw, size_t n)
{
	struct blockers_scan *scan = ctx;
	const struct kernel_evidence *ev = &scan->s->source->machine->kernel;
	int err = 0;

	for (size_t i = 0; i < n && !err; i++)
		err = blockers_map(&scan->b, scan->process->pid, scan->process->comm,
				   raw[i].addr, raw[i].pfn,
				   raw[i].pages *
					   (page_read_leaf_size(ev, NULL, &raw[i]) /
					    kernel_page_size(ev)));
	return err;
}

/* Finds which of the blocking frames @pid maps. */
static int blockers_search(struct blockers_scan *scan, pid_t pid)
{
	struct source *src = scan->s->source;
	const struct blockers *b = &scan->b;
	struct process p;
	int err = src->ops->open(src, pid, &p);

	if (err)
		return err;
	scan->process = &p;
	err = src->ops->find(src, pid, b->run[0].pfn,
			     b->run[b->nruns - 1].pfn + b->run[b->nruns - 1].pages,
			     blockers_hit, scan);
	src->ops->release(src, pid);
	blockers_sort(&scan->b);
	return err;
}

/* Searches processes until all that is mapped has an owner. */
static int blockers_owners(struct blockers_scan *scan)
{
	struct process *list = NULL;
	size_t n = 0;
	int err = scan->b.nruns && (scan->b.unowned || scan->b.all) &&
				  scan->s->source->ops->find
			  ? procs_list(NULL, &list, &n)
			  : 0;

	blockers_sort(&scan->b);
	for (size_t i = 0; i < n && (scan->b.unowned || scan->b.all) && err != -ENOMEM;
	     i++) {
		if (list[i].kernel_thread)
			continue;
		err = blockers_search(scan, list[i].pid);
		if (err == -ENOTSUP)
			break;
		scan->unread += err && err != -ESRCH && err != -ENXIO && err != -ENOENT;
	}
	free(list);
	return err == -ENOMEM ? err : 0;
}

static void blockers_holders(struct session *s, struct holders **ret)
{
	if (!s->source->ops->holders || s->source->ops->holders(s->source, NULL, 0, ret))
		*ret = NULL;
	else if (!(*ret)->complete)
		diag_add(&s->diag, DIAG_INCOMPLETE, "holders: %s", (*ret)->why);
}

/* Names what could not be read, and returns the status that scripts ask for. */
static int blockers_status(struct blockers_scan *scan)
{
	struct session *s = scan->s;
	const u64 *n = scan->b.frames;
	int status;

	if (n[FRAME_UNKNOWN])
		diag_add(&s->diag, DIAG_INCOMPLETE,
			 "of %llu frames it is not known whether they would move",
			 n[FRAME_UNKNOWN]);
	if (scan->unread)
		diag_add(&s->diag, DIAG_INCOMPLETE,
			 "%zu process%s could not be read: not every owner is known",
			 scan->unread, scan->unread == 1 ? "" : "es");
	session_missing(s, &s->diag);
	status = session_exit(s, 0);
	return n[FRAME_BLOCKS] && !scan->b.all && status != EXIT_FAILED ? EXIT_FOUND
									: status;
}

/* Looks for the file @path in all memory. */
static int blockers_file(struct blockers_scan *scan, const char *path)
{
	struct session *s = scan->s;
	const struct page_context *c = &s->source->machine->page;
	const char *slash = strrchr(path, '/');
	struct stat st;

	if (stat(path, &st))
		return session_fail(s, EXIT_FAILED, "cannot look at %s: %m", path);
	scan->b.inode = st.st_ino;
	scan->b.name = slash + 1;
	scan->b.dev[0] = major(st.st_dev);
	scan->b.dev[1] = minor(st.st_dev);
	for (unsigned i = 0; i < c->nspans && i < LIVE_AREA_RANGES; i++)
		scan->area.range[scan->area.n++] =
			(struct collect_range){ c->spans[i].start_pfn,
						c->spans[i].end_pfn };
	return 0;
}

/* Returns 0, or an exit status after a message. */
static int blockers_where(struct blockers_scan *scan, const char *option,
			  const char *text)
{
	struct session *s = scan->s;
	const struct source_machine *m = s->source->machine;
	char why[300];
	int err;

	if (s->opt.replay || !s->source->ops->frames || s->opt.npids)
		return session_fail(
			s, EXIT_USAGE,
			"%s of an area looks at this machine, and at all processes",
			option);
	if (scan->b.all && strchr(text, '/'))
		err = blockers_file(scan, text);
	else
		err = live_area_find(m, text, &scan->area, why, sizeof(why));
	if (err < 0)
		return session_fail(s, err == -EINVAL ? EXIT_USAGE : EXIT_FAILED,
				    "%s: %s", option, why);
	if (!err && !m->evidence[SOURCE_KPAGEFLAGS].ok)
		err = session_fail(s, EXIT_FAILED, "%s",
				   m->evidence[SOURCE_KPAGEFLAGS].why);
	return err;
}

static int blockers_show(struct session *s, const char *option, const char *text,
			 bool all)
{
	struct source *src = s->source;
	struct blockers_scan scan = {
		.s = s,
		.b = { .kernel = s->has_model ? &s->model : src->machine->page.kernel,
		       .page = &src->machine->page,
		       .all = all }
	};
	struct holders *holders = NULL;
	int err;

	err = blockers_where(&scan, option, text);
	if (err)
		return err;
	blockers_holders(s, &holders);
	scan.b.holders = holders;
	for (unsigned i = 0; i < scan.area.n && !err; i++)
		err = src->ops->frames(src, scan.area.range[i].start,
				       scan.area.range[i].end, blockers_add, &scan.b);
	if (!err)
		err = blockers_owners(&scan);
	if (!err)
		err = render_blockers(&s->opt.render, text, &scan.b, src->machine);
	err = err ? session_exit(s, err) : blockers_status(&scan);
	blockers_deinit(&scan.b);
	return err;
}

int mode_blockers(struct session *s)
{
	return blockers_show(s, "--blockers", s->opt.value[OPTION_BLOCKERS], false);
}

int mode_blockers_who(struct session *s)
{
	return blockers_show(s, "--who", s->opt.value[OPTION_WHO], true);
}
