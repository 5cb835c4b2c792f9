/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/progress.h"

#include "os/clock.h"

#include <string.h>
#include <sys/ioctl.h>

#define SECOND 1000000000ull

static FILE *shown_on; /* the terminal that has a progress line, or NULL */

void progress_init(struct progress *p, FILE *out, bool gentle, unsigned nprocess)
{
	memset(p, 0, sizeof(*p));
	p->out = out;
	p->gentle = gentle;
	p->nprocess = nprocess;
	p->started = p->last = p->shown = clock_now();
}

void progress_end(void)
{
	if (!shown_on)
		return;
	fputs("\r\033[K", shown_on);
	fflush(shown_on);
	shown_on = NULL;
}

/* Shows a line four times a second, after the first second; cuts it to the terminal's width. */
static void show(struct progress *p, u64 at)
{
	struct winsize ws;
	char line[80];
	int n;

	if (!p->out || at - p->started < SECOND || at - p->shown < SECOND / 4)
		return;
	n = snprintf(line, sizeof(line), "%llu entries read", p->entries);
	if (p->nprocess > 1)
		n += snprintf(line + n, sizeof(line) - n, ", process %u of %u",
			      p->process, p->nprocess);
	if (!ioctl(fileno(p->out), TIOCGWINSZ, &ws) && ws.ws_col)
		n = MIN(n, ws.ws_col - 1);
	fprintf(p->out, "\r%.*s\033[K", n, line);
	fflush(p->out);
	p->shown = at;
	shown_on = p->out;
}

/* Rests three times as long as it has read, in steps of 1 ms to 0.1 s. */
static void rest(struct progress *p, u64 at)
{
	u64 ns = (at - p->last) * 3;
	struct timespec t = { 0 };

	if (ns < SECOND / 1000)
		return;
	t.tv_nsec = ns > SECOND / 10 ? SECOND / 10 : ns;
	nanosleep(&t, NULL);
	p->last = clock_now();
}

int progress_tick(void *pace, const struct process *process, u64 entries)
{
	struct progress *p = pace;
	u64 at = clock_now();

	if (process->pid != p->pid) {
		p->pid = process->pid;
		p->process++;
	}
	p->entries += entries;
	show(p, at);
	if (p->gentle)
		rest(p, at);
	return 0;
}

static ssize_t write_wiped(void *out, const char *text, size_t n)
{
	progress_end();
	return fwrite(text, 1, n, out) == n && !fflush(out) ? (ssize_t)n : 0;
}

FILE *progress_output(FILE *out)
{
	cookie_io_functions_t io = { .write = write_wiped };
	FILE *wiped = fopencookie(out, "w", io);

	if (wiped)
		setvbuf(wiped, NULL, _IOLBF, 0);
	return wiped ? wiped : out;
}
