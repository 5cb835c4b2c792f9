/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "os/helper.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

void helper_tie(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
}

int helper_start(struct helper *h, void (*run)(int sock, void *ctx), void *ctx)
{
	pid_t me = getpid(), pid;
	int pair[2], err;

	*h = (struct helper){ .sock = -1 };
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	pid = fork();
	if (!pid) {
		helper_tie(me);
		close(pair[0]);
		run(pair[1], ctx);
		_exit(0);
	}
	err = -errno;
	close(pair[1]);
	if (pid < 0) {
		close(pair[0]);
		return err;
	}
	*h = (struct helper){ .pid = pid, .sock = pair[0] };
	return 0;
}

int helper_ask(const struct helper *h, const void *ask, size_t ask_len, void *answer,
	       size_t len, int seconds)
{
	struct pollfd p = { .fd = h->sock, .events = POLLIN };
	int n;

	if (ask && send(h->sock, ask, ask_len, MSG_NOSIGNAL) != (ssize_t)ask_len)
		return -EPIPE;
	do
		n = poll(&p, 1, seconds ? seconds * 1000 : -1);
	while (n < 0 && errno == EINTR);
	if (n == 0)
		return -ETIMEDOUT;
	return read(h->sock, answer, len) == (ssize_t)len ? 0 : -EPIPE;
}

void helper_stop(struct helper *h, int seconds, pid_t also)
{
	struct pollfd p = { .fd = h->sock, .events = POLLIN };
	char end;

	if (h->sock < 0)
		return;
	/* Asked to end, it frees its memory first; when it is killed, its helpers die with it. */
	shutdown(h->sock, SHUT_WR);
	if (!seconds || poll(&p, 1, seconds * 1000) != 1 || read(h->sock, &end, 1) > 0) {
		if (also > 0)
			kill(also, SIGKILL);
		kill(h->pid, SIGKILL);
	}
	/* The socket closes after the memory is gone; the helper need not be our own child. */
	while (read(h->sock, &end, 1) > 0)
		;
	close(h->sock);
	h->sock = -1;
	while (waitpid(h->pid, NULL, 0) < 0 && errno == EINTR)
		;
}
