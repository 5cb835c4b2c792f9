/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * redact.h - a report without what identifies people or their machine.
 *
 * A report is read twice: redact_scan learns the page frames, redact_write writes.  Page frames
 * are renumbered in order: neighbours stay neighbours, alignment of folios and zones stay true,
 * and holes between used stretches of 2 MiB are closed.  Names become masks ("/file-3"), equal
 * ones equally, for which only hashes of names are kept; what is not known to be harmless is
 * left out.
 */
#pragma once

#include "reportfile/record.h"

struct redact;

/* @addresses: virtual addresses are renumbered, too.  NULL: no memory. */
struct redact *redact_new(bool addresses);
void redact_free(struct redact *r);

/* The context of both is the struct redact *. */
extern const struct record_handler redact_scan, redact_write;

/* Call it between the two; redact_write writes to @put.  Returns 0 or -ENOMEM. */
int redact_begin(struct redact *r, record_put put, void *ctx);
/* Writes the end line.  Returns 0 or -errno. */
int redact_end(struct redact *r);

/* Returns the new number of @pfn; valid after redact_begin(). */
u64 redact_pfn(const struct redact *r, u64 pfn);
