/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/session.h"

#include "live/live.h"
#include "cmd/progress.h"
#include "live/procs.h"
#include "lib/nearest.h"
#include "os/confine.h"
#include "os/memsize.h"
#include "os/readfile.h"
#include "os/tempfile.h"
#include "replay/replay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int session_processes(struct session *s, const char *comm,
		      bool (*keep)(const struct session *s, const struct process *p))
{
	struct process *list = NULL;
	size_t n = 0;
	int err = procs_list(comm, &list, &n);

	if (err < 0)
		return session_fail(s, err, "cannot list processes: %s", strerror(-err));
	for (size_t i = 0; i < n && !err; i++)
		if (!keep || keep(s, &list[i]))
			err = options_add_pid(&s->opt, list[i].pid);
	free(list);
	return err;
}

static int session_find_comm(struct session *s)
{
	unsigned before = s->opt.npids;
	int err = session_processes(s, s->opt.comm, NULL);

	if (err)
		return session_exit(s, err);
	return s->opt.npids > before
		       ? 0
		       : session_fail(s, EXIT_FAILED, "no process is called '%.60s'",
				      s->opt.comm);
}

/* The process is in the memory cgroup of --cgroup, or below it; a path may begin with where it is mounted. */
static bool session_in_cgroup(const struct session *s, const struct process *p)
{
	static const char *const mounts[] = { "/sys/fs/cgroup/memory", "/sys/fs/cgroup" };
	const char *path = s->opt.value[OPTION_CGROUP];
	char file[40], is[4096];
	size_t len;

	for (unsigned i = 0; i < ARRAY_SIZE(mounts); i++)
		if (!strncmp(path, mounts[i], strlen(mounts[i])))
			path += strlen(mounts[i]);
	len = strlen(path);
	while (len && path[len - 1] == '/')
		len--;
	snprintf(file, sizeof(file), "/proc/%d/cgroup", (int)p->pid);
	return !p->kernel_thread && live_cgroup_read(AT_FDCWD, file, is, sizeof(is)) &&
	       !strncmp(is, path, len) && (!len || !is[len] || is[len] == '/');
}

static int session_find_cgroup(struct session *s)
{
	int err = session_processes(s, NULL, session_in_cgroup);

	if (err)
		return session_exit(s, err);
	return s->opt.npids ? 0
			    : session_fail(s, EXIT_FAILED,
					   "no process is in the cgroup '%.100s'",
					   s->opt.value[OPTION_CGROUP]);
}

/* Of the rows of --family those that have the columns of -o; with --verbose mappings. */
static enum columns_of session_family(const struct session *s)
{
	const char *list = s->opt.columns;

	if (!list)
		return s->opt.render.verbose ? COLUMNS_PART : COLUMNS_MEMBER;
	return columns_are(COLUMNS_MEMBER, list) || !columns_are(COLUMNS_PART, list)
		       ? columns_are(COLUMNS_PAIR, list) ? COLUMNS_PAIR : COLUMNS_MEMBER
		       : COLUMNS_PART;
}

enum columns_of session_of(const struct session *s)
{
	static const u8 rows[MODES] = {
#define DEFAULT MODE
#define MODE(id, run, needs, caps, of, obeys) [MODE_##id] = COLUMNS_##of,
#include "cmd/modes.def"
	};
	bool document = s->opt.render.json == RENDER_JSON_DOCUMENT && !s->opt.columns;

	if (s->opt.mode == MODE_FAMILY)
		return session_family(s);
	if (s->opt.mode == MODE_WHO && s->opt.area)
		return COLUMNS_BLOCKER;
	return s->opt.mode == MODE_SUMMARY && document ? COLUMNS_PAGE : rows[s->opt.mode];
}

static const char *session_column_name(unsigned i)
{
	return i < columns_table_n ? columns_table[i].name : NULL;
}

