/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/dmesg.h"
#include "test.h"

static struct kernel kernel;

/* Reads @text, resolves the kernel that it names, else @model; returns how many dumps differ. */
static size_t read_text(struct dmesg *d, const char *text, const char *model)
{
	char *copy = strdup(text), *rest = copy, *line;
	struct kernel_evidence ev;
	const char *why;

	*d = (struct dmesg){ 0 };
	while ((line = strsep(&rest, "\n")))
		EXPECT_INT(dmesg_line(d, line), 0);
	EXPECT_INT(dmesg_end(d), 0);
	free(copy);
	kernel_evidence_init(&ev);
	strcpy(ev.arch, "x86_64");
	ev.page_size = 4096;
	ev.pmd_size = 2 << 20;
	EXPECT_INT(kernel_resolve_model(&ev, model, &kernel, &why), 0);
	return d->n;
}

/* What kernels printed when a page in a pipe kept a block from being taken offline. */
static const struct {
	const char *model, *text;
} piped[] = {
	{ "6.1.192",
	  "[    0.000000] Linux version 6.1.192-oracle (root@vm) (gcc)\n"
	  "[    7.726316] migrating pfn 893ad failed ret:3\n"
	  "[    7.726691] page:000000002f44b6ff refcount:3 mapcount:1 mapping:0000000000000000 index:0x7fb5c8d85 pfn:0x893ad\n"
	  "[    7.727267] memcg:ff1fe323411d3000\n"
	  "[    7.727390] anon flags: 0x1fff0000000a002e(referenced|uptodate|dirty|active|mappedtodisk|swapbacked|node=0|zone=3|lastcpupid=0x7ff)\n"
	  "[    7.727962] raw: 1fff0000000a002e ffff37f5c224eb88 ff1fe32342907d38 ff1fe32341f76479\n"
	  "[    7.728126] raw: 00000007fb5c8d85 0000000000000000 0000000300000000 ff1fe323411d3000\n"
	  "[    7.728275] page dumped because: migration failure\n" },
	{ "6.12.117",
	  "[    0.000000] Linux version 6.12.117-oracle-dbgvm (root@vm)\n"
	  "[    8.762401] migrating pfn 893ad failed ret:3\n"
	  "[    8.762855] page: refcount:3 mapcount:1 mapping:0000000000000000 index:0x7fb5c8d85 pfn:0x893ad\n"
	  "[    8.763116] memcg:ff21e252415e2000\n"
	  "[    8.763230] anon flags: 0x1fff00000002091c(referenced|uptodate|dirty|active|owner_2|swapbacked|node=0|zone=3|lastcpupid=0x7ff)\n"
	  "[    8.763803] raw: 1fff00000002091c ffb243f2022ad648 ff21e252427afca8 ff21e2524224ca29\n"
	  "[    8.763950] raw: 00000007f7ae0a66 0000000000000000 0000000300000000 ff21e252415e2000\n"
	  "[    8.764135] page dumped because: migration failure\n" },
	{ "7.3.4",
	  "<5>[    0.000000] Linux version 7.3.4-oracle (root@vm)\n"
	  "<4>[   10.594041] migrating pfn 893ad failed ret:3\n"
	  "<4>[   10.594244] page: refcount:3 mapcount:1 mapping:0000000000000000 index:0x7fb5c8d85 pfn:0x893ad\n"
	  "<4>[   10.599029] anon flags: 0x1fff00000002091c(referenced|uptodate|dirty|active|owner_2|swapbacked|node=0|zone=3|lastcpupid=0x7ff)\n"
	  "<4>[   10.599457] raw: 1fff00000002091c fff68829822517c8 ff3e702b02723d40 ff3e702b01d9d2a1\n"
	  "<4>[   10.599480] raw: 00000007fd849c66 0000000000000000 0000000300000000 ff3e702b011c3700\n"
	  "<4>[   10.599509] page dumped because: migration failure\n" },
};

