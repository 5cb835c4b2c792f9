/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/kernel.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/array.h"
#include "lib/text.h"

#include "lib/pure.h"

#define KERNEL_OLDEST KV(5, 10, 0) /* the oldest release whose source was read */
#define KERNEL_VERSION_MAX \
	15 /* bytes of "255.255.65535", and room for a patch in ->model */
#define KERNEL_TOO_NEW KV(7, 4, 0) /* the first release whose source was not read */
#define KERNEL_BPF KV(6, 1, 0) /* the oldest release on which the BPF programs can run */

#define RANGES(...)         \
	{                   \
		__VA_ARGS__ \
	}
#define ALWAYS RANGES({ 1, 0 })
#define NEVER RANGES({ 0, 0 })
#define CFG(id) KCONFIG_##id
#define NOCFG KCONFIGS
#define PRB(id) KPROBE_##id
#define NOPRB KPROBES

const struct kernel_fact kernel_rows[KFACTS] = {
#define KFACT(id, n, cl, r, c, p, co, s)       \
	[KFACT_##id] = { .name = n,            \
			 .class = KERNEL_##cl, \
			 .ranges = r,          \
			 .config = c,          \
			 .probe = p,           \
			 .commit = co,         \
			 .subject = s },
#include "kernel/kernel.def"
};

const struct kernel_config kernel_configs[KCONFIGS] = {
#define KCONFIG(id, n, o, a) [KCONFIG_##id] = { .name = n, .old_name = o, .assumed = a },
#include "kernel/kconfig.def"
};

const struct kernel_probe kernel_probes[KPROBES] = {
#define KPROBE(id, n, t) [KPROBE_##id] = { .name = n, .text = t },
#include "kernel/kprobe.def"
};

struct kernel_generation {
	const char *name;
	u32 since, until;
};

static const struct kernel_generation kernel_functions[KFUNCS][4] = {
#define KFUNC(f, since, until, ...) [KFUNC_##f] = { { #f, since, until }, __VA_ARGS__ },
#include "kernel/kfunc.def"
};

void kernel_evidence_init(struct kernel_evidence *ev)
{
	memset(ev, 0, sizeof(*ev));
	memset(ev->config, TRI_UNKNOWN, sizeof(ev->config));
	memset(ev->probe, TRI_UNKNOWN, sizeof(ev->probe));
}

/* The @line of @len bytes, "NAME=y" or "NAME=m", is about @name. */
static bool kernel_line_sets(const char *line, size_t len, const char *name)
{
	size_t n = name ? strlen(name) : 0;

	return len == n + 2 && !memcmp(line, name, n);
}

void kernel_evidence_config(struct kernel_evidence *ev, const char *text, size_t len)
{
	const char *end = text + len;
	u32 begins[UINT8_MAX + 1] = { 0 }; /* options by the letter behind "CONFIG_" */
	bool any = false;

	for (unsigned i = 0; i < KCONFIGS; i++) {
		const struct kernel_config *c = &kernel_configs[i];

		begins[(u8)c->name[7]] |= BIT(i);
		begins[c->old_name ? (u8)c->old_name[7] : 0] |= BIT(i);
	}
	for (const char *line = text, *next; line < end; line = next) {
		const char *nl = memchr(line, '\n', end - line);
		size_t n = (nl ? nl : end) - line;

		next = line + n + 1;
		if (n <= 9 || memcmp(line, "CONFIG_", 7))
			continue;
		any = true;
		if (line[n - 2] != '=' || (line[n - 1] != 'y' && line[n - 1] != 'm'))
			continue;
		EACH_BIT (i, begins[(u8)line[7]])
			if (kernel_line_sets(line, n, kernel_configs[i].name) ||
			    kernel_line_sets(line, n, kernel_configs[i].old_name))
				ev->config[i] = TRI_YES;
	}
	for (unsigned i = 0; any && i < KCONFIGS; i++)
		if (ev->config[i] == TRI_UNKNOWN)
			ev->config[i] = TRI_NO;
}