static int session_no_column(struct session *s, const char *name, size_t len)
{
	const char *like = nearest(name, len, session_column_name);

	return session_fail(
		s, EXIT_USAGE,
		"there is no column '%.*s' of %s; %s%s%sgupinfo --list-columns lists them",
		(int)MIN(len, 40), name, columns_rows[session_of(s)].name,
		like ? "did you mean " : "", like ? like : "", like ? "? " : "");
}

static int session_columns(struct session *s)
{
	struct render_options *r = &s->opt.render;
	const char *sort = s->opt.value[OPTION_SORT], *bad;
	size_t len;
	int err = 0;

	if (sort) {
		r->descending = *sort == '-';
		sort += *sort == '-' || *sort == '+';
		r->sort = columns_find(session_of(s), sort, strlen(sort));
		if (!r->sort)
			return session_no_column(s, sort, strlen(sort));
	}
	if (!s->opt.columns || s->opt.mode == MODE_TRACE) /* --trace's -o names a file */
		return 0;
	r->add = *s->opt.columns == '+';
	err = columns_select(session_of(s), s->opt.columns, r->columns, &r->ncolumns,
			     RENDER_COLUMNS_MAX, &bad, &len);
	if (err == -E2BIG)
		return session_fail(s, EXIT_USAGE, "more than %u columns",
				    RENDER_COLUMNS_MAX);
	return err ? session_no_column(s, bad, len) : 0;
}

/*
 * --filter chooses rows of the view.  With columns that only pages have it chooses pages, of which
 * other rows are sums.
 */
static int session_filters(struct session *s)
{
	char why[300];
	const char *reason = "";

	if (s->opt.filter &&
	    filter_parse(session_of(s), s->opt.filter, &s->filter, why, sizeof(why)))
		return session_fail(s, EXIT_USAGE, "%s", why);
	if (s->filter && filter_of(s->filter) != COLUMNS_PAGE)
		s->opt.render.filter = s->filter;
	if (s->opt.bits && kpageflags_parse(s->opt.bits, &s->bits, &reason))
		return session_fail(s, EXIT_USAGE, "--bits %.60s: %s", s->opt.bits,
				    reason);
	return 0;
}

int session_rows(struct session *s)
{
	int status = session_columns(s);

	return status ? status : session_filters(s);
}

int session_model(struct session *s, const struct kernel_evidence *ev, struct kernel *ret)
{
	const char *why = "";

	if (!s->opt.model || !kernel_resolve_model(ev, s->opt.model, ret, &why))
		return 0;
	return session_fail(s, EXIT_USAGE, "--model %.40s: %s", s->opt.model, why);
}

/* A path through a link, such as /lib/..., names the mapping that maps calls by its real path. */
static void session_real_names(struct session *s)
{
	for (unsigned i = 0; i < s->opt.nnames; i++)
		if (s->opt.name[i][0] == '/' && !s->opt.replay)
			s->opt.real_name[i] = realpath(s->opt.name[i], NULL);
}

/* --evidence=bpf fails when BPF does not work; not where it reads struct pages and no page tables. */
static int session_evidence(struct session *s)
{
	const struct source_evidence *e =
		&s->source->machine->evidence[SOURCE_STRUCTPAGE];

	if (s->opt.evidence != LIVE_EVIDENCE_BPF || e->ok)
		return 0;
	return session_fail(s, EXIT_FAILED, "%s", e->why);
}

/* Selects the report's processes of the name --comm; without it all, unless --pid names some. */
static int session_replay_pids(struct session *s)
{
	struct options *opt = &s->opt;
	size_t n;
	const pid_t *pids = replay_pids(s->source, &n);

	if (opt->npids)
		return 0;
	for (size_t i = 0; i < n; i++) {
		struct process p;

		if (opt->comm && (s->source->ops->open(s->source, pids[i], &p) ||
				  strcmp(p.comm, opt->comm)))
			continue;
		if (options_add_pid(opt, pids[i]))
			return session_exit(s, -ENOMEM);
	}
	return opt->npids ? 0
			  : session_fail(s, EXIT_FAILED,
					 "no process of the report is called '%.60s'",
					 opt->comm);
}

