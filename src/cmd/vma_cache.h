/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vma_cache.h - a source that caches the mappings of a process for a while: rereading a few
 * pages then does not read all of smaps.
 */
#pragma once

#include "report/source.h"
#include "report/store.h"

/* Returns NULL without memory.  close() leaves @inner open. */
struct source *vma_cache_new(struct source *inner);

/* A vmas() callback that puts mappings into a store. */
struct vma_cache_vmas {
	struct store *store;
	const struct process *process;
};
int vma_cache_to_store(void *ctx, const struct vma *vma);

/* The next open() and vmas() of @pid ask the inner source, about the held memory. */
void vma_cache_forget(struct source *src, pid_t pid);
/* Releases the memory of @pid: the next open() takes what the process has then. */
void vma_cache_drop(struct source *src, pid_t pid);
