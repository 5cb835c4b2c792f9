/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replay.h - the source that reads a report file.
 *
 * Knows: how to find processes, areas and runs in a report; decompression by gzip, xz, zstd.
 * Never: the format's lines (record.h), what words mean.
 * Owns: the file, an index of its areas, and the dictionaries, until source_ops.close().
 *
 * A torn report is replayed as far as it goes, with a message of class DIAG_INCOMPLETE.  What a
 * report does not hold is delivered as observations without words, never as holes.
 */
#ifndef GUPINFO_REPLAY_H
#define GUPINFO_REPLAY_H

#include "reportfile/record.h"
#include "report/source.h"

/* Opens @path ("-": standard input).  NULL: one message of class DIAG_ERROR says why. */
struct source *replay_open(const char *path, struct diag *diag);

/* Opens a file that is already open for reading and can be sought; it is duplicated. */
struct source *replay_open_fd(int fd, const char *name, struct diag *diag);

/* The processes of the report, in its order.  Valid until close. */
const pid_t *replay_pids(const struct source *src, size_t *ret_n);

/* The model that the recorded verdicts were made with; "" when the report does not say. */
const char *replay_model(const struct source *src);

/* Hands the whole report to @handler once more.  Returns 0, -errno or the handler's value. */
int replay_scan(struct source *src, const struct record_handler *handler, void *ctx);

/* Feeds all of @fd, from its start, to @handler; torn files end with -ENODATA. */
int replay_scan_fd(int fd, const struct record_handler *handler, void *ctx,
		   char why[200]);

#endif
