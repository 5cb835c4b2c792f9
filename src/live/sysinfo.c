/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "live/sysinfo.h"

#include "lib/array.h"
#include "lib/text.h"
#include "live/kmods.h"
#include "live/live_machine.h"
#include "os/readfile.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* Writes "key: first line of path", or why it cannot. */
static void facts_show(struct record_writer *w, const char *key, const char *path)
{
	char *text;
	size_t len;
	int err = readfile(AT_FDCWD, path, &text, &len);

	if (err == -ENOENT)
		return;
	if (err) {
		record_write_text(w, "%s: not readable (%s)", key, strerror(-err));
		return;
	}
	text[strcspn(text, "\n")] = '\0';
	record_write_text(w, "%s: %s", key, text);
	free(text);
}

/* Writes every file that matches, named by what follows its last @skip bytes. */
static void facts_glob(struct record_writer *w, const char *pattern, size_t skip)
{
	glob_t g;

	if (!glob(pattern, 0, NULL, &g))
		for (size_t i = 0; i < g.gl_pathc; i++)
			facts_show(w, g.gl_pathv[i] + skip, g.gl_pathv[i]);
	globfree(&g);
}

/* ---- [system] */

static void facts_taint(struct record_writer *w)
{
	/* Documentation/admin-guide/tainted-kernels.rst */
	static const char *const words[] = {
		"P proprietary module",    "F module forced",
		"S out of specification",  "R module unloaded by force",
		"M machine check",         "B bad page",
		"U requested by user",     "D died (oops)",
		"A ACPI table overridden", "W warning",
		"C staging driver",        "I firmware workaround",
		"O out-of-tree module",    "E unsigned module",
		"L soft lockup",           "K live-patched",
		"X distribution's own",    "T struct randomised",
		"N in-kernel test",
	};
	u64 bits = readfile_number(AT_FDCWD, "/proc/sys/kernel/tainted");
	char text[600] = "";

	if (bits == UINT64_MAX) {
		record_write_text(w, "taint: not readable");
		return;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
		if (bits & BIT(i))
			text_add(text, sizeof(text), ", %s", words[i]);
	record_write_text(w, "taint: %llu%s", bits, bits ? text : " (not tainted)");
}

/* Writes lines of @path that begin with one of @keys. */
static void facts_pick(struct record_writer *w, const char *path, const char *keys)
{
	FILE *f = fopen(path, "re");
	char line[1024];

	if (!f) {
		record_write_text(w, "%s: not readable (%m)", path);
		return;
	}
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (!text_begins(line, keys))
			continue;
		for (char *p = line; *p; p++)
			if (*p == '\t')
				*p = ' ';
		record_write_text(w, "%s", line);
	}
	fclose(f);
}

static void facts_system(struct record_writer *w)
{
	record_write_section(w, "system");
	facts_show(w, "version", "/proc/version");
	facts_show(w, "cmdline", "/proc/cmdline");
	facts_taint(w);
	record_write_text(w, "cpus: %ld", sysconf(_SC_NPROCESSORS_ONLN));
	facts_show(w, "nodes", "/sys/devices/system/node/online");
	facts_show(w, "lockdown", "/sys/kernel/security/lockdown");
	facts_pick(w, "/proc/meminfo",
		   "MemTotal|MemAvailable|SwapTotal|SwapFree|AnonPages|AnonHuge|Mlocked|"
		   "Unevictable|HugePages_|Hugetlb|CmaTotal|CmaFree");
}

/* ---- [options]: what maintainers ask of the configuration */

static const char facts_wanted[] =
	"DEBUG_VM|DEBUG_VM_PGFLAGS|DEBUG_VM_PGTABLE|PAGE_TABLE_CHECK|GUP_TEST|"
	"TRANSPARENT_HUGEPAGE|TRANSPARENT_HUGEPAGE_ALWAYS|"
	"TRANSPARENT_HUGEPAGE_MADVISE|PAGE_MAPCOUNT|NO_PAGE_MAPCOUNT|MM_ID|NUMA|"
	"NUMA_BALANCING|KSM|CMA|MIGRATION|COMPACTION|MEMORY_FAILURE|MEMORY_HOTREMOVE|"
	"ZONE_DEVICE|DEVICE_PRIVATE|PAGE_OWNER|PAGE_POISONING|DEBUG_PAGE_REF|"
	"DEBUG_PAGEALLOC|KASAN|SWAP|ZSWAP|HUGETLBFS|HUGETLB_PAGE|USERFAULTFD|"
	"SECRETMEM|MEM_SOFT_DIRTY|LRU_GEN|PER_VMA_LOCK|HAVE_GUP_FAST|IO_URING|"
	"INFINIBAND|VFIO|IOMMUFD|XDP_SOCKETS|PREEMPT|PREEMPT_RT|DEBUG_INFO_BTF|"
	"BPF_SYSCALL";

