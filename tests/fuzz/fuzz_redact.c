/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes through both passes of --redact: what a whole report becomes is a whole report. */
#include "fuzz.h"
#include "reportfile/redact.h"

#include <errno.h>

static void check(bool ok)
{
	if (!ok)
		abort();
}

static int put(void *ctx, const char *buf, size_t len)
{
	int err = record_read_feed(ctx, buf, len);

	check(!err);
	return err;
}

static int pass(struct redact *r, const struct record_handler *handler,
		const uint8_t *data, size_t size)
{
	struct record_reader reader;
	int err = record_read_init(&reader, handler, r);

	if (!err)
		err = record_read_feed(&reader, (const char *)data, size);
	if (!err)
		err = record_read_end(&reader);
	record_read_deinit(&reader);
	return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct record_handler nothing;
	struct record_reader second;
	struct redact *r;

	if (!size)
		return 0;
	r = redact_new(data[size - 1] & 1);
	record_read_init(&second, &nothing, NULL);
	record_write_magic(put, &second);
	if (pass(r, &redact_scan, data, size) != -EINVAL &&
	    !redact_begin(r, put, &second) &&
	    pass(r, &redact_write, data, size) != -EINVAL && !redact_end(r)) {
		record_read_end(&second);
		check(second.complete || second.why[0]);
	}
	redact_free(r);
	record_read_deinit(&second);
	return 0;
}
