/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pagestate/pagestate_int.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>

/* ASan would load the address's shadow, whose faults would count as the call's. */
#define PAGESTATE_ACCESS_PLAIN __attribute__((no_sanitize("address")))

static sigjmp_buf pagestate_access_out;

static void pagestate_access_fault(int sig)
{
	siglongjmp(pagestate_access_out, sig);
}

/* Catches the two signals, or restores the old handlers. */
static void pagestate_access_catch(struct sigaction old[2], bool on)
{
	struct sigaction sa = { .sa_handler = pagestate_access_fault };

	sigaction(SIGSEGV, on ? &sa : &old[0], on ? &old[0] : NULL);
	sigaction(SIGBUS, on ? &sa : &old[1], on ? &old[1] : NULL);
}

/* Stores @byte, unless it is negative, or loads into *@ret. */
PAGESTATE_ACCESS_PLAIN
static int pagestate_access(const char *addr, size_t len, size_t step, int byte, u8 *ret)
{
	struct sigaction old[2];
	volatile int err = 0;

	pagestate_access_catch(old, true);
	if (sigsetjmp(pagestate_access_out, 1)) {
		err = -EFAULT;
	} else {
		for (size_t i = 0; i < len; i += step)
			if (byte >= 0)
				*(volatile char *)(addr + i) = (char)byte;
			else
				*ret = *(const volatile u8 *)(addr + i);
	}
	pagestate_access_catch(old, false);
	return err;
}

int pagestate_access_store(char *addr, size_t len, size_t step, int byte)
{
	return pagestate_access(addr, len, step, byte, NULL);
}

int pagestate_access_load(const char *addr, size_t len, size_t step, u8 *ret)
{
	u8 byte = 0;
	int err = pagestate_access(addr, len, step, -1, &byte);

	if (ret && !err)
		*ret = byte;
	return err;
}
