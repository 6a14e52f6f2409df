#include "base/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fdio.h"

/* A folder, and names in it. */
struct place {
	int dir;
	const char *name;
	char tmp[NAME_MAX + 1];
};

static int
place_open(struct place *p, const char *path)
{
	int rc = fdio_open_folder(path, O_RDONLY, &p->name, &p->dir);

	if (!rc && snprintf(p->tmp, sizeof(p->tmp), "%s" ATOMIC_FILE_SUFFIX,
	    p->name) >= (int)sizeof(p->tmp))
		rc = -ENAMETOOLONG;
	return rc;
}

static int
rename_in(const struct place *p, const char *tmp)
{
	return renameat(p->dir, tmp, p->dir, p->name) == -1 ? -errno : 0;
}

static int
sync_fd(int fd)
{
	return fsync(fd) == -1 ? -errno : 0;
}

static int
set_access(int fd, const struct atomic_file *how)
{
	if (how->group && fchown(fd, (uid_t)-1, how->group) == -1)
		return -errno;
	return fchmod(fd, how->mode) == -1 ? -errno : 0;
}

static int
write_tmp(const struct place *p, const void *data, size_t len,
    const struct atomic_file *how)
{
	int fd, rc;

	if (unlinkat(p->dir, p->tmp, 0) == -1 && errno != ENOENT)
		return -errno;
	fd = openat(p->dir, p->tmp,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1)
		return -errno;
	rc = set_access(fd, how);
	if (!rc)
		rc = fdio_write_all(fd, data, len);
	if (!rc && !how->fleeting)
		rc = sync_fd(fd);
	close(fd);
	if (rc)
		unlinkat(p->dir, p->tmp, 0);
	return rc;
}

int
atomic_file_write(const char *path, const void *data, size_t len,
    const struct atomic_file *how)
{
	struct place p;
	int rc = place_open(&p, path);

	if (rc)
		goto out;
	rc = write_tmp(&p, data, len, how);
	if (rc)
		goto out;
	rc = rename_in(&p, p.tmp);
	if (rc)
		unlinkat(p.dir, p.tmp, 0);
	else if (!how->fleeting)
		rc = sync_fd(p.dir);
out:
	fdio_close(&p.dir);
	return rc;
}

int
atomic_file_adopt(const char *tmp, const char *path)
{
	const char *slash = strrchr(tmp, '/');
	const char *name = slash ? slash + 1 : tmp;
	int fd = -1, rc;
	struct place p;

	rc = place_open(&p, path);
	if (rc)
		goto out;
	fd = openat(p.dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	rc = fd == -1 ? -errno : sync_fd(fd);
	if (!rc)
		rc = rename_in(&p, name);
	if (!rc)
		rc = sync_fd(p.dir);
out:
	fdio_close(&fd);
	fdio_close(&p.dir);
	return rc;
}
