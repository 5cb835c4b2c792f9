/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replay.h - the source that reads a report file, also one packed by gzip, xz or zstd.
 *
 * The source owns the file, an index of its VMAs and the dictionaries.  A torn report is
 * replayed as far as it goes, with a message of class DIAG_INCOMPLETE.  What a report does not
 * hold is delivered as entries without words, never as holes.
 */
#pragma once

#include "reportfile/record.h"
#include "report/source.h"

/* Opens @path ("-": standard input).  Returns NULL after one message of class DIAG_ERROR. */
struct source *replay_open(const char *path, struct diag *diag);
/* Unpacks and indexes what was opened; opens nothing.  Returns 0, or -errno after a message. */
int replay_read(struct source *src);

/* Opens a duplicate of @fd. */
struct source *replay_open_fd(int fd, const char *name, struct diag *diag);

/* Returns the processes of the report, in its order.  Valid until close. */
const pid_t *replay_pids(const struct source *src, size_t *ret_n);

/* Returns the model that made the recorded verdicts; "" when the report lacks it. */
const char *replay_model(const struct source *src);

/* Passes the whole report to @handler once more.  Returns 0, -errno or the handler's value. */
int replay_scan(struct source *src, const struct record_handler *handler, void *ctx);

/* Passes all of @fd, from its start, to @handler.  Torn files end with -ENODATA. */
int replay_scan_fd(int fd, const struct record_handler *handler, void *ctx,
		   char why[200]);
