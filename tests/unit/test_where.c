/* The query language of get_all_where. */
#include <string.h>

#include "base/arena.h"
#include "gen/types.h"
#include "mutate.h"
#include "rpc/where.h"
#include "unit.h"

static struct arena *a;
static struct vm vm;

static void
begin(void)
{
	a = arena_new();
	vm = *(const struct vm *)class_vm.rec.dflt;
	vm.name_label = "it's \"it\"";
	vm.is_a_template = true;
	vm.memory_static_max = 1024;
	vm.power_state = VM_POWER_STATE_RUNNING;
	vm.tags = vec_add_string(a, vec_add_string(a, vm.tags, "x"), "o'y");
	vm.other_config = map_set(a, vm.other_config, "k", "v");
}

static int
match(const char *query)
{
	const struct where *w;
	const char *why = NULL;
	struct buf scratch = { 0 };
	bool matches;

	w = where_parse(a, &class_vm.rec, query, &why);
	ck_assert_msg(!w == !!why, "%s", query);
	if (!w)
		return -1;
	matches = where_matches(w, &vm, &scratch);
	buf_release(&scratch);
	return matches;
}

START_TEST(fields_compare_in_the_form_of_the_database)
{
	begin();
	ck_assert_int_eq(match("field \"is_a_template\" = \"true\""), 1);
	ck_assert_int_eq(match("field \"is_a_template\" = \"1\""), 0);
	ck_assert_int_eq(match("field \"memory_static_max\"=\"1024\""), 1);
	ck_assert_int_eq(match("field \"power_state\"=\"Running\""), 1);
	ck_assert_int_eq(match("field \"resident_on\"=\"OpaqueRef:NULL\""),
	    1);
	ck_assert_int_eq(match("field \"name__label\"='it\\'s \"it\"'"), 1);
	ck_assert_int_eq(match("field \"name_label\"=\"it's \\\"it\\\"\""),
	    1);
	ck_assert_int_eq(match("field \"tags\"=\"('x' 'o\\\\'y')\""), 1);
	ck_assert_int_eq(match("field \"other_config\"=\"(('k' 'v'))\""), 1);
	ck_assert_int_eq(match("\"true\"=field \"is_a_template\""), 1);
	ck_assert_int_eq(match("field \"is_a_template\" = "
		"field \"is_a_snapshot\""), 0);
	arena_free(a);
}
END_TEST

START_TEST(operators_bind_as_usual)
{
	begin();
	ck_assert_int_eq(match("true"), 1);
	ck_assert_int_eq(match("not true"), 0);
	ck_assert_int_eq(match("true or true and false"), 1);
	ck_assert_int_eq(match("(true or true) and false"), 0);
	ck_assert_int_eq(match("not false and true"), 1);
	ck_assert_int_eq(match("not (true and true)"), 0);
	ck_assert_int_eq(match("tags<>[]"), 1);
	ck_assert_int_eq(match("tags=[]"), 0);
	arena_free(a);
}
END_TEST

START_TEST(what_is_no_query_is_refused)
{
	static const char *const bad[] = { "", "tru", "true true", "(true",
		"true and", "field \"x", "field \"nope\"=\"1\"",
		"field \"is_a_template\"", "field is_a_template = \"true\"",
		"\"a\" = ", "not", "=", "nope<>[]", "name_label<>[]", "and" };
	char deep[400];
	size_t i;

	begin();
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(match(bad[i]) == -1, "%s", bad[i]);
	memset(deep, '(', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = '\0';
	ck_assert_int_eq(match(deep), -1);
	arena_free(a);
}
END_TEST

struct key {
	const char *name;
	const char *secret;
};

START_TEST(a_secret_cannot_be_guessed_by_queries)
{
	static const struct type text = {
		.kind = KIND_STRING, .size = sizeof(char *),
	};
	static const struct field fields[] = {
		{ .name = "name", .type = &text },
		{ .name = "secret", .type = &text, .flags = FIELD_SECRET,
		  .offset = offsetof(struct key, secret) },
	};
	static const struct record_type key = {
		.name = "key", .fields = fields, .n = 2,
		.size = sizeof(struct key),
	};
	const char *why;

	begin();
	ck_assert_ptr_nonnull(where_parse(a, &key, "field \"name\"=\"x\"",
	    &why));
	ck_assert_ptr_null(where_parse(a, &key, "field \"secret\"=\"x\"",
	    &why));
	ck_assert_ptr_null(where_parse(a, &key,
	    "\"x\"=field \"secret\"", &why));
	arena_free(a);
}
END_TEST

START_TEST(broken_queries_do_no_harm)
{
	static const char query[] = "not (field \"name__label\" = \"x\\\"y\" "
	    "or field 'is_a_template'=\"true\") and tags<>[] or false";
	struct buf scratch = { 0 };
	const struct where *w;
	const char *why;
	char *bad, *s;
	size_t len;
	bool yes;
	int i, taken = 0;

	for (i = 0; i < 20000; i++) {
		begin();
		bad = mutate(query, sizeof(query) - 1, &len);
		s = arena_strndup(a, bad, len);
		free(bad);
		why = NULL;
		w = where_parse(a, &class_vm.rec, s, &why);
		ck_assert_msg(!w == !!why, "%s", s);
		if (w) {
			yes = where_matches(w, &vm, &scratch);
			s = arena_printf(a, "not (%s)", s);
			ck_assert_msg(match(s) == !yes, "%s", s);
			taken++;
		}
		arena_free(a);
	}
	ck_assert(taken > 500 && taken < 19500);
	buf_release(&scratch);
}
END_TEST

START_TEST(a_query_takes_memory_as_its_text_is_long)
{
	static const char term[] = "field \"uuid\" = \"\\\"\"";
	struct buf b = { 0 };
	const struct where *w;
	const char *why;
	size_t before;
	int i;

	begin();
	for (i = 0; i < WHERE_MAX_TERMS; i++)
		buf_addf(&b, "%s%s", i ? " and " : "", term);
	before = arena_used(a);
	w = where_parse(a, &class_vm.rec, b.data, &why);
	ck_assert_ptr_nonnull(w);
	ck_assert_uint_lt(arena_used(a) - before, 16 * b.len);
	buf_release(&b);
	arena_free(a);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("where", fields_compare_in_the_form_of_the_database,
	    operators_bind_as_usual, what_is_no_query_is_refused,
	    a_secret_cannot_be_guessed_by_queries,
	    a_query_takes_memory_as_its_text_is_long,
	    broken_queries_do_no_harm);
}
