/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "os/dynlib.h"

#include <errno.h>
#include <unistd.h>

#include "test.h"

#define FUNCTIONS(X) X(getpid) X(getppid)

struct lib {
	FUNCTIONS(LAZY_POINTER)
};
static const char *const names[] = { FUNCTIONS(LAZY_NAME) };

TEST(functions_are_those_that_linking_gives)
{
	struct lib lib = { 0 };

	EXPECT_INT(dynlib_load("libc.so.6", names, ARRAY_SIZE(names), &lib), 0);
	EXPECT(lib.getpid && lib.getpid() == getpid());
	EXPECT(lib.getppid && lib.getppid() == getppid());
	EXPECT_INT(dynlib_load("not looked for again", names, ARRAY_SIZE(names), &lib),
		   0);
}

TEST(what_is_missing_is_an_error_and_loads_nothing)
{
	static const char *const wrong[] = { "getpid", "gupinfo_has_no_such_function" };
	struct lib lib = { 0 };

	EXPECT_INT(dynlib_load("libgupinfo-none.so.1", names, ARRAY_SIZE(names), &lib),
		   -ELIBACC);
	EXPECT(!lib.getpid);
	EXPECT_INT(dynlib_load("libc.so.6", wrong, ARRAY_SIZE(wrong), &lib), -ELIBACC);
	EXPECT(!lib.getpid);
}
