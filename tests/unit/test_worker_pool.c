/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "os/worker_pool.h"
#include "test.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#define PIECES 1000
#define WORKERS 20

struct work {
	unsigned done[PIECES];
	unsigned by[WORKERS];
	size_t fails; /* this piece, unless PIECES */
};

static int piece(void *ctx, size_t i, unsigned who)
{
	struct work *w = ctx;

	if (i == w->fails)
		return -EIO;
	w->done[i]++;
	w->by[who]++;
	return 0;
}

static void all_once(struct worker_pool *c, size_t n)
{
	struct work w = { .fails = PIECES };
	size_t by = 0;

	EXPECT_INT(worker_pool_run(c, piece, &w, n), 0);
	for (size_t i = 0; i < PIECES; i++)
		EXPECT_INT(w.done[i], i < n);
	for (unsigned i = 0; i < WORKERS; i++)
		by += w.by[i];
	EXPECT_INT(by, n);
}

TEST(every_piece_is_done_once)
{
	for (unsigned workers = 0; workers <= 5; workers++) {
		struct worker_pool *c = worker_pool_new(workers);

		EXPECT_INT(worker_pool_size(c), workers ? workers : 1);
		for (unsigned round = 0; round < 200; round++)
			all_once(c, round * 5);
		worker_pool_free(c);
	}
	all_once(NULL, PIECES);
	all_once(NULL, 0);
	EXPECT_INT(worker_pool_size(NULL), 1);
}

TEST(an_error_comes_back)
{
	struct worker_pool *crews[] = { NULL, worker_pool_new(2), worker_pool_new(5) };

	for (unsigned k = 0; k < 3; k++) {
		for (unsigned round = 0; round < 50; round++) {
			struct work w = { .fails = round * 20 };

			EXPECT_INT(worker_pool_run(crews[k], piece, &w, PIECES), -EIO);
		}
		all_once(crews[k], PIECES); /* and is forgotten */
		worker_pool_free(crews[k]);
	}
}

TEST(a_helper_that_has_nothing_to_do)
{
	struct worker_pool *c;

	worker_pool_free(NULL);
	for (unsigned i = 0; i < 20; i++) {
		c = worker_pool_new(i);
		all_once(c, i & 2);
		worker_pool_free(c);
	}
	c = worker_pool_new(100000);
	EXPECT_INT(worker_pool_size(c), WORKER_POOL_MOST);
	worker_pool_free(c);
}

TEST(as_many_as_cpus)
{
	cpu_set_t before, one;

	if (sched_getaffinity(0, sizeof(before), &before))
		return;
	EXPECT_INT(worker_pool_cpus(), CPU_COUNT(&before));
	CPU_ZERO(&one);
	for (unsigned i = 0; i < CPU_SETSIZE && !CPU_COUNT(&one); i++)
		if (CPU_ISSET(i, &before))
			CPU_SET(i, &one);
	EXPECT_INT(sched_setaffinity(0, sizeof(one), &one), 0);
	EXPECT_INT(worker_pool_cpus(), 1);
	sched_setaffinity(0, sizeof(before), &before);
}
