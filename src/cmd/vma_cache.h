/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vma_cache.h - a source that remembers the mappings of a process for a while, so that looking
 * at a few pages again does not read the whole of smaps.
 *
 * Knows: when to ask again.  Never: facts.  Owns: its copies; the source behind it is borrowed.
 */
#ifndef GUPINFO_VMA_CACHE_H
#define GUPINFO_VMA_CACHE_H

#include "report/source.h"
#include "report/store.h"

/* NULL: no memory.  close() leaves @inner open. */
struct source *vma_cache_new(struct source *inner);

/* A vmas() callback that puts mappings into a store. */
struct vma_cache_vmas {
	struct store *store;
	const struct process *process;
};
int vma_cache_to_store(void *ctx, const struct vma *vma);

/* The next open() and vmas() of @pid ask the source behind, about the memory that is held. */
void vma_cache_forget(struct source *src, pid_t pid);
/* The memory of @pid is let go: the next open() takes whatever the process has then. */
void vma_cache_drop(struct source *src, pid_t pid);

#endif
