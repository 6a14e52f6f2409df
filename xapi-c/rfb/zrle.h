/*
 * The encoding ZRLE: tiles of 64 by 64 pixels, those of few colours with a
 * palette, all in one zlib stream as long as the connection lasts.
 */
#ifndef RFB_ZRLE_H
#define RFB_ZRLE_H

#include <zlib.h>

#include "rfb/rfb.h"

#define ZRLE_TILE 64

struct zrle {
	z_stream z;
	struct buf plain;		/* of one rectangle */
};

void zrle_init(struct zrle *z);
void zrle_release(struct zrle *z);
/* A rectangle is begun, its tiles follow from left to right and line by line,
 * w by h pixels each, and it is ended: then its bytes are appended to out. */
void zrle_begin(struct zrle *z);
void zrle_tile(struct zrle *z, const struct rfb_format *f, const uint32_t *px,
    int w, int h);
void zrle_end(struct zrle *z, struct buf *out);

#endif