void session_confine(struct session *s)
{
	/* a report needs a temporary file, a redacted one two */
	tempfile_reserve((s->opt.mode == MODE_REPORT || s->opt.mode == MODE_SVG) +
			 2 * s->opt.redact);
	confine_all(s->out.beside ? CONFINE_WRITE : 0, s->opt.mode == MODE_TUI,
		    s->out.beside);
}

static int session_replay(struct session *s)
{
	s->source = replay_open(s->opt.replay, &s->diag);
	if (!s->source)
		return EXIT_FAILED;
	session_confine(s);
	return replay_read(s->source) ? EXIT_FAILED : session_replay_pids(s);
}

/* Opens what --report, --svg and --trace's --output name; standard output needs no opening. */
static int session_output(struct session *s)
{
	const char *path = s->opt.mode == MODE_REPORT  ? s->opt.value[OPTION_REPORT]
			   : s->opt.mode == MODE_SVG   ? s->opt.value[OPTION_SVG]
			   : s->opt.mode == MODE_TRACE ? s->opt.columns
						       : NULL;

	if (!path || (s->opt.mode == MODE_TRACE ? !!s->opt.replay : !strcmp(path, "-")))
		return 0;
	return outfile_open(&s->out, path, &s->diag) ? EXIT_FAILED : 0;
}

/* A command is started with all capabilities: trace_new() gives them up after that. */
static void session_drop(struct session *s, u64 caps)
{
	if (s->out.beside)
		caps |= CONFINE_WRITE;
	if (!s->opt.command)
		confine_caps(caps);
}

#define SESSION_SMALL 16384 /* pages that one thread reads before more have begun */

static u64 session_kib(const char *status, const char *key)
{
	u64 kib = readfile_find(status, key, 10);

	return kib == UINT64_MAX ? 0 : kib;
}

/* Returns about how many pages a process has; UINT32_MAX: not known. */
static u64 session_pages_of(pid_t pid)
{
	char path[32], *text;
	u64 kib;
	size_t len;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	if (readfile(AT_FDCWD, path, &text, &len))
		return UINT32_MAX;
	kib = session_kib(text, "\nVmRSS:") + session_kib(text, "\nHugetlbPages:");
	free(text);
	return kib * 1024 / memsize_page();
}

/* Returns about how many pages are to be read; 0: not known, or again and again. */
static u32 session_pages(const struct session *s)
{
	bool once = s->opt.mode != MODE_TUI && s->opt.mode != MODE_TRACE;
	u64 pages = s->opt.npids > 0;

	for (unsigned i = 0; i < s->opt.npids && once; i++)
		pages += session_pages_of(s->opt.pids[i]);
	return once && pages <= UINT32_MAX ? (u32)pages : 0;
}

/* Addresses on the command line may be pointers of a program, with tags that the machine ignores. */
static void session_untag(struct session *s)
{
	const char *arch = s->source->machine->kernel.arch;
	struct options *opt = &s->opt;

	for (unsigned i = 0; i < opt->nranges; i++) {
		opt->range[i].start = arch_untagged(arch, opt->range[i].start);
		opt->range[i].end = arch_untagged(arch, opt->range[i].end);
	}
	for (unsigned i = 0; i < opt->nexplain; i++)
		opt->explain[i] = arch_untagged(arch, opt->explain[i]);
}

