/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * calibrate.h - where the kernel keeps struct pages and physical memory, found without symbols.
 *
 * A page of a file of our own has a known PFN (pagemap) and a known struct folio (the file's page
 * cache): their difference is the base of the struct pages.  A page of our own memory has a known
 * PFN and known random content: the base of the direct map is the one below our own page
 * directory, in steps of 1 GiB, at which that content is seen.  Both are then checked on other
 * pages, a tail of a huge page among them where there is one, and every check that fails makes the
 * reader unavailable.
 *
 * Knows: x86-64's entry bits.  Never: libbpf.  Owns: its pages, during the call.
 */
#ifndef GUPINFO_CALIBRATE_H
#define GUPINFO_CALIBRATE_H

#include "page/structpage.h"

enum calibrate_prog { CALIBRATE_BASES, CALIBRATE_OBSERVE };

struct calibrate_io {
	struct structpage_cal *cal; /* the programs' memory */
	struct structpage_call *call;
	const struct structpage_rec *rec;
	/* Runs a program; 0 or -errno. */
	int (*run)(void *ctx, enum calibrate_prog prog);
	void *ctx;
};

/*
 * Fills the machine part of @io->call.  @ret_pinned_bit becomes the bit of MMF_HAS_PINNED in
 * mm->flags, or -1 when it could not be found.  Returns 0, or -errno with a sentence in @why.
 */
int calibrate_run(const struct calibrate_io *io, int *ret_pinned_bit, char *why,
		  size_t why_len);

#endif
