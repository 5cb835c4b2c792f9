/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel.h - the kernel model: which behaviours the judged kernel has, and how gupinfo knows.
 *
 * A probe beats the configuration, which beats the version.  Only kernel.def names versions;
 * the callers read the evidence.
 */
#pragma once

#include "lib/bits.h"

enum kfact {
#define KFACT(id, ...) KFACT_##id,
#include "kernel/kernel.def"
	KFACTS
};
_Static_assert(KFACTS <= 64, "the kernel fact word is full");

#define K(id) BIT(KFACT_##id)

/* Configuration options on which some fact depends; see kernel_configs. */
enum kconfig {
#define KCONFIG(id, ...) KCONFIG_##id,
#include "kernel/kconfig.def"
	KCONFIGS
};

/* Runtime probes; each is one experiment on gupinfo's own memory or one look at BTF. */
enum kprobe {
#define KPROBE(id, ...) KPROBE_##id,
#include "kernel/kprobe.def"
	KPROBES
};

enum korigin {
	KORIGIN_UNKNOWN, /* an option decides, and no configuration was readable */
	KORIGIN_VERSION,
	KORIGIN_CONFIG,
	KORIGIN_PROBE,
	KORIGIN_FORCED, /* --model +PATCH */
	KORIGIN_ASSUMED /* --model RELEASE: the option is as distributions set it */
};

/* No machine has smaller pages: what is rounded to it splits none. */
#define KERNEL_PAGE_LEAST 4096

/* Evidence of how a kernel behaves, before it is resolved.  Reports record it. */
struct kernel_evidence {
	char release[65];    /* uname -r */
	char version[65];    /* uname -v */
	char arch[17];       /* uname -m */
	char mmu[9];         /* Power's, of /proc/cpuinfo: "Hash" or "Radix" */
	u32 page_size;       /* bytes of a base page; 0 means KERNEL_PAGE_LEAST */
	u32 pmd_size;        /* bytes mapped by a PMD leaf; 0 means unknown */
	u8 config[KCONFIGS]; /* enum tri: =y; TRI_UNKNOWN when no config was readable */
	u8 probe[KPROBES];   /* enum tri */
};

static inline u32 kernel_page_size(const struct kernel_evidence *ev)
{
	return ev->page_size ? ev->page_size : KERNEL_PAGE_LEAST;
}

struct kernel {
	struct kernel_evidence ev;
	u32 kv;            /* KV(major, minor, patch) parsed from the release */
	u64 known, value;  /* BIT(KFACT_*), as in struct facts */
	u8 origin[KFACTS]; /* enum korigin */
	bool any_patch;    /* "6.1.0-56-amd64" names a series, not its patch level */
	char model[32];    /* "6.18", "6.18+hugetlb-refcount" */
};

/* Makes every value unknown and every string empty. */
void kernel_evidence_init(struct kernel_evidence *ev);

/*
 * Reads lines "CONFIG_X=y" of a kernel configuration (@len bytes of whole lines) into @ev.  It
 * may be called for each piece of a long file: an option becomes TRI_YES when a line sets it,
 * and TRI_NO when no line has done so yet.  Text without any CONFIG_ line changes nothing.
 */
void kernel_evidence_config(struct kernel_evidence *ev, const char *text, size_t len);

/*
 * Resolves every fact.  Returns 0, or -EINVAL when the release does not start with a version
 * (then @ret is untouched).  Debian's release names an ABI and uname -v the version, which is
 * then used; without it, whatever stable releases of the series changed is unknown.  Releases
 * older or newer than the modelled ones are judged as the nearest, and kernel_proof() reports
 * it.
 */
int kernel_resolve(const struct kernel_evidence *ev, struct kernel *ret);

/*
 * The BPF reader may be tried: its programs call bpf_loop() (5.17) and iterate over files and
 * VMAs of one process (6.1).  Returns false with a sentence of at most @len bytes in @why.  A
 * release that cannot be parsed may be tried.
 */
