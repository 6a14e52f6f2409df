/*
 * An image and a disk in memory: the disk is full of FILL, and goes on behind its
 * end, so that a write beyond it shows.
 */
#ifndef UNIT_IMAGE_RIG_H
#define UNIT_IMAGE_RIG_H

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fdio.h"
#include "image/job.h"

#define RIG_FILL 0xaa
#define RIG_BEHIND 65536		/* bytes of the file behind the disk */

struct rig {
	struct job job;
	int file;			/* the stream */
	struct buf disk;		/* as it is afterwards */
};

static inline int
rig_file(const void *data, size_t len)
{
	int fd = memfd_create("rig", MFD_CLOEXEC);

	if (fd == -1 || fdio_write_at(fd, data, len, 0))
		abort();
	return fd;
}

/* A stream that takes no words. */
static inline int
rig_read_only(int fd)
{
	char path[64];
	int again;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, O_RDONLY | O_CLOEXEC);
	if (again == -1)
		abort();
	close(fd);
	return again;
}

static inline void
rig_init(struct rig *r, size_t size)
{
	memset(r, 0, sizeof(*r));
	memset(buf_reserve(&r->disk, size + RIG_BEHIND), RIG_FILL,
	    size + RIG_BEHIND);
	r->disk.len = size + RIG_BEHIND;
	r->job.disk.fd = rig_file(r->disk.data, r->disk.len);
	r->job.disk.size = (int64_t)size;
	r->job.stream = -1;
}

static inline void
rig_release(struct rig *r)
{
	close(r->job.disk.fd);
	if (r->job.stream != -1)
		close(r->job.stream);
	buf_release(&r->disk);
}

/* Sends an image, and looks that nothing behind the disk has changed. */
static inline int
rig_in(struct rig *r, image_way *way, const void *image, size_t len)
{
	size_t size = (size_t)r->job.disk.size;
	int rc;

	if (r->job.stream != -1)
		close(r->job.stream);
	r->job.stream = rig_read_only(rig_file(image, len));
	r->job.at = r->job.percent = 0;
	*r->job.why = '\0';
	rc = way(&r->job);
	if (fdio_read_at(r->job.disk.fd, r->disk.data, r->disk.len, 0))
		abort();
	for (size_t i = size; i < r->disk.len; i++)
		assert((unsigned char)r->disk.data[i] == RIG_FILL);
	assert(!rc == !*r->job.why);
	return rc;
}

/* What the disk is as an image, behind its length. */
static inline int
rig_out(struct rig *r, image_way *way, struct buf *image_out)
{
	int rc;
	off_t len;

	r->job.stream = memfd_create("image", MFD_CLOEXEC);
	r->job.at = 0;
	rc = way(&r->job);
	len = lseek(r->job.stream, 0, SEEK_END);
	if (fdio_read_at(r->job.stream, buf_reserve(image_out, (size_t)len),
	    (size_t)len, 0))
		abort();
	image_out->len = (size_t)len;
	return rc;
}

#endif
