/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "os/worker_slices.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum state {
	FREE,
	WANTED, /* nobody reads it yet */
	READING,
	ABANDONED, /* it is being read, but will be read again */
	READ
};

struct slice {
	u64 at, to, end; /* [at, to) was read, [to, end) is next */
	u8 state;
	int err;
};

/* Slices in order.  Those of slots that are not in ->order are free or abandoned. */
struct line {
	const struct worker_slices *of;
	pthread_mutex_t lock; /* protects the members below */
	pthread_cond_t changed;
	u64 next, size; /* where the next slice begins; how long it is */
	bool ended;
	unsigned n;
	unsigned *order;    /* slots of the slices, ascending */
	struct slice *slot; /* of->slots of them */
};

static u64 slice_end(const struct worker_slices *of, u64 at, u64 size)
{
	u64 end = ROUND_DOWN(at, of->align) + MAX(size, of->align);

	return end <= at || end > of->end ? of->end : end;
}

/* Adapts the size of slices to the last one that was read: a slot should be half full at most. */
static u64 next_size(const struct worker_slices *of, u64 size, const struct slice *s,
		     unsigned full)
{
	u64 whole = s->end - s->at;

	if (s->to < s->end) /* it did not fit */
		return MAX(ROUND_DOWN((s->to - s->at) / 2, of->align), of->align);
	if (full < WORKER_SLICES_FULL / 4 && whole >= size && size < BIT(62))
		return size * 2;
	return size;
}

/* Forgets the slices behind the first @n. */
static void cut(struct line *l, unsigned n)
{
	l->next = l->slot[l->order[n - 1]].end;
	for (unsigned i = n; i < l->n; i++) {
		struct slice *s = &l->slot[l->order[i]];

		s->state = s->state == READING ? ABANDONED : FREE;
	}
	l->n = n;
}

/* Returns a slot whose slice is to be read, the first in order, or of->slots. */
static unsigned take(struct line *l)
{
	unsigned k, slots = l->of->slots;

	for (unsigned i = 0; i < l->n; i++)
		if (l->slot[l->order[i]].state == WANTED)
			return l->order[i];
	if (l->next >= l->of->end)
		return slots;
	for (k = 0; k < slots && l->slot[k].state != FREE; k++)
		;
	if (k == slots)
		return slots;
	l->slot[k] = (struct slice){ .at = l->next,
				     .to = l->next,
				     .end = slice_end(l->of, l->next, l->size) };
	l->next = l->slot[k].end;
	l->order[l->n++] = k;
	return k;
}

/* What is left of @s, of which not all did not fit, is longer than a few slices. */
static void split(struct line *l, struct slice *s)
{
	unsigned i = 0;

	if (s->err || s->to >= s->end || (s->end - s->to) / 4 < l->size)
		return;
	while (&l->slot[l->order[i]] != s)
		i++;
	s->end = slice_end(l->of, s->to, l->size);
	cut(l, i + 1);
}

/* Reads the slice of slot @k; called with the lock, which it lets go of meanwhile. */
static void read_slice(struct line *l, unsigned k)
{
	struct slice *s = &l->slot[k];
	u64 at = s->to, end = s->end, to = at;
	unsigned full = 0;
	int err;

	s->state = READING;
	pthread_mutex_unlock(&l->lock);
	err = l->of->read(l->of->ctx, k, at, end, &to, &full);
	pthread_mutex_lock(&l->lock);
	if (s->state == ABANDONED) {
		s->state = FREE;
	} else {
		s->at = at;
		s->to = to;
		s->err = err;
		s->state = READ;
		if (!err)
			l->size = next_size(l->of, l->size, s, full);
		split(l, s);
	}
	pthread_cond_broadcast(&l->changed);
}

/* Delivers the first slice, which was read; called with the lock, which it lets go of meanwhile. */
static int deliver_first(struct line *l)
{
	unsigned k = l->order[0];
	struct slice *s = &l->slot[k];
	int err = s->err;

	if (!err) {
		pthread_mutex_unlock(&l->lock);
		err = l->of->deliver(l->of->ctx, k);
		pthread_mutex_lock(&l->lock);
	}
	if (s->to < s->end) {
		s->state = WANTED;
	} else {
		s->state = FREE;
		memmove(l->order, l->order + 1, --l->n * sizeof(*l->order));
	}
	pthread_cond_broadcast(&l->changed);
	return err;
}

/* A worker_pool_fn: the caller delivers and reads when it has nothing to deliver, others read. */
static int work(void *line, size_t i, unsigned who)
{
	struct line *l = line;
	int err = 0;
	(void)i;

	pthread_mutex_lock(&l->lock);
	while (!l->ended) {
		unsigned k;

		if (!who && l->n && l->slot[l->order[0]].state == READ) {
			err = deliver_first(l);
			l->ended = err || (!l->n && l->next >= l->of->end);
			continue;
		}
		k = take(l);
		if (k < l->of->slots)
			read_slice(l, k);
		else
			pthread_cond_wait(&l->changed, &l->lock);
	}
	pthread_cond_broadcast(&l->changed);
	pthread_mutex_unlock(&l->lock);
	return err;
}

/* Reads and delivers @one, without others. */
static int alone(const struct worker_slices *of, struct slice *one, u64 *size)
{
	unsigned full = 0;
	int err = of->read(of->ctx, 0, one->at, one->end, &one->to, &full);

	if (err)
		return err;
	*size = next_size(of, *size, one, full);
	return of->deliver(of->ctx, 0);
}

int worker_slices_run(struct worker_pool *pool, const struct worker_slices *s)
{
	bool helped = worker_pool_size(pool) > 1 && s->slots > 1;
	struct line l = { .of = s, .size = s->size, .next = s->start };
	int err = 0;

	/* What is small is read before a helper would begin. */
	while (!err && l.next < s->end && !l.slot) {
		struct slice one = { .at = l.next };

		one.end = helped ? slice_end(s, l.next, s->size) : s->end;
		err = alone(s, &one, &l.size);
		l.next = one.to;
		if (helped)
			l.slot = calloc(s->slots, sizeof(*l.slot) + sizeof(*l.order));
		helped = l.slot;
	}
	if (err || l.next >= s->end) {
		free(l.slot);
		return err;
	}
	l.order = (unsigned *)(l.slot + s->slots);
	pthread_mutex_init(&l.lock, NULL);
	pthread_cond_init(&l.changed, NULL);
	/* Each worker stays with its piece to the end, so that one is left for the caller. */
	err = worker_pool_run(pool, work, &l, worker_pool_size(pool));
	pthread_cond_destroy(&l.changed);
	pthread_mutex_destroy(&l.lock);
	free(l.slot);
	return err;
}
