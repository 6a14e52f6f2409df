/*
 * Parses the head of an HTTP request.  Pure functions on bytes; everything
 * parsed lives in the arena.
 */
#ifndef HTTP_HEAD_H
#define HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "http/limits.h"

enum http_method {
	HTTP_GET, HTTP_PUT, HTTP_POST, HTTP_CONNECT, HTTP_OPTIONS,
};

struct http_pair {
	const char *name;
	const char *value;
};

struct http_pairs {
	struct http_pair *v;
	int n;
};

struct http_head {
	enum http_method method;
	int minor;			/* HTTP/1.x */
	const char *target;		/* as sent: path and query */
	const char *path;		/* decoded */
	struct http_pairs query;	/* decoded, in order */
	struct http_pairs cookies;
	struct http_pairs headers;
	int64_t length;			/* Content-Length, or -1 */
	bool keep_alive;
	bool expects_continue;
};

/* Bytes of the head with its blank line, or 0 while it is incomplete. */
size_t http_head_size(const char *data, size_t len);
/*
 * 0, or the HTTP status that refuses it: 400, 431, 501, 505.  Whatever leaves
 * a doubt about where the body ends is 400: any Transfer-Encoding, a second
 * Content-Length (even an equal one) or one that is not digits alone, blanks
 * around a name, folded lines, control characters, ends of lines of two kinds,
 * HTTP/1.1 without one Host.
 */
int http_head_parse(struct arena *a, const char *data, size_t len,
    struct http_head *out);

/* First value of that name or NULL; header names in any case. */
const char *http_header(const struct http_head *h, const char *name);
const char *http_query(const struct http_head *h, const char *name);
/* Cookie, then query. */
const char *http_param(const struct http_head *h, const char *name);

/* NULL if it is not base64; NUL-terminated. */
char *http_base64_decode(struct arena *a, const char *text, size_t *len_out);
char *http_base64_encode(struct arena *a, const void *data, size_t len);

#endif
