/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replay_unpack.h - makes a seekable text file of what people send: plain, gzip, xz or zstd.
 *
 * In two steps, between which a process can give up what it needs no more: the first opens all
 * files and libraries, the second looks at bytes of strangers.  Each ends with -errno after one
 * message of class DIAG_ERROR.
 */
#pragma once

#include <stdio.h>

#include "lib/diag.h"

struct replay_packer;

struct replay_unpack {
	int fd;     /* of the file, owned by the caller */
	FILE *text; /* a nameless file for its text, the caller's, too; NULL: ->fd will do */
	const struct replay_packer *packer;
	size_t len; /* bytes read of ->fd and not unpacked */
	u8 buf[1 << 16];
};

/* A FIFO that was opened with O_NONBLOCK has to have a writer soon. */
int replay_unpack_open(struct replay_unpack *u, int fd, const char *name,
		       struct diag *diag);

/* Writes ->text, up to a limit.  One file at a time. */
int replay_unpack_text(struct replay_unpack *u, const char *name, struct diag *diag);
