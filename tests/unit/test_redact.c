/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reportfile/record_int.h"
#include "reportfile/redact.h"
#include "test.h"

static char *text;
static size_t text_len;

static int put(void *ctx, const char *buf, size_t len)
{
	text = realloc(text, text_len + len + 1);
	memcpy(text + text_len, buf, len);
	text_len += len;
	text[text_len] = '\0';
	return 0;
}

/* Sends a report text through both passes; the result is ->text. */
static struct redact *redacted(const char *in, bool addresses)
{
	struct redact *r = redact_new(addresses);

	free(text);
	text = NULL;
	text_len = 0;
	record_write_magic(put, NULL);
	for (int pass = 0; pass < 2; pass++) {
		struct record_reader reader;

		record_read_init(&reader, pass ? &redact_write : &redact_scan, r);
		EXPECT_INT(record_read_feed(&reader, in, strlen(in)), 0);
		record_read_end(&reader);
		EXPECT_STR(reader.why, "the report is torn: it ends without an end line");
		record_read_deinit(&reader);
		if (!pass)
			EXPECT_INT(redact_begin(r, put, NULL), 0);
	}
	EXPECT_INT(redact_end(r), 0);
	return r;
}

#define HEAD                                                                        \
	"gupinfo report 1.0\nVerdict about hunter2\n[kernel]\nrelease \"6.18.0\"\n" \
	"arch \"x86_64\"\nsizes page=4096 pmd=2097152\n"                            \
	"[context]\nmachine scan=1\nzone node=0 zone=DMA start=1 end=1000\n"        \
	"zone node=0 zone=DMA32 start=1000 end=100000\n"                            \
	"zone node=0 zone=Normal start=100000 end=640000\n"

static const char secrets[] = HEAD
	"[system]\n version: Linux (hunter2@build)\n cmdline: root=hunter2 hugepages=4 ro\n"
	" taint: 0\n hostname: hunter2\n"
	"[process 7]\n exe: /home/hunter2/x\n cmdline: x --password hunter2\n"
	" cgroup: 0::/user.slice/hunter2\n VmPin:  0 kB\n Hunter2: x\n Uid: 31337\n"
	"[modules]\n kvm (can pin memory) version=- srcversion=1 taint=- users=3 live used by\n"
	"   hunter2_mod\n hunter2_mod version=hunter2 srcversion=987654 taint=OE users=0 live \n"
	"[weather]\n hunter2\n"
	"[pages]\nprocess 7 uid=31337 start=271828 comm=\"hunter2\"\n"
	"vma 1000-2000 r--p 0 fe:2b 987654 name=\"/home/hunter2/a\" fs=disk\n"
	"state 0001 pm=100 pfn\n1000 1 0001 - p5a5a5\n"
	"vma 2000-3000 r--p 0 fe:2b 987654 name=\"/home/hunter2/a\" fs=disk\n"
	"2000 1 0001 - p5a5a6\n"
	"vma 4000-5000 rw-p 0 00:00 0 name=\"[anon:hunter2]\"\n"
	"vma 5000-6000 rw-p 0 00:01 5 name=\"/memfd:hunter2 (deleted)\" fs=shmem\n"
	"vma 6000-7000 rw-p 0 00:00 0 name=\"[stack]\"\n"
	"vma 7000-8000 rw-p 0 00:00 0 name=\"[hunter2]\"\n"
	"vma 8000-9000 rw-p 0 00:00 0 name=\"anon_inode:[io_uring]\"\n"
	"[holders]\nincomplete \"hunter2\"\nholder pipe exact pfn=5a5a5 pages=1 name=\"hunter2\" object=987654 end=7:5:r:\"hunter2\"\n"
	"[dmesg]\n [1] hunter2 did it\n"
	"[method]\n gupinfo 0.1.0\n note: hunter2\n"
	"[reproduce]\n gupinfo --replay FILE\n"
	"[last]\n \n";

TEST(nothing_of_the_secrets_is_left)
{
	static const char *const gone[] = { "hunter2", "Hunter2", "31337", "987654",
					    "271828",  "5a5a5",   "2b",    "build" };
	static const char *const there[] = { "name=\"/file-1\"",
					     "name=\"[anon:name-2]\"",
					     "name=\"/memfd:name-3 (deleted)\"",
					     "name=\"[stack]\"",
					     "name=\"[area-2]\"",
					     "anon_inode:[io_uring]",
					     "comm=\"comm-1\"",
					     "uid=1000",
					     " hugepages=4 (2 others masked)",
					     " taint: 0",
					     " VmPin:  0 kB",
					     " exe: masked",
					     "fs=disk",
					     "\n kvm (can pin memory) version=-",
					     "\n module-1 taint=OE users=0 live",
					     " gupinfo --replay FILE" };

	redact_free(redacted(secrets, false));
	for (unsigned i = 0; i < sizeof(gone) / sizeof(gone[0]); i++)
		if (strstr(text, gone[i])) {
			printf("# %s is still there\n", gone[i]);
			EXPECT(false);
		}
	for (unsigned i = 0; i < sizeof(there) / sizeof(there[0]); i++)
		if (!strstr(text, there[i])) {
			printf("# %s is not there\n", there[i]);
			EXPECT(false);
		}
}

