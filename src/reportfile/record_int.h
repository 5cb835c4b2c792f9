/* SPDX-License-Identifier: GPL-2.0-or-later */
/* record_int.h - the format's tables and the reader's state, for record*.c files only. */
#pragma once

#include <errno.h>
#include <string.h>

#include "reportfile/record.h"

#define RECORD_ENTRY_MASK (BIT(55) - 1) /* PFN or swap entry of a pagemap word */

/* How the text of a field is made. */
enum record_form {
	RECORD_DEC,
	RECORD_SIGNED,
	RECORD_HEX,
	RECORD_TEXT,    /* quoted */
	RECORD_TRI,     /* from here on words: "no", "yes", "unknown" */
	RECORD_LEVEL,   /* "pte", "pmd", "pud" */
	RECORD_MAPPING, /* enum raw_mapping */
	RECORD_FS,      /* enum vma_fs */
	RECORD_ZONE,    /* enum page_zone; -1: "unknown" */
	RECORD_REASON,  /* enum gup_reason */
	RECORD_SLOW,    /* enum gup_slow */
	RECORD_FAULT,   /* enum gup_fault */
	RECORD_PAGE,    /* enum gup_page */
	RECORD_WORD,    /* enum gup_word */
	RECORD_WRITE,   /* enum gup_write_fault */
	RECORD_FORK,    /* enum gup_fork_word */
	RECORD_MIGRATE  /* enum gup_migrate_word */
};

/* What becomes of a field in a redacted report.  Each field has to say it. */
enum record_redact {
	RECORD_UNDECIDED,
	RECORD_KEPT,
	RECORD_ZEROED,
	RECORD_COMM,   /* the name of a process */
	RECORD_PATH,   /* the name of a mapping */
	RECORD_DEVICE, /* the name of a device file */
	RECORD_USER,   /* a user's number; root's is kept */
	RECORD_INODE,
	RECORD_NODE,   /* the number of a device */
	RECORD_FRAME,  /* a page frame number */
	RECORD_ADDRESS /* a virtual address, where addresses are redacted */
};

/* A field: the writer, the reader and the redactor go by it alone. */
struct record_field {
	const char *key;
	u16 offset, size; /* of the member */
	u8 form;          /* enum record_form */
	u8 redact;        /* enum record_redact */
	bool optional;    /* it is written only when it differs from record_missing() */
	u64 missing; /* the value where the key is missing, for forms without words */
	u32 has;     /* of a state: the RAW_HAS_* bit; of a part: see record.c */
};

/* The end of each table has no ->key. */
extern const struct record_field record_kernel_fields[], record_sizes_fields[],
	record_context_fields[], record_zone_fields[], record_pool_fields[],
	record_layout_fields[], record_process_fields[], record_vma_fields[],
	record_state_fields[], record_request_fields[], record_store_fields[],
	record_fork_fields[], record_migrate_fields[], record_holder_fields[];

static inline u64 record_missing(const struct record_field *f)
{
	return f->form == RECORD_TRI    ? TRI_UNKNOWN
	       : f->form == RECORD_ZONE ? PAGE_ZONES
					: f->missing;
}

u64 record_get(const struct record_field *f, const void *object);
void record_set(const struct record_field *f, void *object, u64 value);
/* Returns the word for a value of a form that has words; NULL past the last. */
const char *record_word(enum record_form form, unsigned value);
/* Gives all fields of @object the values for missing keys. */
void record_clear(const struct record_field *table, void *object);

/* The name of option or probe @i in [config] or [probes]. */
static inline const char *record_tri_name(bool probes, unsigned i)
{
	return probes ? kernel_probes[i].name : kernel_configs[i].name;
}

u64 record_hash(const void *key, size_t len);

/* Copies the part of @raw that like pages share to @ret_state. */
void record_state_of(const struct raw_page *raw, struct raw_page *ret_state);

/* The run, not its state, has the pte word: the entry is not known to be present. */
static inline bool record_pte_in_run(u32 has)
{
	return (has & RAW_HAS_PTE) && !(has & RAW_HAS_PFN);
}

