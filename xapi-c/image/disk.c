#include "image/disk.h"

#include <assert.h>
#include <errno.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/mem.h"

static const char zeroes[DISK_STEP];

int
disk_init(struct disk *d, int fd)
{
	d->fd = fd;
	d->size = lseek(fd, 0, SEEK_END);
	return d->size == -1 ? -errno : 0;
}

static void
check(const struct disk *d, int64_t at, int64_t end)
{
	assert(at >= 0 && at <= end && end <= d->size);
}

int
disk_get(const struct disk *d, void *data, size_t len, int64_t at)
{
	check(d, at, at + (int64_t)len);
	return fdio_read_at(d->fd, data, len, at);
}

/* Of at..end: what is left of one step. */
static size_t
step(int64_t at, int64_t end)
{
	int64_t n = DISK_STEP - at % DISK_STEP;

	return (size_t)(n < end - at ? n : end - at);
}

int64_t
disk_next(const struct disk *d, int64_t at)
{
	int64_t next = at < d->size ? lseek(d->fd, at, SEEK_DATA) : d->size;

	if (next == -1)
		return errno == ENXIO ? d->size : at;
	return next > d->size ? d->size : next;
}

/* The first step of at..end that is not zero: its start, or end. */
static int
find_data(const struct disk *d, int64_t at, int64_t end, int64_t *found_out)
{
	char piece[DISK_STEP];

	for (at = disk_next(d, at); at < end; at = disk_next(d, at)) {
		size_t n = step(at, end);
		int rc = disk_get(d, piece, n, at);

		if (rc)
			return rc;
		if (!mem_is_zero(piece, n))
			break;
		at += (int64_t)n;
	}
	*found_out = at < end ? at : end;
	return 0;
}

int
disk_is_zero(const struct disk *d, int64_t at, int64_t end, bool *zero_out)
{
	int64_t found = end;
	int rc;

	check(d, at, end);
	rc = find_data(d, at, end, &found);
	*zero_out = found == end;
	return rc;
}

int
disk_zero(const struct disk *d, int64_t at, int64_t end)
{
	int rc;

	check(d, at, end);
	while (at < end) {
		size_t n;

		rc = find_data(d, at, end, &at);
		if (rc || at == end)
			return rc;
		n = step(at, end);
		rc = fdio_write_at(d->fd, zeroes, n, at);
		if (rc)
			return rc;
		at += (int64_t)n;
	}
	return 0;
}

int
disk_put(const struct disk *d, const void *data, size_t len, int64_t at)
{
	const char *p = data, *end = p + len;
	int rc = 0;

	check(d, at, at + (int64_t)len);
	while (p < end && !rc) {
		const char *from = p;
		int64_t to = at;
		bool zero;

		/* as many steps as are of one kind */
		zero = mem_is_zero(p, step(at, at + (end - p)));
		do {
			size_t n = step(at, at + (end - p));

			p += n;
			at += (int64_t)n;
		} while (p < end && mem_is_zero(p, step(at, at + (end - p))) ==
		    zero);
		rc = zero ? disk_zero(d, to, at) :
		    fdio_write_at(d->fd, from, (size_t)(p - from), to);
	}
	return rc;
}

int
disk_sync(const struct disk *d)
{
	if (fdatasync(d->fd) == 0 || errno == EINVAL || errno == ENOSYS)
		return 0;
	return -errno;
}
