/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory.bpf.c - finds CMA areas, where long-term pins may not stay, the free huge pages, and the
 * pages in batches of CPUs.
 *
 * The kernel's array cma_areas (mm/cma.c) has all pageblocks that are MIGRATE_CMA (or being
 * isolated).  Free huge pages hang on lists of the array hstates (mm/hugetlb.c), which change
 * under the walk: it takes a page only while nobody refers to it, and marks the result as
 * incomplete when a list does not end where it began.
 */
#include "page/structpage.h"

#include <bpf/bpf_core_read.h>

char LICENSE[] SEC("license") = "GPL";

struct structpage_memory memory;

/* The list that is being walked. */
struct {
	u64 head, at;
	u32 order;
} list;

static __always_inline u32 load32(u64 at)
{
	u32 v = 0;

	bpf_probe_read_kernel(&v, sizeof(v), (void *)at);
	return v;
}

static __always_inline void add_cma(u64 pfn, u64 pages)
{
	u32 n = memory.ncma++;

	if (n >= STRUCTPAGE_CMA)
		return;
	memory.cma[n & (STRUCTPAGE_CMA - 1)].pfn = pfn;
	memory.cma[n & (STRUCTPAGE_CMA - 1)].pages = pages;
}

static long cma_step(u32 i, u64 *areas)
{
	u64 at = *areas + i * bpf_core_type_size(struct cma);
	u32 n;

	if (!bpf_core_field_exists(struct cma___ranges, ranges)) {
		add_cma(BPF_CORE_READ((struct cma *)at, base_pfn),
			BPF_CORE_READ((struct cma *)at, count));
		return 0;
	}
	n = BPF_CORE_READ((struct cma___ranges *)at, nranges);
	at += bpf_core_field_offset(struct cma___ranges, ranges);
	for (u32 r = 0; r < STRUCTPAGE_CMA_RANGES && r < n; r++) {
		add_cma(BPF_CORE_READ((struct cma_memrange *)at, base_pfn),
			BPF_CORE_READ((struct cma_memrange *)at, count));
		at += bpf_core_type_size(struct cma_memrange);
	}
	return 0;
}

static long free_step(u32 i, void *ctx)
{
	u64 page = list.at - bpf_core_field_offset(struct folio, lru);
	u32 n = memory.nfree;

	if (list.at == list.head || !list.at || n >= STRUCTPAGE_FREE)
		return 1;
	if (!load32(page + bpf_core_field_offset(struct page, _refcount))) {
		memory.free[n & (STRUCTPAGE_FREE - 1)].pfn =
			(page - memory.vmemmap) / memory.page_size;
		memory.free[n & (STRUCTPAGE_FREE - 1)].order = list.order;
		memory.nfree = n + 1;
	}
	list.at = probe64(list.at);
	return 0;
}

/* Collects the free pages of one size on node @node. */
static long node_step(u32 node, u64 *hstate)
{
	list.head = *hstate + bpf_core_field_offset(struct hstate, hugepage_freelists) +
		    node * 16ULL;
	list.at = probe64(list.head);
	bpf_loop(STRUCTPAGE_FREE, free_step, NULL, 0);
	if (list.at != list.head)
		memory.cut = 1;
	return 0;
}

static long hstate_step(u32 i, u64 *hstates)
{
	u64 hstate = *hstates + i * bpf_core_type_size(struct hstate);

	list.order = BPF_CORE_READ((struct hstate *)hstate, order);
	bpf_loop(memory.nodes, node_step, &hstate, 0);
	return 0;
}

/* Calls @step for all elements of the array @name, whose number the variable @count has. */
#define READ_ARRAY(name, count, step, bit)                                      \
	do {                                                                    \
		char array[] = name, number[] = count;                          \
		u64 at = 0, n = 0;                                              \
		if (!bpf_kallsyms_lookup_name(array, sizeof(array), 0, &at) &&  \
		    !bpf_kallsyms_lookup_name(number, sizeof(number), 0, &n)) { \
			memory.has |= bit;                                      \
			bpf_loop(load32(n), step, &at, 0);                      \
		}                                                               \
	} while (0)

SEC("gupinfo.syscall")
int look(void *ctx)
{
	memory.ncma = memory.nfree = memory.has = memory.cut = 0;
	if (bpf_core_type_exists(struct cma))
		READ_ARRAY("cma_areas", "cma_area_count", cma_step, STRUCTPAGE_HAS_CMA);
	if (bpf_core_field_exists(struct hstate, hugepage_freelists))
		READ_ARRAY("hstates", "hugetlb_max_hstate", hstate_step,
			   STRUCTPAGE_HAS_FREE);
	return 0;
}

