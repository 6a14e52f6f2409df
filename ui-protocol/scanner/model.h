/*
 * What the scanner knows: the interface definition as one tree of plain
 * structs.  parse.c fills it from XML, check.c resolves names and checks,
 * emit_*.c write it out.  Nothing is ever freed: the process ends when the last
 * file is written.
 */
#ifndef SCANNER_MODEL_H
#define SCANNER_MODEL_H

#include <stdbool.h>

struct loc {
	const char *file;
	int line;
};

/* A growing array of pointers. */
struct list {
	void **v;
	int n;
};

enum kind {
	KIND_VOID, KIND_STRING, KIND_INT, KIND_FLOAT, KIND_BOOL, KIND_DATETIME,
	KIND_BLOB, KIND_ENUM, KIND_REF, KIND_RECORD, KIND_SET, KIND_MAP,
};

struct enum_def {
	struct loc at;
	const char *name;	/* as in the XML */
	const char *c;		/* C tag: "vbd_mode", "xenops_code" */
	const char *doc;
	bool exact;
	struct list values;	/* const char * */
};

struct type {
	enum kind kind;
	struct loc at;
	const char *name;	/* of the enum, record or class */
	const char *text;	/* as in the XML */
	struct type *key, *elem;
	struct enum_def *en;	/* resolved by model_check */
	struct record *rec;
	struct class *cls;
	const char *id;		/* "vm_ref_set": suffix of the C constant */
};

struct key_role {
	struct loc at;
	const char *key;
	const char *role;
};

/* What a field does not do yet: any value but the default and those that work,
 * or only certain values, or a key of a map. */
struct later {
	struct loc at;
	const char *key, *values, *works;	/* NULL: not given */
	const char *why;
};

struct field {
	struct loc at;
	const char *name;
	const char *c;		/* C identifier */
	const char *doc;
	struct type *type;
	int tag;
	const char *qualifier;	/* "RW", "StaticRO", "DynamicRO" */
	const char *since, *deprecated, *removed;
	const char *dflt;	/* NULL: none */
	const char *persist;	/* NULL: as the class */
	const char *write_role, *read_role;
	const char *far, *near;	/* field of the class at the other end */
	bool cascade;		/* what it refers to goes with the object */
	bool prototype;
	bool internal, secret, custom_setter, optional;
	bool async;		/* its generated setters have Async. forms */
	struct list key_roles;
	struct list later;
	struct field *other;	/* resolved far or near */
	struct class *other_class;
	int index;
};

/* A C struct with a table: a class, arguments, a protocol record. */
struct record {
	struct loc at;
	const char *name;	/* wire name */
	const char *c;		/* C tag */
	const char *doc;
	const char *table;	/* C lvalue of its struct record_type */
	struct list fields;
};

/* The error with which this host answers a message that it will not have. */
struct refusal {
	struct loc at;
	const char *error;
	struct list with;	/* const char *: the error's parameters */
	const char *why;
};

struct message {
	struct loc at;
	struct class *cls;	/* NULL in the protocol */
	const char *name;
	const char *c;		/* "vm_start", "xenops_vm_start" */
	const char *doc;
	const char *role;
	const char *since, *deprecated, *removed;
	const char *later;	/* subject that builds it; NULL: none */
	struct refusal *refused;	/* NULL: it is built */
	bool prototype;
	bool async, no_session, hidden, pool_internal, secret, ctor;
	bool client_cert;
	bool in_rpc;		/* answered by rpc/ itself: no handler */
	bool worker, event;	/* protocol only */
	struct record args;
	struct type *result;
	const char *result_doc;
	struct record results;	/* protocol only */
	struct list errors;	/* const char * */
	struct list error_at;	/* struct loc * */
};

struct class {
	struct loc at;
	struct record rec;
	const char *name;
	const char *c;		/* "vm": prefix of functions */
	int tag;
	int id;			/* position by tag */
	const char *persist;
	bool events, by_name, prototype;
	const char *accessors;	/* "all", "object", "records", "none" */
	const char *read_role;	/* of the accessors of whole objects */
	const char *since, *deprecated, *removed;
	struct list enums;
	struct list messages;
};

struct error_def {
	struct loc at;
	const char *name;
	const char *doc;
	struct list params;	/* const char * */
};

struct role_def {
	struct loc at;
	const char *name;
	const char *doc;
	bool internal;
};

struct protocol {
	const char *name;
	int version;
	const char *doc;
	struct list enums;
	struct list records;
	struct list messages;	/* requests, then events */
};

struct model {
	int complaints;
	struct list roles;	/* least first */
	struct list classes;	/* by tag, after model_check */
	struct list errors;
	struct protocol *protocol;
};

void list_add(struct list *l, void *p);
void *xalloc(unsigned long size);
char *fmt(const char *f, ...) __attribute__((format(printf, 1, 2)));
char *lower(const char *s);
char *upper(const char *s);
/* A C identifier: other characters become _, a keyword gets one more. */
char *identifier(const char *s);
/* The tag of a class's struct: lower case, and _ where base/ or the
 * generated headers have a tag of that name. */
char *class_tag(const char *s);

/* Says "file:line: text" and counts. */
void complain(struct model *m, struct loc at, const char *f, ...)
    __attribute__((format(printf, 3, 4)));

struct class *model_class(const struct model *m, const char *name);
struct role_def *model_role(const struct model *m, const char *name);
struct field *record_find(const struct record *r, const char *name);
struct message *class_message(const struct class *c, const char *name);
bool is_set_or_map(const struct type *t);
/* Has it a handler? */
bool message_is_built(const struct message *msg);

#endif
