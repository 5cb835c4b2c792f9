/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pure.h - last include of every core .c file: it turns calls that core must not make into
 * compile errors.  (open and close are members of struct source_ops; tests/layers.sh finds
 * calls of them.)
 */
#pragma once

#include <sys/types.h>

#pragma GCC poison openat pread pwrite fopen fread fwrite ioctl mmap
#undef printf /* with _FORTIFY_SOURCE clang has it as a macro */
#pragma GCC poison getenv uname printf puts exit abort time gettimeofday clock_gettime
#pragma GCC poison system popen getpid

/* Structures have members of these names: only a call of the function is an error. */
ssize_t read(int, void *, size_t) __attribute__((error("core does no I/O")));
ssize_t write(int, const void *, size_t) __attribute__((error("core does no I/O")));

int open(const char *, int, ...) __attribute__((error("core does no I/O")));

pid_t fork(void) __attribute__((error("core does no I/O")));
