#include "http/picture.h"

#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "http/limits.h"

#define VERSION "RFB 003.008\n"
#define NO_SECRET 1
#define RAW 0
#define TEXT_MAX (1u << 20)		/* of a name or clipboard; is not kept */

enum said { UPDATE, COLOURS, BELL, CLIPBOARD };

struct camera {
	int fd;
	int64_t deadline;
	struct picture *p;
	uint64_t seen;			/* pixels so far */
};

static int
await(struct camera *c, short events)
{
	struct pollfd p = { .fd = c->fd, .events = events };
	int64_t left = c->deadline - clock_mono_ms();
	int n = left > 0 ? poll(&p, 1, (int)left) : 0;

	if (n == 0)
		return -ETIMEDOUT;
	return n == -1 && errno != EINTR ? -errno : 0;
}

static int
get(struct camera *c, void *data, size_t len)
{
	for (char *at = data; len > 0;) {
		ssize_t n = read(c->fd, at, len);
		int rc;

		if (n == 0)
			return -EPIPE;
		if (n > 0) {
			at += n;
			len -= (size_t)n;
			continue;
		}
		rc = errno == EAGAIN ? await(c, POLLIN) :
		    errno == EINTR ? 0 : -errno;
		if (rc)
			return rc;
	}
	return 0;
}

/* They are few, and nobody else writes. */
static int
say(struct camera *c, const void *data, size_t len)
{
	ssize_t n = write(c->fd, data, len);

	return n == (ssize_t)len ? 0 : n == -1 ? -errno : -EPIPE;
}

static int
get_u16(struct camera *c, unsigned *n)
{
	uint16_t big;
	int rc = get(c, &big, sizeof(big));

	*n = be16toh(big);
	return rc;
}

static int
skip(struct camera *c, size_t len)
{
	char text[256];
	int rc = 0;

	while (!rc && len > 0) {
		size_t n = len < sizeof(text) ? len : sizeof(text);

		rc = get(c, text, n);
		len -= n;
	}
	return rc;
}

static int
skip_text(struct camera *c)
{
	uint32_t big;
	int rc = get(c, &big, sizeof(big));

	if (rc || be32toh(big) > TEXT_MAX)
		return rc ? rc : -EPROTO;
	return skip(c, be32toh(big));
}

static int
agree(struct camera *c)
{
	unsigned char version[sizeof(VERSION) - 1], kinds[255], n;
	uint32_t result;
	int rc = get(c, version, sizeof(version));

	if (!rc && memcmp(version, VERSION, 4) != 0)
		return -EPROTO;
	if (!rc)
		rc = say(c, VERSION, sizeof(VERSION) - 1);
	if (!rc)
		rc = get(c, &n, 1);
	if (!rc)
		rc = get(c, kinds, n);
	if (!rc && !memchr(kinds, NO_SECRET, n))
		return -EPROTO;
	if (!rc)
		rc = say(c, &(char){ NO_SECRET }, 1);
	if (!rc)
		rc = get(c, &result, sizeof(result));
	return rc ? rc : result ? -EPROTO : 0;
}

/* Its size, and in which form it is to come. */
static int
begin(struct camera *c)
{
	/* 32 bits, little-endian, 0xRRGGBB; Raw alone */
	static const char form[] = "\0\0\0\0" "\x20\x18\0\1\0\xff\0\xff\0\xff"
	    "\x10\x08\0\0\0\0" "\2\0\0\1\0\0\0";
	struct picture *p = c->p;
	int rc = say(c, "\1", 1);	/* beside others */

	if (!rc)
		rc = get_u16(c, &p->width);
	if (!rc)
		rc = get_u16(c, &p->height);
	if (!rc)
		rc = skip(c, 16);
	if (!rc)
		rc = skip_text(c);
	if (rc)
		return rc;
	if (p->width == 0 || p->height == 0)
		return -EPROTO;
	if ((uint64_t)p->width * p->height > HTTP_PICTURE_PIXELS)
		return -EFBIG;
	p->pixels = mem_zalloc((size_t)p->width * p->height *
	    sizeof(*p->pixels));
	return say(c, form, sizeof(form));
}

static int
ask(struct camera *c, bool for_news)
{
	unsigned w = c->p->width, h = c->p->height;
	const unsigned char request[] = { 3, for_news, 0, 0, 0, 0,
		(unsigned char)(w >> 8), (unsigned char)w,
		(unsigned char)(h >> 8), (unsigned char)h };

	return say(c, request, sizeof(request));
}

static int
rectangle(struct camera *c)
{
	struct { uint16_t x, y, w, h; uint32_t encoding; } r;
	struct picture *p = c->p;
	unsigned x, y, w, h;
	int rc = get(c, &r, sizeof(r));

	if (rc)
		return rc;
	x = be16toh(r.x);
	y = be16toh(r.y);
	w = be16toh(r.w);
	h = be16toh(r.h);
	if (be32toh(r.encoding) != RAW || x + w > p->width ||
	    y + h > p->height)
		return -EPROTO;
	for (unsigned i = 0; i < h && !rc; i++) {
		uint32_t *row = p->pixels + (size_t)(y + i) * p->width + x;

		rc = get(c, row, w * sizeof(*row));
		for (unsigned j = 0; j < w; j++)
			row[j] = le32toh(row[j]) & 0xffffff;
	}
	c->seen += (uint64_t)w * h;
	return rc;
}

static int
message(struct camera *c)
{
	unsigned char kind;
	unsigned n;
	int rc = get(c, &kind, 1);

	if (rc || kind == BELL)
		return rc;
	if (kind == CLIPBOARD) {
		rc = skip(c, 3);
		return rc ? rc : skip_text(c);
	}
	if (kind != UPDATE)
		return -EPROTO;
	rc = skip(c, 1);
	if (!rc)
		rc = get_u16(c, &n);
	while (!rc && n-- > 0)
		rc = rectangle(c);
	return rc;
}

/* A drawer begins with an empty screen, and goes on to what was said before. */
static int
settle(struct camera *c)
{
	int64_t quiet_by = c->deadline;
	int rc = 0;

	do {
		int64_t soon = clock_mono_ms() + HTTP_PICTURE_QUIET_MS;

		c->deadline = soon < quiet_by ? soon : quiet_by;
		rc = ask(c, true);
		if (!rc)
			rc = message(c);
	} while (!rc);
	return rc == -ETIMEDOUT ? 0 : rc;
}

int
picture_take(int fd, struct picture *out)
{
	struct camera c = { .fd = fd, .p = out };
	int rc;

	*out = (struct picture){ 0 };
	c.deadline = clock_mono_ms() + HTTP_PICTURE_MS;
	rc = agree(&c);
	if (!rc)
		rc = begin(&c);
	if (!rc)
		rc = ask(&c, false);
	while (!rc && c.seen < (uint64_t)out->width * out->height)
		rc = message(&c);
	if (!rc)
		rc = settle(&c);
	if (rc) {
		free(out->pixels);
		out->pixels = NULL;
	}
	return rc;
}
