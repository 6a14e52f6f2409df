/* JSON texts and the calls in them: what is read, what is refused, and broken
 * ones. */
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "mutate.h"
#include "unit.h"
#include "value_check.h"
#include "wire/json.h"
#include "wire/json_text.h"

static struct arena *a;
static struct json_request req;

static int
parse(const char *text)
{
	arena_free(a);
	a = arena_new();
	return json_parse(a, text, strlen(text), &req);
}

static void
end(void)
{
	arena_free(a);
	a = NULL;
}

START_TEST(every_type_is_read)
{
	const struct value *v;

	ck_assert_int_eq(parse("{\"method\":\"a.b\",\"id\":1,\"params\":["
	    "\"s\",-1,9000000000,1.5,true,null,[\"x\"],{\"k\":\"v\"}]}"), 0);
	v = req.call.params;
	ck_assert_uint_eq(req.call.n_params, 8);
	ck_assert(!req.v2);
	ck_assert_str_eq(req.id, "1");
	ck_assert_str_eq(v[0].s, "s");
	ck_assert(v[1].i == -1 && v[2].i == 9000000000 && v[3].d == 1.5);
	ck_assert(v[4].b && v[5].kind == VALUE_NIL);
	ck_assert_str_eq(v[6].items[0].s, "x");
	ck_assert_str_eq(value_member(&v[7], "k")->s, "v");
	end();
}
END_TEST

START_TEST(version_2_may_leave_params_out_or_send_one_object)
{
	ck_assert_int_eq(parse("{\"jsonrpc\":\"2.0\",\"method\":\"a\","
	    "\"id\":\"q\\\"\"}"), 0);
	ck_assert(req.v2);
	ck_assert_uint_eq(req.call.n_params, 0);
	ck_assert_str_eq(req.id, "\"q\\\"\"");
	ck_assert_int_eq(parse("{\"jsonrpc\":\"2.0\",\"method\":\"a\","
	    "\"id\":0,\"params\":{\"x\":1}}"), 0);
	ck_assert_uint_eq(req.call.n_params, 1);
	ck_assert_int_eq(req.call.params[0].kind, VALUE_STRUCT);
	end();
}
END_TEST

/* The text of the one value alone: 0 or -EBADMSG. */
static int
read_text(const char *text, size_t len, struct value *out)
{
	/* on the heap, of that size: nothing is read behind its end */
	char *copy = malloc(len + !len);
	bool bad;
	int rc;

	memcpy(copy, text, len);
	arena_free(a);
	a = arena_new();
	rc = json_text(a, copy, len, out, &bad);
	free(copy);
	return rc;
}

START_TEST(the_grammar_is_kept)
{
	static const char *const good[] = { "0", "-0", "10", "-1", "0.5",
		"1e5", "1E+5", "2.25e-1", "9223372036854775807",
		"-9223372036854775808", "\"\"", "\"a\"", "true", "false",
		"null", "[]", "{}", " [ ] ", "\t{\r\n}", "[1,2]", "[[],{}]",
		"{\"\":0}", "{\"a\":1,\"a\":2}", "\"\\/\\\\\\\"\"",
		"\"\\u00e4\\uD834\\udd1e\"", "\"\x7f\"", "\"\xc3\xa4\"" };
	static const char *const bad[] = { "", " ", "01", "-", "-a", "+1",
		".5", "1.", "1.e1", "1e", "1e+", "0x1", "1 2", "NaN",
		"Infinity", "-Infinity", "1e999", "-1e999",
		"9223372036854775808", "-9223372036854775809", "\"", "\"a",
		"\"\\\"", "\"\\", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"",
		"\"\\ud834\"", "\"\\ud834x\"", "\"\\ud834\\n\"",
		"\"\\ud834\\u0041\"", "\"\\udd1e\"", "\"\\u0000\"",
		"\"\n\"", "\"\t\"", "'a'", "tru", "nul", "True", "truex",
		"[", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "]", "{", "{\"a\"",
		"{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{a:1}",
		"{1:1}", "{\"a\" 1}", "{,}", "[1}", "[]]", "//", "[1/**/]" };
	struct value v;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ck_assert_msg(read_text(good[i], strlen(good[i]), &v) == 0,
		    "%s is refused", good[i]);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(read_text(bad[i], strlen(bad[i]), &v) ==
		    -EBADMSG, "%s is taken", bad[i]);
	end();
}
END_TEST

