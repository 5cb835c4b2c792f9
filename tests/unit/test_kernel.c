/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "kernel/kernel.h"
#include "test.h"

static struct kernel resolve(const char *release, const char *version)
{
	struct kernel_evidence ev;
	struct kernel k;

	kernel_evidence_init(&ev);
	strcpy(ev.release, release);
	strcpy(ev.version, version);
	strcpy(ev.arch, "x86_64");
	memset(&k, 0, sizeof(k));
	EXPECT_INT(kernel_resolve(&ev, &k), 0);
	return k;
}

static struct kernel model(const char *name)
{
	struct kernel_evidence ev;
	struct kernel k;
	const char *why = NULL;

	kernel_evidence_init(&ev);
	strcpy(ev.release, "6.18.44");
	strcpy(ev.arch, "x86_64");
	memset(&k, 0, sizeof(k));
	EXPECT_INT(kernel_resolve_model(&ev, name, &k, &why), 0);
	return k;
}

TEST(rows_are_complete)
{
	for (unsigned i = 0; i < KFACTS; i++) {
		char range[64];

		EXPECT(kernel_rows[i].name && kernel_rows[i].name[0]);
		EXPECT(kernel_rows[i].subject && kernel_rows[i].subject[0]);
		EXPECT(kernel_rows[i].commit != NULL);
		EXPECT(kernel_fact_range(i, range, sizeof(range))[0]);
		for (unsigned j = 0; j < i; j++)
			EXPECT(strcmp(kernel_rows[i].name, kernel_rows[j].name));
	}
	for (unsigned i = 0; i < KCONFIGS; i++)
		EXPECT(!strncmp(kernel_configs[i].name, "CONFIG_", 7));
	for (unsigned i = 0; i < KPROBES; i++)
		EXPECT(kernel_probes[i].name[0] && kernel_probes[i].text[0]);
}

TEST(every_option_and_probe_decides_a_fact)
{
	u64 configs = 0, probes = 0;

	for (unsigned i = 0; i < KFACTS; i++) {
		configs |= BIT(kernel_rows[i].config);
		probes |= BIT(kernel_rows[i].probe);
	}
	for (unsigned i = 0; i < KPROBES; i++)
		EXPECT(probes >> i & 1);
	/* read by page_facts.c and --facts rather than by a fact of their own */
	configs |= BIT(KCONFIG_HUGETLB_PAGE) | BIT(KCONFIG_NUMA_BALANCING) |
		   BIT(KCONFIG_CMA) | BIT(KCONFIG_KSM) | BIT(KCONFIG_ZONE_DEVICE) |
		   BIT(KCONFIG_GUP_TEST);
	/* read by pte_layout_kernel() */
	configs |= BIT(KCONFIG_MIGRATION) | BIT(KCONFIG_DEVICE_PRIVATE) |
		   BIT(KCONFIG_MEMORY_FAILURE) | BIT(KCONFIG_PTE_MARKER);
	for (unsigned i = 0; i < KCONFIGS; i++)
		EXPECT(configs >> i & 1);
}

