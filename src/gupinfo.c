/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gupinfo.c - main(): only this file prints errors and chooses the exit status. */
#include "config.h"
#include "version.h"

#include "lib/escape.h"
#include "cmd/progress.h"
#include "cmd/session.h"
#include "os/confine.h"

#include <locale.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int mode_help(struct session *s)
{
	options_help(stdout);
	return EXIT_COMPLETE;
}

int mode_version(struct session *s)
{
	puts("gupinfo " GUPINFO_VERSION);
	return EXIT_COMPLETE;
}

static char output[65536]; /* buffer of stdout when it is no terminal */

/* What a mode needs before it runs. */
#define SOURCE BIT(0)
#define PID BIT(1)
#define WIPE BIT(2) /* it prints where progress may be shown */

#define READS_LOG (CONFINE_READ | BIT(CAP_SYSLOG))
#define MAKES_PAGES \
	(CONFINE_READ | BIT(CAP_IPC_LOCK) | BIT(CAP_SYS_NICE) | BIT(CAP_SYS_RESOURCE))

static const struct mode_row {
	int (*run)(struct session *s);
	u8 needs;
	u64 caps; /* what it does with a live source needs these capabilities */
} modes[MODES] = {
#define DEFAULT MODE
#define MODE(id, r, n, c, ...) [MODE_##id] = { .run = mode_##r, .needs = n, .caps = c },
#include "cmd/modes.def"
};

static void print_messages(const struct diag *d)
{
	static const char *const classes[] = { [DIAG_NOTE] = "note: ",
					       [DIAG_INCOMPLETE] = "incomplete: ",
					       [DIAG_ERROR] = "" };

	fflush(stdout);
	for (unsigned i = 0; i < d->n; i++) {
		fprintf(stderr, "gupinfo: %s%s\n", classes[d->message[i].class],
			ESCAPED(d->message[i].text, 2048));
	}
	if (d->dropped)
		fprintf(stderr, "gupinfo: and %u more messages\n", d->dropped);
}

static void choose_terminal(struct session *s)
{
	struct render_options *r = &s->opt.render;
	const char *no_color = getenv("NO_COLOR"), *columns = getenv("COLUMNS");
	bool tty = isatty(STDOUT_FILENO);
	struct winsize ws;

	/* a pipe or a file gets the layout of COLUMNS or 80 columns, nothing is cut, and fewer writes */
	r->out = stdout;
	r->cut = tty;
	if (!tty)
		setvbuf(stdout, output, _IOFBF, sizeof(output));
	r->version = PACKAGE_VERSION;
	r->diag = &s->diag;
	if (tty && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) && ws.ws_col)
		r->width = ws.ws_col;
	else
		r->width = columns && atoi(columns) > 0 ? atoi(columns) : 80;
	if (r->width < 40)
		r->width = 40;
	if (isatty(STDERR_FILENO))
		s->progress = stderr;
	if (s->progress && tty && modes[s->opt.mode].needs & WIPE)
		r->out = progress_output(stdout);
	r->color =
		s->opt.color == 1 || (!s->opt.color && tty && (!no_color || !*no_color));
}

static int run(struct session *s)
{
	const struct mode_row *mode = &modes[s->opt.mode];
	int status;

	if (mode->needs & PID && !s->opt.npids && !s->opt.comm && !s->opt.replay &&
	    !s->opt.given[OPTION_ALL])
		return session_fail(
			s, EXIT_USAGE,
			"which process? Give --pid PID or --comm NAME; gupinfo --help explains");
	status = session_rows(s);
	if (status)
		return status;
	if (mode->needs & SOURCE) {
		status = session_open(s, mode->caps);
		if (!status)
			status = session_redact(s);
		if (status)
			return status;
	}
	return mode->run(s);
}

/* Ends as the command ended: with its exit status, or by its signal without a core. */
static int end_like(int wait_status)
{
	if (WIFEXITED(wait_status))
		return WEXITSTATUS(wait_status);
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0 });
	signal(WTERMSIG(wait_status), SIG_DFL);
	raise(WTERMSIG(wait_status));
	return 128 + WTERMSIG(wait_status);
}

int main(int argc, char **argv)
{
	static struct session s;
	char why[400] = "";
	int status;

	diag_init(&s.diag);
	/* Whoever starts it would choose its files, its libraries' files and its targets. */
	if (getauxval(AT_SECURE)) {
		diag_add(
			&s.diag, DIAG_ERROR,
			"set-user-ID, set-group-ID or with file capabilities it would show any process to anybody, and trace it: remove them (chmod ug-s, setcap -r) and let sudo run it");
		print_messages(&s.diag);
		diag_deinit(&s.diag);
		return EXIT_USAGE;
	}
	setlocale(LC_CTYPE, "");
	if (options_parse(argc, argv, &s.opt, why, sizeof(why))) {
		diag_add(&s.diag, DIAG_ERROR, "%s", why);
		status = EXIT_USAGE;
	} else {
		choose_terminal(&s);
		status = run(&s);
	}
	if (s.opt.render.out && s.opt.render.out != stdout)
		fclose(s.opt.render.out);
	if (fflush(stdout) || ferror(stdout)) {
		diag_add(&s.diag, DIAG_ERROR, "cannot write the output: %m");
		status = EXIT_FAILED;
	}
	print_messages(&s.diag);
	session_close(&s);
	options_deinit(&s.opt);
	diag_deinit(&s.diag);
	return s.has_wait_status ? end_like(s.wait_status) : status;
}
