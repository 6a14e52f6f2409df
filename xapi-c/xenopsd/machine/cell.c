#include "xenopsd/machine/cell.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fdio.h"

enum { OUT, ERR, STATUS, SIGNAL, N_FDS };

struct run {
	struct pollfd p[N_FDS];		/* our ends */
	struct cell_fds inside;
	struct buf *said[2];		/* OUT, ERR */
	int64_t end_mono;
	pid_t keeper;
};

/* -- what it says -- */

/* What has come; false: more than may be. */
static bool
take(struct run *r, int which)
{
	struct buf *b = r->said[which];
	size_t max = which == OUT ? CELL_OUT_MAX : CELL_ERR_MAX, room;
	char chunk[4096];
	ssize_t n;

	while ((n = read(r->p[which].fd, chunk, sizeof(chunk))) > 0) {
		room = max - b->len;
		buf_add(b, chunk, (size_t)n < room ? (size_t)n : room);
		if (which == OUT && (size_t)n > room)
			return false;
	}
	if (n == 0)
		fdio_close(&r->p[which].fd);	/* poll passes over -1 */
	return true;
}

static enum cell_end
judge(struct run *r, int *status)
{
	int raw;

	if (fdio_read_all(r->p[STATUS].fd, &raw, sizeof(raw)))
		return CELL_NONE;
	if (!take(r, OUT) || !take(r, ERR))
		return CELL_SAID_TOO_MUCH;
	*status = WIFSIGNALED(raw) ? WTERMSIG(raw) : WEXITSTATUS(raw);
	return WIFSIGNALED(raw) ? CELL_SIGNALLED : CELL_EXITED;
}

/* The signal is taken: it ends the program, and not us. */
static enum cell_end
cancelled(const struct run *r)
{
	struct signalfd_siginfo info;

	return read(r->p[SIGNAL].fd, &info, sizeof(info)) ==
	    sizeof(info) ? CELL_CANCELLED : CELL_NONE;
}

static enum cell_end
listen_to(struct run *r, int *status)
{
	for (;;) {
		int64_t left = r->end_mono - clock_mono_ms();

		if (left <= 0)
			return CELL_OUT_OF_TIME;
		if (poll(r->p, N_FDS, (int)left) == -1 && errno != EINTR)
			return CELL_NONE;
		if (r->p[SIGNAL].revents)
			return cancelled(r);
		for (int i = OUT; i <= ERR; i++)
			if (r->p[i].fd != -1 && r->p[i].revents && !take(r, i))
				return CELL_SAID_TOO_MUCH;
		if (r->p[STATUS].revents)
			return judge(r, status);
	}
}

/* -- making and ending it -- */

static int
open_input(const char *text)
{
	size_t len = strlen(text);
	int fd = memfd_create("input", MFD_CLOEXEC);

	if (fd != -1 && (fdio_write_at(fd, text, len, 0) ||
	    lseek(fd, 0, SEEK_SET) == -1))
		fdio_close(&fd);
	return fd;
}

static bool
open_pipe(struct pollfd *ours, int *theirs)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) == -1)
		return false;
	*ours = (struct pollfd){ .fd = ends[0], .events = POLLIN };
	*theirs = ends[1];
	return true;
}

static bool
open_all(struct run *r, const struct cell *c, const sigset_t *term)
{
	r->inside.in = open_input(c->input ? c->input : "");
	r->p[SIGNAL] = (struct pollfd){ .events = POLLIN,
		.fd = signalfd(-1, term, SFD_CLOEXEC) };
	return r->inside.in != -1 && r->p[SIGNAL].fd != -1 &&
	    open_pipe(&r->p[OUT], &r->inside.out) &&
	    open_pipe(&r->p[ERR], &r->inside.err) &&
	    open_pipe(&r->p[STATUS], &r->inside.status) &&
	    !fdio_nonblock(r->p[OUT].fd, true) &&
	    !fdio_nonblock(r->p[ERR].fd, true);
}

static void
close_inside(struct run *r)
{
	fdio_close(&r->inside.in);
	fdio_close(&r->inside.out);
	fdio_close(&r->inside.err);
	fdio_close(&r->inside.status);
}

/* The keeper's pipe must have no reader but us: it tells whether we live. */
static void
close_ours(struct run *r)
{
	for (int i = 0; i < N_FDS; i++)
		fdio_close(&r->p[i].fd);
}

/* A fork; boxed, into a pid namespace of its own, which does not become that of
 * our later children. */
static pid_t
fork_into(bool boxed)
{
	return boxed ? (pid_t)syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, NULL,
	    NULL, NULL, NULL) : fork();
}

static bool
start(struct run *r, const struct cell *c, bool boxed)
{
	r->keeper = fork_into(boxed);
	if (r->keeper == 0) {
		close_ours(r);
		cell_keep(c, boxed, &r->inside);
	}
	return r->keeper != -1;
}

static void
end(const struct run *r)
{
	kill(-r->keeper, SIGKILL);
	kill(r->keeper, SIGKILL);
	while (waitpid(r->keeper, NULL, 0) == -1 && errno == EINTR)
		;
}

enum cell_end
cell_run(const struct cell *c, struct buf *out, struct buf *err, int *status)
{
	const bool boxed = geteuid() == 0;
	struct run r = { .said = { out, err }, .inside = { -1, -1, -1, -1 } };
	enum cell_end how = CELL_NONE;
	sigset_t term, old;

	for (int i = 0; i < N_FDS; i++)
		r.p[i].fd = -1;
	*status = 0;
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, &old);
	r.end_mono = clock_mono_ms() + c->limit_ms;
	if (open_all(&r, c, &term) && start(&r, c, boxed)) {
		close_inside(&r);
		how = listen_to(&r, status);
		end(&r);
	} else {
		buf_addf(err, "cannot make a process: %s", strerror(errno));
	}
	close_inside(&r);
	close_ours(&r);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return how;
}
