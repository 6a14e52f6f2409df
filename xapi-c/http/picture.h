/*
 * What is on a screen now: a client of the remote framebuffer protocol (RFC 6143)
 * that takes one picture.  The server is an HVM guest's QEMU or bedplate-rfb, and
 * trusted with nothing: all it says is bounded.  Blocks, for HTTP_PICTURE_MS at
 * most; any thread.
 */
#ifndef HTTP_PICTURE_H
#define HTTP_PICTURE_H

#include <stdint.h>

struct picture {
	unsigned width, height;
	uint32_t *pixels;		/* 0xRRGGBB, rows from the top */
};

/* fd: a nonblocking connection on which nothing was said yet; stays the
 * caller's.  0, and the caller frees pixels; or -EPROTO: no such server, -EFBIG:
 * more than HTTP_PICTURE_PIXELS, -ETIMEDOUT, -EPIPE, -errno. */
int picture_take(int fd, struct picture *out);

#endif
