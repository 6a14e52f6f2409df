/* The font of the screen: 8 by 16 pixels a character. */
#ifndef RFB_FONT_H
#define RFB_FONT_H

#include <stdint.h>

#define FONT_ROWS 16

/* The rows of a character, the leftmost pixel in the highest bit; those of a
 * replacement if the font has none. */
const uint8_t *font_rows(uint32_t code);

#endif
