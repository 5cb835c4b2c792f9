/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "os/worker_slices.h"
#include "test.h"

#include <errno.h>
#include <string.h>

#define SLOTS 8
#define FULL 1000 /* what a slot takes */

/* Memory as a reader sees it: from ->dense on each byte takes room, below none does. */
struct range {
	struct worker_slices of;
	u64 dense, to;   /* where it begins and ends to take room */
	u64 fails, stop; /* reading @fails fails, delivering it ends the run */
	struct {
		u64 at, to;
		unsigned busy;
	} slot[SLOTS];
	u64 delivered;
	unsigned deliveries, most;
};

static int read_slice(void *ctx, unsigned slot, u64 at, u64 end, u64 *ret_to,
		      unsigned *ret_full)
{
	struct range *r = ctx;
	u64 from = MIN(MAX(at, r->dense), end), to = MAX(MIN(end, r->to), from);

	EXPECT(slot < r->of.slots && at < end && end <= r->of.end);
	EXPECT_INT(__atomic_exchange_n(&r->slot[slot].busy, 1, __ATOMIC_ACQ_REL), 0);
	if (to - from > FULL)
		end = to = from + FULL;
	if (r->fails >= at && r->fails < end) {
		__atomic_store_n(&r->slot[slot].busy, 0, __ATOMIC_RELEASE);
		return -EIO;
	}
	*ret_full = (unsigned)((to - from) * WORKER_SLICES_FULL / FULL);
	*ret_to = end;
	for (volatile unsigned i = 0; i < (at / 64 * 7 & 1023); i++)
		;
	r->slot[slot].at = at;
	r->slot[slot].to = end;
	__atomic_store_n(&r->slot[slot].busy, 0, __ATOMIC_RELEASE);
	return 0;
}

static int deliver(void *ctx, unsigned slot)
{
	struct range *r = ctx;

	EXPECT_INT(__atomic_load_n(&r->slot[slot].busy, __ATOMIC_ACQUIRE), 0);
	EXPECT_INT(r->slot[slot].at, r->delivered);
	r->delivered = r->slot[slot].to;
	r->deliveries++;
	r->most = MAX(r->most, slot);
	return r->stop && r->delivered > r->stop ? 7 : 0;
}

static int run(unsigned workers, struct range *r)
{
	struct worker_pool *pool = workers ? worker_pool_new(workers) : NULL;
	int err;

	r->of.align = 16;
	r->of.size = 64;
	r->of.slots = r->of.slots ? r->of.slots : SLOTS;
	r->of.read = read_slice;
	r->of.deliver = deliver;
	r->of.ctx = r;
	r->delivered = r->of.start;
	err = worker_slices_run(pool, &r->of);
	worker_pool_free(pool);
	return err;
}

#define UNREAD UINT64_MAX

TEST(all_is_delivered_in_order)
{
	static const struct {
		u64 start, end, dense, to;
	} as[] = {
		{ 5, 5, 0, 0 },
		{ 5, 6, 0, 0 },
		{ 5, 300001, 0, 0 },
		{ 5, 300001, 0, UNREAD },
		{ 5, 300001, 200000, UNREAD },
		{ 5, 300001, 0, 200000 },
		{ 7, BIT(47), BIT(40) + 5, BIT(40) + 300000 },
		{ UNREAD - 500000, UNREAD, UNREAD - 300000, UNREAD },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(as); i++)
		for (unsigned workers = 0; workers < 7; workers++)
			for (unsigned slots = 1; slots <= SLOTS; slots++) {
				struct range r = { .of = { as[i].start, as[i].end },
						   .dense = as[i].dense,
						   .to = as[i].to,
						   .fails = UNREAD };

				r.of.slots = slots;
				EXPECT_INT(run(workers, &r), 0);
				EXPECT_INT(r.delivered, as[i].end);
				EXPECT(r.deliveries < 10000);
			}
}

TEST(what_is_sparse_takes_few_calls)
{
	struct range r = { .of = { 0, BIT(60) }, .fails = UNREAD };

	EXPECT_INT(run(2, &r), 0);
	EXPECT(r.deliveries < 100);
}

TEST(an_error_comes_after_what_is_before_it)
{
	for (unsigned workers = 0; workers < 7; workers++)
		for (u64 at = 1; at < 100000; at += 9999) {
			struct range r = { .of = { 0, 100000 },
					   .to = UNREAD,
					   .fails = at };
			struct range stop = { .of = { 0, 100000 },
					      .to = UNREAD,
					      .fails = UNREAD,
					      .stop = at };

			EXPECT_INT(run(workers, &r), -EIO);
			EXPECT(r.delivered <= at &&
			       (!workers || at - r.delivered <= FULL));
			EXPECT_INT(run(workers, &stop), 7);
			EXPECT(stop.delivered > at && stop.delivered <= at + FULL);
		}
}
