/*
 * PUT /update: the body is an update image for this host, of a stated length.
 * xapi does not look into it: a program of xenopsd's takes it, or says why not
 * (api/stream.h).  The reply, text, comes at the end; a task goes along.  On a
 * stream's thread.
 */
#ifndef HTTP_UPDATE_H
#define HTTP_UPDATE_H

#include "http/stream.h"

void update_upload(struct stream *s);

#endif
