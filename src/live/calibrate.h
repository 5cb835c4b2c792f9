/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * calibrate.h - finds the kernel's struct pages and direct map without symbols.
 *
 * A page of a file of gupinfo's own has a known PFN (pagemap) and a known struct folio (in the
 * file's page cache): their difference is the base of the struct pages.  A page of its own
 * memory has a known PFN and known random content: the base of the direct map is the one below
 * gupinfo's page directory, in steps of 1 GiB or less, at which BPF sees that content.  The size of its address
 * space (mm->task_size) makes the levels of page tables.  All is then checked on other pages, if possible
 * on a tail of a huge page; any failed check makes the reader unavailable.
 */
#pragma once

#include "page/structpage.h"

enum calibrate_prog { CALIBRATE_BASES, CALIBRATE_OBSERVE };

struct calibrate_io {
	struct structpage_cal *cal; /* in the programs' memory */
	struct structpage_call *call;
	struct structpage_walk *walk; /* of CALIBRATE_OBSERVE, which fills: */
	const struct structpage_rec *rec;
	/* Runs a program; 0 or -errno. */
	int (*run)(void *ctx, enum calibrate_prog prog);
	void *ctx;
};

/* Returns how many bits a user's address has; by CALIBRATE_BASES. */
static inline unsigned calibrate_va_bits(const struct structpage_cal *cal)
{
	return 64 - __builtin_clzll((cal->task_size - 1) | 1);
}

/*
 * Fills the machine part of @io->call, and @ret_pinned_bit with the bit of MMF_HAS_PINNED in
 * mm->flags, or -1 when it was not found.  Returns 0, or -errno with a sentence in @why.
 */
int calibrate_run(const struct calibrate_io *io, int *ret_pinned_bit, char *why,
		  size_t why_len);
