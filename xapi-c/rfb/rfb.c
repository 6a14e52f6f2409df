#include "rfb/rfb.h"

#include <errno.h>
#include <string.h>
#include <sys/types.h>

#define VERSION_LEN 12
#define SECURITY_NONE 1

enum message {
	SET_PIXEL_FORMAT = 0, SET_ENCODINGS = 2, UPDATE_REQUEST = 3,
	KEY_EVENT = 4, POINTER_EVENT = 5, CUT_TEXT = 6,
};

/* Ours, and what we draw in until the viewer says otherwise. */
static const struct rfb_format own_format = {
	.bits = 32, .depth = 24, .max = { 255, 255, 255 },
	.shift = { 16, 8, 0 },
};

static uint16_t
u16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t
u32(const uint8_t *p)
{
	return (uint32_t)u16(p) << 16 | u16(p + 2);
}

static void
add_u16(struct buf *out, uint16_t v)
{
	buf_addc(out, (char)(v >> 8));
	buf_addc(out, (char)v);
}

void
rfb_u32(struct buf *out, uint32_t v)
{
	add_u16(out, (uint16_t)(v >> 16));
	add_u16(out, (uint16_t)v);
}

void
rfb_begin(struct rfb *r, struct buf *out)
{
	r->format = own_format;
	r->encoding = RFB_RAW;
	buf_adds(out, "RFB 003.008\n");
}

/* "RFB 003.00x": whatever else is there counts as 3.3, as it always did. */
static int
take_version(struct rfb *r, struct buf *out)
{
	if (memcmp(r->head, "RFB 003.0", 9) != 0 || r->head[11] != '\n')
		return -EPROTO;
	r->says_result = r->head[10] == '8';
	if (r->says_result || r->head[10] == '7') {
		buf_add(out, (char[]){ 1, SECURITY_NONE }, 2);
		r->phase = RFB_SECURITY;
	} else {
		rfb_u32(out, SECURITY_NONE);
		r->phase = RFB_INIT;
	}
	return 0;
}

static int
take_security(struct rfb *r, struct buf *out)
{
	if (r->head[0] != SECURITY_NONE)
		return -EPROTO;
	if (r->says_result)
		rfb_u32(out, 0);
	r->phase = RFB_INIT;
	return 0;
}

static void
add_format(struct buf *out, const struct rfb_format *f)
{
	buf_add(out, (char[]){ (char)f->bits, (char)f->depth, f->big_endian,
	    1 }, 4);
	for (int i = 0; i < 3; i++)
		add_u16(out, f->max[i]);
	buf_add(out, f->shift, 3);
	buf_add(out, "\0\0\0", 3);
}

/* Whether it would be alone makes no difference: all may look. */
static int
take_init(struct rfb *r, struct buf *out)
{
	add_u16(out, r->width);
	add_u16(out, r->height);
	add_format(out, &r->format);
	rfb_u32(out, (uint32_t)strlen(r->name));
	buf_adds(out, r->name);
	r->phase = RFB_MESSAGES;
	return 0;
}

/* Palettes are of a time when no viewer of today was made. */
static int
take_format(struct rfb *r)
{
	const uint8_t *p = r->head + 4;
	struct rfb_format f = { .bits = p[0], .depth = p[1],
		.big_endian = p[2] != 0 };

	if ((f.bits != 8 && f.bits != 16 && f.bits != 32) || !p[3])
		return -EPROTO;
	for (int i = 0; i < 3; i++) {
		f.max[i] = u16(p + 4 + 2 * i);
		f.shift[i] = p[10 + i];
		if (f.shift[i] >= f.bits)
			return -EPROTO;
	}
	r->format = f;
	return 0;
}

static int
take_message(struct rfb *r)
{
	switch (r->head[0]) {
	case SET_PIXEL_FORMAT:
		return take_format(r);
	case SET_ENCODINGS:
		r->encodings = u16(r->head + 2);
		r->encoding = RFB_RAW;
		return 0;
	case UPDATE_REQUEST:
		r->wants = true;
		r->wants_all |= !r->head[1];
		return 0;
	case KEY_EVENT:
		r->key(r->arg, u32(r->head + 4), r->head[1] != 0);
		return 0;
	case CUT_TEXT:
		r->skip = u32(r->head + 4);
		return 0;
	default:
		return 0;
	}
}

