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
	char quote = *p->p++;
	char *out = arena_alloc(p->arena, strlen(p->p) + 1);

	p->text = out;
	for (; *p->p && *p->p != quote; p->p++) {
		if (*p->p == '\\' && p->p[1])
			p->p++;
		*out++ = *p->p;
	}
	p->token = *p->p ? T_STRING : T_BAD;
	if (*p->p)
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

static void db_value(struct buf *b, const struct type *t, const void *v);

static void
db_quoted(struct buf *b, const struct type *t, const void *v)
{
	struct buf text = { 0 };
	size_t i;

	if (t->kind == KIND_SET || t->kind == KIND_MAP) {
		db_value(b, t, v);
		return;
	}
	db_value(&text, t, v);
	buf_addc(b, '\'');
	for (i = 0; i < text.len; i++) {
		if (text.data[i] == '\'' || text.data[i] == '\\')
			buf_addc(b, '\\');
		buf_addc(b, text.data[i]);
	}
	buf_addc(b, '\'');
	buf_release(&text);
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

/* The text under which the database keeps a value. */
static void
db_value(struct buf *b, const struct type *t, const void *v)
{
	char text[REF_TEXT_LEN + 1], date[DATETIME_TEXT_LEN];
	const char *s;

	switch (t->kind) {
	case KIND_STRING:
		s = *(const char *const *)v;
		buf_adds(b, s ? s : "");
		break;
	case KIND_INT:
		buf_addf(b, "%" PRId64, *(const int64_t *)v);
		break;
	case KIND_FLOAT:
		buf_addf(b, "%.16g", *(const double *)v);
		break;
	case KIND_BOOL:
		buf_adds(b, *(const bool *)v ? "true" : "false");
		break;
	case KIND_DATETIME:
		buf_adds(b, datetime_text(*(const int64_t *)v, date));
		break;
	case KIND_ENUM:
		buf_adds(b, t->en->names[*(const int *)v]);
		break;
	case KIND_REF:
		buf_adds(b, ref_text(v, text));
		break;
	case KIND_SET:
		db_set(b, t, v);
		break;
	case KIND_MAP:
		db_map(b, t, v);
		break;
	case KIND_VOID:
	case KIND_RECORD:
	case KIND_BLOB:
		break;
	}
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
operands_equal(const struct where *w, const void *obj)
{
	struct buf x = { 0 }, y = { 0 };
	bool equal;

	operand_text(&x, &w->x, obj);
	operand_text(&y, &w->y, obj);
	equal = x.len == y.len &&
	    (x.len == 0 || memcmp(x.data, y.data, x.len) == 0);
	buf_release(&x);
	buf_release(&y);
	return equal;
}

bool
where_matches(const struct where *w, const void *obj)
{
	const struct vec *v;

	switch (w->kind) {
	case NODE_TRUE:
		return true;
	case NODE_FALSE:
		return false;
	case NODE_NOT:
		return !where_matches(w->a, obj);
	case NODE_AND:
		return where_matches(w->a, obj) && where_matches(w->b, obj);
	case NODE_OR:
		return where_matches(w->a, obj) || where_matches(w->b, obj);
	case NODE_EQ:
		return operands_equal(w, obj);
	case NODE_EMPTY:
		v = (const void *)((const char *)obj + w->x.field->offset);
		return v->n == 0;
	}
	return false;
}