START_TEST(escapes_are_the_characters_they_name)
{
	static const char text[] = "\"\\\"\\\\\\/\\n\\r\\t\\u0041\\u00e4"
	    "\\u20AC\\ud834\\udD1e.\"";
	struct value v;

	ck_assert_int_eq(read_text(text, sizeof(text) - 1, &v), 0);
	ck_assert_str_eq(v.s, "\"\\/\n\r\tA\xc3\xa4\xe2\x82\xac"
	    "\xf0\x9d\x84\x9e.");
	end();
}
END_TEST

START_TEST(many_values_keep_their_order)
{
	struct buf b = { 0 };
	struct value v;
	int i;

	buf_addc(&b, '[');
	for (i = 0; i < 1000; i++)
		buf_addf(&b, "%s{\"n\":%d,\"m\":[%d]}", i ? "," : "", i, -i);
	buf_addc(&b, ']');
	ck_assert_int_eq(read_text(b.data, b.len, &v), 0);
	ck_assert_uint_eq(v.n, 1000);
	for (i = 0; i < 1000; i++) {
		ck_assert_int_eq(value_member(&v.items[i], "n")->i, i);
		ck_assert_int_eq(value_member(&v.items[i], "m")->items[0].i,
		    -i);
	}
	buf_release(&b);
	end();
}
END_TEST

START_TEST(what_is_no_call_is_refused)
{
	static const char *const bad[] = {
		"", "x", "[]", "{}", "{\"id\":1}", "{\"method\":\"a\"}",
		"{\"method\":\"a\",\"id\":1}",
		"{\"jsonrpc\":\"2.0\",\"method\":\"a\"}",
		"{\"jsonrpc\":\"2.0\",\"method\":\"a\",\"id\":null}",
		"{\"jsonrpc\":\"2.0\",\"method\":\"a\",\"id\":1.5}",
		"{\"jsonrpc\":\"2.0\",\"method\":1,\"id\":1}",
		"{\"method\":\"a\",\"id\":1,\"params\":3}",
		"{\"method\":\"a\",\"id\":1,\"params\":[NaN]}",
		"{\"method\":\"a\",\"id\":1,\"params\":[]} x",
		"{\"method\":\"a\",\"id\":1,\"params\":[\"\\u0000\"]}",
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(parse(bad[i]) != 0, "%s", bad[i]);
	end();
}
END_TEST

START_TEST(depth_is_limited)
{
	char text[400] = "{\"method\":\"a\",\"id\":1,\"params\":";
	size_t n = strlen(text);

	memset(text + n, '[', VALUE_MAX_DEPTH + 2);
	memset(text + n + VALUE_MAX_DEPTH + 2, ']', VALUE_MAX_DEPTH + 2);
	strncat(text, "}", 2);
	ck_assert_int_ne(parse(text), 0);
	end();
}
END_TEST

START_TEST(no_call_makes_megabytes_of_values)
{
	static const char *const pieces[] = { "0,", "[],", "{},", "\"\",",
		"{\"a\":0},", "[[[[]]]],", "\"[\",", "\"\\\"\"," };
	const size_t body = 300 << 10;
	struct buf b = { 0 };
	size_t i;

	for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		buf_reset(&b);
		buf_adds(&b, "{\"method\":\"a\",\"id\":1,\"params\":[");
		while (b.len < body)
			buf_adds(&b, pieces[i]);
		buf_adds(&b, "0]}");
		ck_assert_int_ne(parse(b.data), 0);
		ck_assert_uint_lt(arena_used(a), 2 << 20);
	}
	buf_release(&b);
	end();
}
END_TEST

START_TEST(a_long_text_full_of_brackets_is_one_value)
{
	char text[100000] = "{\"method\":\"a\",\"id\":1,\"params\":[\"";
	size_t n = strlen(text);

	memset(text + n, '[', sizeof(text) - n);
	memcpy(text + sizeof(text) - 5, "\"]}", 4);
	ck_assert_int_eq(parse(text), 0);
	ck_assert_uint_eq(req.call.n_params, 1);
	end();
}
END_TEST

