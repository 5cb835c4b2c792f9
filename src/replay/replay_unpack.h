/* SPDX-License-Identifier: GPL-2.0-or-later */
/* replay_unpack.h - makes a seekable text file of what people send: plain, gzip, xz or zstd. */
#ifndef GUPINFO_REPLAY_UNPACK_H
#define GUPINFO_REPLAY_UNPACK_H

#include "lib/diag.h"

/*
 * Consumes @fd and returns a seekable descriptor of the text: @fd itself, or a nameless
 * temporary file.  Returns -errno after one message of class DIAG_ERROR.
 */
int replay_unpack_open(int fd, const char *name, struct diag *diag);

#endif
