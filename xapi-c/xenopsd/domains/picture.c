#include "xenopsd/domains/picture.h"

#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fdio.h"
#include "xenopsd/core/spawn.h"

int
picture_open(const struct picture_program *p, const char *name, int text)
{
	const char *const argv[] = { p->path, name, p->user, NULL };
	int fds[2] = { -1, -1 }, rc = p->path ? 0 : -ENOENT;

	if (!rc && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
	    fds) == -1)
		rc = -errno;
	if (!rc)
		rc = spawn(argv, (int[]){ text, fds[1], STDERR_FILENO });
	fdio_close(&text);
	fdio_close(&fds[1]);
	if (rc)
		fdio_close(&fds[0]);
	return rc ? rc : fds[0];
}
