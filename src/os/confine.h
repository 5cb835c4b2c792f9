/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * confine.h - gupinfo gives up what it needs no more: capabilities, files, system calls.
 *
 * It is run by root to look at processes and files of strangers: a fault in a parser must not
 * be worth more than what the parser can do.  What the kernel cannot do is left out.  Both
 * calls hold for threads that are started later.
 */
#pragma once

#include <linux/capability.h>

#include "lib/bits.h"

/* Processes are opened, with page frame numbers; CAP_SYS_ADMIN is enough for BPF, too. */
#define CONFINE_READ (BIT(CAP_SYS_PTRACE) | BIT(CAP_SYS_ADMIN) | BIT(CAP_DAC_READ_SEARCH))
/* A file takes its place in a folder of somebody else. */
#define CONFINE_WRITE (BIT(CAP_DAC_OVERRIDE) | BIT(CAP_FOWNER))
/* A command is followed, whatever it becomes. */
#define CONFINE_TRACE (CONFINE_READ | CONFINE_WRITE | BIT(CAP_KILL))

/* Keeps these capabilities only, and no program that is started can gain any. */
void confine_caps(u64 keep);

enum confine_files {
	CONFINE_NO_FILES,
	/* Terminfo and the settings of --tui are read, and reports are saved in the working directory. */
	CONFINE_SCREEN,
};

/*
 * For bytes of strangers: no capability but @keep; no file is opened, none appears but beside
 * @out (NULL: nowhere), and no system call is left that reaches another process.
 */
void confine_all(u64 keep, enum confine_files files, const char *out);
