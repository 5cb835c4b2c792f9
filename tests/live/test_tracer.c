/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tracer on small programs (tracee.c): nothing of what they do may change.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "test.h"
#include "tracer.h"

/* ---- running one */

struct result {
	int error, status;
	bool filtered;
	unsigned what[TRACER_INTERRUPTED + 1], call[TRACER_CALLS], compat, shares_mm;
	unsigned dio_returns;
	char out[4096];
};

static void collect(struct tracer *t, struct result *res)
{
	struct tracer_stop stop;
	int r;

	while ((r = tracer_next(t, 10000, &stop)) == 1) {
		res->what[stop.what]++;
		if (stop.what == TRACER_ENTRY) {
			res->call[stop.call]++;
			res->compat += stop.compat;
			if (stop.call == TRACER_WRITE)
				tracer_skip(t);
		}
		if (stop.what == TRACER_RETURN)
			res->dio_returns += stop.call == TRACER_WRITE;
		if (stop.what == TRACER_FORKED)
			res->shares_mm += stop.shares_mm;
	}
	res->error = r;
	res->status = tracer_status(t);
}

static void run(char *const *argv, bool no_filter, struct result *res)
{
	struct tracer_options opt = { .argv = argv, .no_filter = no_filter };
	struct tracer *t;
	struct diag diag;
	int fds[2], saved = dup(1);
	size_t n = 0;
	ssize_t r;

	memset(res, 0, sizeof(*res));
	fflush(stdout);
	if (pipe2(fds, O_CLOEXEC))
		return;
	fcntl(saved, F_SETFD, FD_CLOEXEC);
	dup2(fds[1], 1);
	diag_init(&diag);
	res->error = tracer_new(&opt, &diag, &t);
	if (!res->error) {
		res->filtered = tracer_filtered(t);
		collect(t, res);
		tracer_free(t);
	}
	dup2(saved, 1);
	close(saved);
	close(fds[1]);
	while (n < sizeof(res->out) - 1 &&
	       (r = read(fds[0], res->out + n, sizeof(res->out) - 1 - n)) > 0)
		n += (size_t)r;
	close(fds[0]);
	diag_deinit(&diag);
}

static char self[4096];

static void run_program(const char *name, bool no_filter, struct result *res)
{
	const char *dir = getenv("builddir");

	snprintf(self, sizeof(self), "%s/tests/live/tracee", dir ? dir : ".");
	run((char *[]){ self, (char *)name, NULL }, no_filter, res);
}

#define BOTH(nf) for (int nf = 0; nf < 2; nf++)

/* ---- tests */

TEST(threads)
{
	struct result res;

	BOTH(nf)
	{
		run_program("threads", nf, &res);
		EXPECT_INT(res.error, -ECHILD);
		EXPECT(WIFEXITED(res.status) && WEXITSTATUS(res.status) == 3);
		EXPECT(res.call[TRACER_MMAP] >= 80 && res.call[TRACER_MUNMAP] >= 80);
		EXPECT_INT(res.what[TRACER_FORKED], 0);
		EXPECT_INT(res.what[TRACER_EXITING], 1);
		EXPECT_INT(res.what[TRACER_EXITED], 1);
	}
}

TEST(vfork_and_exec)
{
	struct result res;

	BOTH(nf)
	{
		run_program("spawn", nf, &res);
		EXPECT(WIFEXITED(res.status) && WEXITSTATUS(res.status) == 4);
		EXPECT_INT(res.what[TRACER_FORKED], 1);
		EXPECT_INT(res.shares_mm, 1);
		EXPECT_INT(res.what[TRACER_EXECED], 2);
		EXPECT_INT(res.what[TRACER_EXITED], 2);
	}
}

TEST(signals_arrive_unchanged)
{
	struct result res;

	BOTH(nf)
	{
		run_program("signals", nf, &res);
		EXPECT_STR(res.out, "20 signals\n");
		EXPECT(WIFSIGNALED(res.status) && WTERMSIG(res.status) == SIGTERM);
	}
}

