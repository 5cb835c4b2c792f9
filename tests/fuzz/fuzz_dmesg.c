/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes to the reader of the kernel's log; what it keeps is judged by the rules of two kernels. */
#include "fuzz.h"
#include "report/dmesg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const models[] = { "5.10", "7.3" };
	char *text = malloc(size + 1), *rest = text, *line;
	struct kernel_evidence ev;
	struct dmesg d = { 0 };
	struct dmesg_verdict v;
	struct kernel kernel;
	const char *why;

	memcpy(text, data, size);
	text[size] = '\0';
	while ((line = strsep(&rest, "\n")))
		if (dmesg_line(&d, line))
			abort();
	if (dmesg_end(&d) || d.n > DMESG_DUMPS)
		abort();
	kernel_evidence_init(&ev);
	strcpy(ev.arch, "x86_64");
	for (unsigned m = 0; m < 2; m++) {
		if (kernel_resolve_model(&ev, models[m], &kernel, &why))
			abort();
		for (size_t i = 0; i < d.n; i++) {
			dmesg_judge(&kernel, &d.dump[i], &v);
			if (v.frame.state >= FRAME_STATES)
				abort();
		}
	}
	dmesg_deinit(&d);
	free(text);
	return 0;
}
