#include "base/parcel.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/fdio.h"

#define HEADER 24
#define PIECE (1u << 20)

static void
put(uint8_t *p, uint64_t v, int bytes)
{
	for (int i = 0; i < bytes; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static uint64_t
get(const uint8_t *p, int bytes)
{
	uint64_t v = 0;

	for (int i = 0; i < bytes; i++)
		v |= (uint64_t)p[i] << 8 * i;
	return v;
}

/* Without SIGPIPE. */
static int
send_all(int fd, const void *data, size_t len, int flags)
{
	const char *p = data;
	ssize_t n;

	while (len) {
		n = send(fd, p, len, flags | MSG_NOSIGNAL);
		if (n == -1 && errno != EINTR)
			return -errno;
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

int
parcel_send(int fd, const struct parcel *p)
{
	uint8_t head[HEADER];
	int rc;

	if (p->len > PARCEL_MAX)
		return -EMSGSIZE;
	put(head, p->len, 4);
	put(head + 4, p->kind, 4);
	put(head + 8, p->a, 8);
	put(head + 16, p->b, 8);
	rc = send_all(fd, head, HEADER, p->len ? MSG_MORE : 0);
	return rc ? rc : send_all(fd, p->data, p->len, 0);
}

int
parcel_recv(int fd, struct parcel *p, struct buf *storage)
{
	uint8_t head[HEADER];
	size_t left, part;
	int rc = fdio_read_all(fd, head, HEADER);

	buf_reset(storage);
	if (rc)
		return rc;
	*p = (struct parcel){ .kind = (uint32_t)get(head + 4, 4),
	    .a = get(head + 8, 8), .b = get(head + 16, 8),
	    .len = get(head, 4) };
	if (p->len > PARCEL_MAX)
		return -EBADMSG;
	for (left = p->len; left && !rc; left -= part) {
		part = left < PIECE ? left : PIECE;
		rc = fdio_read_all(fd, buf_reserve(storage, part), part);
		storage->len += part;
	}
	p->data = storage->data;
	return rc;
}
