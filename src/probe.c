/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Experiments on gupinfo's own memory; nothing else is touched. */
#include "live_int.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The pagemap word of an address of our own; 0 when unreadable. */
static u64 probe_word(int pagemap, const void *addr, u64 page)
{
	u64 word = 0;

	if (pread(pagemap, &word, sizeof(word), (uintptr_t)addr / page * sizeof(word)) !=
	    sizeof(word))
		return 0;
	return word;
}

static bool probe_array(int fd, u64 pfn, u64 *ret)
{
	return fd >= 0 &&
	       pread(fd, ret, sizeof(*ret), pfn * sizeof(*ret)) == sizeof(*ret);
}

/* Which categories PAGEMAP_SCAN knows: none without the ioctl. */
static void probe_scan(struct live *l, int pagemap, const char *addr, u64 page)
{
	u32 mask = PAGEMAP_IS_FILE | PAGEMAP_IS_PRESENT | PAGEMAP_IS_SWAPPED |
		   PAGEMAP_IS_PFNZERO | PAGEMAP_IS_HUGE;
	struct pagemap_region r;
	u64 walked;

	if (l->opt.no_scan)
		return;
	if (live_observe_scan(pagemap, (uintptr_t)addr, (uintptr_t)addr + page, mask,
			      mask, 0, &r, 1, &walked) != 1 ||
	    r.categories != PAGEMAP_IS_PRESENT) {
		l->machine.kernel.probe[KPROBE_PAGEMAP_SCAN] = TRI_NO;
		return;
	}
	l->machine.kernel.probe[KPROBE_PAGEMAP_SCAN] = TRI_YES;
	l->have_scan = true;
	l->scan_mask = mask;
	mask |= PAGEMAP_IS_GUARD;
	if (live_observe_scan(pagemap, (uintptr_t)addr, (uintptr_t)addr + page, mask,
			      mask, 0, &r, 1, &walked) == 1)
		l->scan_mask = mask;
}

#define PROBE_KPF_ANON BIT(12)
#define PROBE_KPF_KSM BIT(21)

void probe_run(struct live *l)
{
	u8 *probe = l->machine.kernel.probe;
	u64 page = l->machine.kernel.page_size, word, flags;
	int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	char *p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);

	if (pagemap < 0 || p == MAP_FAILED)
		goto out;
	memset(p, 0x5a, page);
	word = probe_word(pagemap, p, page);
	l->pfns_hidden = word & PAGEMAP_PRESENT && !pagemap_pfn(word);
	l->machine.page.pfns_hidden = l->pfns_hidden;
	probe_scan(l, pagemap, p, page);
	l->machine.page.have_scan = l->have_scan;
	if (!l->opt.no_probe && pagemap_pfn(word) &&
	    probe_array(l->kpageflags, pagemap_pfn(word), &flags) &&
	    flags & PROBE_KPF_ANON && probe_word(pagemap, p, page) == word)
		probe[KPROBE_KPF_KSM_BUG] = tri_from(true, flags & PROBE_KPF_KSM);
out:
	if (pagemap >= 0)
		close(pagemap);
	if (p != MAP_FAILED)
		munmap(p, page);
}
