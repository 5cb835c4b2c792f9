/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tracer on small programs (tracee.c): nothing of what they do may change.
 */
#include <dirent.h>
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

#include "../unit/test.h"
#include "trace/tracer_int.h"

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
	struct tracer_options opt = { .argv = argv,
				      .no_filter = no_filter,
				      .each_mmap = true };
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
		res->filtered = t->filtered;
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
		EXPECT_INT(res.compat, 3);
		EXPECT_INT(res.call[TRACER_MADVISE], 1);
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
	EXPECT_INT(tracer_start_let_go(t), 0);
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
	EXPECT_INT(tracer_start_let_go(t), 0);
	tracer_free(t);
	for (unsigned i = 0; i < 100 && state_of(pid, &tracer) != 'T'; i++)
		usleep(10000);
	EXPECT_INT(state_of(pid, &tracer), 'T');
	EXPECT_INT(tracer, 0);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	diag_deinit(&diag);
}

/* ---- letting go, whatever state the target's tasks are in */

/* A target: stands in the state under test once it has written to the pipe. */
typedef void (*target_fn)(int ready);

static void ready_now(int ready)
{
	if (write(ready, "x", 1) != 1)
		_exit(1);
}

static void *sleeps(void *arg)
{
	ready_now(*(int *)arg);
	for (;;)
		pause();
	return NULL;
}

static void sleeping(int ready)
{
	sleeps(&ready);
}

static void leader_ended(int ready)
{
	static int fd;
	pthread_t thread;

	fd = ready;
	pthread_create(&thread, NULL, sleeps, &fd);
	syscall(SYS_exit, 0); /* of this thread alone */
}

/* As above, after SIGUSR1. */
static void end_thread(int sig)
{
	(void)sig;
	syscall(SYS_exit, 0);
}

static void leader_ends_later(int ready)
{
	static int fd;
	sigset_t usr1;
	pthread_t thread;

	fd = ready;
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	signal(SIGUSR1, end_thread);
	pthread_sigmask(SIG_BLOCK, &usr1, NULL); /* for the other thread */
	pthread_create(&thread, NULL, sleeps, &fd);
	pthread_sigmask(SIG_UNBLOCK, &usr1, NULL);
}

static void stopped(int ready)
{
	ready_now(ready);
	raise(SIGSTOP);
	pause();
}

/* The parent waits for its child of vfork, where ptrace does not reach it. */
static void in_vfork(int ready)
{
	if (!vfork()) {
		ready_now(ready);
		for (;;)
			pause();
	}
}

static void *execs(void *arg)
{
	usleep(2000);
	execl(self, self, "exec-storm", (char *)NULL);
	return arg;
}

static void exec_storm(int ready)
{
	ready_now(ready);
	execs(NULL);
}

static void many_threads(int ready)
{
	static int null[2];
	pthread_t thread;

	if (pipe(null))
		_exit(1);
	for (unsigned i = 0; i < 50; i++)
		pthread_create(&thread, NULL, sleeps, &null[1]);
	sleeping(ready);
}

static void own_pid_namespace(int ready)
{
	if (unshare(CLONE_NEWPID) || !fork())
		sleeping(ready);
	for (;;)
		pause();
}

/* gupinfo's part: attaches to @pid, reads events until it is asked to end, lets go. */
static void follow(pid_t pid, int attached)
{
	struct tracer_options opt = { .npids = 1, .pids = &pid };
	struct tracer_stop stop;
	struct diag diag;
	struct tracer *t;
	int r;

	diag_init(&diag);
	r = tracer_new(&opt, &diag, &t);
	ready_now(attached);
	while (!r && (r = tracer_next(t, -1, &stop)) == 1)
		r = stop.what == TRACER_INTERRUPTED;
	if (r < 0)
		printf("# tracer: %s\n", strerror(-r));
	for (unsigned i = 0; i < diag.n && r != 1; i++)
		printf("# tracer: %s\n", diag.message[i].text);
	fflush(stdout);
	if (r >= 0)
		tracer_free(t);
	diag_deinit(&diag);
	_exit(r == 1 ? 42 : 1);
}

/* Every thread of @pid: who traces it, and whether it stands in a ptrace stop. */
static void expect_free(pid_t pid)
{
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	for (struct dirent *d; dir && (d = readdir(dir));) {
		int tracer = 0;
		char state;

		if (atoi(d->d_name) <= 0)
			continue;
		state = state_of(atoi(d->d_name), &tracer);
		EXPECT_INT(tracer, 0);
		EXPECT(state != 't');
	}
	if (dir)
		closedir(dir);
}

