/* Conversion of decoded parameters to typed values; dates; UTF-8. */
#include <math.h>
#include <string.h>

#include "gen/types.h"
#include "unit.h"
#include "wire/emit.h"
#include "base/utf8.h"
#include "wire/value.h"

static struct arena *a;
static struct decoder d;

static void
begin(void)
{
	a = arena_new();
	d = (struct decoder){ .arena = a };
}

static struct value
text(const char *s)
{
	return (struct value){ .kind = VALUE_STRING, .s = s };
}

static struct value
number(int64_t i)
{
	return (struct value){ .kind = VALUE_INT, .i = i };
}

static struct value
flt(double f)
{
	return (struct value){ .kind = VALUE_FLOAT, .d = f };
}

static struct value
boolean(bool b)
{
	return (struct value){ .kind = VALUE_BOOL, .b = b };
}

START_TEST(ints_are_numbers_or_text)
{
	static const char *const bad[] = { "", "x", "1x", "1.5", "0x10",
		"9223372036854775808", "true" };
	struct value v;
	int64_t i = 0;
	size_t k;

	begin();
	v = number(-5);
	ck_assert_int_eq(value_decode(&d, &type_int, &v, &i), 0);
	ck_assert_int_eq(i, -5);
	v = text("9223372036854775807");
	ck_assert_int_eq(value_decode(&d, &type_int, &v, &i), 0);
	ck_assert(i == INT64_MAX);
	v = flt(3.0);
	ck_assert_int_eq(value_decode(&d, &type_int, &v, &i), 0);
	ck_assert_int_eq(i, 3);
	v = flt(3.5);
	ck_assert_int_eq(value_decode(&d, &type_int, &v, &i), -1);
	v = flt(NAN);
	ck_assert_int_eq(value_decode(&d, &type_int, &v, &i), -1);
	for (k = 0; k < sizeof(bad) / sizeof(bad[0]); k++) {
		v = text(bad[k]);
		ck_assert_msg(value_decode(&d, &type_int, &v, &i) == -1,
		    "%s", bad[k]);
	}
	arena_free(a);
}
END_TEST

START_TEST(floats_are_floats_ints_or_text)
{
	struct value v;
	double f;

	begin();
	v = number(7);
	ck_assert_int_eq(value_decode(&d, &type_float, &v, &f), 0);
	ck_assert(f == 7.0);
	v = text("60.1");
	ck_assert_int_eq(value_decode(&d, &type_float, &v, &f), 0);
	ck_assert(f == 60.1);
	v = text("soon");
	ck_assert_int_eq(value_decode(&d, &type_float, &v, &f), -1);
	arena_free(a);
}
END_TEST

START_TEST(bools_are_bools_only)
{
	struct value v;
	bool b = false;

	begin();
	v = boolean(true);
	ck_assert_int_eq(value_decode(&d, &type_bool, &v, &b), 0);
	ck_assert(b);
	v = text("true");
	ck_assert_int_eq(value_decode(&d, &type_bool, &v, &b), -1);
	v = number(1);
	ck_assert_int_eq(value_decode(&d, &type_bool, &v, &b), -1);
	ck_assert_int_eq(d.err.fault, DECODE_TYPE);
	arena_free(a);
}
END_TEST

START_TEST(nil_is_no_scalar)
{
	static const struct type *const types[] = { &type_string, &type_int,
		&type_float, &type_bool, &type_datetime, &type_string_set,
		&type_string_map };
	struct value v = { .kind = VALUE_NIL };
	char out[64];
	size_t k;

	begin();
	for (k = 0; k < sizeof(types) / sizeof(types[0]); k++)
		ck_assert_int_eq(value_decode(&d, types[k], &v, out), -1);
	arena_free(a);
}
END_TEST

START_TEST(enums_ignore_case)
{
	const struct type t = { .kind = KIND_ENUM, .size = sizeof(int),
		.en = &enum_vm_power_state };
	struct value v = text("rUNNING");
	int e = -1;

	begin();
	ck_assert_int_eq(value_decode(&d, &t, &v, &e), 0);
	ck_assert_int_eq(e, VM_POWER_STATE_RUNNING);
	v = text("Jumping");
	ck_assert_int_eq(value_decode(&d, &t, &v, &e), -1);
	arena_free(a);
}
END_TEST

START_TEST(refs_of_no_known_form_name_their_class)
{
	const struct type t = { .kind = KIND_REF, .size = sizeof(struct ref),
		.cls = "VM" };
	struct value v = text("");
	struct ref r;

	begin();
	ck_assert_int_eq(value_decode(&d, &t, &v, &r), 0);
	ck_assert(ref_is_null(&r));
	v = text("OpaqueRef:NULL");
	ck_assert_int_eq(value_decode(&d, &t, &v, &r), 0);
	v = text("blah");
	ck_assert_int_eq(value_decode(&d, &t, &v, &r), -1);
	ck_assert_int_eq(d.err.fault, DECODE_REF);
	ck_assert_str_eq(d.err.cls, "VM");
	ck_assert_str_eq(d.err.text, "blah");
	arena_free(a);
}
END_TEST

