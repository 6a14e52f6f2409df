#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "wire/emit.h"

/* What stands for the byte; NULL: the byte. */
static const char *
escape(char c)
{
	switch (c) {
	case '"':
		return "\\\"";
	case '\\':
		return "\\\\";
	case '\n':
		return "\\n";
	case '\r':
		return "\\r";
	case '\t':
		return "\\t";
	default:
		return NULL;
	}
}

void
emit_json_string(struct buf *b, const char *s)
{
	const char *from = s, *end = s + strlen(s), *esc;
	size_t n;

	buf_addc(b, '"');
	while (s < end) {
		n = 1;
		esc = escape(*s);
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
	buf_addc(b, '"');
}

/* XenAPI sends bare tokens for what JSON has no number for. */
static void
emit_float(struct buf *b, double d)
{
	char text[40];

	if (isnan(d)) {
		buf_adds(b, "NaN");
	} else if (isinf(d)) {
		buf_adds(b, d < 0 ? "-Infinity" : "Infinity");
	} else {
		snprintf(text, sizeof(text), "%.16g", d);
		buf_adds(b, text);
		if (!strpbrk(text, ".e"))
			buf_adds(b, ".0");
	}
}

static void
emit_key(struct buf *b, const struct type *t, const void *v)
{
	if (t->kind == KIND_INT)
		buf_addf(b, "\"%" PRId64 "\"", *(const int64_t *)v);
	else
		emit_json_value(b, t, v);
}

static void
emit_array(struct buf *b, const struct type *t, const struct vec *vec)
{
	const char *p = vec->v;
	uint32_t i;

	buf_addc(b, '[');
	for (i = 0; i < vec->n; i++) {
		if (i)
			buf_addc(b, ',');
		emit_json_value(b, t->elem, p + (size_t)i * t->elem->size);
	}
	buf_addc(b, ']');
}

static void
emit_map(struct buf *b, const struct type *t, const struct vec *vec)
{
	size_t pair = type_pair_size(t), at = type_pair_value(t);
	const char *p = vec->v;
	uint32_t i;

	buf_addc(b, '{');
	for (i = 0; i < vec->n; i++, p += pair) {
		if (i)
			buf_addc(b, ',');
		emit_key(b, t->key, p);
		buf_addc(b, ':');
		emit_json_value(b, t->elem, p + at);
	}
	buf_addc(b, '}');
}

void
emit_json_record(struct buf *b, const struct record_type *rt, const void *rec)
{
	const struct field *f;
	const char *v, *sep = "";
	uint16_t i;

	buf_addc(b, '{');
	for (i = 0; i < rt->n; i++) {
		f = &rt->fields[i];
		v = (const char *)rec + f->offset;
		if (emit_skips(f, v))
			continue;
		buf_addf(b, "%s\"%s\":", sep, f->name);
		emit_json_value(b, f->type, v);
		sep = ",";
	}
	buf_addc(b, '}');
}

void
emit_json_value(struct buf *b, const struct type *t, const void *v)
{
	char text[REF_TEXT_LEN + 1], date[DATETIME_TEXT_LEN];
	const char *s;

	switch (t->kind) {
	case KIND_STRING:
		s = *(const char *const *)v;
		emit_json_string(b, s ? s : "");
		break;
	case KIND_INT:
		buf_addf(b, "%" PRId64, *(const int64_t *)v);
		break;
	case KIND_FLOAT:
		emit_float(b, *(const double *)v);
		break;
	case KIND_BOOL:
		buf_adds(b, *(const bool *)v ? "true" : "false");
		break;
	case KIND_DATETIME:
		buf_addf(b, "\"%s\"",
		    datetime_text(*(const int64_t *)v, date));
		break;
	case KIND_ENUM:
		emit_json_string(b, t->en->names[*(const int *)v]);
		break;
	case KIND_REF:
		buf_addf(b, "\"%s\"", ref_text(v, text));
		break;
	case KIND_SET:
		emit_array(b, t, v);
		break;
	case KIND_MAP:
		emit_map(b, t, v);
		break;
	case KIND_RECORD:
		emit_json_record(b, t->rec, v);
		break;
	case KIND_VOID:
	case KIND_BLOB:
		buf_adds(b, "\"\"");
		break;
	}
}
