#include "base/jpeg.h"

#include <stdlib.h>
#include <string.h>

#define SIDE 8
#define AREA (SIDE * SIDE)
#define COMPONENTS 3

/* From the top left to the bottom right: places in a block. */
static const uint8_t zigzag[AREA] = {
	0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5,
	12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
	35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
	58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
};

/* Table K.1, halved twice: text has sharp edges. */
static const uint8_t steps[AREA] = {
	4, 3, 3, 4, 6, 10, 13, 15,
	3, 3, 4, 5, 7, 15, 15, 14,
	4, 3, 4, 6, 10, 14, 17, 14,
	4, 4, 6, 7, 13, 22, 20, 16,
	5, 6, 9, 14, 17, 27, 26, 19,
	6, 9, 14, 16, 20, 26, 28, 23,
	12, 16, 20, 22, 26, 30, 30, 25,
	18, 23, 24, 25, 28, 25, 26, 25,
};

/* Tables K.3 and K.5: how many codes have each length, and what they mean. */
static const uint8_t dc_lengths[16] = { 0, 1, 5, 1, 1, 1, 1, 1, 1 };
static const uint8_t dc_values[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 };
static const uint8_t ac_lengths[16] = {
	0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 125
};
static const uint8_t ac_values[] = {
	0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06,
	0x13, 0x51, 0x61, 0x07, 0x22, 0x71, 0x14, 0x32, 0x81, 0x91, 0xa1, 0x08,
	0x23, 0x42, 0xb1, 0xc1, 0x15, 0x52, 0xd1, 0xf0, 0x24, 0x33, 0x62, 0x72,
	0x82, 0x09, 0x0a, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x25, 0x26, 0x27, 0x28,
	0x29, 0x2a, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x43, 0x44, 0x45,
	0x46, 0x47, 0x48, 0x49, 0x4a, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59,
	0x5a, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x73, 0x74, 0x75,
	0x76, 0x77, 0x78, 0x79, 0x7a, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89,
	0x8a, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0xa2, 0xa3,
	0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6,
	0xb7, 0xb8, 0xb9, 0xba, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9,
	0xca, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xe1, 0xe2,
	0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xf1, 0xf2, 0xf3, 0xf4,
	0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa,
};

struct codes {
	uint16_t code[256];
	uint8_t length[256];
};

struct coder {
	struct buf *out;
	struct codes dc, ac;
	int cosines[SIDE][SIDE];	/* of frequency and place, times 4096 */
	uint32_t bits;			/* the last n_bits are still to go out */
	int n_bits;
	int last[COMPONENTS];		/* mean of each one's block before */
};

static void
make_codes(struct codes *c, const uint8_t *lengths, const uint8_t *values)
{
	unsigned code = 0;

	for (int length = 1; length <= 16; length++) {
		for (int i = 0; i < lengths[length - 1]; i++) {
			c->code[*values] = (uint16_t)code++;
			c->length[*values++] = (uint8_t)length;
		}
		code <<= 1;
	}
}

/* cos(i * pi / 16), times 4096. */
static int
cosine(int i)
{
	static const int quarter[] = { 4096, 4017, 3784, 3406, 2896, 2276,
		1567, 799, 0 };

	i %= 32;
	if (i > 16)
		i = 32 - i;
	return i <= 8 ? quarter[i] : -quarter[16 - i];
}

static void
add_u16(struct buf *out, unsigned n)
{
	buf_addc(out, (char)(n >> 8));
	buf_addc(out, (char)n);
}

static void
add_table(struct buf *out, int kind, const uint8_t *lengths,
    const uint8_t *values, size_t n)
{
	buf_add(out, "\xff\xc4", 2);
	add_u16(out, 3 + 16 + (unsigned)n);
	buf_addc(out, (char)(kind << 4));
	buf_add(out, lengths, 16);
	buf_add(out, values, n);
}

static void
add_head(struct buf *out, unsigned width, unsigned height)
{
	buf_add(out, "\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0", 20);
	buf_add(out, "\xff\xdb\0\x43\0", 5);
	for (int i = 0; i < AREA; i++)
		buf_addc(out, (char)steps[zigzag[i]]);
	buf_add(out, "\xff\xc0\0\x11\x08", 5);
	add_u16(out, height);
	add_u16(out, width);
	buf_add(out, "\3\1\x11\0\2\x11\0\3\x11\0", 10);
	add_table(out, 0, dc_lengths, dc_values, sizeof(dc_values));
	add_table(out, 1, ac_lengths, ac_values, sizeof(ac_values));
	buf_add(out, "\xff\xda\0\x0c\3\1\0\2\0\3\0\0\x3f\0", 14);
}