#define RECORD_PAIRS 16 /* of a state and a judgement that a line of runs may name */

/* A sparse array for a dictionary.  Unused entries are zero.  Names are hashes: a chunk has mostly one. */
#define RECORD_CHUNK 32
struct record_table {
	void *chunk[RECORD_STATES / RECORD_CHUNK];
};

/* States and judgements by name, and those that have none, which end with their VMA. */
struct record_names {
	struct record_table state, judge;
	struct raw_page lone_state; /* ->pages of a used one is 1 */
	struct record_judgement lone_judge;
};

/* Returns entry @i of @size bytes; NULL: no memory. */
void *record_table_at(struct record_table *t, size_t i, size_t size);
void record_names_free(struct record_names *n);

static inline void record_forget(struct record_names *n)
{
	memset(&n->lone_state, 0, sizeof(n->lone_state));
	memset(&n->lone_judge, 0, sizeof(n->lone_judge));
}

enum record_section {
	SECTION_PREFACE,
	SECTION_KERNEL,
	SECTION_CONFIG,
	SECTION_PROBES,
	SECTION_EVIDENCE,
	SECTION_CONTEXT,
	SECTION_PAGES,
	SECTION_HOLDERS,
	SECTION_TEXT,
	SECTION_END
};

struct record_parse {
	size_t len;    /* bytes of the logical line in ->line */
	bool pending;  /* ->line is complete unless its continuation follows */
	bool fresh;    /* the next byte starts a line of the file */
	bool carriage; /* a CR was read: LF must follow */
	bool seeked;   /* count and checksum are not checked */
	u64 offset;    /* bytes of the file so far */
	u64 number;    /* lines of the file so far */
	u64 line_offset, line_number; /* where ->line starts */
	u64 body_lines, end_lines;    /* lines since the first section */
	u32 crc, end_crc; /* checksum of them; end_*: before the current line */
	enum record_section section;
	char section_name[32];
	bool context_seen, machine_sent, have_process, have_vma;
	u64 next_addr, vma_end;
	struct process process;
	struct vma vma;
	struct record_machine machine;
	char line[RECORD_LINE_MAX + 1];
	struct record_names names;
};

/* Sets ->why ("line 12: …") and ->error, unless an earlier failure did; returns ->error. */
int record_fail(struct record_reader *r, int err, const char *fmt, ...) PRINTF(3, 4);
#define record_bad(r, ...) record_fail(r, -EINVAL, __VA_ARGS__)

char *record_next(char **at);
bool record_number(const char *s, unsigned base, u64 *ret);
/* Undoes the quoting of @s.  Returns false when it is malformed or longer than @buf. */
bool record_unquote(const char *s, char *buf, size_t size);
char *record_value(char *word, const char *key);
/* Parses the text of a value.  Returns false when it is malformed or out of range. */
bool record_parse_field(const struct record_field *f, const char *text, void *object);
int record_parse_fields(struct record_reader *r, const struct record_field *table,
			char *at, void *object);

/* Parses a line of [kernel], [config], [probes], [evidence] or [context] (record_machine.c). */
int record_machine_line(struct record_reader *r, char *line);
/* Delivers the machine, once. */
int record_machine_send(struct record_reader *r);
/* Parses a line of [holders] (record_holders.c). */
int record_holders_line(struct record_reader *r, char *line);
/* Parses a line of [pages] (record_pages.c). */
int record_pages_line(struct record_reader *r, char *line);

/* Write parts of the current line (record_write.c). */
int record_write_flush(struct record_writer *w);
void record_write_add(struct record_writer *w, const char *text);
void record_write_addf(struct record_writer *w, const char *fmt, ...) PRINTF(2, 3);
void record_write_quoted(struct record_writer *w, const char *text);
/* Writes " key=value" of each field of @object that is not optional or has a value. */
void record_write_fields(struct record_writer *w, const struct record_field *table,
			 const void *object);
