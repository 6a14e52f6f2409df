#include "rpc/where.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "wire/emit.h"

enum node_kind { NODE_TRUE, NODE_FALSE, NODE_NOT, NODE_AND, NODE_OR, NODE_EQ,
	NODE_EMPTY };

struct operand {
	const struct field *field;	/* NULL: text */
	const char *text;
};

struct where {
	enum node_kind kind;
	const struct where *a, *b;
	struct operand x, y;
};

enum token { T_END, T_OPEN, T_CLOSE, T_EQ, T_EMPTY, T_NOT_EMPTY, T_STRING,
	T_WORD, T_BAD };

struct parser {
	struct arena *arena;
	const struct record_type *rt;
	const char *p;
	enum token token;
	const char *text;		/* T_STRING, T_WORD */
	int depth, terms;
	const char *why;
};

static const struct where *parse_or(struct parser *p);

static void
next_string(struct parser *p)
{
	char quote = *p->p++, *out;
	const char *end = p->p;

	while (*end && *end != quote)
		end += *end == '\\' && end[1] ? 2 : 1;
	p->token = T_BAD;
	if (!*end)
		return;
	p->token = T_STRING;
	p->text = out = arena_alloc(p->arena, (size_t)(end - p->p) + 1);
	for (; p->p < end; p->p++) {
		if (*p->p == '\\')
			p->p++;
		*out++ = *p->p;
	}
	p->p++;
}

static bool
eat(struct parser *p, const char *s)
{
	if (strncmp(p->p, s, strlen(s)) != 0)
		return false;
	p->p += strlen(s);
	return true;
}

static void
next(struct parser *p)
{
	size_t n;

	while (isspace((unsigned char)*p->p))
		p->p++;
	if (*p->p == '\0') {
		p->token = T_END;
	} else if (*p->p == '"' || *p->p == '\'') {
		next_string(p);
	} else if (eat(p, "<>[]")) {
		p->token = T_NOT_EMPTY;
	} else if (eat(p, "=[]")) {
		p->token = T_EMPTY;
	} else if (eat(p, "(")) {
		p->token = T_OPEN;
	} else if (eat(p, ")")) {
		p->token = T_CLOSE;
	} else if (eat(p, "=")) {
		p->token = T_EQ;
	} else {
		for (n = 0; isalnum((unsigned char)p->p[n]) ||
		    p->p[n] == '_'; n++)
			;
		p->text = arena_strndup(p->arena, p->p, n);
		p->token = n ? T_WORD : T_BAD;
		p->p += n;
	}
}

static bool
is_word(const struct parser *p, const char *word)
{
	return p->token == T_WORD && strcmp(p->text, word) == 0;
}

static struct where *
node(struct parser *p, enum node_kind kind, const struct where *a,
    const struct where *b)
{
	struct where *w = arena_alloc(p->arena, sizeof(*w));

	w->kind = kind;
	w->a = a;
	w->b = b;
	return w;
}

static const struct where *
syntax(struct parser *p)
{
	if (!p->why)
		p->why = "cannot parse the query";
	return NULL;
}

/* The database spells name_label name__label. */
static const struct field *
find_field(struct parser *p, const char *name)
{
	char *flat = arena_strdup(p->arena, name), *s;
	const struct field *f = record_field(p->rt, name);

	s = f ? NULL : strstr(flat, "__");
	if (s) {
		memmove(s, s + 1, strlen(s));
		f = record_field(p->rt, flat);
	}
	if (!f || (f->flags & (FIELD_INTERNAL | FIELD_SECRET))) {
		p->why = "the query names an unknown field";
		return NULL;
	}
	return f;
}

static bool
parse_operand(struct parser *p, struct operand *o)
{
	if (is_word(p, "field")) {
		next(p);
		if (p->token != T_STRING)
			return false;
		o->field = find_field(p, p->text);
		if (!o->field)
			return false;
	} else if (p->token == T_STRING) {
		o->text = p->text;
	} else {
		return false;
	}
	next(p);
	return true;
}

/* name<>[] and name=[]: a query on sets, used on roles. */
static const struct where *
parse_emptiness(struct parser *p)
{
	const struct field *f = find_field(p, p->text);
	const struct where *w;
	struct where *empty;

	next(p);
	if (!f || (p->token != T_EMPTY && p->token != T_NOT_EMPTY) ||
	    (f->type->kind != KIND_SET && f->type->kind != KIND_MAP))
		return syntax(p);
	empty = node(p, NODE_EMPTY, NULL, NULL);
	empty->x.field = f;
	w = empty;
	if (p->token == T_NOT_EMPTY)
		w = node(p, NODE_NOT, empty, NULL);
	next(p);
	return w;
}

static const struct where *
parse_atom(struct parser *p)
{
	const struct where *w;
	struct where *eq;

	if (is_word(p, "true") || is_word(p, "false")) {
		w = node(p, is_word(p, "true") ? NODE_TRUE : NODE_FALSE,
		    NULL, NULL);
		next(p);
		return w;
	}
	if (p->token == T_OPEN) {
		next(p);
		w = parse_or(p);
		if (!w || p->token != T_CLOSE)
			return syntax(p);
		next(p);
		return w;
	}
	if (p->token == T_WORD && !is_word(p, "field"))
		return parse_emptiness(p);
	eq = node(p, NODE_EQ, NULL, NULL);
	if (!parse_operand(p, &eq->x) || p->token != T_EQ)
		return syntax(p);
	next(p);
	if (!parse_operand(p, &eq->y))
		return syntax(p);
	return eq;
}

