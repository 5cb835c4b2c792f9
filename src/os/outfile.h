/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * outfile.h - a file for what gupinfo saw: page frames, names, command lines.
 *
 * Only its owner may read it.  It is written beside its target and takes the target's place
 * when it is whole; a symbolic link is refused.  What is no file, such as a FIFO, a device or
 * /dev/stdout, is written as it is.
 */
#pragma once

#include <stdio.h>

#include "lib/diag.h"

struct outfile {
	FILE *file;       /* NULL: closed */
	const char *path; /* the caller's */
	char *beside;     /* where the file is until it is whole; NULL: at ->path */
	struct diag *diag;
};

/* Returns 0, or -errno after one message of class DIAG_ERROR. */
int outfile_open(struct outfile *o, const char *path, struct diag *diag);

/*
 * Makes the file appear, or drops it when @err says that it is not whole; nothing when closed.
 * Returns @err, 0, or -errno after a message.
 */
int outfile_close(struct outfile *o, int err);