START_TEST(bad_utf8_is_remembered)
{
	ck_assert_int_eq(parse("{\"method\":\"a\",\"id\":1,\"params\":["
	    "\"\xff\"]}"), 0);
	ck_assert(req.call.bad_utf8);
	end();
}
END_TEST

/* An escape says no more than its bytes would: XML could not say it back. */
START_TEST(escapes_that_xml_cannot_carry_are_remembered)
{
	static const char *const bad[] = { "\\ufffe", "\\uffff", "\\u0001",
		"\\u001f", "\\b", "\\f", "\xef\xbf\xbe", "\x01" };
	static const char *const good[] = { "\\ufffd", "\\u0009\\n\\r\\t",
		"\\u007f", "\\u0085", "\\ufdd0", "\\ud83f\\udffe",
		"\\ud800\\udc00" };
	char call[100];
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(call, sizeof(call), "{\"method\":\"a\",\"id\":1,"
		    "\"params\":[\"x%s\"]}", bad[i]);
		ck_assert_int_eq(parse(call), 0);
		ck_assert_msg(req.call.bad_utf8, "%s is taken", bad[i]);
		ck_assert_ptr_nonnull(strstr(req.call.params[0].s,
		    "x\xef\xbf\xbd"));
		snprintf(call, sizeof(call), "{\"method\":\"a\",\"id\":1,"
		    "\"params\":[{\"x%s\":1}]}", bad[i]);
		ck_assert_int_eq(parse(call), 0);
		ck_assert_msg(req.call.bad_utf8, "key %s is taken", bad[i]);
	}
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		snprintf(call, sizeof(call), "{\"method\":\"a\",\"id\":1,"
		    "\"params\":[\"%s\"]}", good[i]);
		ck_assert_int_eq(parse(call), 0);
		ck_assert_msg(!req.call.bad_utf8, "%s is refused", good[i]);
	}
	ck_assert_int_eq(parse("{\"method\":\"a\",\"id\":\"\\ufffe\","
	    "\"params\":[]}"), -EBADMSG);
	ck_assert_int_eq(parse("{\"method\":\"a\",\"id\":1,"
	    "\"params\":[\"\\u0000\"]}"), -EBADMSG);
	ck_assert_int_eq(parse("{\"method\":\"a\",\"id\":1,"
	    "\"params\":[\"\\ud800\"]}"), -EBADMSG);
	end();
}
END_TEST

START_TEST(broken_calls_do_no_harm)
{
	static const char call[] = "{\"jsonrpc\":\"2.0\",\"method\":\"a.b\","
	    "\"id\":\"7\",\"params\":[\"s\\u00e4\",-1,2.5e3,true,null,"
	    "[\"x\",[]],{\"k\":{\"l\":\"v\"}}]}";
	struct arena *mine;
	size_t len;
	struct value id;
	bool odd;
	char *bad;
	int i, rc, taken = 0;

	for (i = 0; i < 50000; i++) {
		bad = mutate(call, sizeof(call) - 1, &len);
		mine = arena_new();
		rc = json_parse(mine, bad, len, &req);
		free(bad);
		if (rc == 0) {
			check_request(&req.call);
			/* it goes into the reply as it is */
			ck_assert_int_eq(json_text(mine, req.id,
				strlen(req.id), &id, &odd), 0);
			taken++;
		} else {
			ck_assert_int_eq(rc, -EBADMSG);
		}
		arena_free(mine);
	}
	ck_assert(taken > 1000 && taken < 49000);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("json", the_grammar_is_kept,
	    escapes_are_the_characters_they_name,
	    many_values_keep_their_order, every_type_is_read,
	    version_2_may_leave_params_out_or_send_one_object,
	    what_is_no_call_is_refused, depth_is_limited,
	    no_call_makes_megabytes_of_values,
	    a_long_text_full_of_brackets_is_one_value,
	    bad_utf8_is_remembered,
	    escapes_that_xml_cannot_carry_are_remembered,
	    broken_calls_do_no_harm);
}
