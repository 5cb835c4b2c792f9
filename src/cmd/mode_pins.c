/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --pins: what processes hold and pin, mapped or not, beside the kernel's counters and their limits. */
#include "cmd/session.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/array.h"
#include "live/sysinfo.h"
#include "report/pins.h"
#include "report/collect.h"

#define MODE_PINS_LOOKS 3

/* Locked mappings that follow each other are one row. */
struct mode_pins_locked {
	struct pins *pins;
	u64 start, end;
	bool unknown; /* VmFlags of some mapping are not known */
};

static int mode_pins_flush(struct mode_pins_locked *l)
{
	u64 bytes = l->end - l->start;

	return bytes ? pins_locked(l->pins, l->pins->n - 1, l->start, bytes) : 0;
}

static int mode_pins_vma(void *ctx, const struct vma *vma)
{
	struct mode_pins_locked *l = ctx;
	int err = 0;

	l->unknown |= !vma->has_flags;
	if (!(vma->flags & VF(LOCKED)))
		return 0;
	if (l->end != vma->start) {
		err = mode_pins_flush(l);
		l->start = vma->start;
	}
	l->end = vma->end;
	return err;
}

/* Where no flags say which mappings are locked, all that VmLck has is one row. */
static int mode_pins_mlocked(struct source *src, struct pins *p, pid_t pid)
{
	struct mode_pins_locked l = { .pins = p };
	const struct pins_process *of = &p->process[p->n - 1];
	int err = src->ops->vmas(src, pid, false, mode_pins_vma, &l);

	if (!err)
		err = mode_pins_flush(&l);
	if (!err && l.unknown && of->process.vm_lck_bytes > of->locked)
		err = pins_locked(p, p->n - 1, 0, of->process.vm_lck_bytes - of->locked);
	return err;
}

static int mode_pins_process(struct session *s, struct pins *p, pid_t pid)
{
	struct source *src = s->source;
	struct pins_process *of;
	struct process process;
	int err = src->ops->open(src, pid, &process);

	if (err)
		return err;
	of = array_add(&p->process, &p->n, &p->room, sizeof(*of));
	if (of) {
		of->process = process;
		of->process.pid = process.tgid ? process.tgid : pid;
		of->has_memlock = !sysinfo_memlock(pid, &of->memlock);
	}
	err = !of ? -ENOMEM : process.vm_lck_bytes ? mode_pins_mlocked(src, p, pid) : 0;
	src->ops->release(src, pid);
	return err;
}

ARRAY_ORDER(mode_pins_by_pid, pid_t, ORDER(*x, *y))

/* Reads the processes that were asked for, each once; messages are those of the first look. */
static int mode_pins_processes(struct session *s, struct pins *p, unsigned look)
{
	const struct options *opt = &s->opt;
	int err = 0;

	if (opt->npids)
		qsort(opt->pids, opt->npids, sizeof(*opt->pids), mode_pins_by_pid);
	for (unsigned i = 0; i < opt->npids && err != -ENOMEM; i++) {
		bool asked = opt->given[OPTION_PID] || opt->comm;

		if (i && opt->pids[i - 1] == opt->pids[i])
			continue;
		err = mode_pins_process(s, p, opt->pids[i]);
		if (!err || err == -ENOMEM || look ||
		    (!asked && (err == -ESRCH || err == -ENXIO)))
			continue;
		diag_add_process(&s->diag, DIAG_INCOMPLETE, opt->pids[i], "%s",
				 collect_why(err));
	}
	return err == -ENOMEM || !p->n ? err : 0;
}

/* Reads all holders, and the counters before and after that: both must have the same pins. */
static int mode_pins_look(struct session *s, struct pins *p)
{
	struct source *src = s->source;
	struct holders *h = NULL;
	u64 acquired = 0, released = 0;
	bool counters = !sysinfo_pins(&acquired, &released);
	int err = src->ops->holders(src, s->opt.pids, s->opt.npids, &h);

	if (err)
		return err;
	p->has_counters = counters && !sysinfo_pins(&p->acquired, &p->released);
	p->steady = p->has_counters && acquired == p->acquired && released == p->released;
	err = pins_make(p, h);
	if (!err && !h->complete)
		diag_add(&s->diag, DIAG_INCOMPLETE, "holders: %s", h->why);
	return err;
}

/* CPUs keep counts back for up to a second (vmstat_update(), mm/vmstat.c): such a difference goes away. */
static bool mode_pins_again(const struct session *s, const struct pins *p)
{
	s64 rest = pins_unexplained(p);

	return p->complete &&
	       (!p->steady ||
		(rest && (u64)MAX(rest, -rest) <= sysinfo_pins_kept(s->source->machine)));
}

static int mode_pins_read(struct session *s, struct pins *p)
{
	int err = 0;

	for (unsigned look = 0; look < MODE_PINS_LOOKS && !err; look++) {
		if (look)
			session_wait(600);
		pins_deinit(p);
		*p = (struct pins){ .base = kernel_page_size(
					    &s->source->machine->kernel) };
		err = mode_pins_processes(s, p, look);
		if (!err)
			err = mode_pins_look(s, p);
		if (!err && !mode_pins_again(s, p))
			break;
	}
	return err;
}

int mode_pins(struct session *s)
{
	const struct source_machine *m = s->source->machine;
	const struct report_head head = { m->page.kernel, m };
	struct pins pins = { 0 };
	int err;

	if (s->opt.replay)
		return session_fail(s, EXIT_USAGE, "--pins looks at this machine only");
	err = mode_all_processes(s);
	if (!err)
		err = mode_pins_read(s, &pins);
	if (!err)
		err = render_pins(&s->opt.render, &head, &pins);
	pins_deinit(&pins);
	mode_all_messages(s);
	session_missing(s, &s->diag);
	return session_exit(s, err);
}
