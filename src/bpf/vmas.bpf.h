/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vmas.bpf.h - VMAs and their flags, for which smaps shows letters. */
#pragma once

SEC("gupinfo.iter/task_vma")
int vmas(struct bpf_iter__task_vma *ctx)
{
	struct vm_area_struct *vma = ctx->vma;
	struct structpage_vma v = {};
	struct hugetlbfs_sb_info *sb;

	if (!ctx->task || !vma || vma->vm_end <= call.vma_lo ||
	    vma->vm_start >= call.vma_hi)
		return 0;
	v.start = vma->vm_start;
	v.end = vma->vm_end;
	v.flags = vma->vm_flags;
	if (v.flags & STRUCTPAGE_VM_HUGETLB) {
		sb = BPF_CORE_READ(vma, vm_file, f_inode, i_sb, s_fs_info);
		v.order = BPF_CORE_READ(sb, hstate, order);
		if (!(v.flags & STRUCTPAGE_VM_MAYSHARE))
			v.lost = (unsigned long)BPF_CORE_READ(vma, vm_private_data) >> 1 &
				 1;
	}
	if (bpf_core_field_exists(struct vm_userfaultfd_ctx, ctx) &&
	    vma->vm_userfaultfd_ctx.ctx)
		v.uffd = BPF_CORE_READ(vma, vm_userfaultfd_ctx.ctx, features);
	bpf_seq_write(ctx->meta->seq, &v, sizeof(v));
	return 0;
}
