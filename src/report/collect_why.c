/* SPDX-License-Identifier: GPL-2.0-or-later */
/* collect_why.c - sentences on processes that have no memory to read, or may not be read. */
#include "report/collect.h"

#include <errno.h>
#include <string.h>

#include "lib/pure.h"

void collect_why_note(const struct process *p, struct diag *diag)
{
	if (p->kernel_thread)
		diag_add(diag, DIAG_NOTE,
			 "process %d is a kernel thread: it has no memory of its own",
			 (int)p->pid);
	else if (p->tgid && p->tgid != p->pid)
		diag_add(diag, DIAG_NOTE, "%d is a thread of process %d", (int)p->pid,
			 (int)p->tgid);
}

const char *collect_why(int err)
{
	switch (err) {
	case -ESRCH:
		return "does not exist";
	case -ENXIO:
		return "has ended: its memory is gone, only its exit status waits for its parent (zombie)";
	case -EACCES:
	case -EPERM:
		return "may not be read (permission denied): that needs its user and all of its capabilities, or CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH in its user namespace";
	case -EMFILE:
		return "cannot be opened: gupinfo has no file descriptor left (ulimit -n)";
	default:
		return strerror(-err);
	}
}

void collect_why_failed(const struct process *p, pid_t pid, int err, bool shown,
			bool alone, struct diag *diag)
{
	diag_add_process(diag, shown || !alone ? DIAG_INCOMPLETE : DIAG_ERROR, pid,
			 "%s%s",
			 p->pid && err == -ESRCH ? "vanished while it was read"
						 : collect_why(err),
			 shown ? "; what was read before is shown" : "");
}
