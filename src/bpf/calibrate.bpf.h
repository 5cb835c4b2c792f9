/* SPDX-License-Identifier: GPL-2.0-or-later */
/* calibrate.bpf.h - finds kernel objects for calibrate.c, or the object of a descriptor. */
#pragma once

#include <bpf/bpf_core_read.h>

struct structpage_cal cal;

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

/* --- calibration */

static __always_inline void cal_flags(void)
{
	u32 i = 0;

#define PAGEFLAG(pg, member, kpf)                                         \
	cal.flag[i++] = bpf_core_enum_value_exists(enum pageflags, pg)    \
				? bpf_core_enum_value(enum pageflags, pg) \
				: 0xff;
#include "page/pageflag.def"
}

static __always_inline void cal_fields(void)
{
	u32 f = 0;

	if (bpf_core_field_exists(struct folio, _large_mapcount))
		f |= STRUCTPAGE_F_LARGE;
	if (bpf_core_field_exists(struct folio, _mm_ids))
		f |= STRUCTPAGE_F_MM_IDS;
	if (bpf_core_enum_value_exists(enum pageflags, PG_anon_exclusive))
		f |= STRUCTPAGE_F_AE;
	if (bpf_core_field_exists(struct folio___order, _total_mapcount))
		f |= STRUCTPAGE_F_TOTAL;
	cal.fields = f;
}

/* Finds page 0 of a file: the only entry of its page cache, or slot 0 of the nodes above it. */
static __always_inline u64 cal_file_page(struct file *file)
{
	struct address_space *m = BPF_CORE_READ(file, f_mapping);
	u64 e = (u64)BPF_CORE_READ(m, i_pages.xa_head);

	for (int i = 0; i < 4 && (e & 3) == 2; i++)
		e = (u64)BPF_CORE_READ((struct xa_node *)(e - 2), slots[0]);
	cal.file_mapping = (u64)m;
	return e & 3 ? 0 : e;
}

/* Tries one base of the direct map: does it show our page's content? */
static long cal_step(u32 i, u64 *top)
{
	u64 base = *top - ((u64)i << (cal.step_shift & 63)), w[4] = {};

	if (bpf_probe_read_kernel(w, sizeof(w),
				  (void *)(base + (cal.pfn << call.page_shift))))
		return 0;
	if (w[0] != cal.content[0] || w[1] != cal.content[1] || w[2] != cal.content[2] ||
	    w[3] != cal.content[3])
		return 0;
	cal.page_offset = base;
	return 1;
}

/* Finds the head of a tail page, once the base of struct pages is known. */
static __always_inline void cal_head(void)
{
	u64 page = page_address(cal.tail_pfn);

	cal.tail_head = head_of(page, head_word(page, probe64(page + lay.head)));
}

SEC("gupinfo.syscall")
int calibrate(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct file *pagemap = file_of(cal.fd_pagemap), *file = file_of(cal.fd_file);
	struct folio *folio;
	u64 mm, top;

	cal.page_size = bpf_core_type_size(struct page);
	layout_page();
	layout_folio();
	cal_fields();
	cal_flags();
	cal.folio = cal.pgd = cal.page_offset = cal.same_mm = cal.tail_head = 0;
	if (cal.tail_pfn)
		cal_head();
	if (file) {
		folio = (void *)cal_file_page(file);
		cal.folio = (u64)folio;
		if (folio) {
			cal.folio_mapping = (u64)BPF_CORE_READ(folio, mapping);
			cal.folio_index = BPF_CORE_READ(folio, index);
		}
	}
	mm = pagemap ? (u64)BPF_CORE_READ(pagemap, private_data) : 0;
	if (!mm)
		return 0;
	cal.same_mm = mm == (u64)BPF_CORE_READ(task, mm);
	if (!cal.same_mm)
		return 0;
	cal.mm_flags = read_mm_flags(mm);
	cal.task_size = BPF_CORE_READ((struct mm_struct *)mm, task_size);
	cal.pgd = (u64)BPF_CORE_READ((struct mm_struct *)mm, pgd);
	top = (cal.pgd | 0xffULL << 56) &
	      -(1ULL << (cal.step_shift & 63)); /* without a tag */
	if (cal.candidates)
		bpf_loop(cal.candidates, cal_step, &top, 0);
	return 0;
}
