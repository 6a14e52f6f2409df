/*
 * Runs a stream by its route.  One that changes state, or opens a console, has
 * its line in the audit log (api/access/audit.h) once it is over.
 */
#ifndef HTTP_AUDITED_H
#define HTTP_AUDITED_H

#include "http/stream.h"

void audited_stream(struct stream *s);

#endif