static void facts_options(struct record_writer *w)
{
	int root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char path[160], name[128], *text = NULL, *line, *at;
	struct utsname kernel;
	size_t len;

	record_write_section(w, "options");
	uname(&kernel);
	if (live_machine_config(root, kernel.release, path, &text, &len))
		record_write_text(
			w, "not readable: /proc/config.gz and /boot/config are absent");
	else
		record_write_text(w, "source: /%s", path);
	for (line = text ? strtok_r(text, "\n", &at) : NULL; line;
	     line = strtok_r(NULL, "\n", &at)) {
		if (sscanf(line, "CONFIG_%127[A-Z0-9_]=", name) == 1 &&
		    text_is(name, facts_wanted))
			record_write_text(w, "%s", line);
		else if (sscanf(line, "# CONFIG_%127[A-Z0-9_] is", name) == 1 &&
			 text_is(name, facts_wanted))
			record_write_text(w, "CONFIG_%s=n", name);
	}
	free(text);
	close(root);
}

/* ---- [settings], [pools], [counters] */

static void facts_settings(struct record_writer *w)
{
	static const char thp[] = "/sys/kernel/mm/transparent_hugepage/";
	static const char mm[] = "/sys/kernel/mm/";
	static const char *const sysctls[] = {
		"vm/swappiness",
		"vm/overcommit_memory",
		"vm/overcommit_ratio",
		"vm/max_map_count",
		"vm/compact_unevictable_allowed",
		"vm/compaction_proactiveness",
		"vm/unprivileged_userfaultfd",
		"vm/nr_overcommit_hugepages",
		"vm/zone_reclaim_mode",
		"vm/hugetlb_optimize_vmemmap",
		"kernel/numa_balancing",
		"kernel/unprivileged_bpf_disabled",
		"kernel/perf_event_paranoid",
		"kernel/yama/ptrace_scope",
		"kernel/io_uring_disabled",
		"kernel/randomize_va_space",
	};
	char path[256];
	FILE *swaps;

	record_write_section(w, "settings");
	facts_glob(w, "/sys/kernel/mm/transparent_hugepage/*e*d", sizeof(mm) - 1);
	facts_glob(w, "/sys/kernel/mm/transparent_hugepage/[duh]*[gek]", sizeof(mm) - 1);
	facts_glob(w, "/sys/kernel/mm/transparent_hugepage/hugepages-*kB/*enabled",
		   sizeof(thp) - 1);
	facts_glob(w, "/sys/kernel/mm/transparent_hugepage/khugepaged/*",
		   sizeof(thp) - 1);
	facts_glob(w, "/sys/kernel/mm/ksm/*", sizeof(mm) - 1);
	facts_glob(w, "/sys/kernel/mm/numa/*", sizeof(mm) - 1);
	facts_glob(w, "/sys/kernel/mm/lru_gen/enabled", sizeof(mm) - 1);
	facts_show(w, "zswap", "/sys/module/zswap/parameters/enabled");
	for (unsigned i = 0; i < ARRAY_SIZE(sysctls); i++) {
		snprintf(path, sizeof(path), "/proc/sys/%s", sysctls[i]);
		facts_show(w, sysctls[i], path);
	}
	swaps = fopen("/proc/swaps", "re");
	for (unsigned n = 0; swaps; n++) {
		char line[512], type[64];
		unsigned long long size, used;

		if (!fgets(line, sizeof(line), swaps)) {
			if (n <= 1)
				record_write_text(w, "swap: none");
			break;
		}
		if (n && sscanf(line, "%*s %63s %llu %llu", type, &size, &used) == 3)
			record_write_text(w, "swap: %s of %llu KiB, %llu used", type,
					  size, used);
	}
	if (swaps)
		fclose(swaps);
}