TEST(versions)
{
	struct kernel k = resolve("6.18.44", "#1 SMP");

	EXPECT_INT(k.kv, KV(6, 18, 44));
	EXPECT_STR(k.model, "6.18");
	EXPECT_INT(kernel_has(&k, KFACT_ANON_EXCLUSIVE), TRI_YES);
	EXPECT_INT(kernel_has(&k, KFACT_HUGE_ZERO_SPECIAL), TRI_YES);
	EXPECT_INT(kernel_has(&k, KFACT_FAST_NO_MAPPING), TRI_UNKNOWN);
	EXPECT_INT(kernel_has(&k, KFACT_GUP_FAST), TRI_YES);
	EXPECT_INT(k.origin[KFACT_GUP_FAST], KORIGIN_CONFIG);
	EXPECT_INT(kernel_has(&k, KFACT_SECRETMEM), TRI_UNKNOWN);
	EXPECT_INT(k.origin[KFACT_SECRETMEM], KORIGIN_UNKNOWN);
	EXPECT_INT(kernel_has(&k, KFACT_HUGETLB_REFCOUNT), TRI_NO);

	k = resolve("6.1.0-43-amd64",
		    "#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-1 (2026-01-01)");
	EXPECT_INT(k.kv, KV(6, 1, 192));
	EXPECT_STR(k.model, "6.1");
	EXPECT_INT(kernel_has(&k, KFACT_ZERO_PAGE_NO_PIN), TRI_YES);
	k = resolve("6.1.0-43-amd64", "#1 SMP Debian 5.10.1-1");
	EXPECT_INT(k.kv, KV(6, 1, 0));
	EXPECT_INT(kernel_has(&k, KFACT_ZERO_PAGE_NO_PIN), TRI_UNKNOWN);
	EXPECT_INT(k.origin[KFACT_ZERO_PAGE_NO_PIN], KORIGIN_UNKNOWN);
	EXPECT_INT(kernel_has(&k, KFACT_ZERO_PAGE_PIN_FAILS), TRI_UNKNOWN);
	EXPECT_INT(kernel_has(&k, KFACT_UNSHARE_COW), TRI_NO);
	EXPECT_INT(kernel_has(&k, KFACT_ANON_EXCLUSIVE), TRI_YES);
	EXPECT_INT(kernel_has(&(struct kernel[]){ resolve("6.1.0", "") }[0],
			      KFACT_ZERO_PAGE_NO_PIN),
		   TRI_NO);

	k = resolve("5.4.1", "");
	EXPECT_INT(kernel_has(&k, KFACT_DEVMAP), TRI_YES);
	EXPECT_INT(resolve("6.1.99999", "").kv, KV(6, 1, 0xffff));
}

/* The word, the text, and that no trials are named for what is not proved. */
static void expect_proof(const struct kernel *k, enum kernel_proof proof,
			 const char *text)
{
	const struct kernel_trials *by = (const void *)k;
	char buf[160];

	EXPECT_INT(kernel_proof(k, &by), proof);
	EXPECT_INT(!by, proof != KERNEL_PROVED);
	EXPECT_STR(kernel_proof_text(k, buf, sizeof(buf)), text);
}

TEST(proofs)
{
	static const struct kernel_trials rows[] = {
#define KPROVED(series, arch, release, trials, date) \
	{ series, arch, release, date, trials },
#include "kernel/proved.def"
#undef KPROVED
		{ 0 },
	};
	char text[160];
	struct kernel k;

	expect_proof((k = resolve("7.4.0-rc1", ""), &k), KERNEL_EXTRAPOLATED,
		     "extrapolated: newer than any verified kernel");
	expect_proof((k = resolve("5.9.0", ""), &k), KERNEL_EXTRAPOLATED,
		     "extrapolated: older than 5.10, judged by its rules");
	/* nobody serves these */
	expect_proof((k = resolve("5.13.0", ""), &k), KERNEL_READ,
		     "read from source, not tried");
	for (size_t i = 0; rows[i].series; i++) {
		k = resolve(rows[i].release, "#1 SMP");
		EXPECT_INT(k.kv >> 16, rows[i].series >> 16);
		EXPECT(rows[i].trials > 0);
		snprintf(k.ev.arch, sizeof(k.ev.arch), "%s", rows[i].arch);
		snprintf(text, sizeof(text), "proved by %llu trials on %s, %s",
			 rows[i].trials, rows[i].release, rows[i].date);
		expect_proof(&k, KERNEL_PROVED, text);
		/* a patch that nobody tried */
		k.origin[KFACT_HUGETLB_REFCOUNT] = KORIGIN_FORCED;
		expect_proof(&k, KERNEL_READ, "read from source, not tried");
		k.origin[KFACT_HUGETLB_REFCOUNT] = KORIGIN_VERSION;
		snprintf(k.ev.arch, sizeof(k.ev.arch), "another");
		expect_proof(&k, KERNEL_READ, "read from source, not tried");
	}
}

TEST(refused_releases)
{
	static const char *const bad[] = { "",   "x",   "6",     "6.",
					   ".1", "0.1", "999.1", "6.999" };
	struct kernel_evidence ev;
	struct kernel k;

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		kernel_evidence_init(&ev);
		strcpy(ev.release, bad[i]);
		EXPECT_INT(kernel_resolve(&ev, &k), -EINVAL);
	}
}

static const char *bpf_refused(const char *release)
{
	static char why[100];
	struct kernel_evidence ev;

	kernel_evidence_init(&ev);
	strcpy(ev.release, release);
	why[0] = '\0';
	EXPECT_INT(kernel_takes_bpf(&ev, why, sizeof(why)), !why[0]);
	return why;
}

