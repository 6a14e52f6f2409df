/*
 * Runs a stream by its route.  One that changes state, or opens a console, has
 * its line in the audit log (api/access/audit.h) once it is over; while the
 * host's system is on trial (api/trial.h) the former are refused.
 */
#ifndef HTTP_AUDITED_H
#define HTTP_AUDITED_H

#include "http/stream.h"

void audited_stream(struct stream *s);

#endif
