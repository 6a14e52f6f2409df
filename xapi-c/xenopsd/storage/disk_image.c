#include "xenopsd/storage/disk_image.h"

#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fdio.h"
#include "gen/xenops.h"
#include "xenopsd/core/spawn.h"

static const char *
form_name(int form)
{
	static const char *const names[XENOPS_DISK_FORM_N] = {
		[XENOPS_DISK_FORM_VHD] = "vhd",
		[XENOPS_DISK_FORM_QCOW2] = "qcow2",
	};

	return form >= 0 && form < XENOPS_DISK_FORM_N ? names[form] : NULL;
}

int
disk_image_open(const struct disk_image_program *p, int form, bool in, int disk)
{
	const char *name = form_name(form);
	const char *const argv[] = { p->path, in ? "in" : "out", name, p->user,
		NULL };
	int fds[2] = { -1, -1 }, rc = p->path && name ? 0 : -ENOENT;

	if (!rc && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
	    fds) == -1)
		rc = -errno;
	if (!rc)
		rc = spawn(argv, (int[]){ fds[1], disk, STDERR_FILENO });
	fdio_close(&disk);
	fdio_close(&fds[1]);
	if (rc)
		fdio_close(&fds[0]);
	return rc ? rc : fds[0];
}
