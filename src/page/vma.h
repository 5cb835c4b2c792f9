/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vma.h - a virtual memory area: what maps and smaps say of it, or what BPF read of it.
 *
 * Knows: the text of /proc/PID/maps and smaps (fs/proc/task_mmu.c), VmFlags letters.
 * Never: opens a file.  Owns: nothing; struct vma is plain data, the name is inside.
 */
#ifndef GUPINFO_VMA_H
#define GUPINFO_VMA_H

#include "lib/bits.h"

/* VmFlags of smaps, one bit per letter pair, in vma.def's order. */
enum vma_flag {
#define VMFLAG(id, letters, text) VMFLAG_##id,
#include "page/vma.def"
#undef VMFLAG
	VMFLAGS
};
#define VF(id) BIT(VMFLAG_##id)

#define VMA_NAME_MAX \
	160 /* bytes kept of a name, with the final NUL; a longer one is cut in the middle */

#define VMA_HUGE_POOL BIT(0)
#define VMA_HUGE_MOUNT BIT(1)
#define VMA_HUGE_CGROUP BIT(2)
#define VMA_HUGE_KEPT BIT(3) /* the mount may keep pages for itself (min_size=) */

struct vma {
	u64 start, end; /* bytes, end exclusive */
	u64 offset;     /* file offset, bytes */
	u64 inode;
	u32 dev_major, dev_minor;
	bool read, write, exec, shared; /* the perms column; shared is VM_MAYSHARE */
	bool has_flags;  /* ->flags was read (smaps or BPF); else only perms are known */
	bool gate;       /* [vsyscall] */
	u64 flags;       /* VF(*) */
	u32 page_size;   /* KernelPageSize in bytes: 2 MiB for hugetlb; 0 unknown */
	s32 pkey;        /* ProtectionKey, -1 unknown */
	u8 thp_eligible; /* enum tri */
	u8 uffd_async;   /* enum tri: userfaultfd_wp_async() */
	u8 fs;           /* enum vma_fs */
	bool file_known; /* ->file_bytes and ->file_dax were read */
	bool file_dax;   /* the mapped file is accessed by DAX */
	u64 file_bytes;  /* size of the mapped file */
	u8 huge_known; /* VMA_HUGE_*: which of the following were read, of a hugetlb mapping */
	u64 huge_free, huge_reserved, huge_surplus,
		huge_overcommit; /* pages of its pool */
	/* pages that the limits of its mount and of its cgroups leave; UINT64_MAX: no limit */
	u64 huge_mount, huge_cgroup;
	u64 rss_bytes, pss_bytes, anon_huge_bytes; /* smaps; 0 when has_smaps is false */
	u64 pmd_mapped_bytes; /* smaps: AnonHugePages + ShmemPmdMapped + FilePmdMapped */
	bool has_smaps;
	char name[VMA_NAME_MAX]; /* as maps prints it, octal escapes undone; untrusted */
};

/* What backs a file mapping, as far as GUP cares. */
enum vma_fs {
	VMA_FS_UNKNOWN,
	VMA_FS_NONE,  /* anonymous */
	VMA_FS_SHMEM, /* tmpfs, shmem, memfd, MAP_SHARED|MAP_ANONYMOUS, SysV */
	VMA_FS_HUGETLB,
	VMA_FS_SECRETMEM,
	VMA_FS_DISK, /* a file system that needs dirty tracking (page_mkwrite or writeback) */
	VMA_FS_NODIRTY, /* a file system without write-back */
	VMA_FS_DEVICE,  /* a character device's own mapping */
	VMA_FS_SPECIAL, /* no file, not anonymous: [vdso], [vvar], [uprobes] */
};

/*
 * Parses one header line of maps or smaps ("start-end perms offset dev inode  name").
 * Returns 0 and fills @ret, or -EINVAL when the line is not one.
 */
int vma_parse_header(const char *line, size_t len, struct vma *ret);

/*
 * Adds what a smaps line below the header says ("VmFlags: rd wr …", "KernelPageSize: …").
 * Unknown lines and unknown VmFlags are ignored.  Returns 1 when the line was the last one of a
 * smaps block (VmFlags), else 0.
 */
int vma_parse_smaps(const char *line, size_t len, struct vma *vma);

/*
 * Adds what the kernel's own @vm_flags (vm_area_struct.vm_flags of x86-64) and @page_size say, as
 * VmFlags and KernelPageSize of smaps do.  False, and nothing is changed, when a bit is set whose
 * meaning depends on the release (bit 11, and those above the protection key).
 */
bool vma_set_flags(struct vma *vma, u64 vm_flags, u32 page_size);

/* is_cow_mapping(), since 7.3 vma_is_cow_mapping(): VM_MAYWRITE without VM_SHARED.  Unknown without VmFlags (but for perms that decide). */
enum tri vma_is_cow(const struct vma *vma);

const char *vma_flag_letters(enum vma_flag id); /* "rd" */
const char *vma_flag_text(enum vma_flag id);    /* "VM_READ" */

/* "rw-p" into buf[5]. */
void vma_perms(const struct vma *vma, char buf[5]);

/*
 * The file system that backs @vma, from its name, flags and device numbers alone: NONE, SPECIAL,
 * HUGETLB, and SHMEM or SECRETMEM where the kernel's own name of an internal mount says so;
 * VMA_FS_UNKNOWN for the rest, which needs the type of the mounted file system (vma_fs_by_type()).
 */
enum vma_fs vma_fs_by_name(const struct vma *vma);

/*
 * What mappings of a file system of type @type ("ext4", "tmpfs", as in mountinfo) are to GUP.
 * VMA_FS_UNKNOWN for a type that the table does not know.
 */
enum vma_fs vma_fs_by_type(const char *type);

const char *vma_fs_name(enum vma_fs fs); /* "shmem" */

#endif
