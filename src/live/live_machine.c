/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads once: the kernel's release and configuration, zones, settings, counters. */
#include "live/live_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <zlib.h>

#include "page/structpage.h"
#include "page/zoneinfo.h"
#include "os/memsize.h"
#include "os/readfile.h"

#define LIVE_THP "sys/kernel/mm/transparent_hugepage/"
#define LIVE_CONFIG_MAX (8u << 20) /* a configuration has some 300 KiB */

/* Parses "always [madvise] never" to "madvise". */
static void live_machine_choice(int root, const char *path, char *ret, size_t size)
{
	char line[256], *open, *close;

	ret[0] = '\0';
	if (!readfile_line(root, path, line, sizeof(line)))
		return;
	open = strchr(line, '[');
	close = open ? strchr(open, ']') : NULL;
	if (close)
		snprintf(ret, size, "%.*s", (int)(close - open - 1), open + 1);
}

int live_machine_config(int root, const char *release, char path[160], char **ret,
			size_t *ret_len)
{
	static const char *const places[] = { "proc/config.gz", "boot/config-%s",
					      "lib/modules/%s/config",
					      "usr/lib/modules/%s/config" };

	for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
		int fd, n = -1;
		char *text;
		gzFile gz; /* which reads plain files, too */

		snprintf(path, 160, places[i], release);
		fd = openat(root, path, O_RDONLY | O_CLOEXEC);
		gz = fd >= 0 ? gzdopen(fd, "rb") : NULL;
		if (!gz) {
			if (fd >= 0)
				close(fd);
			continue;
		}
		text = malloc(LIVE_CONFIG_MAX + 1);
		if (text)
			n = gzread(gz, text, LIVE_CONFIG_MAX);
		gzclose(gz);
		if (n > 0) {
			text[n] = '\0';
			*ret = text;
			*ret_len = (size_t)n;
			return 0;
		}
		free(text);
	}
	return -ENOENT;
}

/* Reads which MMU a Power machine uses. */
static void live_machine_mmu(struct live *l, struct kernel_evidence *ev)
{
	char *text, *line;
	size_t len;

	/* others have no such line, but one for each CPU to write */
	if (strncmp(ev->arch, "ppc", 3) || readfile(l->root, "proc/cpuinfo", &text, &len))
		return;
	line = strstr(text, "\nMMU\t\t: ");
	if (line)
		sscanf(line, " MMU : %8[A-Za-z]", ev->mmu);
	free(text);
}

void live_machine_name(struct live *l)
{
	struct kernel_evidence *ev = &l->machine.kernel;
	struct utsname name;

	kernel_evidence_init(ev);
	if (uname(&name))
		memset(&name, 0, sizeof(name));
	if (!readfile_line(l->root, "proc/sys/kernel/osrelease", ev->release,
			   sizeof(ev->release)))
		snprintf(ev->release, sizeof(ev->release), "%.64s", name.release);
	if (!readfile_line(l->root, "proc/sys/kernel/version", ev->version,
			   sizeof(ev->version)))
		snprintf(ev->version, sizeof(ev->version), "%.64s", name.version);
	snprintf(ev->arch, sizeof(ev->arch), "%.16s", name.machine);
}

static void live_machine_kernel(struct live *l, struct kernel_evidence *ev)
{
	char path[160], *text;
	size_t len;

	live_machine_mmu(l, ev);
	ev->page_size = (u32)memsize_page();
	ev->pmd_size = (u32)memsize_pmd(l->root);
	if (!live_machine_config(l->root, ev->release, path, &text, &len)) {
		kernel_evidence_config(ev, text, len);
		free(text);
	}
}

static void live_machine_zones(struct live *l)
{
	char *text;
	size_t len, n;

	if (readfile(l->root, "proc/zoneinfo", &text, &len))
		return;
	n = zoneinfo_parse(text, NULL, 0);
	l->spans = calloc(n ? n : 1, sizeof(*l->spans));
	if (l->spans) {
		l->machine.page.nspans = zoneinfo_parse(text, l->spans, n);
		l->machine.page.spans = l->spans;
	}
	free(text);
}

