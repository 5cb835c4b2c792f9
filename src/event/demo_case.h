/* SPDX-License-Identifier: GPL-2.0-or-later */
/* demo_case.h - the cases of --demo (demo.def), kinds of memory, results of each step. */
#pragma once

#include "report/collect.h"

enum demo_memory { DEMO_ORDER_0, DEMO_THP, DEMO_HUGETLB, DEMO_MEMORIES };
enum demo_who { DEMO_PARENT, DEMO_CHILD, DEMO_WHOS };
enum demo_action {
	DEMO_NOTHING, /* follows the last step of a case */
	DEMO_MAP,
	DEMO_FORK,
	DEMO_SPLICE,
	DEMO_UNMAP,
	DEMO_PROTECT,
	DEMO_STORE,
	DEMO_READ,
};

enum demo_case_id {
#define CASE(id, ...) DEMO_CASE_##id,
#include "event/demo.def"
	DEMO_CASES
};

#define DEMO_STEPS 8

struct demo_case {
	const char *name;     /* "child-mprotect" */
	const char *selftest; /* the name of the kernel's test */
	const char *about;    /* for newcomers */
	struct {
		u8 who, action;
	} step[DEMO_STEPS];
};

/* The page that one process sees. */
struct demo_sight {
	bool has; /* the process has a page there, and it was read */
	pid_t pid;
	struct collect_look look;
};

struct demo_step {
	unsigned number; /* 1, 2 … */
	u8 who, action;
	s64 ret; /* the action's result: -errno, bytes, or the child's pid */
	struct demo_sight before[DEMO_WHOS], after[DEMO_WHOS];
	u8 predicted; /* enum tri: the reader gets the new bytes */
	u8 observed;  /* enum tri, for DEMO_READ */
};

struct demo_result {
	const struct demo_case *c;
	u8 memory;
	u8 predicted, observed; /* enum tri: leak */
	char skipped[200];      /* why the case was not run, or "" */
};

/* A view.  NULL members are skipped; a non-zero return ends the demo. */
struct demo_view {
	int (*begin)(void *ctx, const struct report_head *head);
	int (*start)(void *ctx, const struct demo_case *c, enum demo_memory memory,
		     u64 bytes);
	int (*step)(void *ctx, const struct demo_step *step, enum demo_memory memory);
	int (*result)(void *ctx, const struct demo_result *r);
	int (*end)(void *ctx, const struct demo_result *r, unsigned n);
};

const char *demo_case_memory(enum demo_memory memory); /* "order-0" */
extern const struct demo_case demo_case[DEMO_CASES];
