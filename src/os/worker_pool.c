/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "os/worker_pool.h"

#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

struct worker_pool_helper {
	struct worker_pool *pool;
	pthread_t thread;
	unsigned who;
};

struct worker_pool {
	pthread_mutex_t lock; /* protects the members below */
	pthread_cond_t posted, ended;
	unsigned long run; /* number of the work that was posted last */
	bool open;         /* helpers may begin with it */
	bool quit;
	unsigned working; /* helpers */
	int err;
	/* constant while there is work */
	worker_pool_fn fn;
	void *ctx;
	size_t n;
	size_t next; /* atomic: the next piece that nobody has taken */
	/* the caller's */
	bool started;
	unsigned workers, nhelpers; /* wanted; threads that run */
	struct worker_pool_helper helper[];
};

/* Takes and does pieces until none is left. */
static void worker_pool_pieces(struct worker_pool *c, unsigned who)
{
	size_t i;

	while ((i = __atomic_fetch_add(&c->next, 1, __ATOMIC_RELAXED)) < c->n) {
		int err = c->fn(c->ctx, i, who);

		if (!err)
			continue;
		pthread_mutex_lock(&c->lock);
		c->err = err;
		pthread_mutex_unlock(&c->lock);
		__atomic_store_n(&c->next, c->n, __ATOMIC_RELAXED);
		return;
	}
}

static void *worker_pool_help(void *helper)
{
	const struct worker_pool_helper *h = helper;
	struct worker_pool *c = h->pool;
	unsigned long done = 0;

	pthread_mutex_lock(&c->lock);
	for (;;) {
		while (!c->quit && (!c->open || c->run == done))
			pthread_cond_wait(&c->posted, &c->lock);
		if (c->quit)
			break;
		done = c->run;
		c->working++;
		pthread_mutex_unlock(&c->lock);
		worker_pool_pieces(c, h->who);
		pthread_mutex_lock(&c->lock);
		if (!--c->working)
			pthread_cond_signal(&c->ended);
	}
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

unsigned worker_pool_cpus(void)
{
	cpu_set_t cpus;

	/* sched_getaffinity() fails when the set is too small: then there are more CPUs. */
	if (sched_getaffinity(0, sizeof(cpus), &cpus))
		return WORKER_POOL_MOST;
	return (unsigned)CPU_COUNT(&cpus);
}

struct worker_pool *worker_pool_new(unsigned workers)
{
	struct worker_pool *c;

	if (workers > WORKER_POOL_MOST)
		workers = WORKER_POOL_MOST;
	c = calloc(1, sizeof(*c) + workers * sizeof(c->helper[0]));
	if (!c)
		return NULL;
	c->workers = workers ? workers : 1;
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->posted, NULL);
	pthread_cond_init(&c->ended, NULL);
	return c;
}

int worker_pool_thread(pthread_t *ret, void *(*fn)(void *), void *arg)
{
	sigset_t all, before;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(ret, NULL, fn, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -r;
}

/* Starts as many helpers as there may be: the caller does what no thread is to be had for. */
static void worker_pool_start(struct worker_pool *c)
{
	c->started = true;
	for (unsigned i = 1; i < c->workers; i++) {
		struct worker_pool_helper *h = &c->helper[c->nhelpers];

		*h = (struct worker_pool_helper){ .pool = c, .who = i };
		if (worker_pool_thread(&h->thread, worker_pool_help, h))
			break;
		c->nhelpers++;
	}
}

void worker_pool_free(struct worker_pool *c)
{
	if (!c)
		return;
	pthread_mutex_lock(&c->lock);
	c->quit = true;
	pthread_cond_broadcast(&c->posted);
	pthread_mutex_unlock(&c->lock);
	for (unsigned i = 0; i < c->nhelpers; i++)
		pthread_join(c->helper[i].thread, NULL);
	pthread_cond_destroy(&c->ended);
	pthread_cond_destroy(&c->posted);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

unsigned worker_pool_size(const struct worker_pool *c)
{
	return c ? c->workers : 1;
}

int worker_pool_run(struct worker_pool *c, worker_pool_fn fn, void *ctx, size_t n)
{
	int err = 0;

	if (n >= 2 && worker_pool_size(c) > 1 && !c->started)
		worker_pool_start(c);
	if (n < 2 || !c || !c->nhelpers) {
		for (size_t i = 0; i < n && !err; i++)
			err = fn(ctx, i, 0);
		return err;
	}
	pthread_mutex_lock(&c->lock);
	c->fn = fn;
	c->ctx = ctx;
	c->n = n;
	c->err = 0;
	c->run++;
	c->open = true;
	__atomic_store_n(&c->next, 0, __ATOMIC_RELAXED);
	pthread_cond_broadcast(&c->posted);
	pthread_mutex_unlock(&c->lock);
	worker_pool_pieces(c, 0);
	pthread_mutex_lock(&c->lock);
	c->open = false; /* who has not begun need not */
	while (c->working)
		pthread_cond_wait(&c->ended, &c->lock);
	err = c->err;
	pthread_mutex_unlock(&c->lock);
	return err;
}
