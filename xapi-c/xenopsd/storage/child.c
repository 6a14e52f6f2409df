#include "xenopsd/storage/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fdio.h"
#include "xenopsd/storage/books.h"

#define ERRORS_MAX (64u << 10)		/* what came first is dropped */
#define REASONS_MAX 400			/* bytes of it are told */

static char *const environment[] = {
	"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C",
	"LVM_SUPPRESS_FD_WARNINGS=1", "MKE2FS_SKIP_PROGRESS=1", NULL,
};

static void
child_exec(const char *const *argv, enum child_fate fate, pid_t parent,
    int out, int err)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* the group is killed with its worker, so one that is to finish is not
	 * in it */
	if (fate == CHILD_FINISHES)
		setpgid(0, 0);
	else if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1 ||
	    getppid() != parent)
		_exit(126);
	if (dup2(null, 0) == -1 || dup2(out, 1) == -1 || dup2(err, 2) == -1)
		_exit(126);
	execve(argv[0], (char *const *)(uintptr_t)argv, environment);
	dprintf(2, "cannot be run: %s\n", strerror(errno));
	_exit(127);
}

/* 0 or an errno. */
static int
spawn(const char *const *argv, enum child_fate fate, int out, int err,
    pid_t *pid)
{
	pid_t parent = getpid();

	*pid = fork();
	if (*pid == 0)
		child_exec(argv, fate, parent, out, err);
	return *pid == -1 ? errno : 0;
}

/* What the program prints, of which no more than max bytes are kept. */
struct output {
	struct buf buf;
	size_t max;
	bool cut;			/* the beginning is lost */
};

/* Reads what is there; false at the end of the file. */
static bool
drain(int fd, struct output *o)
{
	char bytes[65536];
	ssize_t r = read(fd, bytes, sizeof(bytes));

	if (r == -1)
		return errno == EINTR || errno == EAGAIN;
	if (o->buf.len + (size_t)r > o->max) {
		o->cut = true;
		buf_reset(&o->buf);
	}
	buf_add(&o->buf, bytes, (size_t)r);
	return r > 0;
}

/* Collects both outputs until they end; false when time is up. */
static bool
collect(const int fds[static 2], struct output *out, struct output *err,
    int64_t limit_ms)
{
	int64_t end = clock_mono_ms() + limit_ms;
	struct pollfd p[2] = {
		{ .fd = fds[0], .events = POLLIN },
		{ .fd = fds[1], .events = POLLIN },
	};

	while (p[0].fd != -1 || p[1].fd != -1) {
		int64_t left = end - clock_mono_ms();

		if (left <= 0)
			return false;
		if (poll(p, 2, (int)left) == -1 && errno != EINTR)
			return false;
		if (p[0].fd != -1 && p[0].revents && !drain(p[0].fd, out))
			p[0].fd = -1;
		if (p[1].fd != -1 && p[1].revents && !drain(p[1].fd, err))
			p[1].fd = -1;
	}
	return true;
}

/* Blanks are around it, or it is only advice. */
static const char *
telling(char *line)
{
	line += strspn(line, " \r");
	return *line && strncmp(line, "Run `", 5) &&
	    strncmp(line, "WARNING", 7) ? line : NULL;
}

/* All lines that say something: the cause often comes first, and the last one
 * only what was not done for it.  Of many, the last ones. */
static const char *
reasons(struct arena *a, const struct buf *b)
{
	size_t skip = b->len > REASONS_MAX ? b->len - REASONS_MAX : 0;
	char *text = arena_strndup(a, b->data ? b->data + skip : "",
	    b->len - skip);
	const char *all = "", *one;
	char *line;

	while ((line = strsep(&text, "\n"))) {
		one = telling(line);
		if (one)
			all = arena_printf(a, "%s%s%s", all, *all ? " " : "",
			    one);
	}
	return *all ? all : "failed";
}

/* How a program that has ended did; out: what it printed. */
static int
judge(struct storage *s, const char *name, int status,
    const struct output *out, const struct output *err)
{
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return storage_fail(s, XENOPS_CODE_IO, "%s: %s", name,
		    reasons(s->arena, &err->buf));
	if (out->cut)
		return storage_fail(s, XENOPS_CODE_IO,
		    "%s: more than %u MiB of output", name,
		    CHILD_MAX_OUTPUT >> 20);
	return 0;
}

/* Waits for the program and collects what it prints; fds: its outputs. */
static int
attend(struct storage *s, const char *name, pid_t pid, const int fds[2],
    int64_t limit_ms, struct buf *printed)
{
	struct output out = { .max = CHILD_MAX_OUTPUT };
	struct output err = { .max = ERRORS_MAX };
	bool in_time = collect(fds, &out, &err, limit_ms);
	int rc, status = 0;

	if (!in_time)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		;
	rc = in_time ? judge(s, name, status, &out, &err) :
	    storage_fail(s, XENOPS_CODE_TIMEOUT, "'%s' took too long", name);
	if (rc == 0 && printed)
		buf_add(printed, out.buf.data, out.buf.len);
	buf_release(&out.buf);
	buf_release(&err.buf);
	return rc;
}

int
storage_run(struct storage *s, const char *const *argv, enum child_fate fate,
    int64_t limit_ms, struct buf *out)
{
	const char *name = strrchr(argv[0], '/') + 1;
	int o[2] = { -1, -1 }, e[2] = { -1, -1 };
	int rc = -1, r;
	pid_t pid;

	if (pipe2(o, O_CLOEXEC) == -1 || pipe2(e, O_CLOEXEC) == -1) {
		storage_fail_errno(s, errno, "cannot make a pipe");
		goto out;
	}
	r = spawn(argv, fate, o[1], e[1], &pid);
	fdio_close(&o[1]);
	fdio_close(&e[1]);
	if (r)
		storage_fail_errno(s, r, "cannot run '%s'", argv[0]);
	else
		rc = attend(s, name, pid, (const int[]){ o[0], e[0] },
		    limit_ms, out);
out:
	fdio_close(&o[0]);
	fdio_close(&o[1]);
	fdio_close(&e[0]);
	fdio_close(&e[1]);
	return rc;
}