TEST(exec_from_another_thread)
{
	struct result res;

	BOTH(nf)
	{
		run_program("thread-exec", nf, &res);
		EXPECT_STR(res.out, "from thread\n");
		EXPECT(WIFEXITED(res.status) && WEXITSTATUS(res.status) == 9);
		EXPECT_INT(res.what[TRACER_EXECED], 2);
		EXPECT_INT(res.what[TRACER_EXITED], 1);
	}
}

TEST(leader_ends_first)
{
	struct result res;

	BOTH(nf)
	{
		run_program("leader-first", nf, &res);
		EXPECT(WIFEXITED(res.status) && WEXITSTATUS(res.status) == 6);
		EXPECT_INT(res.what[TRACER_EXITING], 1);
		EXPECT_INT(res.what[TRACER_EXITED], 1);
	}
}

TEST(exit_with_living_threads)
{
	struct result res;

	BOTH(nf)
	{
		run_program("exit-with-threads", nf, &res);
		EXPECT(WIFEXITED(res.status) && WEXITSTATUS(res.status) == 8);
		EXPECT_INT(res.what[TRACER_EXITING], 1);
		EXPECT_INT(res.what[TRACER_EXITED], 1);
		run_program("term", nf, &res);
		EXPECT(WIFSIGNALED(res.status) && WTERMSIG(res.status) == SIGTERM);
		EXPECT_INT(res.what[TRACER_EXITING], 1);
	}
}

TEST(job_control)
{
	struct result res;

	BOTH(nf)
	{
		run_program("stopped", nf, &res);
		EXPECT(WIFEXITED(res.status) && WEXITSTATUS(res.status) == 5);
		EXPECT_INT(res.what[TRACER_FORKED], 1);
	}
}

TEST(calls_of_32_bit)
{
	struct result res;

	BOTH(nf)
	{
		run_program("compat", nf, &res);
		if (!WIFEXITED(res.status) || WEXITSTATUS(res.status) != 2)
			SKIP("this kernel has no 32-bit system calls");
		EXPECT_INT(res.compat, 2);
	}
}

TEST(vmsplice)
{
	struct result res;

	BOTH(nf)
	{
		run_program("splice", nf, &res);
		EXPECT(WIFEXITED(res.status) && !WEXITSTATUS(res.status));
		EXPECT_INT(res.call[TRACER_VMSPLICE], 1);
	}
}

TEST(only_lengths_of_direct_io_stop)
{
	struct result res;

	run_program("writes", false, &res);
	if (!res.filtered)
		SKIP("a filter needs CAP_SYS_ADMIN");
	EXPECT(WIFEXITED(res.status) && !WEXITSTATUS(res.status));
	EXPECT_INT(res.call[TRACER_WRITE], 1);
	EXPECT_INT(res.dio_returns, 0);
	run_program("writes", true, &res);
	EXPECT_INT(res.call[TRACER_WRITE], 102);
	EXPECT_INT(res.dio_returns, 0);
}

TEST(forks)
{
	struct result res;

	BOTH(nf)
	{
		run_program("forks", nf, &res);
		EXPECT(WIFEXITED(res.status) && !WEXITSTATUS(res.status));
		EXPECT_INT(res.what[TRACER_FORKED], 20);
		EXPECT_INT(res.shares_mm, 0);
		EXPECT_INT(res.what[TRACER_EXITING], 21);
		EXPECT_INT(res.what[TRACER_EXITED], 21);
	}
}

TEST(a_child_that_refuses_to_be_traced)
{
	struct result res;

	BOTH(nf)
	{
		run_program("untraced", nf, &res);
		EXPECT(WIFEXITED(res.status) && !WEXITSTATUS(res.status));
		if (res.filtered)
			EXPECT_INT(res.what[TRACER_EXITED], 3);
	}
}

TEST(pipeline)
{
	struct result res;

	BOTH(nf)
	{
		run((char *[]){ "sh", "-c",
				"seq 1000 | sort -rn | head -n 3 | tr '\\n' ' '; exit 7",
				NULL },
		    nf, &res);
		EXPECT_STR(res.out, "1000 999 998 ");
		EXPECT(WIFEXITED(res.status) && WEXITSTATUS(res.status) == 7);
		EXPECT_INT(res.what[TRACER_EXITED], 5);
	}
}

