/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bundle-dynlib.c - dynlib_load() of the static bundle: what src/os/dynlib.c finds in shared libraries is
 * linked into the program.  tools/bundle.sh makes bundle-functions.h out of the sources.
 */
#include <errno.h>
#include <string.h>

#define FUNCTION(name) extern void name(void);
#include "bundle-functions.h"
#undef FUNCTION

static const struct {
	const char *name;
	void (*function)(void);
} linked[] = {
#define FUNCTION(name) { #name, name },
#include "bundle-functions.h"
};

int dynlib_load(const char *soname, const char *const *names, size_t n, void *functions)
{
	for (size_t i = 0; i < n; i++) {
		size_t j = 0;

		while (j < sizeof(linked) / sizeof(*linked) && strcmp(names[i], linked[j].name))
			j++;
		if (j == sizeof(linked) / sizeof(*linked))
			return -ELIBACC;
		memcpy((char *)functions + i * sizeof(void *), &linked[j].function, sizeof(void *));
	}
	return 0;
}

/* libproc2 asks systemd for units and sessions, and libnuma for nodes; gupinfo asks libproc2 for neither. */
#define ABSENT(name)           \
	int name(void);        \
	int name(void)         \
	{                      \
		return -ENOSYS; \
	}
ABSENT(sd_pid_get_machine_name)
ABSENT(sd_pid_get_owner_uid)
ABSENT(sd_pid_get_session)
ABSENT(sd_pid_get_slice)
ABSENT(sd_pid_get_unit)
ABSENT(sd_pid_get_user_unit)
ABSENT(sd_session_get_seat)
