/* JSON-RPC calls: what is read, what is refused, and broken ones. */
#include <errno.h>
#include <jansson.h>
#include <malloc.h>
#include <string.h>

#include "base/buf.h"
#include "mutate.h"
#include "unit.h"
#include "value_check.h"
#include "wire/json.h"

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

static size_t held, most;

static void *
counting_malloc(size_t size)
{
	void *p = malloc(size);

	held += malloc_usable_size(p);
	if (held > most)
		most = held;
	return p;
}

static void
counting_free(void *p)
{
	held -= p ? malloc_usable_size(p) : 0;
	free(p);
}

START_TEST(no_call_makes_a_tree_of_megabytes)
{
	static const char *const pieces[] = { "0,", "[],", "{},", "\"\",",
		"{\"a\":0},", "[[[[]]]],", "\"[\",", "\"\\\"\"," };
	const size_t body = 300 << 10;
	struct buf b = { 0 };
	size_t i;

	json_set_alloc_funcs(counting_malloc, counting_free);
	for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		buf_reset(&b);
		buf_adds(&b, "{\"method\":\"a\",\"id\":1,\"params\":[");
		while (b.len < body)
			buf_adds(&b, pieces[i]);
		buf_adds(&b, "0]}");
		most = 0;
		ck_assert_int_ne(parse(b.data), 0);
		ck_assert_uint_lt(most, 1 << 20);
	}
	ck_assert_uint_eq(held, 0);
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
			ck_assert_int_eq(json_value(mine, req.id,
				strlen(req.id), &id), 0);
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
	return UNIT_RUN("json", every_type_is_read,
	    version_2_may_leave_params_out_or_send_one_object,
	    what_is_no_call_is_refused, depth_is_limited,
	    no_call_makes_a_tree_of_megabytes,
	    a_long_text_full_of_brackets_is_one_value,
	    bad_utf8_is_remembered,
	    escapes_that_xml_cannot_carry_are_remembered,
	    broken_calls_do_no_harm);
}
