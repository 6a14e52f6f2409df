#include <stdlib.h>
#include <string.h>

#include "default.h"

#define EPOCH "19700101T00:00:00Z"

static int
enum_index(const struct enum_def *e, const char *text)
{
	for (int i = 0; e && i < e->values.n; i++)
		if (!strcmp(e->values.v[i], text))
			return i;
	return -1;
}

/* The next word of *p, or NULL at its end. */
static char *
next_word(const char **p)
{
	size_t n;
	char *w;

	*p += strspn(*p, " ");
	n = strcspn(*p, " ");
	if (!n)
		return NULL;
	w = fmt("%.*s", (int)n, *p);
	*p += n;
	return w;
}

static bool
number_valid(const char *text, bool is_float)
{
	char *end;

	if (is_float)
		(void)strtod(text, &end);
	else
		(void)strtoll(text, &end, 10);
	return *text && !*end;
}

static bool
elements_valid(const struct type *t, const char *text)
{
	const char *w;

	if (t->kind == KIND_MAP && *text &&
	    (t->key->kind != KIND_STRING || t->elem->kind != KIND_STRING))
		return false;
	while ((w = next_word(&text)))
		if (t->kind == KIND_MAP ? !strchr(w, '=') :
		    t->elem->kind == KIND_REF || is_set_or_map(t->elem) ||
		    !default_valid(t->elem, w))
			return false;
	return true;
}

bool
default_valid(const struct type *t, const char *text)
{
	switch (t->kind) {
	case KIND_STRING:
		return true;
	case KIND_INT:
	case KIND_FLOAT:
		return number_valid(text, t->kind == KIND_FLOAT);
	case KIND_BOOL:
		return !strcmp(text, "true") || !strcmp(text, "false");
	case KIND_DATETIME:
		return !strcmp(text, EPOCH);
	case KIND_ENUM:
		return !t->en || enum_index(t->en, text) >= 0;
	case KIND_REF:
		return !strcmp(text, "OpaqueRef:NULL");
	case KIND_SET:
	case KIND_MAP:
		return elements_valid(t, text);
	default:
		return false;
	}
}

bool
default_is_zero(const struct type *t, const char *text)
{
	switch (t->kind) {
	case KIND_STRING:
	case KIND_SET:
	case KIND_MAP:
		return !*text;
	case KIND_INT:
	case KIND_FLOAT:
		return strtod(text, NULL) == 0;
	case KIND_BOOL:
		return !strcmp(text, "false");
	case KIND_ENUM:
		return enum_index(t->en, text) == 0;
	default:
		return true;
	}
}

static void
emit_string(FILE *f, const char *s)
{
	fputc('"', f);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			fputc('\\', f);
		fputc(*s, f);
	}
	fputc('"', f);
}

static void
emit_scalar(FILE *f, const struct type *t, const char *text)
{
	if (t->kind == KIND_STRING)
		emit_string(f, text);
	else if (t->kind == KIND_ENUM)
		fprintf(f, "%s_%s", upper(t->en->c), upper(text));
	else
		fputs(text, f);
}

/* The array a set or map default points at; returns its length. */
static int
emit_elements(FILE *f, const struct type *t, const char *name,
    const char *text)
{
	static const char *const c_types[] = { [KIND_STRING] = "char *const ",
		[KIND_INT] = "int64_t ", [KIND_FLOAT] = "double ",
		[KIND_BOOL] = "bool ", [KIND_ENUM] = "int " };
	char *w, *eq;
	int n = 0;

	fprintf(f, "static const %s%s[] = {\n", t->kind == KIND_MAP ?
	    "struct string_pair " : c_types[t->elem->kind], name);
	for (; (w = next_word(&text)); n++) {
		fputc('\t', f);
		if (t->kind == KIND_MAP) {
			eq = strchr(w, '=');
			*eq = 0;
			fputs("{ ", f);
			emit_string(f, w);
			fputs(", ", f);
			emit_string(f, eq + 1);
			fputs(" }", f);
		} else {
			emit_scalar(f, t->elem, w);
		}
		fputs(",\n", f);
	}
	fputs("};\n", f);
	return n;
}

void
default_emit(FILE *f, const struct record *r)
{
	int *lengths = xalloc(sizeof(int) * (unsigned)(r->fields.n + 1));
	bool open = false;

	for (int i = 0; i < r->fields.n; i++) {
		const struct field *fd = r->fields.v[i];

		if (fd->dflt && is_set_or_map(fd->type) && *fd->dflt)
			lengths[i] = emit_elements(f, fd->type,
			    fmt("%s_default_%s", r->c, fd->c), fd->dflt);
	}
	fprintf(f, "static const struct %s%s%s_default", r->c,
	    strlen(r->c) > 22 ? "\n    " : " ", r->c);
	for (int i = 0; i < r->fields.n; i++) {
		const struct field *fd = r->fields.v[i];

		if (!fd->dflt || default_is_zero(fd->type, fd->dflt))
			continue;
		fprintf(f, "%s\t.%s = ", open ? "" : " = {\n", fd->c);
		open = true;
		if (is_set_or_map(fd->type))
			fprintf(f, "{ %s_default_%s, %d }", r->c, fd->c,
			    lengths[i]);
		else
			emit_scalar(f, fd->type, fd->dflt);
		fputs(",\n", f);
	}
	fputs(open ? "};\n" : ";\n", f);
}
