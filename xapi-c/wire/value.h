/*
 * A decoded request parameter before its type is known: what the XML and the
 * JSON parser both produce, and the conversion to typed structs.  Everything
 * lives in the arena of the request.  Limits below bound what a peer can make
 * us build; the body's size was limited before.
 */
#ifndef WIRE_VALUE_H
#define WIRE_VALUE_H

#include "base/arena.h"
#include "base/type.h"

#define VALUE_MAX_DEPTH 32
#define VALUE_MAX_ELEMENTS 20000

enum value_kind {
	VALUE_NIL, VALUE_STRING, VALUE_INT, VALUE_FLOAT, VALUE_BOOL,
	VALUE_DATETIME, VALUE_ARRAY, VALUE_STRUCT,
};

struct member;

struct value {
	enum value_kind kind;
	uint32_t n;			/* VALUE_ARRAY, VALUE_STRUCT */
	union {
		const char *s;		/* VALUE_STRING, VALUE_DATETIME */
		int64_t i;
		double d;
		bool b;
		const struct value *items;
		const struct member *members;
	};
};

struct member {
	const char *name;
	struct value v;
};

/* A parsed call, from either transport. */
struct request {
	const char *method;
	const struct value *params;
	uint32_t n_params;
	bool bad_utf8;		/* the body had bytes that are not UTF-8 */
};

enum decode_fault {
	DECODE_TYPE,		/* text says what was expected */
	DECODE_UTF8,		/* text is the repaired string */
	DECODE_REF,		/* text is no reference; cls its class */
};

struct decode_error {
	enum decode_fault fault;
	const char *text;
	const char *cls;
};

struct decoder {
	struct arena *arena;
	bool check_utf8;	/* strings may hold replacement characters */
	struct decode_error err;
};

/*
 * Converts v to type t at out.  An empty string is the null reference; ints
 * may be text, bools may not; records take their defaults first, and unknown
 * members are ignored.  -1 with d->err set.
 */
int value_decode(struct decoder *d, const struct type *t,
    const struct value *v, void *out);
/* As a constructor's record: takes FIELD_CTOR members only and insists on
 * those that are FIELD_REQUIRED. */
int value_decode_ctor(struct decoder *d, const struct record_type *rt,
    const struct value *v, void *out);
/* The struct's member, or NULL. */
const struct value *value_member(const struct value *v, const char *name);

#endif
