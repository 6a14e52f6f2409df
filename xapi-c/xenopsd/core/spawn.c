#include "xenopsd/core/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/log.h"
#include "xenopsd/core/holder.h"

static _Noreturn void
become(const struct spawn *p)
{
	static const char *const environment[] = {
		"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
	int high[3];
	sigset_t none;

	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (p->lock != -1 && (holder_sign(p->lock) ||
	    fcntl(p->lock, F_DUPFD, 3) == -1))
		_exit(126);
	if (p->group && cgroup_enter(p->group, &p->limits) == -1) {
		log_error("cannot join '%s': %s", p->group, strerror(errno));
		_exit(126);
	}
	/* out of the way of each other first */
	for (int i = 0; i < 3; i++) {
		high[i] = fcntl(p->fds[i], F_DUPFD_CLOEXEC, 3);
		if (high[i] == -1)
			_exit(126);
	}
	for (int i = 0; i < 3; i++) {
		if (dup2(high[i], i) == -1)
			_exit(126);
	}
	execve(p->argv[0], (char *const *)(uintptr_t)p->argv,
	    (char *const *)(uintptr_t)environment);
	_exit(127);
}

/* By way of a child that ends at once: init takes care of its own. */
int
spawn(const struct spawn *p)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		pid = fork();
		if (pid == 0)
			become(p);
		_exit(pid == -1);
	}
	if (pid == -1)
		return -errno;
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		;
	return status ? -EAGAIN : 0;
}

int
spawn_on_socket(struct spawn *p, int at, int other)
{
	int ends[2] = { -1, -1 };
	int rc = p->argv[0] ? 0 : -ENOENT;

	if (!rc && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
	    ends) == -1)
		rc = -errno;
	if (!rc) {
		p->fds[0] = p->fds[1] = other;
		p->fds[at] = ends[1];
		p->fds[2] = STDERR_FILENO;
		rc = spawn(p);
	}
	fdio_close(&other);
	fdio_close(&ends[1]);
	if (rc)
		fdio_close(&ends[0]);
	return rc ? rc : ends[0];
}