TEST(kernels_that_are_too_old_for_the_bpf_reader)
{
	EXPECT_STR(bpf_refused("5.10.0-32-cloud-amd64"),
		   "the BPF reader needs Linux 6.1 or newer; this is 5.10");
	EXPECT_STR(bpf_refused("6.0.19"),
		   "the BPF reader needs Linux 6.1 or newer; this is 6.0");
	EXPECT_STR(bpf_refused("6.1.0"), "");
	EXPECT_STR(bpf_refused("7.3.4+deb13-cloud-amd64"), "");
	EXPECT_STR(bpf_refused("something"), "");
}

TEST(probe_beats_config_beats_version)
{
	struct kernel_evidence ev;
	struct kernel k;

	kernel_evidence_init(&ev);
	strcpy(ev.release, "6.1.0");
	ev.config[KCONFIG_SECRETMEM] = TRI_NO;
	EXPECT_INT(kernel_resolve(&ev, &k), 0);
	EXPECT_INT(kernel_has(&k, KFACT_SECRETMEM), TRI_NO);
	EXPECT_INT(k.origin[KFACT_SECRETMEM], KORIGIN_CONFIG);
	ev.probe[KPROBE_SECRETMEM] = TRI_YES;
	EXPECT_INT(kernel_resolve(&ev, &k), 0);
	EXPECT_INT(kernel_has(&k, KFACT_SECRETMEM), TRI_YES);
	EXPECT_INT(k.origin[KFACT_SECRETMEM], KORIGIN_PROBE);
}

/* Whatever the release, what an option brings is missing without it. */
TEST(a_kernel_lacks_what_an_option_that_is_off_brings)
{
	static const char *const releases[] = { "5.15.1", "6.1.1", "6.18.1", "7.3.1" };
	static const char unset[] =
		"CONFIG_USERFAULTFD=y\n# CONFIG_USERFAULTFD_RWP is not set\n";

	for (unsigned i = 0; i < KFACTS; i++) {
		unsigned option = kernel_rows[i].config, with = 0;

		for (unsigned r = 0; option < KCONFIGS && r < ARRAY_SIZE(releases); r++) {
			struct kernel_evidence ev;
			struct kernel k;

			kernel_evidence_init(&ev);
			strcpy(ev.release, releases[r]);
			/* Hugepd directories are Power's; elsewhere nothing else decides. */
			strcpy(ev.arch, i == KFACT_HUGEPD ? "ppc64le" : "s390x");
			strcpy(ev.mmu, "Hash");
			ev.config[option] = TRI_YES;
			EXPECT_INT(kernel_resolve(&ev, &k), 0);
			with += kernel_has(&k, i) == TRI_YES;
			ev.config[option] = TRI_NO;
			EXPECT_INT(kernel_resolve(&ev, &k), 0);
			EXPECT_INT(kernel_has(&k, i), TRI_NO);
		}
		EXPECT(option == KCONFIGS || with);
	}
	struct kernel_evidence ev;
	struct kernel k;

	kernel_evidence_init(&ev);
	strcpy(ev.release, "7.3.4");
	kernel_evidence_config(&ev, unset, sizeof(unset) - 1);
	EXPECT_INT(ev.config[KCONFIG_USERFAULTFD_RWP], TRI_NO);
	EXPECT_INT(kernel_resolve(&ev, &k), 0);
	EXPECT_INT(kernel_has(&k, KFACT_UFFD_RWP), TRI_NO);
	EXPECT_INT(k.origin[KFACT_UFFD_RWP], KORIGIN_CONFIG);
}

TEST(shadow_stacks_of_machines)
{
	static const char *const arch[] = { "x86_64", "aarch64" };

	for (unsigned i = 0; i < ARRAY_SIZE(arch); i++) {
		struct kernel_evidence ev;
		struct kernel k;

		kernel_evidence_init(&ev);
		strcpy(ev.release, "7.3.4");
		strcpy(ev.arch, arch[i]);
		EXPECT_INT(kernel_resolve(&ev, &k), 0);
		EXPECT_INT(kernel_has(&k, KFACT_SHADOW_STACK), TRI_YES);
		EXPECT_INT(kernel_has(&k, KFACT_FAST_SHADOW_STACK), tri_from(true, !i));
	}
}