/* --- batches */

struct structpage_batches batches;
BPF_RECORDS(batched, struct structpage_batch, STRUCTPAGE_BATCHED);

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} own SEC(".maps");

/* Returns the address of CPU @cpu's copy of a variable of our own, as a number; 0: no such CPU. */
static __always_inline u64 own_address(u32 cpu)
{
	u32 zero = 0;

	list.at = (u64)bpf_map_lookup_percpu_elem(&own, &zero, cpu);
	barrier(); /* what is read back is no pointer for the verifier */
	return list.at;
}

static long entry_step(u32 i, u32 *in)
{
	/* the low bits of an entry of mlock's batch are flags */
	u64 folio = probe64(list.at + i * 8ULL) & ~3ULL;
	u32 n = batches.n;
	struct structpage_batch *b;

	if (!folio)
		return 0;
	batches.n = n + 1;
	if (n >= batches.room)
		return 0;
	n += batches.first;
	b = bpf_map_lookup_elem(&batched, &n);
	if (!b)
		return 0;
	b->pfn = (folio - batches.vmemmap) / batches.page_size;
	b->in = *in;
	return 0;
}

static __always_inline void read_batch(u64 at, u32 in)
{
	u32 n = BPF_CORE_READ((struct folio_batch *)at, nr);

	list.at = at + bpf_core_field_offset(struct folio_batch, folios);
	bpf_loop(n, entry_step, &in, 0);
}

/* Reads the batch @member of the variable at @offset, if the kernel has it. */
#define READ_BATCH(type, member, offset, batch)                                         \
	do {                                                                            \
		if (bpf_core_field_exists(type, member)) {                              \
			batches.unknown |= !(offset);                                   \
			read_batch(at + (offset) + bpf_core_field_offset(type, member), \
				   STRUCTPAGE_BATCH(batch, cpu));                       \
			size += bpf_core_type_size(struct folio_batch);                 \
		}                                                                       \
	} while (0)

#define READ_LRU_BATCH(member, batch) \
	READ_BATCH(struct cpu_fbatches, member, batches.fbatches, batch)

/*
 * A CPU's variables have the same distances on all CPUs.  That the right ones are read is seen by
 * the number of the CPU.
 */
static long cpu_step(u32 cpu, void *ctx)
{
	u64 at = own_address(cpu), size = 0;

	if (!at)
		return 1;
	at += batches.from;
	if (load32(at + batches.timers +
		   bpf_core_field_offset(struct hrtimer_cpu_base, cpu)) != cpu)
		return 0;
	batches.cpus++;
	READ_BATCH(struct mlock_fbatch, fbatch, batches.mlock, STRUCTPAGE_MLOCK);
	READ_BATCH(struct mlock_pvec, vec, batches.mlock, STRUCTPAGE_MLOCK);
	READ_BATCH(struct lru_rotate, fbatch, batches.rotate, STRUCTPAGE_LRU_MOVE_TAIL);
	size = 0;
	READ_LRU_BATCH(lru_add, STRUCTPAGE_LRU_ADD);
	READ_LRU_BATCH(lru_deactivate_file, STRUCTPAGE_LRU_DEACTIVATE_FILE);
	READ_LRU_BATCH(lru_deactivate, STRUCTPAGE_LRU_DEACTIVATE);
	READ_LRU_BATCH(lru_lazyfree, STRUCTPAGE_LRU_LAZYFREE);
	READ_LRU_BATCH(activate, STRUCTPAGE_LRU_ACTIVATE);
	READ_LRU_BATCH(lru_activate, STRUCTPAGE_LRU_ACTIVATE);
	READ_LRU_BATCH(lru_move_tail, STRUCTPAGE_LRU_MOVE_TAIL);
	if (bpf_core_type_size(struct cpu_fbatches) >=
	    size + bpf_core_type_size(struct folio_batch))
		batches.unknown = 1;
	return 0;
}

/* A timer of this task knows the variables of one CPU; our own one tells where the others' are. */
SEC("gupinfo.syscall")
int look_batches(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct hrtimer_cpu_base *base;

	batches.n = batches.cpus = batches.unknown = 0;
	if (!bpf_core_field_exists(struct cpu_fbatches, lru_add) ||
	    !bpf_core_field_exists(struct signal_struct, real_timer))
		return 0;
	base = BPF_CORE_READ(task, signal, real_timer.base, cpu_base);
	batches.from = (u64)base - batches.timers - own_address(BPF_CORE_READ(base, cpu));
	bpf_loop(1 << 13, cpu_step, NULL, 0);
	return 0;
}
