/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kpageflags.h"
#include "test.h"

#include <errno.h>
#include <linux/kernel-page-flags.h>

#define K61 KV(6, 1, 0)
#define K618 KV(6, 18, 0)

TEST(bits_are_the_kernel_s)
{
	EXPECT_INT(KPF_LOCKED, 0);
	EXPECT_INT(KPF_SLAB, 7);
	EXPECT_INT(KPF_ANON, 12);
	EXPECT_INT(KPF_COMPOUND_HEAD, 15);
	EXPECT_INT(KPF_KSM, 21);
	EXPECT_INT(KPF_PGTABLE, 26);
	EXPECT_INT(KPF_OWNER_2, 34);
	EXPECT_INT(KPF_MAPPEDTODISK, 34);
	EXPECT_INT(KPF_ANON_EXCLUSIVE, 47);
}

TEST(one_meaning_for_each_bit_and_kernel)
{
	static const u32 kernels[] = { KV(5, 10, 0), KV(5, 19, 0), K61,
				       KV(6, 9, 0),  KV(6, 10, 0), KV(6, 12, 0),
				       KV(6, 18, 0) };

	for (unsigned k = 0; k < ARRAY_SIZE(kernels); k++)
		for (unsigned i = 0; i < 64; i++)
			for (unsigned j = 0; j < i; j++) {
				EXPECT(kpageflags_name(i, kernels[k])[0]);
				EXPECT(strcmp(kpageflags_name(i, kernels[k]),
					      kpageflags_name(j, kernels[k])));
			}
	EXPECT_STR(kpageflags_name(34, K61), "mappedtodisk");
	EXPECT_STR(kpageflags_name(34, K618), "owner_2");
	EXPECT_STR(kpageflags_name(1, K61), "error");
	EXPECT_STR(kpageflags_name(1, K618), "bit1");
	EXPECT_STR(kpageflags_name(55, 0), "bit55");
	EXPECT_STR(kpageflags_name(12, 0), "anon");
	EXPECT(kpageflags_exported(K61) & KPF_BIT(ERROR));
	EXPECT(!(kpageflags_exported(K618) & KPF_BIT(ERROR)));
	EXPECT(!(kpageflags_exported(K618) & KPF_DERIVED_BITS));
	EXPECT(!(kpageflags_exported(K61) & KPF_BIT(ARCH_3)));
}

TEST(frames_that_nobody_maps)
{
	static const struct {
		u64 word;
		const char *name;
	} frames[] = {
		{ KPF_BIT(NOPAGE), "nopage" },
		{ KPF_BIT(BUDDY), "free" },
		{ KPF_BIT(OFFLINE), "offline" },
		{ KPF_BIT(OFFLINE) | KPF_BIT(RESERVED), "offline" },
		{ KPF_BIT(SLAB) | KPF_BIT(COMPOUND_TAIL) | KPF_BIT(ANON), "slab" },
		{ KPF_BIT(PGTABLE), "pgtable" },
		{ KPF_BIT(ZERO_PAGE) | KPF_BIT(RESERVED), "zero" },
		{ KPF_BIT(HUGE) | KPF_BIT(COMPOUND_HEAD), "hugetlb" },
		{ KPF_BIT(ANON) | KPF_BIT(KSM) | KPF_BIT(LRU), "ksm" },
		{ KPF_BIT(ANON) | KPF_BIT(LRU) | KPF_BIT(SWAPBACKED), "anon" },
		{ KPF_BIT(RESERVED), "reserved" },
		{ KPF_BIT(LRU) | KPF_BIT(SWAPBACKED), "shmem" },
		{ KPF_BIT(LRU) | KPF_BIT(UPTODATE), "file" },
	};
	const char *text;

	for (unsigned i = 0; i < ARRAY_SIZE(frames); i++) {
		text = NULL;
		EXPECT_STR(kpageflags_frame(frames[i].word, &text), frames[i].name);
		EXPECT(text && text[0]);
	}
	EXPECT(!kpageflags_frame(KPF_BIT(UPTODATE), &text) && text[0]);
	/* Kernels since 6.17 show a PFN without a page as 0. */
	EXPECT(!kpageflags_frame(0, &text) && strstr(text, "no such frame"));
}