int session_open(struct session *s, u64 caps)
{
	int status = session_output(s);
	u32 pages;

	if (status)
		return status;
	if (s->opt.replay) {
		status = session_replay(s);
		if (status)
			return status;
	} else {
		pages = session_pages(s);
		s->source = live_open(
			&(struct live_options){
				.evidence = s->opt.evidence,
				.gentle = s->opt.given[OPTION_GENTLE],
				.pages = pages,
				.jobs = s->opt.jobs ? (unsigned)s->opt.jobs
					: pages && pages < SESSION_SMALL ? 1
									 : 0,
				.cgroups = s->opt.mode == MODE_ALL ||
					   columns_have(s->opt.render.columns,
							s->opt.render.ncolumns,
							COLUMN_CGROUP),
				.many = s->opt.given[OPTION_ALL] },
			&s->diag);
		if (!s->source)
			return EXIT_FAILED;
		session_drop(s, caps);
	}
	session_untag(s);
	status = session_evidence(s);
	if (!status)
		status = session_model(s, &s->source->machine->kernel, &s->model);
	s->has_model = !status && s->opt.model;
	if (!status && s->opt.comm && !s->opt.replay)
		status = session_find_comm(s);
	if (!status && s->opt.given[OPTION_CGROUP])
		status = s->opt.replay
				 ? session_fail(
					   s, EXIT_USAGE,
					   "a report has no cgroups; leave out --cgroup")
				 : session_find_cgroup(s);
	if (!status && s->opt.given[OPTION_FAMILY])
		status = mode_family_members(s);
	session_real_names(s);
	return status;
}

void session_close(struct session *s)
{
	if (s->source)
		s->source->ops->close(s->source);
	s->source = NULL;
	outfile_close(&s->out, -ECANCELED);
	filter_free(s->filter);
	s->filter = NULL;
	for (unsigned i = 0; i < OPTIONS_RANGES; i++)
		free(s->opt.real_name[i]);
}

/* --filter chooses pages. */
static bool session_of_pages(const struct session *s)
{
	return s->filter && !s->opt.render.filter;
}

bool session_keep(void *ctx, const struct report_row *row)
{
	struct session *s = ctx;

	if (s->opt.bits && kpageflags_match(&s->bits, report_page(row)->flags,
					    report_page(row)->flags_known) != TRI_YES)
		return false;
	return !session_of_pages(s) || filter_match(s->filter, row) == TRI_YES;
}

/* Evidence that this machine denies makes every view incomplete: report it once. */
bool session_missing(const struct session *s, struct diag *diag)
{
	const struct source_machine *m = s->source->machine;
	bool missing = m->page.pfns_hidden;

	if (s->opt.replay)
		return false;
	if (missing)
		diag_add(diag, DIAG_INCOMPLETE, "%s",
			 page_why_texts[PAGE_WHY_PFN_HIDDEN]);
	for (unsigned i = 0; i < SOURCE_FACTS; i++) {
		bool deep = i == SOURCE_STRUCTPAGE || i == SOURCE_PTE;

		if (m->evidence[i].ok ||
		    (deep && s->opt.evidence == LIVE_EVIDENCE_PROCFS))
			continue;
		diag_add(diag, DIAG_INCOMPLETE, "%s", m->evidence[i].why);
		missing = true;
	}
	return missing;
}

/* No column shows a PFN: runs may merge pages whose PFNs are not consecutive. */
static bool session_folds(const struct session *s)
{
	const struct options *opt = &s->opt;

	if (opt->given[OPTION_EACH] ||
	    ((session_of_pages(s) || opt->bits) && opt->mode != MODE_PAGES) ||
	    (opt->render.json && !opt->render.ncolumns && opt->mode != MODE_ALL))
		return false;
	return (opt->mode == MODE_ALL || opt->mode == MODE_SUMMARY ||
		opt->mode == MODE_PAGES) &&
	       !columns_have(opt->render.columns, opt->render.ncolumns, COLUMN_FRAME);
}

void session_wait(unsigned msecs)
{
	struct timespec t = { .tv_nsec = msecs * 1000000l };

	nanosleep(&t, NULL);
}

/* Rows of pages look the same when their columns do, and the filter takes both or none. */
static bool session_same(void *ctx, const struct report_row *a,
			 const struct report_row *b)
{
	struct session *s = ctx;
	const struct render_options *r = &s->opt.render;

	return columns_same(r->columns, r->ncolumns, a, b) &&
	       session_keep(s, a) == session_keep(s, b);
}

struct collect_options session_asked(const struct session *s)
{
	const struct options *opt = &s->opt;

