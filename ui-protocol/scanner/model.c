#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

void *
xalloc(unsigned long size)
{
	void *p = calloc(1, size);

	if (!p)
		abort();
	return p;
}

void
list_add(struct list *l, void *p)
{
	if ((l->n & (l->n - 1)) == 0) {
		l->v = realloc(l->v, sizeof(*l->v) * (l->n ? l->n * 2u : 1u));
		if (!l->v)
			abort();
	}
	l->v[l->n++] = p;
}

char *
fmt(const char *f, ...)
{
	char *s = NULL;
	va_list ap;

	va_start(ap, f);
	if (vasprintf(&s, f, ap) == -1)
		abort();
	va_end(ap);
	return s;
}

static char *
mapped(const char *s, int (*fn)(int))
{
	char *r = fmt("%s", s);

	for (char *p = r; *p; p++) {
		unsigned char ch = (unsigned char)*p;

		*p = isalnum(ch) ? (char)fn(ch) : '_';
	}
	return r;
}

char *
lower(const char *s)
{
	return mapped(s, tolower);
}

char *
upper(const char *s)
{
	return mapped(s, toupper);
}

static int
same(int ch)
{
	return ch;
}

static bool
in_array(const char *s, const char *const *array, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(s, array[i]))
			return true;
	return false;
}

#define IN_ARRAY(s, a) in_array(s, a, sizeof(a) / sizeof(*(a)))

char *
identifier(const char *s)
{
	static const char *const keywords[] = { "auto", "break", "case",
		"char", "const", "continue", "default", "do", "double", "else",
		"enum", "extern", "float", "for", "goto", "if", "inline",
		"int", "long", "register", "return", "short", "signed",
		"sizeof", "static", "struct", "switch", "typedef", "union",
		"unsigned", "void", "volatile", "while", "bool", "true",
		"false", "asm", "typeof" };
	char *r = mapped(s, same);

	return IN_ARRAY(r, keywords) ? fmt("%s_", r) : r;
}

char *
class_tag(const char *s)
{
	static const char *const taken[] = { "blob", "class_type", "enum_type",
		"field", "key_role", "method", "object", "record_type", "ref",
		"role_type", "type", "vec" };
	char *r = lower(s);

	return IN_ARRAY(r, taken) ? fmt("%s_", r) : r;
}

void
complain(struct model *m, struct loc at, const char *f, ...)
{
	va_list ap;

	fprintf(stderr, "%s:%d: ", at.file, at.line);
	va_start(ap, f);
	vfprintf(stderr, f, ap);
	va_end(ap);
	fputc('\n', stderr);
	m->complaints++;
}

struct class *
model_class(const struct model *m, const char *name)
{
	for (int i = 0; i < m->classes.n; i++) {
		struct class *c = m->classes.v[i];

		if (!strcmp(c->name, name))
			return c;
	}
	return NULL;
}

struct role_def *
model_role(const struct model *m, const char *name)
{
	for (int i = 0; i < m->roles.n; i++) {
		struct role_def *r = m->roles.v[i];

		if (!strcmp(r->name, name))
			return r;
	}
	return NULL;
}

struct field *
record_find(const struct record *r, const char *name)
{
	for (int i = 0; i < r->fields.n; i++) {
		struct field *f = r->fields.v[i];

		if (!strcmp(f->name, name))
			return f;
	}
	return NULL;
}

struct message *
class_message(const struct class *c, const char *name)
{
	for (int i = 0; i < c->messages.n; i++) {
		struct message *msg = c->messages.v[i];

		if (!strcmp(msg->name, name))
			return msg;
	}
	return NULL;
}

bool
is_set_or_map(const struct type *t)
{
	return t->kind == KIND_SET || t->kind == KIND_MAP;
}

bool
message_is_built(const struct message *msg)
{
	return !msg->later && !msg->removed && !msg->refused;
}
