#include "install/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fdio.h"

#define PATH_SIZE 512
#define COPY_MAX ((size_t)4 << 20)
#define ID_SIZE 512		/* of grub/id.cfg, always */

const struct atomic_file files_plain = { .mode = 0755 };

int
files_attach(struct install *in, enum part part, const char *type)
{
	const char *path = in->layout.parts[part].path;

	if (mkdir(in->target, 0700) == -1 && errno != EEXIST)
		return install_fail(in, "cannot make '%s': %s", in->target,
		    strerror(errno));
	if (mount(path, in->target, type, MS_NOSUID | MS_NODEV | MS_NOEXEC,
	    NULL) == -1)
		return install_fail(in, "cannot mount %s: %s", path,
		    strerror(errno));
	return 0;
}

/* What was written counts only once it is unmounted. */
int
files_detach(struct install *in, int rc)
{
	if (umount(in->target) == -1 && rc == 0)
		return install_fail(in, "cannot unmount '%s': %s",
		    in->target, strerror(errno));
	return rc;
}

int
files_folder(struct install *in, const char *name)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof path, "%s/%s", in->target, name);
	if (mkdir(path, 0755) == -1 && errno != EEXIST)
		return install_fail(in, "cannot make '%s': %s", name,
		    strerror(errno));
	return 0;
}

int
files_put(struct install *in, const char *name, const void *data, size_t len,
    const struct atomic_file *how)
{
	char path[PATH_SIZE];
	int rc;

	snprintf(path, sizeof path, "%s/%s", in->target, name);
	rc = atomic_file_write(path, data, len, how);
	return rc ? install_fail(in, "cannot write '%s': %s", name,
	    strerror(-rc)) : 0;
}

/* A file of the running system. */
int
files_copy(struct install *in, const char *from, const char *name,
    const struct atomic_file *how)
{
	char *data = malloc(COPY_MAX);
	int fd = data ? open(from, O_RDONLY | O_CLOEXEC) : -1;
	ssize_t n = fd == -1 ? -1 : read(fd, data, COPY_MAX);
	int rc;

	rc = n == -1 ? install_fail(in, "cannot read '%s': %s", from,
	    strerror(errno)) : files_put(in, name, data, (size_t)n, how);
	if (fd != -1)
		close(fd);
	free(data);
	return rc;
}

/* In place, by one sector: a power cut leaves the old text or the new one. */
static int
write_sector(const char *path, const char text[static ID_SIZE])
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	int rc = fd == -1 ? -errno : fdio_write_at(fd, text, ID_SIZE, 0);

	if (rc == 0 && fsync(fd) == -1)
		rc = -errno;
	fdio_close(&fd);
	return rc;
}

int
files_id(struct install *in, const char *was)
{
	char path[PATH_SIZE], text[ID_SIZE];
	int n = snprintf(text, sizeof text, *was ?
	    "set id=%s\nset was=%s\n" : "set id=%s\n", in->layout.id, was);
	int rc;

	memset(text + n, '#', sizeof text - (size_t)n);
	text[sizeof text - 1] = '\n';
	snprintf(path, sizeof path, "%s/grub/id.cfg", in->target);
	rc = write_sector(path, text);
	return rc ? install_fail(in, "cannot write '%s': %s", path,
	    strerror(-rc)) : 0;
}
