#include "base/below.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fdio.h"

static int
open_in(int folder, const char *name, int flags, mode_t mode)
{
	struct open_how how = {
		.flags = (uint64_t)(flags | O_NOFOLLOW | O_NONBLOCK |
		    O_NOCTTY | O_CLOEXEC),
		.mode = flags & O_CREAT ? mode : 0,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
		    RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
	};

	return (int)syscall(SYS_openat2, folder, name, &how, sizeof(how));
}

int
below_open(const char *path, int flags, mode_t mode, int *fd_out)
{
	const char *name;
	struct stat st;
	int folder, rc;

	*fd_out = -1;
	rc = fdio_open_folder(path, O_PATH, &name, &folder);
	if (rc)
		return rc;
	*fd_out = open_in(folder, name, flags, mode);
	if (*fd_out == -1 || fstat(*fd_out, &st) == -1)
		rc = -errno;
	else if (!S_ISREG(st.st_mode))
		rc = -EINVAL;
	else
		rc = fdio_nonblock(*fd_out, false);
	if (rc)
		fdio_close(fd_out);
	fdio_close(&folder);
	return rc;
}

int
below_read_line(const char *path, char *out, size_t size)
{
	ssize_t r;
	size_t i;
	int fd, rc;

	out[0] = '\0';
	rc = below_open(path, O_RDONLY, 0, &fd);
	if (rc)
		return rc;
	r = read(fd, out, size - 1);
	rc = r == -1 ? -errno : 0;
	fdio_close(&fd);
	out[rc ? 0 : r] = '\0';
	out[strcspn(out, "\r\n")] = '\0';
	for (i = 0; out[i]; i++)
		if (out[i] < ' ' || out[i] > '~')
			out[i] = '?';
	return rc;
}