TEST(piped)
{
	for (unsigned i = 0; i < ARRAY_SIZE(piped); i++) {
		struct dmesg_verdict v;
		struct dmesg d;

		EXPECT_INT(read_text(&d, piped[i].text, piped[i].model), 1);
		EXPECT(!strncmp(d.release, piped[i].model, strlen(piped[i].model)));
		EXPECT_INT(d.dump[0].pfn, 0x893ad);
		EXPECT_INT(d.dump[0].index, 0x7fb5c8d85);
		EXPECT_STR(d.dump[0].reason, "migration failure");
		dmesg_judge(&kernel, &d.dump[0], &v);
		EXPECT_INT(v.frame.state, FRAME_BLOCKS);
		EXPECT_STR(v.frame.kind, "anon");
		EXPECT_STR(v.frame.why, "refs");
		EXPECT_STR(v.frame.rule, "migrate-refs");
		EXPECT_INT(v.expected, 1);
		EXPECT_INT(v.own, 1);
		EXPECT_INT(v.more, 1);
		dmesg_deinit(&d);
	}
}

TEST(judged)
{
	static const struct {
		const char *model, *text, *kind, *why;
		u8 state;
		s64 more;
	} cases[] = {
		/* 5.10: a pinned THP */
		{ "5.10",
		  "page:ffffea0004000000 refcount:514 mapcount:1 mapping:0000000000000000 index:0x7f0000000 pfn:0x100000\n"
		  "head:ffffea0004000000 order:9 compound_mapcount:1 compound_pincount:1\n"
		  "anon flags: 0x17ffffc0090035(locked|uptodate|lru|active|head|swapbacked)\n"
		  "raw: 0017ffffc0090035 ffffea0003ff8008 ffffea0004008008 ffff888104ac5e01\n"
		  "page dumped because: unmovable page\n",
		  "anon", "refcount", FRAME_UNKNOWN, -1 },
		/* 7.3: the same, which has the map count of the folio */
		{ "7.3",
		  "page: refcount:3 mapcount:1 mapping:0000000000000000 index:0x7f0000000 pfn:0x100000\n"
		  "head: order:9 mapcount:1 entire_mapcount:1 nr_pages_mapped:8388608 pincount:1\n"
		  "anon flags: 0x17ffffc0090035(uptodate|lru|active|head|swapbacked)\n"
		  "raw: 0017ffffc0090035 ffffea0003ff8008 ffffea0004008008 ffff888104ac5e01\n"
		  "head: 0017ffffc0090035 ffffea0003ff8008 ffffea0004008008 ffff888104ac5e01\n"
		  "page dumped because: unmovable page\n",
		  "anon", "pinned", FRAME_BLOCKS, 2 },
		{ "6.12",
		  "page: refcount:0 mapcount:0 mapping:0000000000000000 index:0x0 pfn:0x1000\n"
		  "flags: 0x17ffffc0000000(node=0|zone=2|lastcpupid=0x1fffff)\n"
		  "page_type: f5(slab)\n"
		  "raw: 0017ffffc0000000 ffff888100042000 dead000000000122 0000000000000000\n"
		  "page dumped because: unmovable page\n",
		  "slab", "unmovable", FRAME_BLOCKS, -1 },
		{ "5.10",
		  "page:ffffea0000040000 refcount:1 mapcount:0 mapping:0000000000000000 index:0x0 pfn:0x1000\n"
		  "flags: 0xfffffc0000200(slab)\n"
		  "raw: 000fffffc0000200 dead000000000100 dead000000000122 ffff888100042000\n"
		  "page dumped because: unmovable page\n",
		  "slab", "unmovable", FRAME_BLOCKS, -1 },
		{ "6.12",
		  "page: refcount:4 mapcount:0 mapping:000000001a2b3c4d index:0x5 pfn:0x2000\n"
		  "aops:ext4_da_aops ino:1f dentry name(?):\"a \\\"b\"\n"
		  "flags: 0x17ffffc0000038(uptodate|dirty|lru)\n"
		  "raw: 0017ffffc0000038 ffffea0003ff8008 ffffea0004008008 ffff888104ac5e00\n"
		  "page dumped because: unmovable page\n",
		  "file", "refs", FRAME_BLOCKS, 3 },
		{ "6.12",
		  "page: refcount:1 mapcount:0 mapping:0000000000000000 index:0x0 pfn:0x3000\n"
		  "flags: 0x17ffffc0000000()\n"
		  "raw: 0017ffffc0000000 0000000000000000 dead000000000122 0000000000000000\n"
		  "page dumped because: unmovable page\n",
		  "kernel", "unmovable", FRAME_BLOCKS, -1 },
		/* it was tried, and nothing of the dump stops it: what did was gone */
		{ "6.12",
		  "page: refcount:2 mapcount:1 mapping:0000000000000000 index:0x7f0 pfn:0x4000\n"
		  "anon flags: 0x17ffffc0000038(uptodate|dirty|swapbacked)\n"
		  "raw: 0017ffffc0000038 ffffea0003ff8008 ffffea0004008008 ffff888104ac5e01\n"
		  "page dumped because: migration failure\n",
		  "anon", "gone", FRAME_UNKNOWN, 0 },
		{ "6.12",
		  "migrating pfn 4000 failed ret:-12\n"
		  "page: refcount:2 mapcount:1 mapping:0000000000000000 index:0x7f0 pfn:0x4000\n"
		  "anon flags: 0x17ffffc0000038(uptodate|dirty|swapbacked)\n"
		  "raw: 0017ffffc0000038 ffffea0003ff8008 ffffea0004008008 ffff888104ac5e01\n"
		  "page dumped because: migration failure\n",
		  "anon", "no-target", FRAME_BLOCKS, 0 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct dmesg_verdict v;
		struct dmesg d;

		EXPECT_INT(read_text(&d, cases[i].text, cases[i].model), 1);
		dmesg_judge(&kernel, &d.dump[0], &v);
		EXPECT_INT(v.frame.state, cases[i].state);
		EXPECT_STR(v.frame.kind, cases[i].kind);
		EXPECT_STR(v.frame.why, cases[i].why);
		if (cases[i].more >= 0)
			EXPECT_INT(v.more, cases[i].more);
		dmesg_deinit(&d);
	}
}

TEST(lines)
{
	static const char text[] =
		"page: refcount:1 mapcount:0 mapping:000000001a2b3c4d index:0x5 pfn:0x2000\n"
		"aops:ext4_da_aops ino:1f dentry name(?):\"libc.so.6\"\n"
		"flags: 0x17ffffc0000038(uptodate|lru|node=1|zone=2) CMA\n"
		"page dumped because: unmovable page\n"
		"page_owner tracks the page as allocated\n"
		"page last allocated via order 0, migratetype Movable, gfp_mask 0x140dca(GFP_HIGHUSER_MOVABLE|__GFP_ZERO), pid 98, tgid 97 (python3), ts 1, free_ts 0\n"
		/* the same again, and one that does not end */
		"page: refcount:1 mapcount:0 mapping:000000001a2b3c4d index:0x5 pfn:0x2000\n"
		"flags: 0x17ffffc0000038(uptodate|lru|node=1|zone=2) CMA\n"
		"raw: 0017ffffc0000038 ffffea0003ff8008 ffffea0004008008 ffff888104ac5e00\n"
		"page dumped because: unmovable page\n"
		"page: refcount:7 mapcount:0 mapping:0000000000000000 index:0x5 pfn:0x3000\n";
	struct dmesg d;

	EXPECT_INT(read_text(&d, text, "6.12"), 3);
	EXPECT_STR(d.dump[0].aops, "ext4_da_aops");
	EXPECT_STR(d.dump[0].name, "libc.so.6");
	EXPECT_INT(d.dump[0].ino, 0x1f);
	EXPECT(d.dump[0].cma);
	EXPECT_INT(d.dump[0].pid, 97);
	EXPECT_STR(d.dump[0].comm, "python3");
	EXPECT_INT(d.dump[2].refcount, 7);
	EXPECT_STR(d.dump[2].reason, "");
	dmesg_deinit(&d);
	/* alike dumps count once */
	EXPECT_INT(
		read_text(&d,
			  "page: refcount:1 mapcount:0 pfn:0x2\npage dumped because: a\n"
			  "page: refcount:1 mapcount:0 pfn:0x2\npage dumped because: a\n",
			  "6.12"),
		1);
	EXPECT_INT(d.dump[0].times, 2);
	dmesg_deinit(&d);
	/* what nobody could have printed */
	EXPECT_INT(
		read_text(
			&d,
			"page: refcount:99999999999999999999 mapcount:1 pfn:0x1\n"
			"page: refcount:1 mapcount:1 pfn:0xffffffffffffffff\n"
			"head: order:-1\nflags: (\nraw: \npage_type: (\naops:\npage dumped because: \n"
			"page last allocated via pid 5\n",
			"6.12"),
		0);
	dmesg_deinit(&d);
}