/*
 * Asks a tracer of @make to end by @sig; *@ret_state: the main thread's state after.  @kill_it: the
 * target is being killed meanwhile.
 */
static void lets_go(target_fn make, int sig, bool kill_it, char *ret_state)
{
	int ready[2], attached[2], status = 0, tracer = 0;
	pid_t target, follower;
	char c;

	EXPECT_INT(pipe(ready), 0);
	EXPECT_INT(pipe(attached), 0);
	fflush(stdout);
	target = fork();
	if (!target) {
		setpgid(0, 0);
		make(ready[1]);
		for (;;)
			pause();
	}
	setpgid(target, target);
	EXPECT_INT(read(ready[0], &c, 1), 1);
	if (make == exec_storm)
		usleep(5000 + (unsigned)rand() % 5000);
	follower = fork();
	if (!follower)
		follow(target, attached[1]);
	EXPECT_INT(read(attached[0], &c, 1), 1);
	if (kill_it)
		kill(target, SIGKILL);
	if (make == leader_ends_later)
		for (kill(target, SIGUSR1); state_of(target, &tracer) != 'Z';)
			usleep(1000);
	kill(follower, sig);
	/* without end when it is stuck: the test's own limit finds it */
	EXPECT_INT(waitpid(follower, &status, 0), follower);
	if (!kill_it) {
		EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 42);
		expect_free(target);
		*ret_state = state_of(target, &tracer);
		/* __ptrace_unlink() wakes a stopped task, which then stops again by itself */
		while (make == stopped && *ret_state == 'R') {
			usleep(1000);
			*ret_state = state_of(target, &tracer);
		}
	}
	kill(-target, SIGKILL);
	waitpid(target, NULL, 0);
	for (unsigned i = 0; i < 2; i++) {
		close(ready[i]);
		close(attached[i]);
	}
}

TEST(it_lets_go_of_a_process_that_sleeps)
{
	char state = 0;

	for (unsigned i = 0; i < 4; i++) {
		lets_go(sleeping, (const int[]){ SIGINT, SIGTERM, SIGHUP, SIGQUIT }[i],
			false, &state);
		EXPECT(state == 'S' || state == 'R');
	}
}

/* The kernel does not report a main thread that has ended as long as others live. */
TEST(it_lets_go_of_a_process_whose_main_thread_has_ended)
{
	char state = 0;

	lets_go(leader_ended, SIGTERM, false, &state);
	EXPECT_INT(state, 'Z');
	lets_go(leader_ends_later, SIGTERM, false, &state);
	EXPECT_INT(state, 'Z');
}

TEST(it_lets_go_of_a_stopped_job)
{
	char state = 0;

	lets_go(stopped, SIGTERM, false, &state);
	EXPECT_INT(state, 'T');
}

TEST(it_lets_go_of_a_parent_in_vfork)
{
	char state = 0;

	lets_go(in_vfork, SIGTERM, false, &state);
	EXPECT(state == 'D' || state == 'S');
}

TEST(it_lets_go_of_many_threads)
{
	char state = 0;

	lets_go(many_threads, SIGINT, false, &state);
	EXPECT(state == 'S' || state == 'R');
}

/*
 * execve() of a thread waits for the other threads to end, and holds the mutex that the next attach
 * needs (cred_guard_mutex): both wait for ever unless the tracer goes on reaping.
 */
TEST(it_attaches_to_a_process_whose_threads_execute)
{
	char state = 0;

	for (unsigned i = 0; i < 60; i++)
		lets_go(exec_storm, i & 1 ? SIGINT : SIGTERM, false, &state);
}

TEST(it_lets_go_of_a_process_that_is_being_killed)
{
	char state;

	for (unsigned i = 0; i < 10; i++)
		lets_go(i & 1 ? many_threads : sleeping, SIGTERM, true, &state);
}

TEST(it_lets_go_of_a_parent_of_another_pid_namespace)
{
	char state = 0;

	if (geteuid())
		SKIP("not root: no namespace can be made");
	lets_go(own_pid_namespace, SIGTERM, false, &state);
	EXPECT(state == 'S' || state == 'R');
}

/* A zombie is nobody. */
TEST(it_does_not_wait_for_a_zombie)
{
	struct tracer_options opt = { .npids = 1 };
	siginfo_t info;
	struct diag diag;
	struct tracer *t;
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	waitid(P_PID, pid, &info, WEXITED | WNOWAIT);
	opt.pids = &pid;
	diag_init(&diag);
	EXPECT(tracer_new(&opt, &diag, &t) < 0);
	EXPECT_INT(diag.n, 1);
	diag_deinit(&diag);
	waitpid(pid, NULL, 0);
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