START_TEST(sets_and_maps_convert_each_element)
{
	const struct value items[] = { text("x"), text("y") };
	const struct member members[] = { { "k", text("v") },
		{ "l", text("w") } };
	struct value v = { .kind = VALUE_ARRAY, .n = 2, .items = items };
	struct vec vec;

	begin();
	ck_assert_int_eq(value_decode(&d, &type_string_set, &v, &vec), 0);
	ck_assert(vec.n == 2 && set_has_string(vec, "y"));
	ck_assert_int_eq(value_decode(&d, &type_string_map, &v, &vec), -1);
	v = (struct value){ .kind = VALUE_STRUCT, .n = 2, .members = members };
	ck_assert_int_eq(value_decode(&d, &type_string_map, &v, &vec), 0);
	ck_assert_str_eq(map_get(vec, "l"), "w");
	arena_free(a);
}
END_TEST

START_TEST(constructors_take_defaults_and_insist_on_the_rest)
{
	struct member members[] = { { "name_label", text("n") },
		{ "name_description", text("") }, { "no_such", number(1) },
		{ "uuid", text("mine") },
		{ "other_config", { .kind = VALUE_STRUCT } } };
	struct value v = { .kind = VALUE_STRUCT, .n = 5, .members = members };
	struct network net;

	begin();
	ck_assert_int_eq(value_decode_ctor(&d, &class_network.rec, &v, &net),
	    0);
	ck_assert_str_eq(net.name_label, "n");
	ck_assert_int_eq(net.MTU, 1500);
	ck_assert(!net.uuid || !*net.uuid);
	v.n = 0;
	{
		struct vbd vbd;

		ck_assert_int_eq(value_decode_ctor(&d, &class_vbd.rec, &v,
			&vbd), -1);
		ck_assert_ptr_nonnull(strstr(d.err.text, "lacks"));
	}
	arena_free(a);
}
END_TEST

START_TEST(bad_utf8_is_repaired_and_remembered)
{
	static const char *const good[] = { "", "abc", "\xc3\xa4",
		"\xe2\x82\xac", "\xf0\x9f\x98\x80" };
	static const char *const bad[] = { "\xff", "\xc3", "\xc0\x80",
		"\xe2\x82", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\x80",
		"\xe0\x80\x80", "\xf0\x80\x80\x80" };
	struct value v;
	const char *s;
	size_t k, len;
	bool broken;

	begin();
	for (k = 0; k < sizeof(good) / sizeof(good[0]); k++) {
		len = strlen(good[k]);
		ck_assert_ptr_eq(utf8_repair(a, good[k], &len, &broken),
		    good[k]);
		ck_assert(!broken);
	}
	for (k = 0; k < sizeof(bad) / sizeof(bad[0]); k++) {
		len = strlen(bad[k]);
		s = utf8_repair(a, bad[k], &len, &broken);
		ck_assert(broken && len >= 3);
		ck_assert_int_eq(memcmp(s, "\xef\xbf\xbd", 3), 0);
		d.check_utf8 = true;
		v = text(s);
		ck_assert_int_eq(value_decode(&d, &type_string, &v, &s), -1);
		ck_assert_int_eq(d.err.fault, DECODE_UTF8);
	}
	arena_free(a);
}
END_TEST

START_TEST(dates_are_read_in_every_form_and_written_in_one)
{
	static const struct {
		const char *text;
		int64_t t;
	} good[] = {
		{ "19700101T00:00:00Z", 0 },
		{ "20261121T11:09:20Z", 1795259360 },
		{ "2026-11-21T11:09:20Z", 1795259360 },
		{ "20261121T11:09:20", 1795259360 },
		{ "20261121T13:09:20+0200", 1795259360 },
		{ "20261121T09:39:20-01:30", 1795259360 },
		{ "2026-11-21T11:09:20.123Z", 1795259360 },
	};
	static const char *const bad[] = { "", "now", "2026", "20261321T000000Z",
		"20261121", "20261121T11:09:20X", "20261121T11:09:2",
		"20261121T11:61:20Z", "20261121T11:09:20+2" };
	char out[DATETIME_TEXT_LEN];
	int64_t t;
	size_t k;

	for (k = 0; k < sizeof(good) / sizeof(good[0]); k++) {
		ck_assert_msg(datetime_parse(good[k].text, &t), "%s",
		    good[k].text);
		ck_assert_int_eq(t, good[k].t);
	}
	for (k = 0; k < sizeof(bad) / sizeof(bad[0]); k++)
		ck_assert_msg(!datetime_parse(bad[k], &t), "%s", bad[k]);
	ck_assert_str_eq(datetime_text(1795259360, out),
	    "20261121T11:09:20Z");
	ck_assert_str_eq(datetime_text(0, out), "19700101T00:00:00Z");
	ck_assert_str_eq(datetime_text(INT64_MAX, out), "19700101T00:00:00Z");
}
END_TEST

int
main(void)
{
	return UNIT_RUN("value", ints_are_numbers_or_text,
	    floats_are_floats_ints_or_text, bools_are_bools_only,
	    nil_is_no_scalar, enums_ignore_case,
	    refs_of_no_known_form_name_their_class,
	    sets_and_maps_convert_each_element,
	    constructors_take_defaults_and_insist_on_the_rest,
	    bad_utf8_is_repaired_and_remembered,
	    dates_are_read_in_every_form_and_written_in_one);
}