TEST(the_command_starts_as_it_would_alone)
{
	struct result alone, traced;
	struct sigaction sa = { .sa_handler = SIG_IGN }, old;
	char cmd[5000];

	BOTH(nf)
	{
		sigaction(SIGCHLD, &sa, &old);
		run_program("state", nf, &traced);
		sigaction(SIGCHLD, NULL, &sa);
		EXPECT(sa.sa_handler == SIG_IGN);
		sigaction(SIGCHLD, &old, NULL);
		EXPECT(!strncmp(traced.out, "chld ignored, nnp 0\n", 20));
		run_program("state", nf, &traced);
		memset(&alone, 0, sizeof(alone));
		snprintf(cmd, sizeof(cmd), "'%s' state", self);
		FILE *f = popen(cmd, "re");
		size_t n = f ? fread(alone.out, 1, sizeof(alone.out) - 1, f) : 0;
		if (f)
			pclose(f);
		EXPECT(n > 0);
		EXPECT_STR(traced.out, alone.out);
	}
}

TEST(a_command_that_is_not_there)
{
	struct result res;

	BOTH(nf)
	{
		run((char *[]){ "/nonexistent/program", NULL }, nf, &res);
		EXPECT_INT(res.error, -ENOENT);
	}
}

static char state_of(pid_t pid, int *ret_tracer)
{
	char path[64], line[200], state = '?';

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	FILE *f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "State: %c", &state) != 1)
			sscanf(line, "TracerPid: %d", ret_tracer);
	if (f)
		fclose(f);
	return state;
}

TEST(attach_and_let_go)
{
	struct tracer_options opt = { .npids = 1 };
	struct tracer_stop stop;
	struct diag diag;
	struct tracer *t;
	int tracer = -1, status;
	unsigned stops = 0;
	pid_t pid = fork();

	if (!pid) {
		execl(self, self, "loop", (char *)NULL);
		_exit(1);
	}
	opt.pids = &pid;
	diag_init(&diag);
	EXPECT_INT(tracer_new(&opt, &diag, &t), 0);
	while (stops < 30 && tracer_next(t, 5000, &stop) == 1)
		stops += stop.what == TRACER_ENTRY && stop.pid == pid;
	EXPECT_INT(stops, 30);
	kill(getpid(), SIGINT);
	while (tracer_next(t, 5000, &stop) == 1 && stop.what != TRACER_INTERRUPTED)
		;
	EXPECT_INT(stop.what, TRACER_INTERRUPTED);
	EXPECT_INT(stop.status, SIGINT);
	EXPECT_INT(tracer_detach(t), 0);
	tracer_free(t);
	usleep(20000);
	char state = state_of(pid, &tracer);
	EXPECT(state == 'S' || state == 'R');
	EXPECT_INT(tracer, 0);
	/* a stopped job stays stopped */
	kill(pid, SIGSTOP);
	usleep(20000);
	EXPECT_INT(tracer_new(&opt, &diag, &t), 0);
	EXPECT_INT(tracer_next(t, 50, &stop), 0);
	EXPECT_INT(tracer_detach(t), 0);
	tracer_free(t);
	for (unsigned i = 0; i < 100 && state_of(pid, &tracer) != 'T'; i++)
		usleep(10000);
	EXPECT_INT(state_of(pid, &tracer), 'T');
	EXPECT_INT(tracer, 0);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	diag_deinit(&diag);
}

TEST(attach_to_nobody)
{
	struct tracer_options opt = { .npids = 1, .pids = (pid_t[]){ 4194000 } };
	struct tracer *t;
	struct diag diag;

	diag_init(&diag);
	EXPECT_INT(tracer_new(&opt, &diag, &t), -ESRCH);
	EXPECT_INT(diag.n, 1);
	diag_deinit(&diag);
}
