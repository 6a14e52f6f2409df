/*
 * A disk in another form than raw, between a client and the program that packs or
 * unpacks it (xenops.xml, vdi_open), which is trusted with nothing: all it says is
 * bounded.  No byte of an image is looked at here.  On a stream's thread, the reply
 * having gone out.  0, or -1 with the call's error set.
 */
#ifndef HTTP_DISK_IMAGE_H
#define HTTP_DISK_IMAGE_H

#include "api/stream.h"
#include "http/stream.h"

int disk_image_import(struct stream *s, struct stream_vdi *vdi);
int disk_image_export(struct stream *s, struct stream_vdi *vdi);

#endif
