#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fdio.h"

void
fdio_close(int *fd)
{
	int saved = errno;

	if (*fd != -1)
		close(*fd);
	*fd = -1;
	errno = saved;
}

int
fdio_nonblock(int fd, bool on)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags == -1)
		return -errno;
	flags = on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
	return fcntl(fd, F_SETFL, flags) == -1 ? -errno : 0;
}

int
fdio_write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t r = write(fd, p, len);

		if (r == -1 && errno == EINTR)
			continue;
		if (r == -1)
			return -errno;
		p += r;
		len -= (size_t)r;
	}
	return 0;
}

int
fdio_read_all(int fd, void *data, size_t len)
{
	char *p = data;

	while (len) {
		ssize_t r = read(fd, p, len);

		if (r == -1 && errno == EINTR)
			continue;
		if (r == -1)
			return -errno;
		if (r == 0)
			return -EPIPE;
		p += r;
		len -= (size_t)r;
	}
	return 0;
}

int
fdio_read_at(int fd, void *data, size_t len, int64_t at)
{
	char *p = data;

	while (len > 0) {
		ssize_t r = pread(fd, p, len, at);

		if (r == 0)
			return -EPIPE;
		if (r == -1 && errno != EINTR)
			return -errno;
		if (r > 0) {
			p += r;
			at += r;
			len -= (size_t)r;
		}
	}
	return 0;
}

int
fdio_write_at(int fd, const void *data, size_t len, int64_t at)
{
	const char *p = data;

	while (len > 0) {
		ssize_t r = pwrite(fd, p, len, at);

		if (r == 0)
			return -EIO;
		if (r == -1 && errno != EINTR)
			return -errno;
		if (r > 0) {
			p += r;
			at += r;
			len -= (size_t)r;
		}
	}
	return 0;
}

int
fdio_open_folder(const char *path, int flags, const char **name_out,
    int *fd_out)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX] = ".";

	*fd_out = -1;
	*name_out = slash ? slash + 1 : path;
	if (slash && snprintf(folder, sizeof(folder), "%.*s",
	    (int)(*name_out - path), path) >= (int)sizeof(folder))
		return -ENAMETOOLONG;
	*fd_out = open(folder, flags | O_DIRECTORY | O_CLOEXEC);
	return *fd_out == -1 ? -errno : 0;
}

int
fdio_sync_folder(const char *path)
{
	const char *name;
	int fd, rc = fdio_open_folder(path, O_RDONLY, &name, &fd);

	if (!rc && fsync(fd) == -1)
		rc = -errno;
	fdio_close(&fd);
	return rc;
}
