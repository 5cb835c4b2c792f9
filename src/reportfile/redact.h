/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * redact.h - a report without what identifies people or their machine.
 *
 * Knows: which parts of a report identify; how to renumber without losing what the rules need.
 * Never: keeps a name; only hashes of names, to mask equal ones equally.
 * Owns: its tables, until redact_free().
 *
 * A report goes through twice: first to redact_scan, which learns the page frames, then to
 * redact_write.  Page frames are renumbered in their order: neighbours stay neighbours, alignment
 * of folios and zones stay true, the holes between used stretches of 2 MiB are closed.
 * Names are masked ("/file-3"), what is not known to be harmless is left out.
 */
#ifndef GUPINFO_REDACT_H
#define GUPINFO_REDACT_H

#include "reportfile/record.h"

struct redact;

/* @addresses: virtual addresses are rebased, too.  NULL: no memory. */
struct redact *redact_new(bool addresses);
void redact_free(struct redact *r);

/* The context of both is the struct redact *. */
extern const struct record_handler redact_scan, redact_write;

/* Between the two: what redact_write makes goes to @put.  Returns 0 or -ENOMEM. */
int redact_begin(struct redact *r, record_put put, void *ctx);
/* The end line.  Returns 0 or -errno. */
int redact_end(struct redact *r);

/* Masks @name, an area's name, into @buf (VMA_NAME_MAX bytes).  Exposed for tests. */
void redact_name(struct redact *r, const char *name, char *buf);
/* The new number of @pfn; valid after redact_begin(). */
u64 redact_pfn(const struct redact *r, u64 pfn);

#endif
