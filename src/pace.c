/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pace.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#define SECOND 1000000000ull

static u64 now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * SECOND + t.tv_nsec;
}

void pace_init(struct pace *p, FILE *out, bool gentle, unsigned nprocess)
{
	memset(p, 0, sizeof(*p));
	p->out = out;
	p->gentle = gentle;
	p->nprocess = nprocess;
	p->started = p->last = p->shown = now();
}

/* Four times a second, once a second has passed. */
static void show(struct pace *p, u64 at)
{
	if (!p->out || at - p->started < SECOND || at - p->shown < SECOND / 4)
		return;
	p->shown = at;
	p->visible = true;
	fprintf(p->out, "\r%" PRIu64 " entries read", p->entries);
	if (p->nprocess > 1)
		fprintf(p->out, ", process %u of %u", p->process, p->nprocess);
	fputs(" \033[K", p->out);
	fflush(p->out);
}

/* A quarter of the time is spent reading; rests are of 1 ms to 0.1 s. */
static void rest(struct pace *p, u64 at)
{
	u64 ns = (at - p->last) * 3;
	struct timespec t = { 0 };

	if (ns < SECOND / 1000)
		return;
	t.tv_nsec = ns > SECOND / 10 ? SECOND / 10 : ns;
	nanosleep(&t, NULL);
	p->last = now();
}

void pace_tick(void *pace, const struct process *process, u64 entries)
{
	struct pace *p = pace;
	u64 at = now();

	if (process->pid != p->pid) {
		p->pid = process->pid;
		p->process++;
	}
	p->entries += entries;
	show(p, at);
	if (p->gentle)
		rest(p, at);
}

void pace_end(struct pace *p)
{
	if (!p->visible)
		return;
	fputs("\r\033[K", p->out);
	fflush(p->out);
}
