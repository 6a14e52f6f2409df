/*
 * One small file by http or https, or one to a server, on one blocking
 * connection without any limit of time: the calling program sets an alarm.  A
 * server is known by the SHA-256 of its certificate, not by its name or by who
 * signed it: a host that nobody has set up yet has no list of authorities.  No
 * redirects.
 */
#ifndef NET_FETCH_H
#define NET_FETCH_H

#include "base/buf.h"

#define FETCH_WHY 256

struct fetch {
	const char *url;		/* http://host[:port]/path */
	const char *cert;		/* hex, for https; NULL: none */
	const char *digest;		/* hex, of the file; NULL: any file */
	size_t max;			/* bytes */
	const void *post;		/* sent as text; NULL: a file is asked
					 * for */
	size_t post_len;
};

/* Appends the file, or what the server says to one that it got.  0, or -1 with
 * why, for a person. */
int fetch(const struct fetch *f, struct buf *out, char why[static FETCH_WHY]);

#endif
