/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pure.h - last include of every core .c file: what core must not call is a compile error.
 */
#ifndef GUPINFO_PURE_H
#define GUPINFO_PURE_H

#pragma GCC poison open openat read write pread pwrite close fopen fread fwrite ioctl mmap
#pragma GCC poison getenv uname printf puts exit abort time gettimeofday clock_gettime
#pragma GCC poison fork system popen getpid

#endif
