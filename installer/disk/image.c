#include "disk/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <linux/fs.h>
#include <unistd.h>

#include "base/fdio.h"

#define CHUNK ((size_t)1 << 20)

/* The pages just written are dropped, so that what is read comes from the
 * disk. */
static int
flush(int fd)
{
	if (fsync(fd) == -1)
		return -errno;
	return ioctl(fd, BLKFLSBUF, 0) == -1 ? -errno : 0;
}

struct copy {
	int from, to;
	off_t size;
	char *a, *b;		/* a chunk of either side */
	image_progress *progress;
	void *arg;
	double base;
};

/* One step for each chunk of the file. */
static int
each_chunk(struct copy *c, int (*step)(struct copy *c, size_t len, off_t at))
{
	for (off_t at = 0; at < c->size; at += (off_t)CHUNK) {
		size_t len = c->size - at < (off_t)CHUNK ?
		    (size_t)(c->size - at) : CHUNK;
		int rc = fdio_read_at(c->from, c->a, len, at);

		if (rc == 0)
			rc = step(c, len, at);
		if (rc)
			return rc;
		if (c->progress)
			c->progress(c->arg, c->base + (double)at /
			    (double)c->size / 2);
	}
	return 0;
}

static int
put(struct copy *c, size_t len, off_t at)
{
	return fdio_write_at(c->to, c->a, len, at);
}

static int
compare(struct copy *c, size_t len, off_t at)
{
	int rc = fdio_read_at(c->to, c->b, len, at);

	if (rc)
		return rc;
	return memcmp(c->a, c->b, len) ? -EIO : 0;
}

static int
copy(struct copy *c)
{
	int rc = each_chunk(c, put);

	if (rc == 0)
		rc = flush(c->to);
	c->base = 0.5;
	if (rc == 0)
		rc = each_chunk(c, compare);
	return rc;
}

int
image_write(const char *file, const char *device, uint64_t size,
    image_progress *progress, void *arg)
{
	struct copy c = { .from = -1, .to = -1, .progress = progress,
		.arg = arg };
	int rc = -ENOMEM;

	c.a = malloc(CHUNK);
	c.b = malloc(CHUNK);
	if (!c.a || !c.b)
		goto out;
	c.from = open(file, O_RDONLY | O_CLOEXEC);
	if (c.from != -1)
		c.to = open(device, O_RDWR | O_EXCL | O_CLOEXEC);
	rc = c.to == -1 ? -errno : 0;
	if (rc)
		goto out;
	c.size = lseek(c.from, 0, SEEK_END);
	rc = c.size == -1 ? -errno : (uint64_t)c.size > size ? -EFBIG :
	    copy(&c);
out:
	fdio_close(&c.to);
	fdio_close(&c.from);
	free(c.a);
	free(c.b);
	return rc;
}

int
image_blank(const char *device, uint64_t start, uint64_t size)
{
	size_t len = size < CHUNK ? (size_t)size : CHUNK;
	char *zero = calloc(1, CHUNK);
	int fd, rc;

	if (!zero)
		return -ENOMEM;
	fd = open(device, O_WRONLY | O_CLOEXEC);
	rc = fd == -1 ? -errno : fdio_write_at(fd, zero, len, (off_t)start);
	if (rc == 0)
		rc = fdio_write_at(fd, zero, len, (off_t)(start + size - len));
	if (rc == 0 && fsync(fd) == -1)
		rc = -errno;
	if (fd != -1)
		close(fd);
	free(zero);
	return rc;
}
