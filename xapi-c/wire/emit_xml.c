#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "wire/emit.h"

static const char *
escape(unsigned char c)
{
	switch (c) {
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '&':
		return "&amp;";
	case '"':
		return "&quot;";
	case '\r':			/* bare, it would be read as a line's end */
		return "&#13;";
	default:
		return NULL;
	}
}

void
emit_xml_text(struct buf *b, const char *s)
{
	const char *from = s, *end = s + strlen(s), *esc;
	size_t n;

	while (s < end) {
		n = 1;
		esc = escape((unsigned char)*s);
		if (!esc && (*s < ' ' || *s > '~')) {
			n = utf8_len(s, (size_t)(end - s));
			esc = n ? NULL : UTF8_REPLACEMENT;
		}
		if (!esc) {
			s += n;
			continue;
		}
		buf_add(b, from, (size_t)(s - from));
		buf_adds(b, esc);
		from = ++s;
	}
	buf_add(b, from, (size_t)(s - from));
}

/* Clients tell floats from ints by the point. */
static void
emit_float(struct buf *b, double d)
{
	char text[40];

	snprintf(text, sizeof(text), "%.16g", d);
	buf_adds(b, text);
	if (isfinite(d) && !strpbrk(text, ".e"))
		buf_adds(b, ".0");
}

/* Scalars that are plain text on the wire, also as a map's key. */
static void
emit_text(struct buf *b, const struct type *t, const void *v)
{
	char text[REF_TEXT_LEN + 1], date[DATETIME_TEXT_LEN];
	const char *s;

	switch (t->kind) {
	case KIND_STRING:
		s = *(const char *const *)v;
		emit_xml_text(b, s ? s : "");
		break;
	case KIND_INT:
		buf_addf(b, "%" PRId64, *(const int64_t *)v);
		break;
	case KIND_FLOAT:
		emit_float(b, *(const double *)v);
		break;
	case KIND_BOOL:
		buf_adds(b, *(const bool *)v ? "1" : "0");
		break;
	case KIND_DATETIME:
		buf_adds(b, datetime_text(*(const int64_t *)v, date));
		break;
	case KIND_ENUM:
		emit_xml_text(b, t->en->names[*(const int *)v]);
		break;
	case KIND_REF:
		buf_adds(b, ref_text(v, text));
		break;
	default:
		break;
	}
}

static void
emit_array(struct buf *b, const struct type *t, const struct vec *vec)
{
	const char *p = vec->v;
	uint32_t i;

	buf_adds(b, "<array><data>");
	for (i = 0; i < vec->n; i++)
		emit_xml_value(b, t->elem, p + (size_t)i * t->elem->size);
	buf_adds(b, "</data></array>");
}

static void
emit_map(struct buf *b, const struct type *t, const struct vec *vec)
{
	size_t pair = type_pair_size(t), at = type_pair_value(t);
	const char *p = vec->v;
	uint32_t i;

	buf_adds(b, "<struct>");
	for (i = 0; i < vec->n; i++, p += pair) {
		buf_adds(b, "<member><name>");
		emit_text(b, t->key, p);
		buf_adds(b, "</name>");
		emit_xml_value(b, t->elem, p + at);
		buf_adds(b, "</member>");
	}
	buf_adds(b, "</struct>");
}

static bool
is_empty(const struct field *f, const void *v)
{
	const char *s;

	switch (f->type->kind) {
	case KIND_STRING:
		s = *(const char *const *)v;
		return !s || !*s;
	case KIND_SET:
	case KIND_MAP:
		return ((const struct vec *)v)->n == 0;
	case KIND_REF:
		return ref_is_null(v);
	default:
		return false;
	}
}

bool
emit_skips(const struct field *f, const void *v)
{
	if (f->flags & (FIELD_SECRET | FIELD_INTERNAL))
		return true;
	return (f->flags & FIELD_OPTIONAL) && is_empty(f, v);
}

void
emit_xml_record(struct buf *b, const struct record_type *rt, const void *rec)
{
	const struct field *f;
	const char *v;
	uint16_t i;

	buf_adds(b, "<struct>");
	for (i = 0; i < rt->n; i++) {
		f = &rt->fields[i];
		v = (const char *)rec + f->offset;
		if (emit_skips(f, v))
			continue;
		buf_adds(b, "<member><name>");
		buf_adds(b, f->name);
		buf_adds(b, "</name>");
		emit_xml_value(b, f->type, v);
		buf_adds(b, "</member>");
	}
	buf_adds(b, "</struct>");
}

void
emit_xml_value(struct buf *b, const struct type *t, const void *v)
{
	static const char *const tags[] = {
		[KIND_FLOAT] = "double", [KIND_BOOL] = "boolean",
		[KIND_DATETIME] = "dateTime.iso8601", [KIND_BLOB] = NULL,
	};
	const char *tag = tags[t->kind];

	buf_adds(b, "<value>");
	if (tag)
		buf_addf(b, "<%s>", tag);
	if (t->kind == KIND_SET)
		emit_array(b, t, v);
	else if (t->kind == KIND_MAP)
		emit_map(b, t, v);
	else if (t->kind == KIND_RECORD)
		emit_xml_record(b, t->rec, v);
	else
		emit_text(b, t, v);
	if (tag)
		buf_addf(b, "</%s>", tag);
	buf_adds(b, "</value>");
}
