/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * structpage.bpf.c - finds and copies page tables and struct pages for gupinfo.
 *
 * The programs run on request (SYSCALL programs, BPF_PROG_TEST_RUN) in the context of gupinfo.
 * A descriptor of /proc/PID/pagemap names the process (mm.bpf.h).  What walks its page tables is src/live/peek.c,
 * on what "peek" copies; for many pages it is observe.bpf.c, which the verifier follows for some milliseconds.
 */
#define CAST 0
#include "page/structpage.h"

#include "folio.bpf.h"

#include "calibrate.bpf.h"
#include "vmas.bpf.h"

char LICENSE[] SEC("license") = "GPL";

BPF_RECORDS(walks, struct structpage_walk, 1);
BPF_RECORDS(peeks, struct structpage_peek, STRUCTPAGE_PEEKS);

SEC("gupinfo.syscall")
int look(const u32 *ctx)
{
	u32 i = *ctx;
	struct structpage_walk *w = bpf_map_lookup_elem(&walks, &i);

	if (w)
		look_at_mm(w);
	return 0;
}

static long peek_step(u32 i, struct structpage_walk **at)
{
	u32 slot = (*at)->peeks + i, bytes;
	struct structpage_peek *p = bpf_map_lookup_elem(&peeks, &slot);

	if (!p)
		return 1;
	bytes = p->bytes;
	if (bytes > sizeof(p->data))
		bytes = sizeof(p->data);
	p->err = bpf_probe_read_kernel(p->data, bytes, (void *)p->addr);
	return 0;
}

SEC("gupinfo.syscall")
int peek(const u32 *ctx)
{
	u32 i = *ctx;
	struct structpage_walk *w = bpf_map_lookup_elem(&walks, &i);

	if (w)
		bpf_loop(w->npeeks, peek_step, &w, 0);
	return 0;
}
