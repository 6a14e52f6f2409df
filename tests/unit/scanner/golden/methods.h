/*
 * Generated from ui-protocol/xenapi/ by the scanner; do not edit.
 * The messages of XenAPI: arguments, handlers, table.
 */
#ifndef GEN_METHODS_H
#define GEN_METHODS_H

#include "gen/types.h"

struct call;

enum method_kind {
	METHOD_EXPLICIT, METHOD_CTOR, METHOD_GET, METHOD_SET, METHOD_ADD_TO,
	METHOD_REMOVE_FROM, METHOD_ADD, METHOD_REMOVE, METHOD_GET_ALL,
	METHOD_GET_ALL_RECORDS, METHOD_GET_ALL_WHERE,
	METHOD_GET_ALL_RECORDS_WHERE, METHOD_GET_RECORD, METHOD_GET_BY_UUID,
	METHOD_GET_BY_NAME_LABEL,
};

enum method_flag {
	METHOD_ASYNC = 1 << 0,		/* has Async. forms */
	METHOD_NO_SESSION = 1 << 1,	/* takes no session */
	METHOD_HIDDEN = 1 << 2,		/* not in system.listMethods */
	METHOD_SECRET = 1 << 3,		/* arguments never in errors */
	METHOD_POOL_INTERNAL = 1 << 4,	/* sessions between hosts only */
	METHOD_CLIENT_CERT = 1 << 5,	/* allowed to client certificates */
	METHOD_LATER = 1 << 6,		/* is in XenAPI, but not here yet */
	METHOD_REMOVED = 1 << 7,	/* was in XenAPI: MESSAGE_REMOVED */
};

/* The error that a message answers which this host will not have. */
struct refusal {
	const char *code;
	const char *const *params;
	int n;
};

/*
 * One method.  An accessor (any kind but EXPLICIT and CTOR) has neither args nor
 * run: its parameters follow from the kind, self first; of SET, ADD and
 * REMOVE the value, of ADD_TO key and value, of REMOVE_FROM the key, of WHERE
 * an expression; uuid or label alone.  run is NULL too where rpc/ answers:
 * event.from, and what is later, removed or refused.
 */
struct method {
	const char *name;		/* "VM.start" */
	enum method_kind kind;
	int class_id;
	int field;			/* index in the class, or -1 */
	uint32_t flags;			/* enum method_flag */
	uint8_t role;			/* least enum role_id that may call it */
	const struct record_type *args;	/* NULL: none */
	const struct type *result;
	int (*run)(struct call *c, const void *args, void *result);
	uint16_t min_args;		/* mandatory ones, without session */
	uint16_t n_args;
	const struct refusal *refused;	/* NULL: it is not */
};

extern const struct method methods[];	/* by name */
extern const int n_methods;
/* NULL: there is none. */
const struct method *method_find(const char *name);

/* Keys of a map that a lesser role than the field's may write (or that need a
 * greater one).  A key ending in * is a prefix. */
struct key_role {
	int class_id;
	int field;
	const char *key;
	uint8_t role;
};
extern const struct key_role key_roles[];
extern const int n_key_roles;

/*
 * What a field does not do yet.  With values: those, separated by blanks.  Else
 * all but the default and the words in works; of a map's key all but works.
 */
struct later {
	int class_id;
	int field;
	const char *key, *values, *works;	/* NULL: none */
	const char *why;
};
extern const struct later laters[];
extern const int n_laters;

/* What an error means, for people, and what its parameters are. */
struct error_doc {
	const char *code;
	const char *text;
	const char *params;		/* names, separated by blanks */
};
extern const struct error_doc error_docs[];
extern const int n_error_docs;

/* Makes a lamp. */
struct lamp_create_args {
	struct lamp args;
};
int api_lamp_create(struct call *c,
    const struct lamp_create_args *a, struct ref *result);

/* Dims it. */
struct lamp_dim_args {
	struct ref self;	/* Lamp ref */
	/* 0 to 1 */
	double by;
};
int api_lamp_dim(struct call *c,
    const struct lamp_dim_args *a);

#endif
