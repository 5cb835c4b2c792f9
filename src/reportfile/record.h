/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * record.h - the report file, gupinfo-report(5): raw pages, VMAs, processes and evidence as
 * text.
 *
 * record.c has the tables of the format, record_write.c makes lines, record_read.c parses them.
 *
 * Writer and reader stream: memory does not grow with the file.  Whatever the bytes are, the
 * reader ends with valid values or with one sentence that names the line and the fault.
 */
#pragma once

#include "gup/gup.h"
#include "report/source.h"

#define RECORD_MAGIC "gupinfo report " /* begins the file */
#define RECORD_MAJOR 1
#define RECORD_MINOR 0
#define RECORD_COLUMNS 80     /* bytes of a line of the file, without its newline */
#define RECORD_LINE_MAX 16384 /* bytes of a line after its continuations are joined */
#define RECORD_STATES \
	65536 /* distinct states that get a name; further ones are written in full */
#define RECORD_JUDGEMENTS 4096 /* likewise */
#define RECORD_SPANS 1024
#define RECORD_ENDS 32 /* recorded ends of a holder */

struct holder;

/* The recorded verdicts of one page: the words of gup.h, without paths. */
struct record_judgement {
	struct record_request {
		u8 fast, fast_reason, slow, fault, page, word;
		u16 err;
	} req[GUP_REQUESTS];
	u8 write, seen_by_refs, leak, fork;
	u8 present; /* 0: no verdict was recorded */
	u8 migrate; /* GUP_MIGRATES: an older gupinfo, which did not predict it, made the report */
	u8 pad[2];
};

/* Copies the words of @v. */
void record_judge(const struct gup_verdicts *v, struct record_judgement *ret);

/* The machine of a report, with the storage for what struct source_machine only points to. */
struct record_machine {
	struct source_machine m;
	struct kpf_layout layout;
	char structpage_by[24];
	char model[32]; /* the model that made the recorded verdicts */
	struct page_span spans[RECORD_SPANS];
};

/* ---- writing ---- */

/* Writes @len bytes of the file.  Returns 0, or -errno, which stops the writer. */
typedef int (*record_put)(void *ctx, const char *buf, size_t len);

struct record_writer {
	record_put put;
	void *ctx;
	int error; /* the first failure: later calls return it */
	u32 crc;
	u64 lines;
	u32 base_page_size;
	size_t len; /* of the line under construction */
	bool overflow;
	char line[RECORD_LINE_MAX];
	struct record_dict *dict;
};

/* Returns 0 or -ENOMEM.  @w is valid for record_write_deinit() in both cases. */
int record_write_init(struct record_writer *w, record_put put, void *ctx);
void record_write_deinit(struct record_writer *w);

/* Writes the first line, "gupinfo report 1.0".  Text may follow until the first section. */
int record_write_magic(record_put put, void *ctx);

/* Starts a section; @name has only [a-z0-9 -]. */
int record_write_section(struct record_writer *w, const char *name);
/* Writes a comment for people, which readers skip. */
int record_write_comment(struct record_writer *w, const char *text);
/* Writes a line of a text section and escapes what is not printable ASCII. */
int record_write_text(struct record_writer *w, const char *fmt, ...) PRINTF(2, 3);
/* Writes a line of a text section as a reader delivered it: it is escaped already. */
int record_write_verbatim(struct record_writer *w, const char *line);

/* Writes [kernel], [config], [probes], [evidence], [context].  @model may be NULL. */
int record_write_machine(struct record_writer *w, const struct source_machine *m,
			 const char *model);
/* Write section "pages": a process, then its VMAs ascending, each with its runs ascending. */
int record_write_process(struct record_writer *w, const struct process *p);
int record_write_vma(struct record_writer *w, const struct vma *vma);
/* @judged and @note may be NULL; @note is a comment on a state that occurs for the first time. */
int record_write_run(struct record_writer *w, const struct raw_page *raw,
		     const struct record_judgement *judged, const char *note);
/* Writes the run that waits for more; a process, a VMA, a section and the end do so, too. */
int record_write_runs(struct record_writer *w);
/* Write section "holders", after the pages: whether all were looked for, then each. */
int record_holders_begin(struct record_writer *w, bool complete, const char *why);
int record_holders_write(struct record_writer *w, const struct holder *h);
/* Writes the last line with the number of lines and the checksum. */
int record_write_end(struct record_writer *w);

/* ---- reading ---- */

/* The reader calls these.  NULL members are skipped; a non-zero return stops the reader. */
struct record_handler {
	/* Called once, before the first process or at the end. */
	int (*machine)(void *ctx, const struct record_machine *m);
	int (*process)(void *ctx, const struct process *p);
	int (*vma)(void *ctx, const struct process *p, const struct vma *vma);
	int (*run)(void *ctx, const struct process *p, const struct vma *vma,
		   const struct raw_page *raw, const struct record_judgement *judged);
	int (*holders)(void *ctx, bool complete, const char *why);
	int (*holder)(void *ctx, const struct holder *h);
	/*
	 * Called for each line of a text section, still escaped (record_unescape()); @line NULL: it
	 * begins.
	 */
	int (*text)(void *ctx, const char *section, const char *line);
};

/* Functions return 0, -EINVAL, -EPROTONOSUPPORT, -ENOMEM or a handler's value; see ->why. */
struct record_reader {
	const struct record_handler *handler;
	void *ctx;
	int error;
	char why[200];
	u64 line;      /* lines read */
	u64 offset;    /* where the line being delivered starts in the file */
	bool complete; /* the end line was read and is right */
	struct record_parse *parse;
};

/* Returns 0 or -ENOMEM.  @r is valid for record_read_deinit() in both cases. */
int record_read_init(struct record_reader *r, const struct record_handler *handler,
		     void *ctx);
void record_read_deinit(struct record_reader *r);
int record_read_feed(struct record_reader *r, const char *buf, size_t len);
/*
 * Ends the file.  Returns 0; -ENODATA when it is torn (no end line) or was changed after it was
 * written (wrong count or checksum), with what was delivered still usable; or an error as
 * above.
 */
int record_read_end(struct record_reader *r);

/*
 * Continues at @offset, which was ->offset during a `vma` call of process @p.  Keeps
 * dictionaries, and stops checking counts and checksum.
 */
void record_read_seek(struct record_reader *r, u64 offset, const struct process *p);

/*
 * Undoes the escapes of a line of a text section, up to one that is wrong, into @buf, which has as much
 * room as the line.  Returns the length of what is in @buf.
 */
size_t record_unescape(const char *line, char *buf);