static void facts_pools(struct record_writer *w)
{
	record_write_section(w, "pools");
	facts_glob(w, "/sys/kernel/mm/hugepages/*/*",
		   sizeof("/sys/kernel/mm/hugepages/") - 1);
	facts_glob(w, "/sys/devices/system/node/node*/hugepages/*/*hugepages",
		   sizeof("/sys/devices/system/node/") - 1);
	facts_glob(w, "/sys/kernel/mm/cma/*/*", sizeof("/sys/kernel/mm/") - 1);
}

int sysinfo_pins(u64 *ret_acquired, u64 *ret_released)
{
	struct live_machine_vmstat v;

	live_machine_vmstat(AT_FDCWD, &v);
	if (v.foll_pin_acquired == UINT64_MAX || v.foll_pin_released == UINT64_MAX)
		return -ENOENT;
	*ret_acquired = v.foll_pin_acquired;
	*ret_released = v.foll_pin_released;
	return 0;
}

u64 sysinfo_pins_kept(const struct source_machine *m)
{
	s16 nodes = 1;

	for (unsigned i = 0; i < m->page.nspans; i++)
		nodes = MAX(nodes, m->page.spans[i].node + 1);
	return 2ull * 125 * sysconf(_SC_NPROCESSORS_CONF) * nodes;
}

int sysinfo_memlock(pid_t pid, u64 *ret)
{
	static const char key[] = "Max locked memory";
	char path[64], *text, *p;
	size_t len;
	int err;

	snprintf(path, sizeof(path), "/proc/%d/limits", (int)pid);
	err = readfile(AT_FDCWD, path, &text, &len);
	if (err)
		return err;
	p = strstr(text, key);
	if (p) {
		p += sizeof(key) - 1;
		p += strspn(p, " ");
		*ret = *p == 'u' ? UINT64_MAX : strtoull(p, NULL, 10);
	}
	free(text);
	return p ? 0 : -ENOENT;
}

static void facts_counters(struct record_writer *w)
{
	u64 acquired, released;

	record_write_section(w, "counters");
	if (!sysinfo_pins(&acquired, &released))
		record_write_text(w, "foll_pin acquired - released: %lld",
				  (s64)(acquired - released));
	else
		record_write_text(w, "foll_pin: this kernel does not count pins");
	facts_pick(
		w, "/proc/vmstat",
		"nr_foll_pin_|thp_|pgmigrate_|compact_|unevictable_|numa_|pswp|ksm_|cow_ksm|"
		"pgscan_khugepaged|nr_anon_|nr_mlock|nr_free_cma|htlb_|zswp");
	facts_pick(w, "/proc/buddyinfo", "Node");
}

/* ---- [modules]: those that can pin memory first */

static const char facts_pinning[] =
	"ib_|rdma|mlx|vfio|iommufd|siw|rxe|irdma|bnxt_re|efa|kvm|nvidia|i915|amdgpu|xe|"
	"habanalabs|gdr|nv_peer|xsk|io_uring|vhost|udmabuf|usnic|hfi1|qedr";

static void facts_modules(struct record_writer *w)
{
	struct kmods_module *list = NULL;
	size_t n = 0;
	int err = kmods_list(&list, &n);

	record_write_section(w, "modules");
	if (err == -ENOENT || (!err && !n))
		record_write_text(w, "none are loaded");
	else if (err)
		record_write_text(w, "not readable: %s", strerror(-err));
	for (int first = 1; first >= 0; first--)
		for (size_t i = 0; !err && i < n; i++) {
			const struct kmods_module *m = &list[i];

			if (text_begins(m->name, facts_pinning) != (first == 1))
				continue;
			record_write_text(
				w, "%s%s version=%s srcversion=%s taint=%s users=%d %s%s",
				m->name, first ? " (can pin memory)" : "",
				m->version[0] ? m->version : "-",
				m->srcversion[0] ? m->srcversion : "-",
				m->taint[0] ? m->taint : "-", m->refcount, m->state,
				m->holders[0] ? " used by" : "");
			if (m->holders[0])
				record_write_text(w, "  %s", m->holders);
		}
	free(list);
}

int sysinfo_write(struct record_writer *w)
{
	facts_system(w);
	facts_options(w);
	facts_settings(w);
	facts_pools(w);
	facts_counters(w);
	facts_modules(w);
	return w->error;
}

/* ---- [process PID] */

