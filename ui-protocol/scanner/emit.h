/*
 * Writers of the generated files, one function a file, and what they share.
 * Each writes to f and may rely on model_check having found nothing.
 */
#ifndef SCANNER_EMIT_H
#define SCANNER_EMIT_H

#include <stdio.h>

#include "model.h"

void emit_types_h(FILE *f, const struct model *m);
void emit_types_c(FILE *f, const struct model *m);
void emit_store_h(FILE *f, const struct model *m);
void emit_errors_h(FILE *f, const struct model *m);
void emit_methods_h(FILE *f, const struct model *m);
void emit_methods_c(FILE *f, const struct model *m);
void emit_xenops_h(FILE *f, const struct model *m);
void emit_xenops_c(FILE *f, const struct model *m);
void emit_ops_stubs_h(FILE *f, const struct model *m);
void emit_lock(FILE *f, const struct model *m);
void emit_html_index(FILE *f, const struct model *m);
void emit_html_errors(FILE *f, const struct model *m);
void emit_html_class(FILE *f, const struct class *c);
void emit_ts(FILE *f, const struct model *m);

/* Accessors that follow from a class; the explicit messages are not among
 * them.  Used for the method table, the lock and the documentation. */
struct accessor {
	const char *kind;		/* "GET": METHOD_GET */
	const char *name;		/* "get_uuid" */
	const struct field *field;	/* NULL: of the whole object */
	const char *role;
	bool hidden;
	bool async;
	bool removed;
	int n_args;
	const char *result;		/* C constant: "type_string" */
	const char *result_text;	/* "string" */
};
struct list accessors_of(const struct class *c);	/* struct accessor * */

/* The "generated, do not edit" comment. */
void emit_banner(FILE *f, const char *source, const char *what);
/* Comment text, wrapped, at the given indent ("" or "\t"). */
void emit_comment(FILE *f, const char *indent, const char *text);
void emit_enum(FILE *f, const struct enum_def *e);
void emit_enum_table(FILE *f, const struct enum_def *e);
/* struct TAG { FIRST fields }; FIRST may be "". */
void emit_struct(FILE *f, const struct record *r, const char *first);
/* TAG_fields[], TAG_default; flags names FIELD_ flags of a field. */
void emit_fields(FILE *f, const struct record *r,
    const char *(*flags)(const struct field *fd, const void *arg),
    const void *arg);
/* { "name", fields, n, size, default } */
char *record_initialiser(const struct record *r);
/* Declaration of a variable of the type in C: "int64_t x". */
char *declare(const struct type *t, const char *name);
/* "type_" and the id. */
char *type_name(const struct type *t);

/* All distinct types reachable from a type, parts first, into l. */
void collect_type(struct list *l, const struct type *t);
void collect_record(struct list *l, const struct record *r);
/* Those that base/type.h does not have already. */
bool type_is_builtin(const struct type *t);
void emit_type(FILE *f, const struct type *t, const char *storage);

#endif
