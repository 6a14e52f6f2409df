/*
 * JSON-RPC calls (1.0 and 2.0) to values.  Limits as in wire/value.h.  Any
 * thread.
 */
#ifndef WIRE_JSON_H
#define WIRE_JSON_H

#include "wire/value.h"

struct json_request {
	struct request call;
	bool v2;
	const char *id;		/* JSON text, to be echoed */
};

/* 0, or -EBADMSG when the text is no JSON-RPC call with an id. */
int json_parse(struct arena *a, const char *data, size_t len,
    struct json_request *out);
#endif
