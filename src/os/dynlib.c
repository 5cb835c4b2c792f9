/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "os/dynlib.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

int dynlib_load(const char *soname, const char *const *names, size_t n, void *functions)
{
	void *library, *function;

	memcpy(&function, functions, sizeof(function));
	if (function)
		return 0;
	library = dlopen(soname, RTLD_NOW | RTLD_LOCAL);
	if (!library)
		return -ELIBACC;
	/* backwards: callers test the first pointer, so it is set only when all others are */
	for (size_t i = n; i--;) {
		function = dlsym(library, names[i]);
		if (!function) {
			dlclose(library);
			return -ELIBACC;
		}
		memcpy((char *)functions + i * sizeof(function), &function,
		       sizeof(function));
	}
	return 0;
}
