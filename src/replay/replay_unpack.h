/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replay_unpack.h - from a file as people send it to one that can be sought and holds text.
 *
 * Knows: magic numbers of gzip, xz and zstd, and their programs.  Never: what a report is.
 * Owns: nothing after the call.
 */
#ifndef GUPINFO_REPLAY_UNPACK_H
#define GUPINFO_REPLAY_UNPACK_H

#include "lib/diag.h"

/*
 * Consumes @fd; returns a descriptor that can be sought and holds text: @fd itself, or that of a
 * nameless temporary file.  -errno after one message of class DIAG_ERROR.
 */
int replay_unpack_open(int fd, const char *name, struct diag *diag);

#endif
