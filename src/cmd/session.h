/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session.h - one run of gupinfo: options, source, model, diagnostics; and the modes. */
#pragma once

#include "lib/diag.h"
#include "render/filter.h"
#include "kpageflags.h"
#include "cmd/options.h"
#include "os/outfile.h"
#include "report/source.h"

/* Exit statuses of the public interface. */
enum session_exit {
	EXIT_COMPLETE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_INCOMPLETE = 3,
	EXIT_FOUND = 4,
};

struct session {
	struct options opt;
	struct diag diag;
	FILE *progress;        /* where a long collection shows progress; NULL: nowhere */
	struct source *source; /* opened by session_open() */
	struct outfile out;    /* of --report and of --trace's --output */
	struct filter *filter; /* of pages; of other rows render.filter has it, too */
	struct kpageflags_filter bits;
	bool has_model;
	struct kernel model;  /* of --model */
	bool has_wait_status; /* the command has ended: gupinfo ends the same way */
	int wait_status;
};

/* What the rows of the view are about. */
enum columns_of session_of(const struct session *s);
/* Finds the columns of -o, --sort and --filter.  Returns 0, or an exit status after a message. */
int session_rows(struct session *s);
/*
 * Opens the source (this machine, or --replay), finds the processes of --comm, resolves --model;
 * keeps of the capabilities @caps only, and of those none for a report.  Returns 0, or an exit status after adding one message to ->diag.
 */
int session_open(struct session *s, u64 caps);
/* Before bytes of files are looked at: gives up capabilities, files and system calls. */
void session_confine(struct session *s);
void session_close(struct session *s);

/* Returns the processes, ranges, names and model that the command line asks for; the rest is 0. */
struct collect_options session_asked(const struct session *s);
/* --filter and --bits keep the page; the context is the session. */
bool session_keep(void *ctx, const struct report_row *row);
/* Shows what the options select by @view.  Returns an exit status. */
int session_view(struct session *s, const struct render_view *view, bool holes);
/* Collects what the options select into @view. */
int session_collect(struct session *s, const struct report_view *view, void *ctx,
		    bool holes);

/*
 * Adds the processes called @comm (NULL: anything) for which @keep, if any, holds to those that were asked
 * for.  Returns 0, or -errno after a message.
 */
int session_processes(struct session *s, const char *comm,
		      bool (*keep)(const struct session *s, const struct process *p));
/* Processes to look at: those asked for, or every one. */
int mode_all_processes(struct session *s);
/* Many processes that cannot be read are one message. */
void mode_all_messages(struct session *s);

/* Resolves --model, if it is given, for the machine of @ev.  Returns 0, or EXIT_USAGE after a message. */
int session_model(struct session *s, const struct kernel_evidence *ev,
		  struct kernel *ret);

/*
 * Whether the processes can be followed; the number of a thread becomes that of its process.
 * Returns 0, or an exit status after a message.
 */
int session_follow(struct session *s);

/* Lets others run (collect.h). */
void session_wait(unsigned msecs);

/* Adds what descends from the processes that were asked for.  Returns 0 or an exit status. */
int mode_family_members(struct session *s);
/* Sums up the processes of @store as family_new() does.  Returns 0 or -errno, too many after a message. */
int mode_family_new(struct session *s, const struct store *store, struct family **ret);

/*
 * Writes a report of what the options select to a new *@ret, redacted with --redact; without @text only what
 * was read of pages, and the events of a recording.
 */
int mode_report_make(struct session *s, FILE **ret, bool text);

/* With --redact, replaces the source by a redacted report of it.  Returns 0 or an exit status. */
int session_redact(struct session *s);

/* Reports missing evidence in @diag, as messages of class DIAG_INCOMPLETE; returns whether some is. */
bool session_missing(const struct session *s, struct diag *diag);

/* After the summary of a replay by another model: prints verdicts that differ. */
void session_rejudged(struct session *s);

/* Adds an error message.  Returns @ret. */
#define session_fail(s, ret, ...) (diag_add(&(s)->diag, DIAG_ERROR, __VA_ARGS__), (ret))

/* Returns the exit status for a collection's return value and the diagnostics so far. */
int session_exit(struct session *s, int err);

/* Each mode returns an exit status. */
#define DEFAULT MODE
#define MODE(id, run, ...) int mode_##run(struct session *s);
#include "cmd/modes.def"

/*
 * Passes the events of the recording that is replayed to @view, or writes them as JSON when that is
 * NULL; @ret_found: it is a recording.  Returns 0, -errno or the view's value.
 */
struct event_view;
int mode_trace_replay(struct session *s, const struct event_view *view, void *ctx,
		      bool *ret_found);

/* --who of an area of physical memory, or of a file. */
int mode_blockers_who(struct session *s);

/*
 * Writes who of the @n processes maps the page @pfn, and who else holds it.  Returns 0 or -errno;
 * messages say what could not be read.
 */
int mode_who_page(struct session *s, u64 pfn, const pid_t *pids, size_t n,
		  const struct render_options *opt);