/* How many bytes of the head are needed; 0: there is no such message. */
static size_t
head_size(const struct rfb *r)
{
	static const uint8_t sizes[] = {
		[SET_PIXEL_FORMAT] = 20, [SET_ENCODINGS] = 4,
		[UPDATE_REQUEST] = 10, [KEY_EVENT] = 8, [POINTER_EVENT] = 6,
		[CUT_TEXT] = 8,
	};

	if (r->phase == RFB_VERSION)
		return VERSION_LEN;
	if (r->phase != RFB_MESSAGES)
		return 1;
	if (r->encodings)
		return 4;
	if (!r->have)
		return 1;
	return r->head[0] < sizeof(sizes) ? sizes[r->head[0]] : 0;
}

static int
take_head(struct rfb *r, struct buf *out)
{
	switch (r->phase) {
	case RFB_VERSION:
		return take_version(r, out);
	case RFB_SECURITY:
		return take_security(r, out);
	case RFB_INIT:
		return take_init(r, out);
	case RFB_MESSAGES:
		break;
	}
	if (!r->encodings)
		return take_message(r);
	r->encodings--;
	if (u32(r->head) == RFB_ZRLE)
		r->encoding = RFB_ZRLE;
	return 0;
}

/* Bytes taken, or -EPROTO. */
static ssize_t
take_some(struct rfb *r, const uint8_t *data, size_t len, struct buf *out)
{
	size_t need, n;

	if (r->skip) {
		n = len < r->skip ? len : r->skip;
		r->skip -= (uint32_t)n;
		return (ssize_t)n;
	}
	need = head_size(r);
	n = len < need - r->have ? len : need - r->have;
	memcpy(r->head + r->have, data, n);
	r->have += n;
	/* the first byte of a message says how long its head is */
	need = head_size(r);
	if (!need)
		return -EPROTO;
	if (r->have < need)
		return (ssize_t)n;
	r->have = 0;
	return take_head(r, out) ? -EPROTO : (ssize_t)n;
}

int
rfb_feed(struct rfb *r, const uint8_t *data, size_t len, struct buf *out)
{
	ssize_t n;

	for (; len > 0; data += n, len -= (size_t)n) {
		n = take_some(r, data, len, out);
		if (n < 0)
			return (int)n;
	}
	return 0;
}

void
rfb_update(struct buf *out, uint16_t rectangles)
{
	add_u16(out, 0);
	add_u16(out, rectangles);
}

void
rfb_rectangle(struct buf *out, uint16_t x, uint16_t y, uint16_t w, uint16_t h,
    enum rfb_encoding encoding)
{
	add_u16(out, x);
	add_u16(out, y);
	add_u16(out, w);
	add_u16(out, h);
	rfb_u32(out, encoding);
}

/* In 32 bits of which one end is never used, ZRLE leaves that out. */
static bool
is_compact(const struct rfb_format *f, bool *low_out)
{
	uint32_t used = 0;

	for (int i = 0; i < 3; i++)
		used |= (uint32_t)f->max[i] << f->shift[i];
	*low_out = !(used & 0xff000000);
	return f->bits == 32 && f->depth <= 24 &&
	    (*low_out || !(used & 0xff));
}

void
rfb_pixel(const struct rfb_format *f, uint32_t rgb, bool compact,
    struct buf *out)
{
	int first = 0, n = f->bits / 8;
	uint32_t v = 0;
	bool low;

	for (int i = 0; i < 3; i++)
		v |= ((rgb >> (16 - 8 * i) & 0xff) * f->max[i] + 127) / 255
		    << f->shift[i];
	if (compact && is_compact(f, &low)) {
		first = low ? 0 : 1;
		n = 3;
	}
	for (int i = 0; i < n; i++)
		buf_addc(out, (char)(v >> 8 * (f->big_endian ?
		    first + n - 1 - i : first + i)));
}