	return (struct collect_options){
		.pids = opt->pids,
		.npids = opt->npids,
		.ranges = opt->range,
		.nranges = opt->nranges,
		.names = opt->name,
		.real_names = (const char *const *)opt->real_name,
		.nnames = opt->nnames,
		.model = s->has_model ? &s->model : NULL,
	};
}

int session_collect(struct session *s, const struct report_view *view, void *ctx,
		    bool holes)
{
	const struct options *opt = &s->opt;
	bool pages = opt->mode == MODE_PAGES;
	bool json = opt->render.json && !opt->render.ncolumns; /* every fact of a page */
	struct collect_options c = session_asked(s);
	struct progress pace;
	/* --explain says itself what is not there, but not in JSON */
	bool says = opt->mode == MODE_EXPLAIN && !json;
	int err = says ? 0 : collect_check(s->source, &c, &s->diag);

	if (err)
		return err;
	c.keep = session_of_pages(s) || opt->bits ? session_keep : NULL;
	c.keep_ctx = s;
	c.each = opt->given[OPTION_EACH];
	/* a page that was asked for by its address is shown though nothing is there */
	c.holes = holes || (pages && opt->only_addresses);
	c.fold = session_folds(s);
	c.same = pages && !json ? session_same : NULL;
	c.same_ctx = s;
	c.holders =
		opt->mode == MODE_EXPLAIN || opt->mode == MODE_LINT ||
		opt->mode == MODE_SUMMARY || (pages && (json || opt->filter)) ||
		(opt->mode == MODE_ALL && !opt->replay &&
		 s->source->machine->evidence[SOURCE_STRUCTPAGE].ok) ||
		columns_have(opt->render.columns, opt->render.ncolumns, COLUMN_HOLDERS);
	c.cgroups =
		columns_have(opt->render.columns, opt->render.ncolumns, COLUMN_CGROUP) ||
		(pages && opt->filter && strstr(opt->filter, "MEMCG"));
	c.wait = opt->replay ? NULL : session_wait;
	c.again = opt->mode == MODE_LINT || opt->mode == MODE_ALL ||
		  (opt->mode == MODE_SUMMARY && !json);
	progress_init(&pace, s->progress, opt->given[OPTION_GENTLE], opt->npids);
	if (s->progress || opt->given[OPTION_GENTLE]) {
		c.tick = progress_tick;
		c.tick_ctx = &pace;
	}
	s->opt.render.missing = session_missing(s, NULL);
	err = collect_run(s->source, &c, view, ctx, &s->diag);
	progress_end();

	if (opt->mode == MODE_ALL || (opt->mode == MODE_LINT && opt->given[OPTION_ALL]))
		mode_all_messages(s);
	if (err >= 0)
		session_missing(s, &s->diag);
	return err;
}

int session_follow(struct session *s)
{
	for (unsigned i = 0; i < s->opt.npids; i++) {
		pid_t pid = s->opt.pids[i];
		struct process p;
		int err = s->source->ops->open(s->source, pid, &p);

		if (err) {
			diag_add_process(&s->diag, DIAG_ERROR, pid, "%s",
					 collect_why(err));
			return EXIT_FAILED;
		}
		s->source->ops->release(s->source, pid);
		collect_why_note(&p, &s->diag);
		if (p.kernel_thread)
			return EXIT_FAILED;
		s->opt.pids[i] = p.tgid ? p.tgid : pid;
	}
	return 0;
}

int session_exit(struct session *s, int err)
{
	if (err == -EPIPE)
		return EXIT_COMPLETE;
	if (err < 0 && s->diag.worst < DIAG_INCOMPLETE)
		diag_add(&s->diag, DIAG_ERROR, "%s", strerror(-err));
	if (s->diag.worst == DIAG_ERROR || err < 0)
		return EXIT_FAILED;
	return s->diag.worst == DIAG_INCOMPLETE ? EXIT_INCOMPLETE : EXIT_COMPLETE;
}