/* The machine has memory for which long-term pins must migrate pages: CMA or ZONE_MOVABLE. */
static u8 live_machine_unpinnable(struct live *l)
{
	u64 cma;

	for (unsigned i = 0; i < l->machine.page.nspans; i++)
		if (l->machine.page.spans[i].zone == PAGE_ZONE_MOVABLE)
			return TRI_YES;
	if (!l->machine.page.nspans || faccessat(l->root, "proc/meminfo", R_OK, 0))
		return TRI_UNKNOWN;
	/* without CONFIG_CMA the line is missing */
	cma = readfile_field(l->root, "proc/meminfo", "CmaTotal:", 10);
	return cma && cma != UINT64_MAX ? TRI_YES : TRI_NO;
}

static void live_machine_evidence(struct source_evidence *e, int fd, const char *path)
{
	const char *needs =
		geteuid() ? ": needs root" : ": needs root of the initial user namespace";

	e->ok = fd >= 0;
	if (!e->ok)
		snprintf(e->why, sizeof(e->why), "%s: %s%s", path, strerror(-fd),
			 fd == -EACCES || fd == -EPERM ? needs : "");
}

/* NUMA balancing is off or not built in, and has made no hint since boot. */
static bool live_machine_no_hints(struct live *l, const struct live_machine_vmstat *v)
{
	u64 on = readfile_number(l->root, "proc/sys/kernel/numa_balancing");

	if (faccessat(l->root, "proc/sys/kernel/numa_balancing", F_OK, 0) &&
	    errno == ENOENT && v->numa_pte_updates == UINT64_MAX &&
	    v->foll_pin_acquired != UINT64_MAX)
		return true;
	return !on && !v->numa_pte_updates;
}

/* PMD-sized THPs have their own setting, unless it is "inherit" (6.8). */
static void live_machine_pmd_thp(struct live *l, struct live_machine_settings *s)
{
	char path[120], own[sizeof(s->thp_enabled)];

	snprintf(path, sizeof(path), LIVE_THP "hugepages-%ukB/enabled",
		 l->machine.kernel.pmd_size >> 10);
	live_machine_choice(l->root, path, own, sizeof(own));
	if (own[0] && strcmp(own, "inherit"))
		memcpy(s->thp_enabled, own, sizeof(own));
}

void live_machine_read(struct live *l)
{
	struct source_machine *m = &l->machine;
	struct live_machine_settings s;
	struct live_machine_vmstat v;

	live_machine_kernel(l, &m->kernel);
	live_machine_zones(l);
	live_machine_settings(l->root, &s);
	live_machine_vmstat(l->root, &v);
	m->evidence[SOURCE_PAGEMAP].ok = true;
	live_machine_evidence(&m->evidence[SOURCE_KPAGEFLAGS], l->kpageflags,
			      "/proc/kpageflags");
	live_machine_evidence(&m->evidence[SOURCE_KPAGECOUNT], l->kpagecount,
			      "/proc/kpagecount");
	m->page.kpage_denied = l->kpageflags < 0 || l->kpagecount < 0;
	m->page.has_pinned = TRI_UNKNOWN;
	/* The counters of vmstat lag, because each CPU keeps some back: they prove nothing. */
	m->page.pins_anywhere = TRI_UNKNOWN;
	live_machine_pmd_thp(l, &s);
	m->page.thp_enabled = !strcmp(s.thp_enabled, "never")     ? 0
			      : !strcmp(s.thp_enabled, "madvise") ? 1
			      : !strcmp(s.thp_enabled, "always")  ? 2
								  : 0xff;
	m->page.use_zero_page = s.use_zero_page;
	m->page.huge_free = TRI_UNKNOWN; /* each mapping decides */
	m->page.unpinnable_memory = live_machine_unpinnable(l);
	m->page.numa_balancing_off = live_machine_no_hints(l, &v);
	m->page.soft_dirty = m->kernel.config[KCONFIG_MEM_SOFT_DIRTY];
	m->cpus = (u32)sysconf(_SC_NPROCESSORS_CONF);
}