/* Parses a decimal number (above 255 it counts as 255); returns NULL when there is none. */
static const char *kernel_number(const char *p, u32 *ret)
{
	u32 n = 0;

	if (*p < '0' || *p > '9')
		return NULL;
	for (; *p >= '0' && *p <= '9'; p++)
		n = MIN(n * 10 + (u32)(*p - '0'), 0xffffU);
	*ret = n;
	return p;
}

/* Parses "6.12.117-rc1-foo" as KV(6, 12, 117); *@ret_end points behind the version. */
static int kernel_parse(const char *s, u32 *ret, const char **ret_end)
{
	u32 major, minor, patch = 0;
	const char *p = kernel_number(s, &major);

	if (!p || *p != '.')
		return -EINVAL;
	p = kernel_number(p + 1, &minor);
	if (!p || major > 254 || minor > 255 || !major)
		return -EINVAL;
	if (*p == '.' && p[1] >= '0' && p[1] <= '9')
		p = kernel_number(p + 1, &patch);
	*ret = KV(major, minor, patch);
	*ret_end = p;
	return 0;
}

/* Distributions put an ABI number behind a patch level of 0: "6.1.0-56-amd64". */
static bool kernel_is_abi_name(u32 kv, const char *end)
{
	return !(kv & 0xffff) && !memcmp(end - 2, ".0-", 3) && end[1] >= '0' &&
	       end[1] <= '9';
}

/* Parses the release.  Debian's uname -r names an ABI, so its version is taken from uname -v. */
static int kernel_parse_evidence(const struct kernel_evidence *ev, struct kernel *ret)
{
	static const char mark[] = "Debian ";
	const char *debian = strstr(ev->version, mark), *end;
	u32 real;
	int r = kernel_parse(ev->release, &ret->kv, &end);

	if (r < 0)
		return r;
	ret->any_patch = kernel_is_abi_name(ret->kv, end);
	if (debian && !kernel_parse(debian + sizeof(mark) - 1, &real, &end) &&
	    real >> 16 == ret->kv >> 16) {
		ret->kv = real;
		ret->any_patch = false;
	}
	return 0;
}

/*
 * Returns what the machine alone decides of an option.  Power has hugepd directories where the size
 * of hugetlb pages is that of no level: 16M and 16G with a hash MMU and 4K pages; with 64K pages, and
 * with a radix MMU, which has 2M and 1G, they are PMDs and PUDs (arch/powerpc/mm/hugetlbpage.c).
 */
static enum tri kernel_config_by_machine(enum kconfig id,
					 const struct kernel_evidence *ev)
{
	if (id == KCONFIG_HAVE_GUP_FAST &&
	    text_is(ev->arch, "x86_64|aarch64|ppc64le|ppc64|riscv64|s390x|loongarch64"))
		return TRI_YES;
	if (id != KCONFIG_ARCH_HAS_HUGEPD || !ev->arch[0])
		return TRI_UNKNOWN;
	if (strncmp(ev->arch, "ppc", 3) || ev->page_size > 4096 ||
	    !strcmp(ev->mmu, "Radix"))
		return TRI_NO;
	return !strcmp(ev->mmu, "Hash") ? TRI_YES : TRI_UNKNOWN;
}

/*
 * pte_access_permitted() of these machines asks for the bit of user mode, which a PROT_NONE entry lacks; the
 * generic one (include/linux/pgtable.h) leaves it to pte_protnone(), which CONFIG_NUMA_BALANCING defines.
 */
static bool kernel_protnone_by_bits(const char *arch)
{
	return !strcmp(arch, "x86_64") || !strcmp(arch, "aarch64") ||
	       !strncmp(arch, "ppc", 3);
}

/* The release has the behaviour; unknown when the patch level decides and the name lacks it. */
static enum tri kernel_in_range(const struct kernel_fact *row, const struct kernel *k)
{
	u32 kv = MAX(k->kv, KERNEL_OLDEST);

	for (unsigned i = 0; i < ARRAY_SIZE(row->ranges) && row->ranges[i].since; i++) {
		u32 since = row->ranges[i].since, until = row->ranges[i].until;

		if (k->any_patch && ((since > kv && since >> 16 == kv >> 16) ||
				     (until > kv && until >> 16 == kv >> 16)))
			return TRI_UNKNOWN;
		if (kv >= since && (!until || kv < until))
			return TRI_YES;
	}
	return TRI_NO;
}

