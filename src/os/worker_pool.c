/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "os/worker_pool.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

/* The state of the work that the caller has posted for the helper. */
enum worker_pool_state {
	WORKER_POOL_IDLE,
	WORKER_POOL_POSTED,
	WORKER_POOL_WORKING,
	WORKER_POOL_QUIT
};

struct worker_pool {
	pthread_t thread;
	pthread_mutex_t lock; /* protects the members below */
	pthread_cond_t posted, ended;
	enum worker_pool_state state;
	int err;
	/* constant while there is work */
	worker_pool_fn fn;
	void *ctx;
	size_t n;
	size_t next; /* atomic: the next piece that nobody has taken */
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

static void *worker_pool_help(void *pool)
{
	struct worker_pool *c = pool;

	pthread_mutex_lock(&c->lock);
	for (;;) {
		while (c->state != WORKER_POOL_POSTED && c->state != WORKER_POOL_QUIT)
			pthread_cond_wait(&c->posted, &c->lock);
		if (c->state == WORKER_POOL_QUIT)
			break;
		c->state = WORKER_POOL_WORKING;
		pthread_mutex_unlock(&c->lock);
		worker_pool_pieces(c, 1);
		pthread_mutex_lock(&c->lock);
		c->state = WORKER_POOL_IDLE;
		pthread_cond_signal(&c->ended);
	}
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

struct worker_pool *worker_pool_new(void)
{
	sigset_t all, before;
	struct worker_pool *c;
	cpu_set_t cpus;
	int err;

	/* sched_getaffinity() fails when the set is too small: then there are more CPUs. */
	if (!sched_getaffinity(0, sizeof(cpus), &cpus) && CPU_COUNT(&cpus) < 2)
		return NULL;
	c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->posted, NULL);
	pthread_cond_init(&c->ended, NULL);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&c->thread, NULL, worker_pool_help, c);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!err)
		return c;
	free(c);
	return NULL;
}

void worker_pool_free(struct worker_pool *c)
{
	if (!c)
		return;
	pthread_mutex_lock(&c->lock);
	c->state = WORKER_POOL_QUIT;
	pthread_cond_signal(&c->posted);
	pthread_mutex_unlock(&c->lock);
	pthread_join(c->thread, NULL);
	pthread_cond_destroy(&c->ended);
	pthread_cond_destroy(&c->posted);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

int worker_pool_run(struct worker_pool *c, worker_pool_fn fn, void *ctx, size_t n)
{
	int err = 0;

	if (!c || n < 2) {
		for (size_t i = 0; i < n && !err; i++)
			err = fn(ctx, i, 0);
		return err;
	}
	pthread_mutex_lock(&c->lock);
	c->fn = fn;
	c->ctx = ctx;
	c->n = n;
	c->err = 0;
	__atomic_store_n(&c->next, 0, __ATOMIC_RELAXED);
	c->state = WORKER_POOL_POSTED;
	pthread_cond_signal(&c->posted);
	pthread_mutex_unlock(&c->lock);
	worker_pool_pieces(c, 0);
	pthread_mutex_lock(&c->lock);
	if (c->state == WORKER_POOL_POSTED) /* the helper has not started */
		c->state = WORKER_POOL_IDLE;
	while (c->state == WORKER_POOL_WORKING)
		pthread_cond_wait(&c->ended, &c->lock);
	err = c->err;
	pthread_mutex_unlock(&c->lock);
	return err;
}
