#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "base/type.h"
#include "model_tables.h"
#include "unit.h"

static struct arena *a;

static void
setup(void)
{
	a = arena_new();
}

static void
fill_thing(struct thing *th)
{
	static const int64_t price_bits = 0x7ff8000000000001;

	*th = thing_default;
	th->name_label = "name";
	memcpy(&th->price, &price_bits, sizeof(th->price));
	ref_random(&th->box);
	th->labels = vec_add_ref(a, th->labels, &th->box);
	th->tags = vec_add_string(a, th->tags, "x");
	th->other_config = map_set(a, th->other_config, "k", "v");
	th->colours = enum_map_set(a, th->colours, "op", BLUE);
	th->size.unit = "inch";
}

START_TEST(refs_and_uuids_convert_to_text_and_back)
{
	char text[REF_TEXT_LEN + 1], again[REF_TEXT_LEN + 1];
	struct ref r, s;
	int i;

	for (i = 0; i < 100; i++) {
		ref_random(&r);
		ck_assert_uint_eq(strlen(ref_text(&r, text)), REF_TEXT_LEN);
		ck_assert(ref_parse(text, &s));
		ck_assert(ref_equal(&r, &s));
		ck_assert_str_eq(ref_text(&s, again), text);
		ck_assert_int_eq(text[24], '4');
	}
	ck_assert(ref_parse("OpaqueRef:NULL", &r));
	ck_assert(ref_is_null(&r));
	ck_assert_str_eq(ref_text(&r, text), "OpaqueRef:NULL");
	ck_assert(ref_parse("OpaqueRef:ABCDEF01-2345-4789-abcd-ef0123456789",
	    &r));
}
END_TEST

START_TEST(malformed_refs_are_null)
{
	static const char *const bad[] = {
		"", "OpaqueRef", "OpaqueRef:", "OpaqueRef:NUL",
		"OpaqueRef:NULLx", "opaqueref:NULL",
		"OpaqueRef:01234567-89ab-4def-8123-456789abcde",
		"OpaqueRef:01234567-89ab-4def-8123-456789abcdef0",
		"OpaqueRef:0123456789ab4def8123456789abcdef",
		"OpaqueRef:0123456g-89ab-4def-8123-456789abcdef",
		"OpaqueRef:01234567-89ab-4def-8123_456789abcdef",
		"01234567-89ab-4def-8123-456789abcdef",
	};
	struct ref r;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memset(&r, 1, sizeof(r));
		ck_assert_msg(!ref_parse(bad[i], &r), "%s", bad[i]);
		ck_assert(ref_is_null(&r));
	}
}
END_TEST

START_TEST(copies_are_equal_and_independent)
{
	struct thing from, to = { .weight = 0 };
	char name[] = "name";

	setup();
	fill_thing(&from);
	from.name_label = name;
	record_copy(&class_thing.rec, &to, &from, a);
	name[0] = 'X';
	ck_assert_str_eq(to.name_label, "name");
	name[0] = 'n';
	ck_assert(type_equal(&type_size, &from.size, &to.size));
	ck_assert(type_equal(&type_string_map, &from.other_config,
	    &to.other_config));
	ck_assert_ptr_ne(from.other_config.v, to.other_config.v);
	ck_assert(type_equal(&type_colour_map, &from.colours, &to.colours));
	ck_assert(type_equal(&type_float, &from.price, &to.price));
	ck_assert(isnan(to.price));
	ck_assert(type_equal(&type_ref_set, &from.labels, &to.labels));
	to.colours = enum_map_set(a, to.colours, "op", RED);
	ck_assert(!type_equal(&type_colour_map, &from.colours, &to.colours));
	to.size.unit = "mm";
	ck_assert(!type_equal(&type_size, &from.size, &to.size));
	arena_free(a);
}
END_TEST

START_TEST(null_and_empty_strings_are_equal)
{
	const char *null = NULL, *empty = "", *x = "x";

	ck_assert(type_equal(&type_string, &null, &empty));
	ck_assert(!type_equal(&type_string, &null, &x));
}
END_TEST

START_TEST(sets_do_not_change_when_something_is_added)
{
	struct vec none = { NULL, 0 }, one, two, back;

	setup();
	one = vec_add_string(a, none, "one");
	two = vec_add_string(a, one, "two");
	ck_assert_uint_eq(none.n, 0);
	ck_assert_uint_eq(one.n, 1);
	ck_assert_uint_eq(two.n, 2);
	ck_assert_uint_eq(vec_add_string(a, two, "one").n, 2);
	back = vec_remove_string(a, two, "one");
	ck_assert_uint_eq(back.n, 1);
	ck_assert(set_has_string(back, "two"));
	ck_assert(set_has_string(two, "one"));
	ck_assert_uint_eq(vec_remove_string(a, back, "none").n, 1);
	ck_assert_uint_eq(vec_remove_string(a, back, "two").n, 0);
	two = (struct vec){ (const char *const []){ "a", "b", "a" }, 3 };
	back = vec_remove_string(a, two, "a");
	ck_assert_uint_eq(back.n, 1);
	ck_assert(set_has_string(back, "b"));
	arena_free(a);
}
END_TEST

START_TEST(maps_replace_add_and_remove)
{
	struct vec m = { NULL, 0 }, old;

	setup();
	m = map_set(a, m, "a", "1");
	m = map_set(a, m, "b", "2");
	old = m;
	m = map_set(a, m, "a", "3");
	ck_assert_uint_eq(m.n, 2);
	ck_assert_str_eq(map_get(m, "a"), "3");
	ck_assert_str_eq(map_get(old, "a"), "1");
	ck_assert_ptr_null(map_get(m, "c"));
	m = map_remove(a, m, "a");
	ck_assert_ptr_null(map_get(m, "a"));
	ck_assert_str_eq(map_get(m, "b"), "2");
	m = enum_map_set(a, (struct vec){ NULL, 0 }, "x", BLUE);
	m = enum_map_set(a, m, "x", GREEN);
	ck_assert_uint_eq(m.n, 1);
	ck_assert_int_eq(((const struct enum_pair *)m.v)->value, GREEN);
	ck_assert_uint_eq(enum_map_remove(a, m, "x").n, 0);
	arena_free(a);
}
END_TEST

START_TEST(enums_parse_as_exactly_as_their_type_says)
{
	struct enum_type exact = enum_colour;
	static const int some[] = { RED, BLUE };
	struct vec v;

	setup();
	exact.exact = true;
	ck_assert_int_eq(enum_parse(&enum_colour, "GrEEn"), GREEN);
	ck_assert_int_eq(enum_parse(&exact, "GrEEn"), -1);
	ck_assert_int_eq(enum_parse(&exact, "green"), GREEN);
	ck_assert_int_eq(enum_parse(&enum_colour, ""), -1);
	v = vec_enums(a, some, 2);
	ck_assert(set_has_enum(v, BLUE) && !set_has_enum(v, GREEN));
	arena_free(a);
}
END_TEST

START_TEST(fields_are_found_by_name)
{
	ck_assert_uint_eq(record_field(&class_thing.rec, "price")->tag, 4);
	ck_assert_ptr_null(record_field(&class_thing.rec, "prices"));
}
END_TEST

int
main(void)
{
	return UNIT_RUN("type", refs_and_uuids_convert_to_text_and_back,
	    malformed_refs_are_null, copies_are_equal_and_independent,
	    null_and_empty_strings_are_equal,
	    sets_do_not_change_when_something_is_added,
	    maps_replace_add_and_remove,
	    enums_parse_as_exactly_as_their_type_says,
	    fields_are_found_by_name);
}
