#include "xenopsd/machine/update.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fdio.h"

static _Noreturn void
become(const char *program, const char *option, int fd)
{
	static const char *const environment[] = {
		"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
	const char *const argv[] = { program, "-", option, NULL };
	sigset_t none;

	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(fd, 0) == -1 || dup2(fd, 1) == -1 || dup2(fd, 2) == -1)
		_exit(126);
	execve(program, (char *const *)(uintptr_t)argv,
	    (char *const *)(uintptr_t)environment);
	_exit(127);
}

/* By way of a child that ends at once: init takes care of its own. */
static int
start(const char *program, const char *option, int fd)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		pid = fork();
		if (pid == 0)
			become(program, option, fd);
		_exit(pid == -1);
	}
	if (pid == -1)
		return -errno;
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		;
	return status ? -EAGAIN : 0;
}

int
update_open(struct request *rq, const char *program, const char *option)
{
	int fds[2], rc;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == -1)
		return request_fail(rq, XENOPS_CODE_INTERNAL,
		    "no socket for a program: %s", strerror(errno));
	rc = start(program, option, fds[1]);
	fdio_close(&fds[1]);
	if (rc) {
		fdio_close(&fds[0]);
		return request_fail(rq, XENOPS_CODE_INTERNAL,
		    "no process for a program: %s", strerror(-rc));
	}
	request_pass_fd(rq, fds[0]);
	return 0;
}
