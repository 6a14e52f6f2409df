#include "wire/any.h"

#include <inttypes.h>

#include "wire/emit.h"

static void
xml_text(struct buf *b, const char *element, const char *text)
{
	buf_addf(b, "<%s>", element);
	emit_xml_text(b, text);
	buf_addf(b, "</%s>", element);
}

static void
xml_array(struct buf *b, const struct value *v)
{
	buf_adds(b, "<array><data>");
	for (uint32_t i = 0; i < v->n; i++)
		any_to_xml(b, &v->items[i]);
	buf_adds(b, "</data></array>");
}

static void
xml_struct(struct buf *b, const struct value *v)
{
	buf_adds(b, "<struct>");
	for (uint32_t i = 0; i < v->n; i++) {
		buf_adds(b, "<member>");
		xml_text(b, "name", v->members[i].name);
		any_to_xml(b, &v->members[i].v);
		buf_adds(b, "</member>");
	}
	buf_adds(b, "</struct>");
}

void
any_to_xml(struct buf *b, const struct value *v)
{
	buf_adds(b, "<value>");
	switch (v->kind) {
	case VALUE_NIL:
		buf_adds(b, "<nil/>");
		break;
	case VALUE_STRING:
		xml_text(b, "string", v->s);
		break;
	case VALUE_DATETIME:
		xml_text(b, "dateTime.iso8601", v->s);
		break;
	case VALUE_INT:
		buf_addf(b, "<i8>%" PRId64 "</i8>", v->i);
		break;
	case VALUE_FLOAT:
		buf_addf(b, "<double>%.17g</double>", v->d);
		break;
	case VALUE_BOOL:
		buf_addf(b, "<boolean>%d</boolean>", v->b);
		break;
	case VALUE_ARRAY:
		xml_array(b, v);
		break;
	case VALUE_STRUCT:
		xml_struct(b, v);
		break;
	}
	buf_adds(b, "</value>");
}

static void
json_list(struct buf *b, const struct value *v)
{
	bool is_struct = v->kind == VALUE_STRUCT;

	buf_addc(b, is_struct ? '{' : '[');
	for (uint32_t i = 0; i < v->n; i++) {
		if (i)
			buf_addc(b, ',');
		if (is_struct) {
			emit_json_string(b, v->members[i].name);
			buf_addc(b, ':');
		}
		any_to_json(b, is_struct ? &v->members[i].v : &v->items[i]);
	}
	buf_addc(b, is_struct ? '}' : ']');
}

void
any_to_json(struct buf *b, const struct value *v)
{
	switch (v->kind) {
	case VALUE_NIL:
		buf_adds(b, "null");
		break;
	case VALUE_STRING:
	case VALUE_DATETIME:
		emit_json_string(b, v->s);
		break;
	case VALUE_INT:
		buf_addf(b, "%" PRId64, v->i);
		break;
	case VALUE_FLOAT:
		emit_json_value(b, &type_float, &v->d);
		break;
	case VALUE_BOOL:
		buf_adds(b, v->b ? "true" : "false");
		break;
	case VALUE_ARRAY:
	case VALUE_STRUCT:
		json_list(b, v);
		break;
	}
}
