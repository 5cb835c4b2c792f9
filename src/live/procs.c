/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "live/procs.h"

#include "lib/array.h"
#include "lib/procstat.h"

#include "os/dynlib.h"

#include <errno.h>
#include <libproc2/pids.h>
#include <stdlib.h>
#include <string.h>

#define PROCS_COMM 15 /* TASK_COMM_LEN - 1 */

#define PROCS_FUNCTIONS(X)    \
	X(procps_pids_new)    \
	X(procps_pids_reap)   \
	X(procps_pids_select) \
	X(procps_pids_unref)

LAZY_FUNCTIONS(lib, PROCS_FUNCTIONS);
LAZY_NOTE(LIBPROC2, "lists of processes");

enum procs_item {
	PROCS_PID,
	PROCS_PPID,
	PROCS_UID,
	PROCS_COMM_NAME,
	PROCS_THREADS,
	PROCS_START,
	PROCS_RSS,
	PROCS_LOCKED,
	PROCS_FLAGS,
	PROCS_ITEMS
};

static enum pids_item procs_items[PROCS_ITEMS] = {
	[PROCS_PID] = PIDS_ID_TGID,  [PROCS_PPID] = PIDS_ID_PPID,
	[PROCS_UID] = PIDS_ID_EUID,  [PROCS_COMM_NAME] = PIDS_CMD,
	[PROCS_THREADS] = PIDS_NLWP, [PROCS_START] = PIDS_TICS_BEGAN,
	[PROCS_RSS] = PIDS_VM_RSS,   [PROCS_LOCKED] = PIDS_VM_RSS_LOCKED,
	[PROCS_FLAGS] = PIDS_FLAGS,
};

static void procs_fill(const struct pids_stack *stack, struct process *p)
{
	const struct pids_result *r = stack->head;
	const char *comm = r[PROCS_COMM_NAME].result.str;

	*p = (struct process){
		.pid = r[PROCS_PID].result.s_int,
		.ppid = r[PROCS_PPID].result.s_int,
		.uid = r[PROCS_UID].result.u_int,
		.threads = r[PROCS_THREADS].result.s_int,
		.start_time = r[PROCS_START].result.ull_int,
		.rss_bytes = (u64)r[PROCS_RSS].result.ul_int << 10,
		.vm_lck_bytes = (u64)r[PROCS_LOCKED].result.ul_int << 10,
		.kernel_thread = r[PROCS_FLAGS].result.ul_int & PROCSTAT_KERNEL_THREAD,
		.has_pinned = TRI_UNKNOWN,
	};
	if (comm)
		strncpy(p->comm, comm, sizeof(p->comm) - 1);
}

ARRAY_ORDER(procs_by_pid, struct process, ORDER(x->pid, y->pid))

static int procs_open(struct pids_info **info, enum pids_item *items, int n)
{
	int err = dynlib_load(LIBPROC2, lib_names, ARRAY_SIZE(lib_names), &lib);

	return err ? err : lib.procps_pids_new(info, items, n);
}

int procs_list(const char *comm, struct process **ret, size_t *ret_n)
{
	struct pids_info *info = NULL;
	struct process *list = NULL;
	struct pids_fetch *fetch;
	size_t n = 0;
	int err;

	err = procs_open(&info, procs_items, PROCS_ITEMS);
	if (err < 0)
		return err;
	fetch = lib.procps_pids_reap(info, PIDS_FETCH_TASKS_ONLY);
	if (!fetch) {
		err = errno ? -errno : -EIO;
		goto out;
	}
	list = calloc(fetch->counts->total + 1, sizeof(*list));
	if (!list) {
		err = -ENOMEM;
		goto out;
	}
	for (int i = 0; i < fetch->counts->total; i++) {
		procs_fill(fetch->stacks[i], &list[n]);
		if (!comm || !strncmp(list[n].comm, comm, PROCS_COMM))
			n++;
	}
	qsort(list, n, sizeof(*list), procs_by_pid);
	*ret = list;
	*ret_n = n;
	err = 0;
out:
	lib.procps_pids_unref(&info);
	return err;
}

int procs_shared(pid_t pid, u64 *ret_bytes)
{
	static enum pids_item items[] = { PIDS_SMAP_RSS, PIDS_SMAP_SHR_CLEAN,
					  PIDS_SMAP_SHR_DIRTY };
	struct pids_info *info = NULL;
	struct pids_fetch *fetch;
	unsigned these[] = { pid };
	int err;

	err = procs_open(&info, items, ARRAY_SIZE(items));
	if (err < 0)
		return err;
	fetch = lib.procps_pids_select(info, these, 1, PIDS_SELECT_PID);
	err = fetch && fetch->counts->total == 1 ? 0 : -ESRCH;
	if (!err) {
		const struct pids_result *r = fetch->stacks[0]->head;

		/* values that gupinfo may not read are all zero */
		if (r[0].result.ul_int)
			*ret_bytes = (u64)(r[1].result.ul_int + r[2].result.ul_int) << 10;
		else
			err = -EACCES;
	}
	lib.procps_pids_unref(&info);
	return err;
}
