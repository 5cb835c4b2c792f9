/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frames.bpf.c - reads struct pages by their numbers, whether somebody maps them or not, and of those in a
 * page cache the file.
 *
 * A file may be freed at any time: what is read of it may be of another one, and is a guess.  That it
 * was this page's is seen by ->mapping, which is read again.
 */
#define CAST 0
#include "page/structpage.h"

#include "folio.bpf.h"

char LICENSE[] SEC("license") = "GPL";

BPF_RECORDS(found, struct structpage_frame, STRUCTPAGE_RECS);

struct structpage_frames frames;
struct structpage_words words;
struct structpage_raw
	last; /* of the last frame of the record before; not read: flags are ~0 */

static __always_inline struct structpage_frame *record(u32 i)
{
	return bpf_map_lookup_elem(&found, &i);
}

static __always_inline void read_file(struct structpage_frame *f, u64 mapping)
{
	struct address_space___host *space = (void *)mapping;
	struct inode *inode = BPF_CORE_READ(space, host);
	struct super_block *sb = BPF_CORE_READ(inode, i_sb);
	u64 name = 0, alias;

	f->ino = BPF_CORE_READ(inode, i_ino);
	f->dev = BPF_CORE_READ(sb, s_dev);
	f->moves = BPF_CORE_READ(space, a_ops, migrate_folio) != NULL;
	/* a type begins with its name, a list with its first member */
	bpf_probe_read_kernel(&name, 8,
			      BPF_CORE_READ((struct super_block___type *)sb, s_type));
	bpf_probe_read_kernel_str(f->fs, sizeof(f->fs), (void *)name);
	alias = (u64)BPF_CORE_READ((struct inode___dentry *)inode, i_dentry.first);
	if (!alias)
		return;
	if (bpf_core_field_exists(struct dentry___union, d_u.d_alias))
		alias -= bpf_core_field_offset(struct dentry___union, d_u.d_alias);
	else /* 7.x */
		alias -= bpf_core_field_offset(struct dentry___anon, d_alias);
	name = (u64)BPF_CORE_READ((struct dentry *)alias, d_name.name);
	bpf_probe_read_kernel_str(f->name, sizeof(f->name), (void *)name);
}

/* Makes a record of @pfn, whose words are @raw. */
__noinline int other(u64 pfn)
{
	struct structpage_frame *f = record(frames.n & (STRUCTPAGE_RECS - 1));
	u64 mapping;

	if (!f)
		return 0;
	__builtin_memset(f, 0, sizeof(*f));
	f->rec.pfn = pfn;
	f->rec.pages = 1;
	f->rec.level = 1;
	f->rec.has = STRUCTPAGE_PRESENT;
	if (frames.hugetlb)
		f->rec.has |= STRUCTPAGE_HUGETLB;
	read_folio(pfn, &last, &f->rec, &words);
	f->rec.has |= STRUCTPAGE_PAGE; /* it could be read, though all of it may be 0 */
	mapping = words.head[lay.mapping / 8 & 15];
	if (f->rec.mapping == STRUCTPAGE_MAPPING_POINTER)
		read_file(f, mapping);
	frames.n++;
	return 0;
}

/* Whether @raw of the next frame goes on with the last record. */
static __always_inline bool continues(const struct structpage_raw *raw, u64 pfn)
{
	struct structpage_frame *f = record((frames.n - 1) & (STRUCTPAGE_RECS - 1));

	if (!frames.n || !f || f->rec.pfn + f->rec.pages != pfn || !same_raw(&last, raw))
		return false;
	f->rec.pages++;
	return true;
}

static long step(u32 i, void *ctx)
{
	struct structpage_raw raw;
	u64 pfn = frames.at;

	if (pfn >= frames.end || frames.n >= STRUCTPAGE_RECS)
		return 1;
	frames.at = pfn + 1;
	if (!read_raw(page_address(pfn), &raw, &words) || continues(&raw, pfn))
		return 0;
	last = raw;
	other(pfn);
	return 0;
}

SEC("gupinfo.syscall")
int look(void *ctx)
{
	layout_page();
	layout_folio();
	frames.n = 0;
	words.sum_head = 0;
	bpf_loop(STRUCTPAGE_STEPS, step, NULL, 0);
	return 0;
}
