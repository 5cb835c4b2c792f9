/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loads observe.bpf.c: the verifier takes milliseconds for it, in which the host begins to walk. */
#include "live/bpfpage_int.h"

#include <errno.h>

#include "live/bpfprog.h"
#include "live/calibrate.h"
#include "os/confine.h"
#include "os/worker_pool.h"

static int run_check(void *ctx, enum calibrate_prog prog)
{
	const struct bpfpage *bp = ctx;

	return prog == CALIBRATE_OBSERVE ? bpfprog_run(bp->loaded, "observe", bp->slots)
					 : -EINVAL;
}

/* Loads it, waits for calibration, checks it, and only then lets others use it. */
static void *load(void *arg)
{
	struct bpfpage *bp = arg;
	const struct bpfprog_options opt = { .map = { "recs", "walks" },
					     .fd = { bp->rec_fd, bp->walk_fd },
					     .btf = &bp->btf };
	struct calibrate_io io = { .run = run_check, .ctx = bp };
	char why[BPFPAGE_WHY];
	struct bpfprog *p = NULL;
	int r = bpfprog_load(BPFPROG_OBSERVE, &opt, &p, why);

	while (sem_wait(&bp->calibrated) && errno == EINTR)
		;
	bp->loaded = p;
	if (r || !bp->good)
		return NULL;
	*p->call = bp->found;
	*p->layout = *bp->prog->layout;
	io.cal = bp->cal;
	io.call = p->call;
	io.walk = &bp->walk[bp->slots]; /* its own */
	io.rec = bp->rec + bp->slots * STRUCTPAGE_RECS;
	if (!calibrate_check(&io))
		atomic_store(&bp->observe, p);
	return NULL;
}

/* It needs less than what gupinfo may have, and gives up the rest, as the others do before they read. */
static void *load_beside(void *arg)
{
	confine_caps(CONFINE_READ);
	return load(arg);
}

void bpfpage_load_start(struct bpfpage *bp)
{
	if (bp->few || bp->btf.fd < 0 || !bpfbtf_id(BPFBTF_CAST) || bp->rec_fd < 0)
		return;
	bp->wanted = true;
	if (bp->slots > 1)
		bp->loading = !worker_pool_thread(&bp->loader, load_beside, bp);
}

void bpfpage_load_calibrated(struct bpfpage *bp, bool good)
{
	bp->good = good;
	if (good)
		bp->found = *bp->call;
	sem_post(&bp->calibrated);
	if (bp->wanted && !bp->loading && good)
		load(bp);
}

void bpfpage_load_await(struct bpfpage *bp)
{
	if (bp->loading)
		pthread_join(bp->loader, NULL);
	bp->loading = false;
}
