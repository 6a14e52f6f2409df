/*
 * The streams of disks: /import_raw_vdi and /export_raw_vdi, with their
 * tasks.  On a stream's thread; the reply is its own.
 */
#ifndef HTTP_RAW_VDI_H
#define HTTP_RAW_VDI_H

#include "http/stream.h"

void raw_vdi_import(struct stream *s);
void raw_vdi_export(struct stream *s);

#endif