static const struct where *
parse_not(struct parser *p)
{
	const struct where *w;

	if (++p->depth > WHERE_MAX_DEPTH || ++p->terms > WHERE_MAX_TERMS)
		return syntax(p);
	if (is_word(p, "not")) {
		next(p);
		w = parse_not(p);
		w = w ? node(p, NODE_NOT, w, NULL) : NULL;
	} else {
		w = parse_atom(p);
	}
	p->depth--;
	return w;
}

static const struct where *
parse_and(struct parser *p)
{
	const struct where *w = parse_not(p), *b;

	while (w && is_word(p, "and")) {
		next(p);
		b = parse_not(p);
		w = b ? node(p, NODE_AND, w, b) : NULL;
	}
	return w;
}

static const struct where *
parse_or(struct parser *p)
{
	const struct where *w = parse_and(p), *b;

	while (w && is_word(p, "or")) {
		next(p);
		b = parse_and(p);
		w = b ? node(p, NODE_OR, w, b) : NULL;
	}
	return w;
}

const struct where *
where_parse(struct arena *a, const struct record_type *rt, const char *text,
    const char **why)
{
	struct parser p = { .arena = a, .rt = rt, .p = text };
	const struct where *w;

	next(&p);
	w = parse_or(&p);
	if (w && p.token != T_END)
		w = syntax(&p);
	*why = p.why;
	return w;
}

#define SCALAR_TEXT 64

/* The text under which the database keeps a value that is no set or map. */
static const char *
scalar_text(const struct type *t, const void *v, char tmp[static SCALAR_TEXT])
{
	const char *s;

	switch (t->kind) {
	case KIND_STRING:
		s = *(const char *const *)v;
		return s ? s : "";
	case KIND_INT:
		snprintf(tmp, SCALAR_TEXT, "%" PRId64, *(const int64_t *)v);
		return tmp;
	case KIND_FLOAT:
		snprintf(tmp, SCALAR_TEXT, "%.16g", *(const double *)v);
		return tmp;
	case KIND_BOOL:
		return *(const bool *)v ? "true" : "false";
	case KIND_DATETIME:
		return datetime_text(*(const int64_t *)v, tmp);
	case KIND_ENUM:
		return t->en->names[*(const int *)v];
	case KIND_REF:
		return ref_text(v, tmp);
	default:
		return "";
	}
}

static void db_value(struct buf *b, const struct type *t, const void *v);

static void
db_quoted(struct buf *b, const struct type *t, const void *v)
{
	char tmp[SCALAR_TEXT];
	const char *s;

	if (t->kind == KIND_SET || t->kind == KIND_MAP) {
		db_value(b, t, v);
		return;
	}
	buf_addc(b, '\'');
	for (s = scalar_text(t, v, tmp); *s; s++) {
		if (*s == '\'' || *s == '\\')
			buf_addc(b, '\\');
		buf_addc(b, *s);
	}
	buf_addc(b, '\'');
}

static void
db_set(struct buf *b, const struct type *t, const struct vec *v)
{
	const char *p = v->v;
	uint32_t i;

	buf_addc(b, '(');
	for (i = 0; i < v->n; i++) {
		if (i)
			buf_addc(b, ' ');
		db_quoted(b, t->elem, p + (size_t)i * t->elem->size);
	}
	buf_addc(b, ')');
}

static void
db_map(struct buf *b, const struct type *t, const struct vec *v)
{
	size_t pair = type_pair_size(t), at = type_pair_value(t);
	const char *p = v->v;
	uint32_t i;

	buf_addc(b, '(');
	for (i = 0; i < v->n; i++, p += pair) {
		buf_adds(b, i ? " (" : "(");
		db_quoted(b, t->key, p);
		buf_addc(b, ' ');
		db_quoted(b, t->elem, p + at);
		buf_addc(b, ')');
	}
	buf_addc(b, ')');
}

static void
db_value(struct buf *b, const struct type *t, const void *v)
{
	char tmp[SCALAR_TEXT];

	if (t->kind == KIND_SET)
		db_set(b, t, v);
	else if (t->kind == KIND_MAP)
		db_map(b, t, v);
	else
		buf_adds(b, scalar_text(t, v, tmp));
}

static void
operand_text(struct buf *b, const struct operand *o, const void *obj)
{
	if (o->field)
		db_value(b, o->field->type,
		    (const char *)obj + o->field->offset);
	else
		buf_adds(b, o->text);
}

static bool
operands_equal(const struct where *w, const void *obj, struct buf *scratch)
{
	size_t len;

	buf_reset(scratch);
	operand_text(scratch, &w->x, obj);
	len = scratch->len;
	operand_text(scratch, &w->y, obj);
	return scratch->len == 2 * len &&
	    memcmp(scratch->data, scratch->data + len, len) == 0;
}

bool
where_matches(const struct where *w, const void *obj, struct buf *scratch)
{
	const struct vec *v;

	switch (w->kind) {
	case NODE_TRUE:
		return true;
	case NODE_FALSE:
		return false;
	case NODE_NOT:
		return !where_matches(w->a, obj, scratch);
	case NODE_AND:
		return where_matches(w->a, obj, scratch) &&
		    where_matches(w->b, obj, scratch);
	case NODE_OR:
		return where_matches(w->a, obj, scratch) ||
		    where_matches(w->b, obj, scratch);
	case NODE_EQ:
		return operands_equal(w, obj, scratch);
	case NODE_EMPTY:
		v = (const void *)((const char *)obj + w->x.field->offset);
		return v->n == 0;
	}
	return false;
}
