/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scenes.h - fixed data for the interactive view's tests: made up, judged by hand, never by the
 * predictor, so that screens change only when the view does.
 *
 * Knows: a few processes and pages.  Never: this machine.  Owns: nothing.
 */
#ifndef GUPINFO_TESTS_TUI_SCENES_H
#define GUPINFO_TESTS_TUI_SCENES_H

#include "tui/tui_state.h"

/*
 * Fills @t with the scene @name; the live store (if the scene has one) is returned in *@ret_live
 * and must be freed after @t.  Returns false when there is no such scene.
 *
 *	fork	- a program with hugetlb and anonymous memory, followed through fork and vmsplice
 *	thp	- 64 MiB of THP, split and unsplit, holes
 *	blind	- the same as fork, without BPF
 *	hostile	- names with escape sequences and wide characters
 *	picker	- nothing chosen yet
 *	empty	- a process without mappings
 *	kinds	- one page of each kind
 *	words	- pages for which requests, a write and a fork have every word; changed since the start
 */
bool scenes_load(struct tui *t, const char *name, struct store **ret_live);

#endif