int live_machine_resolve(struct live *l)
{
	int err = kernel_resolve(&l->machine.kernel, &l->kernel);

	if (err)
		return err;
	l->machine.page.kernel = &l->kernel;
	l->hugetlb_count_tail =
		kernel_has(&l->kernel, KFACT_KPAGECOUNT_HUGETLB_ZERO) != TRI_NO;
	pte_layout_kernel(&l->pte, &l->kernel);
	l->machine.page.pte = &l->pte;
	return 0;
}

/*
 * Returns whether the pool has a free page that may be pinned for long, by where its pages lie.
 * Reservations are a number, of no pages in particular: dequeue_hugetlb_folio_node_exact()
 * takes any.
 */
static u8 live_machine_pool_free_pin(struct live *l, u64 bytes,
				     const struct structpage_memory *m)
{
	u64 page = kernel_page_size(&l->machine.kernel), good = 0, open = 0;
	char path[120];

	if (!m || !(m->has & STRUCTPAGE_HAS_FREE))
		return TRI_UNKNOWN;
	for (u32 i = 0; i < MIN(m->nfree, (u32)STRUCTPAGE_FREE); i++) {
		const struct page_span *s =
			zoneinfo_find(l->spans, l->machine.page.nspans, m->free[i].pfn);
		enum tri cma = zoneinfo_is_cma(s);

		if (page << m->free[i].order != bytes)
			continue;
		open += !s || s->zone < 0 || cma == TRI_UNKNOWN;
		good += s && s->zone >= 0 && s->zone != PAGE_ZONE_MOVABLE &&
			cma == TRI_NO;
	}
	if (good)
		return TRI_YES;
	snprintf(path, sizeof(path),
		 "sys/kernel/mm/hugepages/hugepages-%llukB/nr_overcommit_hugepages",
		 bytes >> 10);
	return !open && !m->cut && !readfile_number(l->root, path) ? TRI_NO : TRI_UNKNOWN;
}

void live_machine_refresh(struct source *src)
{
	struct live *l = (struct live *)src;
	struct page_context *c = &l->machine.page;
	const struct structpage_memory *m = NULL;
	u64 bytes[PAGE_POOLS];

	/* Without such memory, or not knowing, a later look finds what the first one found. */
	if (c->npools && c->unpinnable_memory != TRI_YES)
		return;
	c->huge_free_pin = TRI_UNKNOWN;
	c->npools = memsize_pools(l->root, bytes, PAGE_POOLS);
	if (c->npools && c->unpinnable_memory == TRI_YES)
		m = live_bpf_memory(l);
	for (unsigned i = 0; i < c->npools; i++) {
		struct page_pool *p = &c->pool[i];

		p->bytes = bytes[i];
		p->free = TRI_UNKNOWN; /* the mapping decides */
		p->free_pin = live_machine_pool_free_pin(l, p->bytes, m);
		if (!i || c->huge_free_pin != p->free_pin)
			c->huge_free_pin = i ? TRI_UNKNOWN : p->free_pin;
	}
}

void live_machine_settings(int root, struct live_machine_settings *ret)
{
	u64 zero = readfile_number(root, LIVE_THP "use_zero_page");

	live_machine_choice(root, LIVE_THP "enabled", ret->thp_enabled,
			    sizeof(ret->thp_enabled));
	ret->use_zero_page = tri_from(zero != UINT64_MAX, zero == 1);
}

int live_machine_vmstat(int root, struct live_machine_vmstat *ret)
{
	char *text;
	size_t len;
	int err = readfile(root, "/proc/vmstat" + (root != AT_FDCWD), &text, &len);

	memset(ret, 0xff, sizeof(*ret));
	if (err)
		return err;
	ret->foll_pin_acquired = readfile_find(text, "nr_foll_pin_acquired ", 10);
	ret->foll_pin_released = readfile_find(text, "nr_foll_pin_released ", 10);
	ret->numa_pte_updates = readfile_find(text, "numa_pte_updates ", 10);
	free(text);
	return 0;
}
