/*
 * GET /audit_log: the lines of api/access/audit.h, oldest first; with since= only
 * those of that time or later.
 */
#ifndef HTTP_AUDIT_H
#define HTTP_AUDIT_H

#include "http/stream.h"

void audit_log(struct stream *s);

#endif
