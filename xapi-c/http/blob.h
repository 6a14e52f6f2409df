/*
 * GET and PUT /blob?ref= or uuid=: the bytes of a blob (api/blob.h).  PUT wants
 * a Content-Length and replaces them all.
 */
#ifndef HTTP_BLOB_H
#define HTTP_BLOB_H

#include "http/stream.h"

void blob_get(struct stream *s);
void blob_put(struct stream *s);

#endif
