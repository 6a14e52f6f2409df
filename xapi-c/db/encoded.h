/*
 * The encoded forms of a published object: its record as XML-RPC and JSON
 * text, made on first use and shared by all clients.  A form lives as long as
 * its object; keep the object (object_get) while a reply points at it.
 */
#ifndef DB_ENCODED_H
#define DB_ENCODED_H

#include "base/object.h"

enum form {
	FORM_XML,		/* <struct>...</struct>, without <value> */
	FORM_JSON,		/* {...} */
};

struct encoded {
	size_t len;
	char data[];
};

/* Any thread; two that race make it twice and keep one. */
const struct encoded *object_encoded(const struct object *o, enum form form);

#endif