static enum tri kernel_resolve_fact(const struct kernel_fact *row, const struct kernel *k,
				    bool assume, u8 *ret_origin)
{
	enum tri config, version, machine;

	if (row->probe < KPROBES && k->ev.probe[row->probe] != TRI_UNKNOWN) {
		*ret_origin = KORIGIN_PROBE;
		return k->ev.probe[row->probe];
	}
	version = kernel_in_range(row, k);
	*ret_origin = version == TRI_UNKNOWN ? KORIGIN_UNKNOWN : KORIGIN_VERSION;
	/* pte_access_permitted(): _PAGE_GCS has PTE_WRITE and PTE_USER, PAGE_SHADOWSTACK of riscv64 is _PAGE_WRITE */
	if (row == &kernel_rows[KFACT_FAST_SHADOW_STACK] && k->ev.arch[0] &&
	    strcmp(k->ev.arch, "x86_64"))
		return TRI_NO;
	if (version != TRI_YES || row->config >= KCONFIGS)
		return version;
	*ret_origin = KORIGIN_CONFIG;
	if (row == &kernel_rows[KFACT_FAST_PROTNONE] &&
	    kernel_protnone_by_bits(k->ev.arch))
		return TRI_YES;
	config = k->ev.config[row->config];
	machine = kernel_config_by_machine(row->config, &k->ev);
	/* A kernel for several machines has it for those that need it. */
	if (config == TRI_UNKNOWN ||
	    (config == TRI_YES && row->config == KCONFIG_ARCH_HAS_HUGEPD))
		config = machine;
	if (config == TRI_UNKNOWN && assume) {
		*ret_origin = KORIGIN_ASSUMED;
		config = kernel_configs[row->config].assumed;
	}
	if (config == TRI_UNKNOWN)
		*ret_origin = KORIGIN_UNKNOWN;
	return config;
}

/* Fills @k, whose ->ev and ->kv are set. */
static void kernel_fill(struct kernel *k, bool assume)
{
	k->known = k->value = 0;
	for (unsigned i = 0; i < KFACTS; i++) {
		enum tri t =
			kernel_resolve_fact(&kernel_rows[i], k, assume, &k->origin[i]);

		if (t != TRI_UNKNOWN)
			k->known |= BIT(i);
		if (t == TRI_YES)
			k->value |= BIT(i);
	}
}

/* "6.18" */
static void kernel_series(struct kernel *k)
{
	snprintf(k->model, sizeof(k->model), "%u.%u", (unsigned)(k->kv >> 24),
		 (unsigned)(k->kv >> 16 & 0xff));
}

int kernel_resolve(const struct kernel_evidence *ev, struct kernel *ret)
{
	struct kernel k = { 0 };
	int r = kernel_parse_evidence(ev, &k);

	if (r < 0)
		return r;
	k.ev = *ev;
	kernel_fill(&k, false);
	kernel_series(&k);
	*ret = k;
	return 0;
}

bool kernel_takes_bpf(const struct kernel_evidence *ev, char *why, size_t len)
{
	struct kernel k;

	if (kernel_parse_evidence(ev, &k) || k.kv >= KERNEL_BPF)
		return true;
	snprintf(why, len, "the BPF reader needs Linux %u.%u or newer; this is %u.%u",
		 KERNEL_BPF >> 24, KERNEL_BPF >> 16 & 0xff, k.kv >> 24,
		 k.kv >> 16 & 0xff);
	return false;
}

/* Forces the patch @name; returns false when no patch has that name. */
static bool kernel_force(struct kernel *k, const char *name)
{
	for (unsigned i = 0; i < KFACTS; i++)
		if (kernel_rows[i].class == KERNEL_PATCH &&
		    !strcmp(kernel_rows[i].name, name)) {
			k->known |= BIT(i);
			k->value |= BIT(i);
			k->origin[i] = KORIGIN_FORCED;
			return true;
		}
	return false;
}

/*
 * Recognises what distributions and "make kernelrelease" append to the version:
 * "-56-cloud-amd64", "+deb13-cloud-amd64", "-301.fc41.x86_64", ".1-microsoft-standard", "-rc2",
 * "+".  Behind a plus they have a number somewhere; the names of patches have none.
 */
