/*
 * POST /cli: commands of xe over the thin protocol (wire/thin.h), which takes
 * the connection over instead of an HTTP reply.  The body, a command line, is
 * read like that of an RPC; a worker answers what needs no session, and logs in;
 * the command then has a stream's thread.
 */
#ifndef HTTP_CLI_H
#define HTTP_CLI_H

#include "http/stream.h"

/* On a worker: NULL when c holds all that there is to say. */
struct stream *http_cli_new(struct xapi *x, struct conn *c);
/* c says that there are too many. */
void http_cli_refuse(struct conn *c, struct stream *s, const char *why);
void http_cli_stream(struct stream *s);

#endif