TEST(expand)
{
	EXPECT_INT(kpageflags_expand(KPF_BIT(ANON) | KPF_BIT(OWNER_2)),
		   KPF_BIT(ANON) | KPF_BIT(ANON_EXCLUSIVE));
	EXPECT_INT(kpageflags_expand(KPF_BIT(OWNER_2)), KPF_BIT(OWNER_2));
	EXPECT_INT(kpageflags_expand(KPF_BIT(RECLAIM)), KPF_BIT(READAHEAD));
	EXPECT_INT(kpageflags_expand(KPF_BIT(RECLAIM) | KPF_BIT(WRITEBACK)),
		   KPF_BIT(RECLAIM) | KPF_BIT(WRITEBACK));
	EXPECT_INT(kpageflags_expand(BIT(55)), BIT(55));
}

static enum tri match(const char *spec, u64 flags)
{
	struct kpageflags_filter f;
	const char *why;

	if (kpageflags_parse(spec, &f, &why)) {
		printf("# %s: %s\n", spec, why);
		return 99;
	}
	return kpageflags_match(&f, flags, ~0ull);
}

TEST(bits_specs)
{
	u64 anon = KPF_BIT(ANON), lru = KPF_BIT(LRU), dirty = KPF_BIT(DIRTY);

	EXPECT_INT(match("anon,lru", lru), TRI_YES);
	EXPECT_INT(match("anon,lru", dirty), TRI_NO);
	EXPECT_INT(match("anon,~lru", anon), TRI_YES);
	EXPECT_INT(match("anon,~lru", anon | lru), TRI_NO);
	EXPECT_INT(match("~lru", dirty), TRI_YES);
	EXPECT_INT(match("anon,lru=lru", lru | dirty), TRI_YES);
	EXPECT_INT(match("anon,lru=lru", anon | lru), TRI_NO);
	EXPECT_INT(match("=anon,lru", anon | lru), TRI_YES);
	EXPECT_INT(match("=anon,lru", anon | lru | dirty), TRI_NO);
	EXPECT_INT(match("=anon,lru", anon | lru | KPF_BIT(PRIVATE)), TRI_YES);
	EXPECT_INT(match("=anon,private", anon), TRI_NO);
	EXPECT_INT(match("=anon", anon | KPF_BIT(COMPOUND_HEAD)), TRI_YES);
	EXPECT_INT(match("compound", KPF_BIT(COMPOUND_TAIL)), TRI_YES);
	EXPECT_INT(match("0x1000", anon), TRI_YES);
	EXPECT_INT(match("anonymous", anon), TRI_YES);
	EXPECT_INT(match("anon_exclusive", anon), TRI_NO);
	EXPECT_INT(match("anon_exclusive", KPF_BIT(ANON_EXCLUSIVE)), TRI_YES);
	EXPECT_INT(match("bit12", anon), TRI_YES);
	EXPECT_INT(match("4096", anon), TRI_YES);
	EXPECT_INT(match("swap", KPF_BIT(SWAP)), TRI_YES);
	EXPECT_INT(match("swap", KPF_BIT(SWAPCACHE)), TRI_NO);
	EXPECT_INT(match("private", KPF_BIT(PRIVATE_2)), TRI_NO);
}

TEST(bits_specs_that_are_none)
{
	static const char *const bad[] = {
		"",         ",",      "anon,", "nosuch",
		"=",        "=x",     "anon=", "a=b=c",
		"anon=lru", "bit64",  "0x",    "0xg",
		"~",        "anon,~", "bit",   "18446744073709551616"
	};
	struct kpageflags_filter f;
	const char *why;

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		why = NULL;
		if (kpageflags_parse(bad[i], &f, &why) != -EINVAL)
			EXPECT_STR(bad[i], "refused");
		EXPECT(why && why[0]);
	}
}

TEST(match_is_three_valued)
{
	struct kpageflags_filter f;
	const char *why;
	u64 anon = KPF_BIT(ANON), lru = KPF_BIT(LRU);

	kpageflags_parse("anon,lru", &f, &why);
	EXPECT_INT(kpageflags_match(&f, anon, anon), TRI_YES);
	EXPECT_INT(kpageflags_match(&f, 0, anon), TRI_UNKNOWN);
	EXPECT_INT(kpageflags_match(&f, 0, anon | lru), TRI_NO);
	EXPECT_INT(kpageflags_match(&f, lru, anon), TRI_UNKNOWN);
	kpageflags_parse("anon,~lru", &f, &why);
	EXPECT_INT(kpageflags_match(&f, anon, anon), TRI_UNKNOWN);
	EXPECT_INT(kpageflags_match(&f, 0, anon), TRI_NO);
}
