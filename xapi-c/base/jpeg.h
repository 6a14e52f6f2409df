/*
 * A picture as a JPEG file (ITU T.81, baseline): what pictures of screens are
 * asked for as.  Colours are not thinned out, so that small text stays legible;
 * one table of each kind, the standard's for brightness, serves all three
 * components.  Any thread.
 */
#ifndef BASE_JPEG_H
#define BASE_JPEG_H

#include <stdint.h>

#include "base/buf.h"

#define JPEG_MAX_SIDE 65535

/* pixels: 0xRRGGBB, rows from the top; width and height: 1 to JPEG_MAX_SIDE. */
void jpeg_encode(const uint32_t *pixels, unsigned width, unsigned height,
    struct buf *out);

#endif
