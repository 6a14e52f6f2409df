#include "image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <linux/fs.h>
#include <unistd.h>

#define CHUNK ((size_t)1 << 20)

/* All of len bytes, or -errno; fewer only at the end of the file. */
static ssize_t
read_all(int fd, char *buf, size_t len, off_t at)
{
	size_t got = 0;

	while (got < len) {
		ssize_t r = pread(fd, buf + got, len - got, at + (off_t)got);

		if (r == -1 && errno == EINTR)
			continue;
		if (r == -1)
			return -errno;
		if (r == 0)
			break;
		got += (size_t)r;
	}
	return (ssize_t)got;
}

static int
write_all(int fd, const char *buf, size_t len, off_t at)
{
	size_t done = 0;

	while (done < len) {
		ssize_t r = pwrite(fd, buf + done, len - done,
		    at + (off_t)done);

		if (r == -1 && errno == EINTR)
			continue;
		if (r <= 0)
			return r == -1 ? -errno : -EIO;
		done += (size_t)r;
	}
	return 0;
}

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
		ssize_t n = read_all(c->from, c->a, CHUNK, at);
		int rc = n > 0 ? step(c, (size_t)n, at) : n ? (int)n : -EIO;

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
	return write_all(c->to, c->a, len, at);
}

static int
compare(struct copy *c, size_t len, off_t at)
{
	ssize_t n = read_all(c->to, c->b, len, at);

	if (n < 0)
		return (int)n;
	return (size_t)n == len && !memcmp(c->a, c->b, len) ? 0 : -EIO;
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
	if (c.to != -1)
		close(c.to);
	if (c.from != -1)
		close(c.from);
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
	rc = fd == -1 ? -errno : write_all(fd, zero, len, (off_t)start);
	if (rc == 0)
		rc = write_all(fd, zero, len, (off_t)(start + size - len));
	if (rc == 0 && fsync(fd) == -1)
		rc = -errno;
	if (fd != -1)
		close(fd);
	free(zero);
	return rc;
}