/* A new field of the format stands here, too: somebody has decided what becomes of it. */
TEST(each_field_is_kept_or_redacted_on_purpose)
{
	static const char *const word[] = {
		[RECORD_UNDECIDED] = "=?",   [RECORD_KEPT] = "",
		[RECORD_ZEROED] = "=zeroed", [RECORD_COMM] = "=comm",
		[RECORD_PATH] = "=path",     [RECORD_DEVICE] = "=device",
		[RECORD_USER] = "=user",     [RECORD_INODE] = "=inode",
		[RECORD_FRAME] = "=frame",   [RECORD_ADDRESS] = "=address",
	};
	static const struct {
		const struct record_field *table;
		const char *fate;
	} expected[] = {
		{ record_kernel_fields, "release version arch mmu" },
		{ record_sizes_fields, "page pmd" },
		{ record_context_fields,
		  "pfns-hidden kpage-denied scan bpf has-pinned pins-anywhere thp-enabled use-zero-page huge-free huge-free-pin unpinnable-memory pkey-rights soft-dirty numa-off" },
		{ record_zone_fields, "node zone start=frame end=frame cma" },
		{ record_pool_fields, "bytes free free-pin" },
		{ record_process_fields,
		  "ppid uid=user threads start=zeroed pinned VmPin VmLck VmRSS comm=comm part" },
		{ record_vma_fields,
		  "name=path page pkey thp uffd-async fs file-known file-dax file-empty file-full file gate smaps rss pss huge pmd pool-known pool-free pool-reserved pool-surplus pool-overcommit pool-mount pool-cgroup" },
		{ record_state_fields,
		  "pm scan level pte kpf kpc ref map entire pin order mapping type flags head large ids batches once share" },
		{ record_holder_fields,
		  "slot object=inode pfn=frame pages whole again addr=address bytes offset len name=device" },
	};

	for (unsigned i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		char fate[600] = "";

		for (const struct record_field *f = expected[i].table; f->key; f++)
			snprintf(fate + strlen(fate), sizeof(fate) - strlen(fate),
				 "%s%s%s", fate[0] ? " " : "", f->key, word[f->redact]);
		EXPECT_STR(fate, expected[i].fate);
	}
	for (const struct record_field *f = record_layout_fields; f->key; f++)
		EXPECT_INT(f->redact, RECORD_KEPT);
}

TEST(page_frames_stay_neighbours_and_in_their_zone)
{
	static const char in[] =
		HEAD "[pages]\nprocess 1 comm=\"x\"\n"
		     "vma 1000-90000 r--p 0 00:00 0\n"
		     "state 0001 pm=100 pfn level=pte\n"
		     "1000 1 0001 - p5a5ff\n2000 1 0001 - p5a600\n"
		     "3000 1 0001 - p101\n4000 1 0001 - p20000\n"
		     "5000 1 0001 - p63ffff\n"
		     "vma 200000-600000 r--p 0 00:00 0\n"
		     "state 0002 pm=100 pfn level=pmd ref=1 map=1 order=9 mapping=anon\n"
		     "200000 2 0002 - p300000\n[last]\n \n";
	struct redact *r = redacted(in, false);
	u64 a = redact_pfn(r, 0x5a5ff), dma = redact_pfn(r, 0x101);
	u64 dma32 = redact_pfn(r, 0x20000), normal = redact_pfn(r, 0x300000);
	char zone[100];

	EXPECT_INT(redact_pfn(r, 0x5a600), a + 1);
	EXPECT(a != 0x5a5ff && dma != 0x101);
	EXPECT_INT(normal % 512, 0);
	EXPECT_INT(redact_pfn(r, 0x3003ff), normal + 0x3ff);
	EXPECT(dma < dma32 && dma32 < a && a < normal &&
	       normal < redact_pfn(r, 0x63ffff));
	EXPECT_INT(redact_pfn(r, 0x400000), 0);
	snprintf(zone, sizeof(zone), "zone=DMA start=%llx end=%llx\n", redact_pfn(r, 1),
		 redact_pfn(r, 0x1ff) + 1);
	EXPECT(strstr(text, zone));
	snprintf(zone, sizeof(zone), "zone=Normal start=%llx end=%llx\n", normal,
		 redact_pfn(r, 0x63ffff) + 1);
	EXPECT(strstr(text, zone));
	redact_free(r);
}

TEST(addresses_are_rebased_when_asked)
{
	static const char in[] = HEAD
		"[pages]\nprocess 1 comm=\"x\"\n"
		"vma 55e51e327000-55e51e328000 r--p 0 00:00 0\n"
		"state 0001 pm=100 pfn level=pte\n"
		"55e51e327000 1 0001 - p5a5ff\n"
		"vma 55e51e328000-55e51e329000 rw-p 0 00:00 0\n"
		"vma 7f0000200000-7f0000400000 rw-p 0 00:00 0\n"
		"vma ffffffffff600000-ffffffffff601000 --xp 0 00:00 0 name=\"[vsyscall]\" gate=1\n"
		"[last]\n \n";

	redact_free(redacted(in, false));
	EXPECT(strstr(text, "vma 55e51e327000-55e51e328000"));
	redact_free(redacted(in, true));
	EXPECT(!strstr(text, "55e51e") && !strstr(text, "7f00002"));
	EXPECT(strstr(text, "vma 327000-328000 "));
	EXPECT(strstr(text, "\n327000 1 "));
	EXPECT(strstr(text, "vma 328000-329000 "));
	EXPECT(strstr(text, "vma 600000-800000 "));
	EXPECT(strstr(text, "vma ffffffffff600000-ffffffffff601000"));
}