static void facts_bytes(struct record_writer *w, const char *key, const char *path)
{
	const size_t max = 2047;
	char *text;
	size_t len;
	int err = readfile(AT_FDCWD, path, &text, &len);

	if (err) {
		record_write_text(w, "%s: not readable (%s)", key, strerror(-err));
		return;
	}
	for (size_t i = 0; i + 1 < len; i++)
		if (!text[i])
			text[i] = ' ';
	record_write_text(w, "%s: %.*s%s", key, (int)max, text,
			  len >= max ? " (cut)" : "");
	free(text);
}

static void facts_link(struct record_writer *w, const char *key, const char *path)
{
	char buf[1024];
	ssize_t n = readlink(path, buf, sizeof(buf) - 1);

	if (n < 0) {
		record_write_text(w, "%s: not readable (%m)", key);
		return;
	}
	buf[n] = '\0';
	record_write_text(w, "%s: %s", key, buf);
}

int sysinfo_process(struct record_writer *w, pid_t pid)
{
	static const char *const spaces[] = { "user", "pid", "mnt", "ipc", "cgroup" };
	char name[64], path[128];

	snprintf(name, sizeof(name), "process %d", (int)pid);
	record_write_section(w, name);
	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	facts_link(w, "exe", path);
	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	facts_bytes(w, "cmdline", path);
	snprintf(path, sizeof(path), "/proc/%d/cgroup", (int)pid);
	facts_show(w, "cgroup", path);
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
	facts_show(w, "children", path);
	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	facts_pick(
		w, path,
		"State|Tgid|NSpid|Threads|Uid|VmPeak|VmSize|VmLck|VmPin|VmHWM|VmRSS|RssAnon|"
		"RssFile|RssShmem|VmSwap|HugetlbPages|THP_enabled|CapEff|NoNewPrivs|Seccomp|"
		"CoreDumping");
	record_write_comment(
		w,
		"VmPin counts what drivers account (RDMA, io_uring, vfio), not every pin; VmLck counts mlock.");
	snprintf(path, sizeof(path), "/proc/%d/limits", (int)pid);
	facts_pick(w, path, "Max locked memory|Max address space|Max resident set");
	for (unsigned i = 0; i < ARRAY_SIZE(spaces); i++) {
		snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, spaces[i]);
		snprintf(name, sizeof(name), "ns %s", spaces[i]);
		facts_link(w, name, path);
	}
	return w->error;
}

/* ---- [dmesg] */

#define FACTS_DMESG 40 /* lines kept */

static bool facts_about_memory(const char *text)
{
	static const char *const words[] = { "BUG: Bad page",
					     "page dumped",
					     "WARNING: ",
					     "mm/",
					     "Out of memory",
					     "oom-kill",
					     "hugetlb",
					     "HugeTLB",
					     "BUG: ",
					     "page:",
					     "Memory failure",
					     "soft lockup",
					     "pincount",
					     "huge page",
					     "ksm:",
					     "swap",
					     "page allocation failure" };

	return ARRAY_ANY(i, ARRAY_SIZE(words), strstr(text, words[i]));
}

int sysinfo_dmesg(struct record_writer *w)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	static char kept[FACTS_DMESG][400];
	unsigned n = 0;
	char buf[8192];

	record_write_section(w, "dmesg");
	if (fd < 0) {
		record_write_text(w, "not readable: %m");
		return w->error;
	}
	for (;;) {
		/* priority,sequence,microseconds,flags;text */
		ssize_t len = read(fd, buf, sizeof(buf) - 1);
		unsigned long long us = 0;
		char *text;

		if (len < 0 && errno == EPIPE)
			continue; /* the kernel has overwritten it */
		if (len <= 0)
			break;
		buf[len] = '\0';
		text = strchr(buf, ';');
		if (!text || sscanf(buf, "%*[^,],%*[^,],%llu", &us) != 1)
			continue;
		text[strcspn(text, "\n")] = '\0';
		if (facts_about_memory(text + 1))
			snprintf(kept[n++ % FACTS_DMESG], sizeof(kept[0]),
				 "[%5llu.%06llu] %s", us / 1000000, us % 1000000,
				 text + 1);
	}
	close(fd);
	for (unsigned i = n > FACTS_DMESG ? n - FACTS_DMESG : 0; i < n; i++)
		record_write_text(w, "%s", kept[i % FACTS_DMESG]);
	if (!n)
		record_write_text(w, "no line of the kernel's log speaks of memory");
	return w->error;
}
