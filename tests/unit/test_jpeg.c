/*
 * Pictures as JPEG files: their frame, for every size at an edge of a block and
 * for noise.  That a decoder sees the picture is shown by check-screens.
 */
#include "base/jpeg.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

static unsigned
u16(const struct buf *b, size_t at)
{
	return (unsigned)(uint8_t)b->data[at] << 8 | (uint8_t)b->data[at + 1];
}

/* The place of the segment's length. */
static size_t
segment(const struct buf *b, unsigned marker)
{
	for (size_t at = 2; at + 4 <= b->len; at += 2 + u16(b, at + 2)) {
		if (u16(b, at) == marker)
			return at + 2;
	}
	ck_abort_msg("no segment %x", marker);
	return 0;
}

static void
encode(unsigned width, unsigned height, uint32_t (*pixel)(unsigned))
{
	uint32_t *pixels = calloc((size_t)width * height, sizeof(*pixels));
	struct buf b = { 0 };
	size_t at;

	for (unsigned i = 0; i < width * height; i++)
		pixels[i] = pixel(i);
	jpeg_encode(pixels, width, height, &b);
	ck_assert_uint_eq(u16(&b, 0), 0xffd8);
	ck_assert_uint_eq(u16(&b, b.len - 2), 0xffd9);
	at = segment(&b, 0xffc0);
	ck_assert_uint_eq(u16(&b, at + 3), height);
	ck_assert_uint_eq(u16(&b, at + 5), width);
	at = segment(&b, 0xffda);
	for (at += u16(&b, at); at + 2 < b.len; at++) {
		if ((uint8_t)b.data[at] == 0xff)
			ck_assert_int_eq(b.data[++at], 0);
	}
	buf_release(&b);
	free(pixels);
}

static uint32_t
grey(unsigned i)
{
	(void)i;
	return 0x808080;
}

static uint32_t
checkered(unsigned i)
{
	return i % 2 ? 0xffffff : 0;
}

static uint32_t
noise(unsigned i)
{
	return (i * 2654435761u ^ i << 7) & 0xffffff;
}

START_TEST(pictures_of_every_size_have_their_frame)
{
	for (unsigned side = 1; side <= 17; side++) {
		encode(side, 18 - side, grey);
		encode(side, 9, checkered);
	}
}
END_TEST

START_TEST(noise_is_packed_too)
{
	encode(640, 400, noise);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("jpeg", pictures_of_every_size_have_their_frame,
	    noise_is_packed_too);
}
