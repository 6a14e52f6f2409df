#include "xenopsd/machine/update.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fdio.h"
#include "xenopsd/core/spawn.h"

int
update_open(struct request *rq, const char *program, const char *option)
{
	const char *const argv[] = { program, "-", option, NULL };
	int fds[2], rc;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == -1)
		return request_fail(rq, XENOPS_CODE_INTERNAL,
		    "no socket for a program: %s", strerror(errno));
	rc = spawn(&(struct spawn){ .argv = argv,
	    .fds = { fds[1], fds[1], fds[1] }, .lock = -1 });
	fdio_close(&fds[1]);
	if (rc) {
		fdio_close(&fds[0]);
		return request_fail(rq, XENOPS_CODE_INTERNAL,
		    "no process for a program: %s", strerror(-rc));
	}
	request_pass_fd(rq, fds[0]);
	return 0;
}
