/* Typed values as text, byte for byte. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "gen/types.h"
#include "unit.h"
#include "wire/emit.h"

static struct buf b;

static const char *
xml(const struct type *t, const void *v)
{
	buf_reset(&b);
	emit_xml_value(&b, t, v);
	return b.data;
}

static const char *
json(const struct type *t, const void *v)
{
	buf_reset(&b);
	emit_json_value(&b, t, v);
	return b.data;
}

#define BOTH(t, v, x, j) do { \
	ck_assert_str_eq(xml(t, v), x); \
	ck_assert_str_eq(json(t, v), j); \
	buf_release(&b); \
} while (0)

START_TEST(scalars_are_written_as_clients_expect)
{
	const char *s = "a<b>&\"c\"\n\\", *none = NULL;
	int64_t i = -123, t = 1795259360;
	bool yes = true, no = false;
	struct ref null = REF_NULL;
	const struct type ref_type = { .kind = KIND_REF,
		.size = sizeof(struct ref) };

	BOTH(&type_string, &s,
	    "<value>a&lt;b&gt;&amp;&quot;c&quot;\n\\</value>",
	    "\"a<b>&\\\"c\\\"\\n\\\\\"");
	BOTH(&type_string, &none, "<value></value>", "\"\"");
	BOTH(&type_int, &i, "<value>-123</value>", "-123");
	BOTH(&type_bool, &yes, "<value><boolean>1</boolean></value>", "true");
	BOTH(&type_bool, &no, "<value><boolean>0</boolean></value>", "false");
	BOTH(&type_datetime, &t, "<value><dateTime.iso8601>"
	    "20261121T11:09:20Z</dateTime.iso8601></value>",
	    "\"20261121T11:09:20Z\"");
	BOTH(&ref_type, &null, "<value>OpaqueRef:NULL</value>",
	    "\"OpaqueRef:NULL\"");
	BOTH(&type_void, NULL, "<value></value>", "\"\"");
}
END_TEST

START_TEST(what_is_not_utf8_is_replaced)
{
	const char *s = "a\xff\xc3\xa4<\xe2\x82";

	BOTH(&type_string, &s, "<value>a\xef\xbf\xbd\xc3\xa4&lt;"
	    "\xef\xbf\xbd\xef\xbf\xbd</value>",
	    "\"a\xef\xbf\xbd\xc3\xa4<\xef\xbf\xbd\xef\xbf\xbd\"");
	s = "\xef\xbf\xbf\t\r";
	BOTH(&type_string, &s, "<value>\xef\xbf\xbd\xef\xbf\xbd"
	    "\xef\xbf\xbd\t&#13;</value>", "\"\xef\xbf\xbd\xef\xbf\xbd"
	    "\xef\xbf\xbd\\t\\r\"");
	s = "a\x01\x1f\x7f";
	BOTH(&type_string, &s, "<value>a\xef\xbf\xbd\xef\xbf\xbd\x7f</value>",
	    "\"a\xef\xbf\xbd\xef\xbf\xbd\x7f\"");
}
END_TEST

START_TEST(floats_have_a_point_or_are_special)
{
	double one = 1.0, part = 0.1, big = 1e300, nan = NAN, inf = INFINITY;

	BOTH(&type_float, &one, "<value><double>1.0</double></value>", "1.0");
	BOTH(&type_float, &part, "<value><double>0.1</double></value>", "0.1");
	BOTH(&type_float, &big, "<value><double>1e+300</double></value>",
	    "1e+300");
	BOTH(&type_float, &nan, "<value><double>nan</double></value>", "NaN");
	BOTH(&type_float, &inf, "<value><double>inf</double></value>",
	    "Infinity");
	inf = -inf;
	BOTH(&type_float, &inf, "<value><double>-inf</double></value>",
	    "-Infinity");
}
END_TEST

START_TEST(sets_and_maps_have_no_space_between_tags)
{
	struct arena *a = arena_new();
	struct vec set = { 0 }, map = { 0 };

	BOTH(&type_string_set, &set,
	    "<value><array><data></data></array></value>", "[]");
	BOTH(&type_string_map, &map, "<value><struct></struct></value>", "{}");
	set = vec_add_string(a, vec_add_string(a, set, "x"), "");
	BOTH(&type_string_set, &set, "<value><array><data><value>x</value>"
	    "<value></value></data></array></value>", "[\"x\",\"\"]");
	map = map_set(a, map_set(a, map, "k", "v"), "<", "w");
	BOTH(&type_string_map, &map, "<value><struct><member><name>k</name>"
	    "<value>v</value></member><member><name>&lt;</name>"
	    "<value>w</value></member></struct></value>",
	    "{\"k\":\"v\",\"<\":\"w\"}");
	arena_free(a);
}
END_TEST

START_TEST(maps_with_int_keys_have_text_keys)
{
	const struct type t = { .kind = KIND_MAP, .size = sizeof(struct vec),
		.key = &type_int, .elem = &type_float };
	struct { int64_t k; double v; } pair = { 3, 0.5 };
	struct vec map = { .v = &pair, .n = 1 };

	BOTH(&t, &map, "<value><struct><member><name>3</name><value><double>"
	    "0.5</double></value></member></struct></value>", "{\"3\":0.5}");
}
END_TEST

START_TEST(records_hold_every_field_but_internal_ones)
{
	const struct record_type *rt = &class_task.rec;
	const struct field *f;
	char member[128];
	uint16_t i;

	buf_reset(&b);
	emit_xml_record(&b, rt, rt->dflt);
	ck_assert_int_eq(strncmp(b.data, "<struct><member><name>uuid</name>",
		33), 0);
	for (i = 0; i < rt->n; i++) {
		f = &rt->fields[i];
		snprintf(member, sizeof(member), "<name>%s</name>", f->name);
		ck_assert_msg(!strstr(b.data, member) == !!(f->flags &
			(FIELD_INTERNAL | FIELD_SECRET)), "%s", f->name);
	}
	ck_assert_ptr_null(strstr(b.data, "stunnelpid"));
	buf_reset(&b);
	emit_json_record(&b, rt, rt->dflt);
	ck_assert_int_eq(strncmp(b.data, "{\"uuid\":\"\",\"name_label\":\"\"",
		25), 0);
	buf_release(&b);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("emit", scalars_are_written_as_clients_expect,
	    what_is_not_utf8_is_replaced,
	    floats_have_a_point_or_are_special,
	    sets_and_maps_have_no_space_between_tags,
	    maps_with_int_keys_have_text_keys,
	    records_hold_every_field_but_internal_ones);
}
