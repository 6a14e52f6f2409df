/*
 * Which request goes where: by method and longest prefix of the path, compared
 * as text, not by segments (clients depend on /import_raw_vdi/ and /xmlrpc).
 */
#ifndef HTTP_ROUTE_H
#define HTTP_ROUTE_H

#include "api/access/role.h"
#include "http/head.h"

struct stream;
struct conn;

enum route_kind {
	ROUTE_RPC_XML, ROUTE_RPC_JSON,	/* body first, then a worker */
	ROUTE_PAGE,			/* answered at once by page() */
	ROUTE_SITE,			/* a file of the site */
	ROUTE_STREAM,			/* a thread of its own */
	ROUTE_CLI,			/* body first, then a worker, then a
					 * thread of its own */
};

struct route {
	enum http_method method;
	const char *prefix;
	enum route_kind kind;
	void (*page)(struct conn *c);
	void (*stream)(struct stream *s);
	enum http_action action;	/* of a stream: its permission */
};

/* NULL: nothing has that prefix. */
const struct route *route_find(enum http_method method, const char *path);

#endif