static bool kernel_is_suffix(const char *s, size_t len)
{
	const char *plus = memchr(s, '+', len);

	if (!len || (*s == '.' && (len < 2 || s[1] < '0' || s[1] > '9')) ||
	    !strchr("-+._~", *s))
		return !len;
	if (plus && plus[1] && !strpbrk(plus, "0123456789"))
		return false;
	return strspn(s,
		      "-+._~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") >=
	       len;
}

/* Makes the model of release @name of @len bytes; of @ev it keeps only the machine. */
static const char *kernel_foreign(const struct kernel_evidence *ev, const char *name,
				  size_t len, struct kernel *ret)
{
	const char *end;

	kernel_evidence_init(&ret->ev);
	memcpy(ret->ev.arch, ev->arch, sizeof(ret->ev.arch));
	memcpy(ret->ev.mmu, ev->mmu, sizeof(ret->ev.mmu));
	ret->ev.page_size = ev->page_size;
	ret->ev.pmd_size = ev->pmd_size;
	if (len >= sizeof(ret->ev.release) || kernel_parse(name, &ret->kv, &end) < 0 ||
	    end > name + len || !kernel_is_suffix(end, name + len - end) ||
	    end - name >= KERNEL_VERSION_MAX)
		return "a model is a kernel release like 6.12, 6.12.117 or what uname -r prints, a patch like +hugetlb-refcount, or both";
	if (ret->kv < KERNEL_OLDEST)
		return "kernels older than 5.10 are not modelled";
	memcpy(ret->ev.release, name, len);
	ret->any_patch = kernel_is_abi_name(ret->kv, end);
	kernel_fill(ret, true);
	if (ret->any_patch)
		kernel_series(ret);
	else
		memcpy(ret->model, name, end - name);
	return NULL;
}

int kernel_resolve_model(const struct kernel_evidence *ev, const char *model,
			 struct kernel *ret, const char **ret_why)
{
	const char *plus = strrchr(model, '+'), *why = NULL;
	struct kernel k = { 0 };
	size_t len;

	/* The last plus begins a patch or belongs to a distribution's suffix. */
	if (plus && plus != model && kernel_is_suffix(plus, strlen(plus)))
		plus = NULL;
	len = plus ? (size_t)(plus - model) : strlen(model);
	if (len)
		why = kernel_foreign(ev, model, len, &k);
	else if (!plus)
		why = "the model is empty";
	else if (kernel_resolve(ev, &k))
		why = "the release of this kernel could not be understood";
	if (!why && plus && !kernel_force(&k, plus + 1))
		why = "the only patch that can be judged is +hugetlb-refcount";
	if (why) {
		*ret_why = why;
		return -EINVAL;
	}
	if (plus)
		text_add(k.model, sizeof(k.model), "%s", plus);
	*ret = k;
	return 0;
}

static const struct kernel_trials kernel_trials[] = {
#define KPROVED(series, arch, release, trials, date) \
	{ series, arch, release, date, trials },
#include "kernel/proved.def"
#undef KPROVED
	{ 0 },
};

enum kernel_proof kernel_proof(const struct kernel *k,
			       const struct kernel_trials **ret_by)
{
	const struct kernel_trials *by = NULL;
	bool patched = ARRAY_ANY(i, KFACTS, k->origin[i] == KORIGIN_FORCED);

	for (const struct kernel_trials *t = kernel_trials; t->series && !patched; t++)
		if (t->series >> 16 == k->kv >> 16 && !strcmp(t->arch, k->ev.arch))
			by = t;
	if (ret_by)
		*ret_by = by;
	if (by)
		return KERNEL_PROVED;
	return k->kv >= KERNEL_TOO_NEW || k->kv < KERNEL_OLDEST ? KERNEL_EXTRAPOLATED
								: KERNEL_READ;
}

const char *const kernel_proof_names[] = { "proved", "read", "extrapolated" };