TEST(configuration_text)
{
	static const char text[] =
		"# comment\nCONFIG_SECRETMEM=y\nCONFIG_KSMX=y\n"
		"# CONFIG_KSM is not set\nCONFIG_HAVE_FAST_GUP=y\nCONFIG_CMA=m";
	static const char more[] = "CONFIG_KSM=y\n";
	struct kernel_evidence ev;

	kernel_evidence_init(&ev);
	kernel_evidence_config(&ev, "nothing\n", 8);
	EXPECT_INT(ev.config[KCONFIG_KSM], TRI_UNKNOWN);
	kernel_evidence_config(&ev, text, sizeof(text) - 1);
	EXPECT_INT(ev.config[KCONFIG_SECRETMEM], TRI_YES);
	EXPECT_INT(ev.config[KCONFIG_HAVE_GUP_FAST], TRI_YES);
	EXPECT_INT(ev.config[KCONFIG_CMA], TRI_YES);
	EXPECT_INT(ev.config[KCONFIG_KSM], TRI_NO);
	kernel_evidence_config(&ev, more, sizeof(more) - 1);
	EXPECT_INT(ev.config[KCONFIG_KSM], TRI_YES);
}

TEST(models)
{
	static const char *const bad[] = { "",
					   "+",
					   "+nope",
					   "6.18+nope",
					   "six",
					   "6.18x",
					   "6.18 ",
					   "+huge-zero-special",
					   "6.12+hugetlb-refcont",
					   "7.2.12+deb13-cloud-amd64+nope",
					   "6.12.x",
					   "6.12-a b",
					   "6.1.0-56-amd64/../x",
					   "6.1234567890123456789" };
	struct kernel k = model("6.1");
	struct kernel_evidence ev;
	const char *why;

	EXPECT_STR(k.model, "6.1");
	EXPECT_INT(kernel_has(&k, KFACT_UNSHARE_COW), TRI_NO);
	EXPECT_INT(kernel_has(&k, KFACT_SECRETMEM), TRI_YES);
	EXPECT_INT(k.origin[KFACT_SECRETMEM], KORIGIN_ASSUMED);
	k = model("6.18+hugetlb-refcount");
	EXPECT_STR(k.model, "6.18+hugetlb-refcount");
	EXPECT_INT(kernel_has(&k, KFACT_HUGETLB_REFCOUNT), TRI_YES);
	EXPECT_INT(k.origin[KFACT_HUGETLB_REFCOUNT], KORIGIN_FORCED);
	k = model("+hugetlb-refcount");
	EXPECT_STR(k.model, "6.18+hugetlb-refcount");
	EXPECT_STR(k.ev.release, "6.18.44");
	k = model("6.12.117");
	EXPECT_INT(k.kv, KV(6, 12, 117));
	kernel_evidence_init(&ev);
	strcpy(ev.release, "6.18.44");
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		why = NULL;
		EXPECT_INT(kernel_resolve_model(&ev, bad[i], &k, &why), -EINVAL);
		EXPECT(why && why[0]);
	}
}

