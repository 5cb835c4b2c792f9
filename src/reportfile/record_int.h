/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * record_int.h - what the record*.c files share.
 *
 * Knows: the tables of the format, the state of a reader.  Never: used outside record*.c.
 * Owns: nothing.
 */
#ifndef GUPINFO_RECORD_INT_H
#define GUPINFO_RECORD_INT_H

#include "reportfile/record.h"

#define RECORD_ENTRY_MASK (BIT(55) - 1) /* PFN or swap entry of a pagemap word */

/* How a field is written. */
enum record_form {
	RECORD_DEC,
	RECORD_SIGNED,
	RECORD_HEX,
	RECORD_TRI,     /* "no", "yes", "unknown" */
	RECORD_LEVEL,   /* "pte", "pmd", "pud" */
	RECORD_MAPPING, /* enum raw_mapping */
	RECORD_FS,      /* enum vma_fs */
	RECORD_ZONE     /* enum page_zone; PAGE_ZONES: not known */
};

struct record_field {
	const char *key;
	u16 offset;
	u8 size; /* bytes of the member */
	u8 form; /* enum record_form */
	u32 has; /* states: RAW_HAS_* bit that the key stands for */
};

extern const struct record_field record_state_fields[], record_process_fields[],
	record_vma_fields[], record_context_fields[], record_zone_fields[],
	record_layout_fields[];

/* Words of the forms that have words; NULL past the last. */
const char *record_word(enum record_form form, unsigned value);
const char *record_source_name(enum source_fact fact);

u64 record_get(const struct record_field *f, const void *object);
void record_set(const struct record_field *f, void *object, u64 value);

u32 record_crc(u32 crc, const char *buf, size_t len);
u32 record_hash(const void *key, size_t len);

/* Splits @raw into what is the same for like pages (@ret_state) and what is the run's own. */
void record_state_of(const struct raw_page *raw, struct raw_page *ret_state);

/* The pte word is the run's own: the entry is not present, or it is not known to be. */
static inline bool record_pte_in_run(u32 has)
{
	return (has & RAW_HAS_PTE) && !(has & RAW_HAS_PFN);
}

/* A sparse array of a dictionary's entries; unused ones are zero (a used state's ->pages is 1). */
#define RECORD_CHUNK 256
struct record_table {
	void *chunk[RECORD_STATES / RECORD_CHUNK];
};
/* Entry @i, of @size bytes; NULL: no memory, or not there and @make is false. */
void *record_table_at(struct record_table *t, size_t i, size_t size, bool make);
void record_table_free(struct record_table *t);

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
	bool pending;  /* ->line is complete unless a continuation follows */
	bool fresh;    /* the next byte is the first of a line of the file */
	bool carriage; /* a CR was seen that a LF must follow */
	bool seeked;   /* counts and checksum are not checked */
	u64 offset;    /* bytes of the file that were fed */
	u64 number;    /* lines of the file that were begun */
	u64 line_offset, line_number; /* where ->line starts */
	u64 body_lines, end_lines;    /* lines from the first section on */
	u32 crc, end_crc;             /* of them; end_*: before the line being read */
	enum record_section section;
	char section_name[32];
	bool context_seen, machine_sent, have_process, have_vma;
	u64 next_addr, vma_end;
	struct process process;
	struct vma vma;
	struct raw_page scratch;
	struct record_judgement verdict_cache_scratch;
	struct record_machine machine;
	char line[RECORD_LINE_MAX + 1];
	struct record_table judge, state;
};

/* Sets ->why ("line 12: …") and ->error, unless an earlier failure did; returns ->error. */
int record_fail(struct record_reader *r, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Cuts the next word off *@at, in place; a quoted part keeps its spaces.  NULL at the end. */
char *record_next(char **at);
/* Parses all of @s, at least one digit, at most 64 bits. */
bool record_number(const char *s, unsigned base, u64 *ret);
int record_digit(char c); /* 0 … 15, or 99 */
/* Undoes the quoting of @s; false: malformed, or longer than @buf. */
bool record_unquote(const char *s, char *buf, size_t size);
/* The value of "key=value" when @word starts with @key, else NULL. */
char *record_value(char *word, const char *key);
/* Takes the text of a value; false: malformed or out of range. */
bool record_parse_field(const struct record_field *f, const char *text, void *object);
/* Takes the rest of a line as fields of @object; unknown keys belong to a later minor version. */
int record_parse_fields(struct record_reader *r, const struct record_field *table,
			char *at, void *object);

/* One line of [kernel], [config], [probes], [evidence] or [context]; record_machine.c. */
int record_machine_line(struct record_reader *r, char *line);
/* Delivers the machine, once. */
int record_machine_send(struct record_reader *r);
/* One line of [holders]; record_holders.c. */
int record_holders_line(struct record_reader *r, char *line);
/* One line of [pages]; record_pages.c. */
int record_pages_line(struct record_reader *r, char *line);

/* Pieces of the line being written; record_write.c defines them as record_write_*. */
int record_write_flush(struct record_writer *w);
void record_write_add(struct record_writer *w, const char *text);
void record_write_addf(struct record_writer *w, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Untrusted bytes: printable ASCII stays, the rest becomes \xHH; so do @also. */
void record_write_escaped(struct record_writer *w, const char *text, const char *also);
void record_write_quoted(struct record_writer *w, const char *key, const char *text);
void record_write_field(struct record_writer *w, const struct record_field *f, u64 value);

#endif
