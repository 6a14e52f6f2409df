/*
 * The remote framebuffer protocol, the server's side: versions 3.3, 3.7 and
 * 3.8 without security of its own (who may see the screen is decided by who
 * hands out the connection), encodings Raw and ZRLE, true colour.  What a
 * viewer sends is read as it comes, in pieces of any size; nothing is kept of
 * it but the head of one message.  Functions on buffers, no I/O.
 */
#ifndef RFB_RFB_H
#define RFB_RFB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

#define RFB_MAX_HEAD 20			/* of a message, without its list */

enum rfb_encoding { RFB_RAW = 0, RFB_ZRLE = 16 };

/* How a viewer wants its pixels. */
struct rfb_format {
	uint8_t bits;			/* 8, 16 or 32 */
	uint8_t depth;
	bool big_endian;
	uint16_t max[3];		/* red, green, blue */
	uint8_t shift[3];
};

enum rfb_phase {
	RFB_VERSION, RFB_SECURITY, RFB_INIT, RFB_MESSAGES
};

struct rfb {
	enum rfb_phase phase;
	bool says_result;		/* of the security: 3.8 */
	uint16_t width, height;
	const char *name;		/* of the desktop; constant */
	void (*key)(void *arg, uint32_t keysym, bool down);
	void *arg;

	uint8_t head[RFB_MAX_HEAD];
	size_t have;			/* of head */
	uint32_t skip;			/* bytes to come that nobody needs */
	uint32_t encodings;		/* of a list, still to come */

	struct rfb_format format;
	enum rfb_encoding encoding;	/* the one it likes best */
	bool wants;			/* an update, of what has changed */
	bool wants_all;			/* whatever it has */
};

/* Greets the viewer.  The caller has set width, height, name, key and arg; all
 * else is zero. */
void rfb_begin(struct rfb *r, struct buf *out);
/* Takes bytes from the viewer; answers are appended to out.  -EPROTO: it does
 * not speak this protocol. */
int rfb_feed(struct rfb *r, const uint8_t *data, size_t len, struct buf *out);

/* The head of an update with so many rectangles, and of a rectangle. */
void rfb_update(struct buf *out, uint16_t rectangles);
void rfb_rectangle(struct buf *out, uint16_t x, uint16_t y, uint16_t w,
    uint16_t h, enum rfb_encoding encoding);
/* A pixel (0xRRGGBB) as the viewer wants it; compact: in three bytes where ZRLE
 * says so. */
void rfb_pixel(const struct rfb_format *f, uint32_t rgb, bool compact,
    struct buf *out);
void rfb_u32(struct buf *out, uint32_t v);

#endif