TEST(models_as_uname_names_them)
{
	static const struct {
		const char *name;
		u32 kv;
		const char *model;
	} good[] = {
		{ "7.2.12+deb13-cloud-amd64", KV(7, 2, 12), "7.2.12" },
		{ "7.2.12+deb13-cloud-amd64+hugetlb-refcount", KV(7, 2, 12),
		  "7.2.12+hugetlb-refcount" },
		{ "6.1.0-56-cloud-amd64", KV(6, 1, 0), "6.1" },
		{ "6.1.0-56-cloud-amd64+hugetlb-refcount", KV(6, 1, 0),
		  "6.1+hugetlb-refcount" },
		{ "6.12.9+bpo-amd64", KV(6, 12, 9), "6.12.9" },
		{ "6.6.51+rpt-rpi-v8", KV(6, 6, 51), "6.6.51" },
		{ "6.8.0-1018-aws", KV(6, 8, 0), "6.8" },
		{ "6.11.4-301.fc41.x86_64", KV(6, 11, 4), "6.11.4" },
		{ "5.15.153.1-microsoft-standard-WSL2", KV(5, 15, 153), "5.15.153" },
		{ "7.3-rc2", KV(7, 3, 0), "7.3" },
		{ "7.3.0-rc2+", KV(7, 3, 0), "7.3.0" },
		{ "6.9.0-g0123abcd-dirty", KV(6, 9, 0), "6.9.0" },
		{ "5.10", KV(5, 10, 0), "5.10" },
	};
	static const char *const old[] = { "5.9", "5.9.16", "4.19.0-27-amd64",
					   "5.4+hugetlb-refcount" };
	struct kernel_evidence ev;
	struct kernel k;

	for (unsigned i = 0; i < ARRAY_SIZE(good); i++) {
		k = model(good[i].name);
		EXPECT_INT(k.kv, good[i].kv);
		EXPECT_STR(k.model, good[i].model);
		EXPECT(kernel_proof(&k, NULL) != KERNEL_EXTRAPOLATED);
	}
	/* A series is not a release: what a stable release brought is not known of it. */
	k = model("6.1.0-56-cloud-amd64");
	EXPECT_INT(kernel_has(&k, KFACT_ZERO_PAGE_PIN_FAILS), TRI_UNKNOWN);
	k = model("6.1.132");
	EXPECT_INT(kernel_has(&k, KFACT_ZERO_PAGE_PIN_FAILS), TRI_YES);
	kernel_evidence_init(&ev);
	strcpy(ev.release, "6.18.44");
	for (unsigned i = 0; i < ARRAY_SIZE(old); i++) {
		const char *why = NULL;

		EXPECT_INT(kernel_resolve_model(&ev, old[i], &k, &why), -EINVAL);
		EXPECT(why && strstr(why, "5.10"));
	}
}

TEST(ranges_in_words)
{
	char buf[64];

	EXPECT_STR(kernel_fact_range(KFACT_KPAGECOUNT_HUGETLB_ZERO, buf, sizeof(buf)),
		   "6.9-6.10");
	EXPECT_STR(kernel_fact_range(KFACT_ANON_EXCLUSIVE, buf, sizeof(buf)), "5.19-");
	EXPECT_STR(kernel_fact_range(KFACT_DEVMAP, buf, sizeof(buf)), "-6.16");
	EXPECT_STR(kernel_fact_range(KFACT_HUGETLB_REFCOUNT, buf, sizeof(buf)), "never");
	EXPECT_STR(kernel_fact_range(KFACT_GUP_FAST, buf, sizeof(buf)), "-");
	kernel_fact_range(KFACT_LARGE_COPY, buf, 4);
	EXPECT_STR(buf, "6.9");
}

TEST(functions_by_generation)
{
	static const struct {
		const char *model;
		enum kfunc id;
		const char *name;
	} want[] = {
		{ "6.9", KFUNC_gup_fast_pte_range, "gup_pte_range" },
		{ "6.10", KFUNC_gup_fast_pte_range, "gup_fast_pte_range" },
		{ "6.9", KFUNC_gup_fast_pmd_leaf, "gup_huge_pmd" },
		{ "6.18", KFUNC_gup_fast_pmd_leaf, "gup_fast_pmd_leaf" },
		{ "6.5", KFUNC_hugetlb_follow_page_mask, "follow_hugetlb_page" },
		{ "6.6", KFUNC_hugetlb_follow_page_mask, "hugetlb_follow_page_mask" },
		{ "6.10", KFUNC_hugetlb_follow_page_mask, "follow_huge_pmd" },
		{ "5.17", KFUNC_hugetlb_wp, "hugetlb_cow" },
		{ "7.3", KFUNC_hugetlb_wp, "hugetlb_wp" },
		{ "5.10", KFUNC_check_and_migrate_movable_pages,
		  "check_and_migrate_cma_pages" },
		{ "6.9", KFUNC_gup_hugepd, "gup_huge_pd" },
		{ "6.9", KFUNC_follow_hugepd, "hugetlb_follow_page_mask" },
		{ "6.10", KFUNC_follow_hugepd, "follow_hugepd" },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(want); i++) {
		struct kernel k = model(want[i].model);

		EXPECT_STR(kernel_function(&k, want[i].id), want[i].name);
	}
	for (unsigned i = 0; i < KFUNCS; i++) {
		struct kernel k = model("7.3");

		EXPECT(kernel_function(&k, i) && kernel_function(&k, i)[0]);
	}
}
