/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/vma_cache.h"

#include "lib/array.h"

#include <errno.h>
#include <stdlib.h>

struct kept {
	struct kept *next;
	struct process process;
	bool has_vmas;
	struct vma *vma;
	size_t n, room;
};

struct vma_cache {
	struct source source; /* first */
	struct source *inner;
	struct kept *kept;
};

static struct vma_cache *of(struct source *src)
{
	return (struct vma_cache *)src;
}

static struct kept *find(struct vma_cache *s, pid_t pid)
{
	struct kept *k = s->kept;

	while (k && k->process.pid != pid)
		k = k->next;
	return k;
}

void vma_cache_drop(struct source *src, pid_t pid)
{
	struct vma_cache *s = of(src);

	for (struct kept **at = &s->kept, *k; (k = *at); at = &k->next) {
		if (k->process.pid != pid)
			continue;
		*at = k->next;
		s->inner->ops->release(s->inner, pid);
		free(k->vma);
		free(k);
		return;
	}
}

static void on_refresh(struct source *src)
{
	if (of(src)->inner->ops->refresh)
		of(src)->inner->ops->refresh(of(src)->inner);
}

/* The process stays open in the inner source until it is dropped. */
static int on_open(struct source *src, pid_t pid, struct process *ret)
{
	struct vma_cache *s = of(src);
	struct kept *k = find(s, pid);
	int err;

	if (k) {
		if (!k->has_vmas) { /* fails when the held memory is gone */
			err = s->inner->ops->open(s->inner, pid, &k->process);
			if (err)
				return err;
			s->inner->ops->release(s->inner, pid);
		}
		*ret = k->process;
		return 0;
	}
	k = calloc(1, sizeof(*k));
	if (!k)
		return -ENOMEM;
	err = s->inner->ops->open(s->inner, pid, &k->process);
	if (err) {
		free(k);
		return err;
	}
	k->next = s->kept;
	s->kept = k;
	*ret = k->process;
	return 0;
}

static int keep(void *ctx, const struct vma *vma)
{
	struct kept *k = ctx;

	return array_put(&k->vma, &k->n, &k->room, sizeof(*vma), vma);
}

static int on_vmas(struct source *src, pid_t pid, bool smaps, source_vma_cb cb, void *ctx)
{
	struct vma_cache *s = of(src);
	struct kept *k = find(s, pid);
	int err = 0;

	if (!k)
		return -ESRCH;
	if (!k->has_vmas) {
		k->n = 0;
		err = s->inner->ops->vmas(s->inner, pid, smaps, keep, k);
		k->has_vmas = !err;
	}
	for (size_t i = 0; !err && i < k->n; i++)
		err = cb(ctx, &k->vma[i]);
	return err;
}

static int on_observe(struct source *src, pid_t pid, const struct vma *vma, u64 start,
		      u64 end, bool fold, source_raw_cb cb, void *ctx)
{
	struct source *inner = of(src)->inner;

	return inner->ops->observe(inner, pid, vma, start, end, fold, cb, ctx);
}

static void on_release(struct source *src, pid_t pid)
{
}

static void on_close(struct source *src)
{
	struct vma_cache *s = of(src);

	while (s->kept)
		vma_cache_drop(src, s->kept->process.pid);
	free(s);
}

struct source *vma_cache_new(struct source *inner)
{
	static const struct source_ops ops = {
		.refresh = on_refresh,
		.open = on_open,
		.vmas = on_vmas,
		.observe = on_observe,
		.release = on_release,
		.close = on_close,
	};
	struct vma_cache *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->source.ops = &ops;
	s->source.diag = inner->diag;
	s->source.machine = inner->machine;
	s->inner = inner;
	return &s->source;
}

void vma_cache_forget(struct source *src, pid_t pid)
{
	struct kept *k = find(of(src), pid);

	if (k)
		k->has_vmas = false;
}

int vma_cache_to_store(void *ctx, const struct vma *vma)
{
	struct vma_cache_vmas *v = ctx;

	return store_view.vma(v->store, v->process, vma);
}