static void
put(struct coder *c, unsigned bits, int n)
{
	c->bits = c->bits << n | bits;
	c->n_bits += n;
	while (c->n_bits >= 8) {
		c->n_bits -= 8;
		buf_addc(c->out, (char)(c->bits >> c->n_bits));
		if ((c->bits >> c->n_bits & 0xff) == 0xff)
			buf_addc(c->out, 0);
	}
}

/* zeros: coefficients before it that are none. */
static void
put_value(struct coder *c, const struct codes *codes, int zeros, int value)
{
	unsigned size = 0, symbol;

	while (abs(value) >> size)
		size++;
	symbol = (unsigned)zeros << 4 | size;
	put(c, codes->code[symbol], codes->length[symbol]);
	put(c, (unsigned)(value < 0 ? value - 1 : value) & ((1u << size) - 1),
	    (int)size);
}

/* Rows of `in` into columns of `out`, by frequency. */
static void
transform(const struct coder *c, const int *in, int *out, int shift)
{
	for (int y = 0; y < SIDE; y++) {
		for (int f = 0; f < SIDE; f++) {
			int sum = 0;

			for (int x = 0; x < SIDE; x++)
				sum += in[y * SIDE + x] * c->cosines[f][x];
			out[f * SIDE + y] = sum / (1 << shift);
		}
	}
}

static int
quantized(int value, int step)
{
	int whole = step << 4;		/* values have 4 bits of fraction */

	return (value < 0 ? value - whole / 2 : value + whole / 2) / whole;
}

static void
put_block(struct coder *c, int component, const int *samples)
{
	int half[AREA], block[AREA], zeros = 0, mean;

	transform(c, samples, half, 9);
	transform(c, half, block, 13);
	mean = quantized(block[0], steps[0]);
	put_value(c, &c->dc, 0, mean - c->last[component]);
	c->last[component] = mean;
	for (int i = 1; i < AREA; i++) {
		int at = zigzag[i], value = quantized(block[at], steps[at]);

		if (value == 0) {
			zeros++;
			continue;
		}
		for (; zeros > 15; zeros -= 16)
			put_value(c, &c->ac, 15, 0);
		put_value(c, &c->ac, zeros, value);
		zeros = 0;
	}
	if (zeros)
		put_value(c, &c->ac, 0, 0);
}

/* Brightness and two colours, around 0; in 65536ths. */
static void
components(uint32_t pixel, int *y, int *cb, int *cr)
{
	int r = pixel >> 16 & 0xff, g = pixel >> 8 & 0xff, b = pixel & 0xff;

	*y = (19595 * r + 38470 * g + 7471 * b) / 65536 - 128;
	*cb = (-11059 * r - 21709 * g + 32768 * b) / 65536;
	*cr = (32768 * r - 27439 * g - 5329 * b) / 65536;
}

/* What is beyond the edge is as the edge is. */
static void
put_square(struct coder *c, const uint32_t *pixels, unsigned width,
    unsigned height, unsigned left, unsigned top)
{
	int samples[COMPONENTS][AREA];

	for (unsigned i = 0; i < AREA; i++) {
		unsigned x = left + i % SIDE, y = top + i / SIDE;

		x = x < width ? x : width - 1;
		y = y < height ? y : height - 1;
		components(pixels[(size_t)y * width + x], &samples[0][i],
		    &samples[1][i], &samples[2][i]);
	}
	for (int i = 0; i < COMPONENTS; i++)
		put_block(c, i, samples[i]);
}

void
jpeg_encode(const uint32_t *pixels, unsigned width, unsigned height,
    struct buf *out)
{
	struct coder c = { .out = out };

	make_codes(&c.dc, dc_lengths, dc_values);
	make_codes(&c.ac, ac_lengths, ac_values);
	for (int f = 0; f < SIDE; f++)
		for (int x = 0; x < SIDE; x++)
			c.cosines[f][x] = f ? cosine((2 * x + 1) * f) :
			    cosine(4);
	add_head(out, width, height);
	for (unsigned y = 0; y < height; y += SIDE)
		for (unsigned x = 0; x < width; x += SIDE)
			put_square(&c, pixels, width, height, x, y);
	put(&c, 0x7f, 7);
	buf_add(out, "\xff\xd9", 2);
}
