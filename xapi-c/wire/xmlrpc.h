/*
 * XML-RPC calls and responses to values.  Entities, DTDs, processing instructions and
 * anything fetched from elsewhere are refused; depth and number of elements
 * are limited (wire/value.h), the size by the caller.  The encoding is the
 * declared one (wire/charset.h).  Any thread, after xmlrpc_init ran once.
 */
#ifndef WIRE_XMLRPC_H
#define WIRE_XMLRPC_H

#include "wire/value.h"

void xmlrpc_init(void);
/* 0, or -EBADMSG when the text is no XML-RPC call. */
int xmlrpc_parse(struct arena *a, const char *data, size_t len,
    struct request *out);

/* What answers a call, by a program that we do not trust either. */
struct response {
	bool fault;
	const struct value *v;		/* the fault's, or the only parameter */
};

/* 0, or -EBADMSG when the text is no such thing. */
int xmlrpc_parse_response(struct arena *a, const char *data, size_t len,
    struct response *out);

#endif