const char *kernel_proof_text(const struct kernel *k, char *buf, size_t len)
{
	const struct kernel_trials *by;

	switch (kernel_proof(k, &by)) {
	case KERNEL_PROVED:
		snprintf(buf, len, "proved by %llu trials on %s, %s", by->trials,
			 by->release, by->date);
		break;
	case KERNEL_READ:
		snprintf(buf, len, "read from source, not tried");
		break;
	default:
		snprintf(buf, len, "extrapolated: %s",
			 k->kv < KERNEL_OLDEST ? "older than 5.10, judged by its rules"
					       : "newer than any verified kernel");
	}
	return buf;
}

/* Prints "6.12", or "6.12.117" when the patch level matters. */
static void kernel_print(u32 kv, char *buf, size_t len)
{
	unsigned major = kv >> 24, minor = kv >> 16 & 0xff, patch = kv & 0xffff;

	if (patch)
		snprintf(buf, len, "%u.%u.%u", major, minor, patch);
	else
		snprintf(buf, len, "%u.%u", major, minor);
}

/* Prints the last series before @until: 6.14 before 6.15, 6.19 before 7.0. */
static void kernel_print_last(u32 until, char *buf, size_t len)
{
	static const u8 last_minor[] = { [5] = 19, [6] = 19 };
	unsigned major = until >> 24, minor = until >> 16 & 0xff;

	if (until & 0xffff)
		kernel_print(until - 1, buf, len);
	else if (minor)
		kernel_print(KV(major, minor - 1, 0), buf, len);
	else
		kernel_print(KV(major - 1,
				major - 1 < ARRAY_SIZE(last_minor) ? last_minor[major - 1]
								   : 0,
				0),
			     buf, len);
}

/* Appends "6.9-6.14", "6.15-", "-6.14". */
static void kernel_add_range(struct kernel_range r, char *buf, size_t len)
{
	char since[16] = "", until[16] = "";

	if (r.since > 1)
		kernel_print(r.since, since, sizeof(since));
	if (r.until)
		kernel_print_last(r.until, until, sizeof(until));
	text_add(buf, len, "%s-%s", since, until);
}

const char *kernel_facts_range(u64 has, u64 lacks, char *buf, size_t len)
{
	struct kernel_range all = { 1, 0 };

	for (unsigned i = 0; i < KFACTS; i++) {
		struct kernel_range r = kernel_rows[i].ranges[0];

		if (!((has | lacks) >> i & 1) || !r.since ||
		    kernel_rows[i].ranges[1].since)
			continue;
		if (lacks >> i & 1)
			r = (struct kernel_range){ r.since > 1 ? 1 : r.until,
						   r.since > 1 ? r.since : 0 };
		all.since = MAX(all.since, r.since);
		if (r.until && (!all.until || r.until < all.until))
			all.until = r.until;
	}
	buf[0] = '\0';
	if (all.since > 1 || all.until)
		kernel_add_range(all, buf, len);
	return buf;
}

const char *kernel_fact_range(enum kfact id, char *buf, size_t len)
{
	const struct kernel_fact *row = &kernel_rows[id];

	buf[0] = '\0';
	for (unsigned i = 0; i < ARRAY_SIZE(row->ranges) && row->ranges[i].since; i++) {
		text_add(buf, len, "%s", i ? ", " : "");
		kernel_add_range(row->ranges[i], buf, len);
	}
	if (row->class == KERNEL_PATCH && !*buf)
		text_add(buf, len, "never");
	return buf;
}

const char *const kernel_origin_names[] = {
	[KORIGIN_UNKNOWN] = "unknown", [KORIGIN_VERSION] = "version",
	[KORIGIN_CONFIG] = "config",   [KORIGIN_PROBE] = "probe",
	[KORIGIN_FORCED] = "forced",   [KORIGIN_ASSUMED] = "assumed",
};

const char *kernel_function(const struct kernel *k, enum kfunc id)
{
	const struct kernel_generation *g = kernel_functions[id];
	const char *last = g[0].name;

	for (unsigned i = 0; i < ARRAY_SIZE(kernel_functions[id]) && g[i].name; i++) {
		last = g[i].name;
		if (k->kv >= g[i].since && (!g[i].until || k->kv < g[i].until))
			return g[i].name;
	}
	return last;
}
