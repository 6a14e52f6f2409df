/*
 * GET /vncsnapshot: what is on a VM's screen now, as a JPEG.  uuid or ref: of the
 * VM or of its rfb console.  A picture takes memory: a few at once, 503 then.
 */
#ifndef HTTP_SNAPSHOT_H
#define HTTP_SNAPSHOT_H

#include "http/stream.h"

void snapshot_stream(struct stream *s);

#endif
