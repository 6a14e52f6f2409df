/* Loop devices; see storage/disk.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <linux/loop.h>
#include <unistd.h>

#include "base/below.h"
#include "base/fdio.h"
#include "xenopsd/storage/books.h"
#include "xenopsd/storage/disk.h"

#define TRIES 64

/* Binds loop device number n to file; 0 or -errno (-EBUSY: taken). */
static int
configure(const char *path, int file, bool writable, const char *tag)
{
	struct loop_config cfg = { .fd = (uint32_t)file };
	int fd, rc = 0;

	fd = open(path, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC);
	if (fd == -1)
		return -errno;
	snprintf((char *)cfg.info.lo_file_name, sizeof(cfg.info.lo_file_name),
	    "%s", tag);
	cfg.info.lo_flags = LO_FLAGS_DIRECT_IO |
	    (writable ? 0 : LO_FLAGS_READ_ONLY);
	if (ioctl(fd, LOOP_CONFIGURE, &cfg) == -1) {
		rc = -errno;
		if (rc == -EINVAL) {	/* files that cannot do direct I/O */
			cfg.info.lo_flags &= ~(uint32_t)LO_FLAGS_DIRECT_IO;
			rc = ioctl(fd, LOOP_CONFIGURE, &cfg) == -1 ? -errno : 0;
		}
	}
	fdio_close(&fd);
	return rc;
}

int
loop_attach(struct storage *s, const char *file, bool writable,
    const char *tag, const char **device_out)
{
	int backing, control, rc;

	rc = below_open(file, writable ? O_RDWR : O_RDONLY, 0, &backing);
	if (rc)
		return storage_fail_errno(s, -rc, "cannot open '%s'", file);
	rc = -EBUSY;
	control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	if (control == -1)
		rc = -errno;
	for (int i = 0; rc == -EBUSY && i < TRIES; i++) {
		int n = ioctl(control, LOOP_CTL_GET_FREE);

		if (n == -1) {
			rc = -errno;
			break;
		}
		*device_out = arena_printf(s->arena, "/dev/loop%d", n);
		rc = configure(*device_out, backing, writable, tag);
	}
	fdio_close(&control);
	fdio_close(&backing);
	return rc ? storage_fail_errno(s, -rc,
	    "cannot make a loop device for '%s'", file) : 0;
}

int
loop_detach(struct storage *s, const char *device, const char *tag)
{
	struct loop_info64 info;
	int fd, rc = 0;

	if (!*device)
		return 0;
	fd = open(device, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return errno == ENOENT || errno == ENXIO ? 0 :
		    storage_fail_errno(s, errno, "cannot open '%s'", device);
	if (ioctl(fd, LOOP_GET_STATUS64, &info) == -1)
		rc = errno == ENXIO ? 0 : -errno;
	else if (!strcmp((const char *)info.lo_file_name, tag) &&
	    ioctl(fd, LOOP_CLR_FD) == -1 && errno != ENXIO)
		rc = -errno;
	fdio_close(&fd);
	return rc ? storage_fail_errno(s, -rc, "cannot free '%s'", device) : 0;
}

void
loop_each(const char *folder, void (*fn)(void *arg, const char *device,
    const char *file), void *arg)
{
	DIR *d = opendir("/sys/block");
	size_t n = strlen(folder);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		char path[300], device[300];
		struct buf b = { 0 };

		if (strncmp(e->d_name, "loop", 4))
			continue;
		snprintf(path, sizeof(path), "/sys/block/%s/loop/backing_file",
		    e->d_name);
		snprintf(device, sizeof(device), "/dev/%s", e->d_name);
		if (sysfs_read(path, &b) == 0 &&
		    !strncmp(b.data, folder, n) && b.data[n] == '/')
			fn(arg, device, b.data);
		buf_release(&b);
	}
	if (d)
		closedir(d);
}
