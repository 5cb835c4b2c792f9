/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tui_source.h - a source that remembers the mappings of a process for a while, so that looking
 * at a few pages again does not read the whole of smaps.
 *
 * Knows: when to ask again.  Never: facts.  Owns: its copies; the source behind it is borrowed.
 */
#ifndef GUPINFO_TUI_SOURCE_H
#define GUPINFO_TUI_SOURCE_H

#include "report/source.h"
#include "report/store.h"

/* NULL: no memory.  close() leaves @inner open. */
struct source *tui_source_new(struct source *inner);

/* A vmas() callback that puts mappings into a store. */
struct tui_source_vmas {
	struct store *store;
	const struct process *process;
};
int tui_source_to_store(void *ctx, const struct vma *vma);

/* The next open() and vmas() of @pid ask the source behind, about the memory that is held. */
void tui_source_forget(struct source *src, pid_t pid);
/* The memory of @pid is let go: the next open() takes whatever the process has then. */
void tui_source_drop(struct source *src, pid_t pid);

#endif
