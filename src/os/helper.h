/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * helper.h - a process of gupinfo's own that does what messages ask for.
 *
 * It dies with its parent, however that ends.
 */
#pragma once

#include <sys/types.h>

#include "lib/bits.h"

struct helper {
	pid_t pid;
	int sock; /* -1: not running */
};

/* Forks a process that calls @run with its end of the socket, and exits.  Returns 0 or -errno. */
int helper_start(struct helper *h, void (*run)(int sock, void *ctx), void *ctx);

/*
 * Sends @ask, unless that is NULL, and waits for an answer of @len bytes, for @seconds or, if that
 * is 0, for ever.  Returns 0; -EPIPE when the helper is gone, -ETIMEDOUT.
 */
int helper_ask(const struct helper *h, const void *ask, size_t ask_len, void *answer,
	       size_t len, int seconds);

/*
 * Closes the socket, which asks the helper to end; after @seconds kills it and process @also (0:
 * none).  Returns when the memory of all who have its end of the socket is free.
 */
void helper_stop(struct helper *h, int seconds, pid_t also);

/* Makes the calling process die with @parent. */
void helper_tie(pid_t parent);