bool kernel_takes_bpf(const struct kernel_evidence *ev, char *why, size_t len);

#define KERNEL_NEWEST "7.3" /* the last release whose source was read */

/*
 * Resolves the model of --model: "6.1" (mainline 6.1.0), "6.12.117", "7.3-rc2", the output of
 * uname -r ("7.2.12+deb13-cloud-amd64", "6.1.0-56-amd64"), any of them with a patch
 * ("6.18+hugetlb-refcount"), or "+hugetlb-refcount" (this kernel with the seed's patch).
 * Without a version part, probes and configuration of @ev are kept; with one, only architecture
 * and page sizes are, and options are as distributions set them (KORIGIN_ASSUMED).  Releases
 * older than the oldest whose source was read are refused.  Returns 0, or -EINVAL and a static
 * sentence in *@ret_why.
 */
int kernel_resolve_model(const struct kernel_evidence *ev, const char *model,
			 struct kernel *ret, const char **ret_why);

/* What the rules rest on: trials on this series, its source, or a neighbour's rules. */
enum kernel_proof { KERNEL_PROVED, KERNEL_READ, KERNEL_EXTRAPOLATED };

/* A row of proved.def: the trials of one series on one architecture.  None of them was wrong. */
struct kernel_trials {
	u32 series;                        /* KV(major, minor, 0) */
	const char *arch, *release, *date; /* of the most trials; of the last */
	u64 trials;
};

/* Sets *@ret_by, unless it is NULL, to the trials of a proved kernel, else to NULL. */
enum kernel_proof kernel_proof(const struct kernel *k,
			       const struct kernel_trials **ret_by);
extern const char *const kernel_proof_names[]; /* "proved" */
/* Formats "proved by 4711 trials on 6.18.15, 2026-11-27"; returns @buf. */
const char *kernel_proof_text(const struct kernel *k, char *buf, size_t len);

static inline enum tri kernel_has(const struct kernel *k, enum kfact id)
{
	return tri_from(k->known >> id & 1, k->value >> id & 1);
}

/* Releases from ->since up to but without ->until (0: no end).  A ->since of 0 ends a list. */
struct kernel_range {
	u32 since, until;
};

/* A row of kernel.def. */
struct kernel_fact {
	const char *name; /* "large-folio-reuse" */
	/* MEANING: the fact changes the meaning of a word; no rule asks for it */
	enum { KERNEL_RULE, KERNEL_MEANING, KERNEL_PATCH } class;
	struct kernel_range ranges[4];
	u8 config, probe; /* which decides; KCONFIGS or KPROBES: none */
	const char *commit,
		*subject; /* "1da190f4d0a6 (6.15)" or ""; one line for people */
};

extern const struct kernel_fact kernel_rows[KFACTS];
const char *kernel_fact_range(enum kfact id, char *buf, size_t len); /* "6.9-6.14" */
/* The releases that have all behaviours of @has and none of @lacks; "" for all releases. */
const char *kernel_facts_range(u64 has, u64 lacks, char *buf, size_t len);
extern const char *const kernel_origin_names[]; /* of enum korigin */

extern const struct kernel_config {
	const char *name, *old_name; /* "CONFIG_KSM" */
	enum tri assumed;            /* of a foreign release */
} kernel_configs[KCONFIGS];
extern const struct kernel_probe {
	const char *name, *text;
} kernel_probes[KPROBES];

/*
 * The function that does a job in this kernel's generation, e.g. kernel_function(k,
 * KFUNC_gup_fast_pte_range) is "gup_fast_pte_range" on 6.10 and later, "gup_pte_range" before.
 */
enum kfunc {
#define KFUNC(id, ...) KFUNC_##id,
#include "kernel/kfunc.def"
	KFUNCS
};
const char *kernel_function(const struct kernel *k, enum kfunc id);
