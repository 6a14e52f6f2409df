#include "rfb/font.h"

#include <stddef.h>
#include <stdlib.h>

struct glyph {
	uint16_t code;
	uint8_t rows[FONT_ROWS];
};

#include <font_terminus.h>	/* font[], in the order of their codes */

#define N_FONT (sizeof(font) / sizeof(font[0]))

static int
compare(const void *key, const void *item)
{
	uint32_t code = *(const uint32_t *)key;
	uint16_t other = ((const struct glyph *)item)->code;

	return code < other ? -1 : code > other;
}

const uint8_t *
font_rows(uint32_t code)
{
	static const uint8_t box[FONT_ROWS] = { 0, 0, 0x7e, 0x42, 0x42, 0x42,
		0x42, 0x42, 0x42, 0x42, 0x42, 0x7e };
	static const uint8_t blank[FONT_ROWS];
	const struct glyph *g;

	if (code <= ' ')
		return blank;
	g = bsearch(&code, font, N_FONT, sizeof(font[0]), compare);
	return g ? g->rows : box;
}
