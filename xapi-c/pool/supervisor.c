#include "pool/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/become.h"
#include "base/clock.h"
#include "base/fdio.h"
#include "base/log.h"
#include "base/mem.h"

#define XAPI_FD 3			/* in the supervisor */

struct supervisor {
	int fd;				/* to the supervisor */
};

/* In the supervisor. */
struct ward {
	const char *const *argv;
	bool wanted;
	pid_t pid;			/* 0: it does not run */
	int pidfd;
	int64_t began_ms;
	int64_t pause_ms;		/* the last; 0: none yet */
	int64_t next_ms;		/* when it is to be started */
};

int64_t
supervisor_pause_ms(int64_t last_ms, int64_t ran_ms)
{
	if (!last_ms || ran_ms >= SUPERVISOR_PAUSE_MAX_MS)
		return SUPERVISOR_PAUSE_MS;
	return 2 * last_ms < SUPERVISOR_PAUSE_MAX_MS ? 2 * last_ms :
	    SUPERVISOR_PAUSE_MAX_MS;
}

static _Noreturn void
become_ward(const struct ward *w, pid_t parent)
{
	sigset_t none;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1 || getppid() != parent)
		_exit(126);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execv(w->argv[0], (char *const *)(uintptr_t)w->argv);
	log_error("cannot start '%s': %s", w->argv[0], strerror(errno));
	_exit(127);
}

static void
plan(struct ward *w)
{
	int64_t now = clock_mono_ms();

	w->pid = 0;
	w->pause_ms = supervisor_pause_ms(w->pause_ms, now - w->began_ms);
	w->next_ms = now + w->pause_ms;
}

static void
start(struct ward *w)
{
	pid_t self = getpid();

	w->began_ms = clock_mono_ms();
	w->pid = fork();
	if (w->pid == 0)
		become_ward(w, self);
	w->pidfd = w->pid == -1 ? -1 :
	    (int)syscall(SYS_pidfd_open, w->pid, 0);
	if (w->pidfd != -1)
		return;
	log_error("cannot start '%s': %s", w->argv[0], strerror(errno));
	if (w->pid != -1) {
		kill(w->pid, SIGKILL);
		waitpid(w->pid, NULL, 0);
	}
	plan(w);
}

/* Waits for its end. */
static int
reap(struct ward *w)
{
	int status = 0;

	while (waitpid(w->pid, &status, 0) == -1 && errno == EINTR)
		;
	fdio_close(&w->pidfd);
	w->pid = 0;
	return status;
}

static void
note_end(struct ward *w)
{
	int status = reap(w);

	plan(w);
	if (WIFSIGNALED(status))
		log_warn("poold has ended by signal %d; again in %lld ms",
		    WTERMSIG(status), (long long)w->pause_ms);
	else
		log_warn("poold has ended with %d; again in %lld ms",
		    WEXITSTATUS(status), (long long)w->pause_ms);
}

static void
end(struct ward *w)
{
	if (!w->pid)
		return;
	kill(w->pid, SIGKILL);
	reap(w);
}

static void
want(struct ward *w, bool wanted)
{
	if (wanted == w->wanted)
		return;
	w->wanted = wanted;
	w->pause_ms = w->next_ms = 0;
	if (!wanted)
		end(w);
}

/* What xapi says; false: it is gone. */
static bool
hear(struct ward *w)
{
	char wanted;
	ssize_t n = read(XAPI_FD, &wanted, 1);

	if (n == 1)
		want(w, wanted);
	return n == 1 || (n == -1 && errno == EINTR);
}

/* Until the next start; -1: none is due. */
static int
time_left(const struct ward *w)
{
	int64_t left = w->next_ms - clock_mono_ms();

	if (!w->wanted || w->pid)
		return -1;
	return left < 0 ? 0 : (int)left;
}

static _Noreturn void
supervise(const struct supervisor_config *cfg)
{
	struct ward w = { .argv = cfg->argv, .pidfd = -1 };
	struct pollfd p[2] = { { .fd = XAPI_FD, .events = POLLIN },
	    { .events = POLLIN } };

	setsid();
	if (cfg->user && become_user(cfg->user))
		_exit(1);
	for (;;) {
		if (time_left(&w) == 0)
			start(&w);
		p[1].fd = w.pid ? w.pidfd : -1;
		if (poll(p, 2, time_left(&w)) == -1)
			continue;
		if (p[1].revents)
			note_end(&w);
		if (p[0].revents && !hear(&w))
			break;
	}
	end(&w);
	_exit(0);
}

/* Nothing of xapi's stays open: not its end of this socket either, which would hide
 * its end. */
static _Noreturn void
become_supervisor(const struct supervisor_config *cfg, int fd)
{
	if ((fd != XAPI_FD && dup2(fd, XAPI_FD) == -1) ||
	    fcntl(XAPI_FD, F_SETFD, FD_CLOEXEC) == -1 ||
	    syscall(SYS_close_range, XAPI_FD + 1, ~0u, 0) == -1)
		_exit(1);
	supervise(cfg);
}

int
supervisor_new(const struct supervisor_config *cfg, struct supervisor **out)
{
	struct supervisor *s;
	int ends[2];
	pid_t pid;
	int rc;

	*out = NULL;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == -1)
		return -errno;
	pid = fork();
	if (pid == 0)
		become_supervisor(cfg, ends[0]);
	rc = pid == -1 ? -errno : 0;
	close(ends[0]);
	if (rc) {
		close(ends[1]);
		return rc;
	}
	s = mem_zalloc(sizeof(*s));
	s->fd = ends[1];
	*out = s;
	return 0;
}

int
supervisor_want(struct supervisor *s, bool wanted)
{
	char byte = wanted;

	return send(s->fd, &byte, 1, MSG_NOSIGNAL) == 1 ? 0 : -errno;
}

void
supervisor_free(struct supervisor *s)
{
	char end;

	if (!s)
		return;
	shutdown(s->fd, SHUT_WR);
	while (read(s->fd, &end, 1) == -1 && errno == EINTR)
		;
	close(s->fd);
	free(s);
}
