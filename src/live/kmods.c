/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "live/kmods.h"

#include "os/dynlib.h"
#include "os/readfile.h"

#include <errno.h>
#include <fcntl.h>
#include <libkmod.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KMODS_FUNCTIONS(X)             \
	X(kmod_new)                    \
	X(kmod_unref)                  \
	X(kmod_set_log_fn)             \
	X(kmod_list_next)              \
	X(kmod_module_new_from_loaded) \
	X(kmod_module_get_module)      \
	X(kmod_module_get_holders)     \
	X(kmod_module_get_name)        \
	X(kmod_module_initstate_str)   \
	X(kmod_module_get_initstate)   \
	X(kmod_module_get_refcnt)      \
	X(kmod_module_unref)           \
	X(kmod_module_unref_list)

LAZY_FUNCTIONS(lib, KMODS_FUNCTIONS);
LAZY_NOTE(LIBKMOD, "loaded modules in reports");

/* Reads the first line of /sys/module/@name/@file, "" when there is none. */
static void kmods_attribute(const char *name, const char *file, char *ret, size_t size)
{
	char path[160];

	snprintf(path, sizeof(path), "/sys/module/%s/%s", name, file);
	if (!readfile_line(AT_FDCWD, path, ret, size))
		ret[0] = '\0';
}

static void kmods_holders(const struct kmod_module *mod, char *ret, size_t size)
{
	struct kmod_list *list = lib.kmod_module_get_holders(mod), *at;
	size_t len = 0;

	for (at = list; at; at = lib.kmod_list_next(list, at)) {
		struct kmod_module *holder = lib.kmod_module_get_module(at);
		const char *name = lib.kmod_module_get_name(holder);

		/* Leave room for a comma, the name, and "…" if the next does not fit. */
		if (len + strlen(name) + 5 < size)
			len += snprintf(ret + len, size - len, "%s%s", len ? "," : "",
					name);
		else if (len && ret[len - 1] != '\xa6')
			len += snprintf(ret + len, size - len, "\xe2\x80\xa6");
		lib.kmod_module_unref(holder);
	}
	lib.kmod_module_unref_list(list);
}

static void kmods_fill(const struct kmod_module *mod, struct kmods_module *m)
{
	const char *name = lib.kmod_module_get_name(mod);
	const char *state =
		lib.kmod_module_initstate_str(lib.kmod_module_get_initstate(mod));
	int refs = lib.kmod_module_get_refcnt(mod);

	snprintf(m->name, sizeof(m->name), "%s", name);
	snprintf(m->state, sizeof(m->state), "%s", state ? state : "");
	m->refcount = refs >= 0 ? refs : -1;
	kmods_holders(mod, m->holders, sizeof(m->holders));
	kmods_attribute(name, "version", m->version, sizeof(m->version));
	kmods_attribute(name, "srcversion", m->srcversion, sizeof(m->srcversion));
	kmods_attribute(name, "taint", m->taint, sizeof(m->taint));
}

static int kmods_by_name(const void *a, const void *b)
{
	return strcmp(((const struct kmods_module *)a)->name,
		      ((const struct kmods_module *)b)->name);
}

static void kmods_silent(void *data, int priority, const char *file, int line,
			 const char *fn, const char *format, va_list args)
{
}

int kmods_list(struct kmods_module **ret, size_t *ret_n)
{
	const char *none = NULL; /* no configuration: look at loaded modules only */
	struct kmods_module *rows = NULL;
	struct kmod_list *list = NULL, *at;
	struct kmod_ctx *ctx;
	size_t n = 0;
	int err;

	if (access("/proc/modules", F_OK))
		return -errno;
	err = dynlib_load(LIBKMOD, lib_names, ARRAY_SIZE(lib_names), &lib);
	if (err)
		return err;
	ctx = lib.kmod_new(NULL, &none);
	if (!ctx)
		return -ENOMEM;
	lib.kmod_set_log_fn(ctx, kmods_silent, NULL);
	err = lib.kmod_module_new_from_loaded(ctx, &list);
	if (err < 0)
		goto out;
	for (at = list; at; at = lib.kmod_list_next(list, at))
		n++;
	rows = calloc(n ? n : 1, sizeof(*rows));
	err = rows ? 0 : -ENOMEM;
	if (err)
		goto out;
	n = 0;
	for (at = list; at; at = lib.kmod_list_next(list, at)) {
		struct kmod_module *mod = lib.kmod_module_get_module(at);

		kmods_fill(mod, &rows[n++]);
		lib.kmod_module_unref(mod);
	}
	qsort(rows, n, sizeof(*rows), kmods_by_name);
	*ret = rows;
	*ret_n = n;
out:
	lib.kmod_module_unref_list(list);
	lib.kmod_unref(ctx);
	return err;
}
