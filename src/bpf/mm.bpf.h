/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mm.bpf.h - from a descriptor of /proc/PID/pagemap to the process: its private_data is the mm
 * (pagemap_open(), fs/proc/task_mmu.c), and the open descriptor keeps the mm_struct and the pgd
 * page allocated.
 */
#pragma once

#include <bpf/bpf_core_read.h>

static __always_inline u64 read_mm_flags(u64 mm)
{
	u64 v = 0;

	if (bpf_core_field_exists(struct mm_struct___bitmap, flags.__mm_flags)) /* 6.18 */
		bpf_probe_read_kernel(
			&v, 8,
			(void *)mm +
				bpf_core_field_offset(struct mm_struct___bitmap, flags));
	else
		bpf_probe_read_kernel(&v, 8,
				      (void *)mm + bpf_core_field_offset(struct mm_struct,
									 flags));
	return v;
}

/* --- from a descriptor to the object behind it */

static __always_inline struct file *file_of(int fd)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct fdtable *fdt = BPF_CORE_READ(task, files, fdt);
	struct file **fds = BPF_CORE_READ(fdt, fd), *file = NULL;

	if (fd < 0 || (u32)fd >= BPF_CORE_READ(fdt, max_fds))
		return NULL;
	bpf_probe_read_kernel(&file, sizeof(file), fds + fd);
	return file;
}

/* Reads what the process's mm knows, and whether it is still there. */
__noinline int look_at_mm(struct structpage_walk *w)
{
	struct file *file;
	u64 mm;

	if (!w)
		return 0;
	file = file_of(w->fd);
	mm = file ? (u64)BPF_CORE_READ(file, private_data) : 0;
	w->err = -3; /* -ESRCH */
	if (!mm)
		return 0;
	w->pgd = (u64)BPF_CORE_READ((struct mm_struct *)mm, pgd);
	w->mm_flags = read_mm_flags(mm);
	w->mm_seq = 0;
	if (bpf_core_field_exists(struct mm_struct___seq, mm_lock_seq.sequence))
		w->mm_seq =
			BPF_CORE_READ((struct mm_struct___seq *)mm, mm_lock_seq.sequence);
	/* 0: the process has died, and the kernel freed its tables */
	w->mm_users = BPF_CORE_READ((struct mm_struct *)mm, mm_users.counter);
	if (w->mm_users)
		w->err = 0;
	return 0;
}
