/* XML-RPC calls: what is read, what is refused, and broken ones. */
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "mutate.h"
#include "unit.h"
#include "value_check.h"
#include "wire/xmlrpc.h"

#define CALL(params) "<?xml version=\"1.0\"?><methodCall><methodName>a.b" \
	"</methodName><params>" params "</params></methodCall>"
#define P(v) "<param><value>" v "</value></param>"

static struct arena *a;
static struct request req;

static int
parse(const char *text)
{
	arena_free(a);
	a = arena_new();
	xmlrpc_init();
	return xmlrpc_parse(a, text, strlen(text), &req);
}

START_TEST(every_type_is_read)
{
	const struct value *v;

	ck_assert_int_eq(parse(CALL(P("plain") P("<string>s</string>") P("")
		    P("<string/>") P("<int>1</int>") P("<i4>-2</i4>")
		    P("<i8>9000000000</i8>") P("<double>1.5</double>")
		    P("<boolean>1</boolean>") P("<nil/>")
		    P("<dateTime.iso8601>19700101T00:00:00Z"
			"</dateTime.iso8601>"))), 0);
	ck_assert_str_eq(req.method, "a.b");
	ck_assert_uint_eq(req.n_params, 11);
	v = req.params;
	ck_assert_str_eq(v[0].s, "plain");
	ck_assert_str_eq(v[1].s, "s");
	ck_assert_str_eq(v[2].s, "");
	ck_assert(v[3].kind == VALUE_STRING && !*v[3].s);
	ck_assert(v[4].kind == VALUE_INT && v[4].i == 1);
	ck_assert_int_eq(v[5].i, -2);
	ck_assert(v[6].i == 9000000000);
	ck_assert(v[7].kind == VALUE_FLOAT && v[7].d == 1.5);
	ck_assert(v[8].kind == VALUE_BOOL && v[8].b);
	ck_assert_int_eq(v[9].kind, VALUE_NIL);
	ck_assert_int_eq(v[10].kind, VALUE_DATETIME);
	arena_free(a);
	a = NULL;
}
END_TEST

START_TEST(white_space_between_tags_is_ignored)
{
	ck_assert_int_eq(parse("\n<methodCall>\n <methodName> a.b\n"
	    "</methodName>\n <params>\n <param>\n <value>\n <struct>\n"
	    "<member>\n<name>k</name>\n<value> <array> <data> <value>x</value>"
	    "\n</data> </array> </value></member></struct>\n</value></param>"
	    "</params></methodCall>\n"), 0);
	ck_assert_str_eq(req.method, "a.b");
	ck_assert_int_eq(req.params[0].kind, VALUE_STRUCT);
	ck_assert_str_eq(req.params[0].members[0].name, "k");
	ck_assert_str_eq(req.params[0].members[0].v.items[0].s, "x");
	arena_free(a);
	a = NULL;
}
END_TEST

START_TEST(text_keeps_its_characters)
{
	ck_assert_int_eq(parse(CALL(P(" &lt;a&gt; &amp;&#x41;\xc3\xa4"
		    "<![CDATA[<b>]]> ") )), 0);
	ck_assert_str_eq(req.params[0].s, " <a> &A\xc3\xa4<b> ");
	ck_assert(!req.bad_utf8);
	ck_assert_int_eq(parse(CALL(P("a\xff"))), 0);
	ck_assert(req.bad_utf8);
	arena_free(a);
	a = NULL;
}
END_TEST

#define DECLARED(set, v) "<?xml version='1.0' encoding=" set "?><methodCall>" \
	"<methodName>a</methodName><params>" P(v) "</params></methodCall>"

static void
expect_text(const char *call, const char *want)
{
	ck_assert_int_eq(parse(call), 0);
	ck_assert_msg(!req.bad_utf8, "%s", call);
	ck_assert_str_eq(req.params[0].s, want);
}

START_TEST(the_declared_encoding_counts)
{
	expect_text(DECLARED("\"iso-8859-1\"", "\xfc\x80"), "\xc3\xbc\xc2\x80");
	expect_text(DECLARED("'ISO-8859-1' standalone='yes'", "\xc3\xbc"),
	    "\xc3\x83\xc2\xbc");
	expect_text(DECLARED(" 'Latin1'", "\xff"), "\xc3\xbf");
	expect_text(DECLARED("'us-ascii'", "a&#252;"), "a\xc3\xbc");
	expect_text(DECLARED("'UTF-8'", "\xc3\xbc"), "\xc3\xbc");
	expect_text("\xef\xbb\xbf" DECLARED("'utf-8'", "\xc3\xbc"), "\xc3\xbc");
	/* as if none were declared */
	expect_text(DECLARED("'koi8-r'", "\xc3\xbc"), "\xc3\xbc");
	expect_text(DECLARED("'utf-16'", "\xc3\xbc"), "\xc3\xbc");
	expect_text(CALL(P("encoding='iso-8859-1'?> \xc3\xbc")),
	    "encoding='iso-8859-1'?> \xc3\xbc");
	ck_assert_int_eq(parse(DECLARED("'us-ascii'", "\xc3\xbc")), 0);
	ck_assert(req.bad_utf8);
	ck_assert_int_eq(parse(DECLARED("'utf-8'", "\xfc")), 0);
	ck_assert(req.bad_utf8);
	arena_free(a);
	a = NULL;
}
END_TEST

/* A call in UTF-16, of characters below U+10000 and one that is given. */
static int
parse_utf16(bool big, bool mark, const char *pair, size_t pair_len)
{
	static const char head[] = "<?xml version=\"1.0\" encoding=\"UTF-16\"?>"
	    "<methodCall><methodName>a</methodName><params><param><value>",
	    tail[] = "</value></param></params></methodCall>";
	struct buf b = { 0 };
	const char *s;
	int rc;

	if (mark)
		buf_adds(&b, big ? "\xfe\xff" : "\xff\xfe");
	for (s = head; *s; s++)
		buf_add(&b, (char[]){ big ? 0 : *s, big ? *s : 0 }, 2);
	buf_add(&b, pair, pair_len);
	for (s = tail; *s; s++)
		buf_add(&b, (char[]){ big ? 0 : *s, big ? *s : 0 }, 2);
	arena_free(a);
	a = arena_new();
	xmlrpc_init();
	rc = xmlrpc_parse(a, b.data, b.len, &req);
	buf_release(&b);
	return rc;
}

START_TEST(utf16_is_read_in_both_orders)
{
	int big, mark;

	for (big = 0; big < 2; big++) {
		for (mark = 0; mark < 2; mark++) {
			ck_assert_int_eq(parse_utf16(big, mark, big ?
			    "\x00\xfc\xd8\x3d\xde\x00" :
			    "\xfc\x00\x3d\xd8\x00\xde", 6), 0);
			ck_assert_str_eq(req.params[0].s,
			    "\xc3\xbc\xf0\x9f\x98\x80");
			ck_assert(!req.bad_utf8);
			ck_assert_int_eq(parse_utf16(big, mark, big ?
			    "\xd8\x3d" : "\x3d\xd8", 2), 0);
			ck_assert(req.bad_utf8);
			ck_assert_int_eq(parse_utf16(big, mark, big ?
			    "\xde\x00\x00x" : "\x00\xdex\x00", 4), 0);
			ck_assert(req.bad_utf8);
			ck_assert_int_eq(parse_utf16(big, mark, "x", 1),
			    -EBADMSG);
		}
	}
	ck_assert_int_eq(parse("\xff\xfe"), -EBADMSG);
	ck_assert_int_eq(parse("\xff\xfe<"), -EBADMSG);
	arena_free(a);
	a = NULL;
}
END_TEST

START_TEST(calls_without_params_are_calls)
{
	ck_assert_int_eq(parse("<methodCall><methodName>x</methodName>"
	    "</methodCall>"), 0);
	ck_assert_uint_eq(req.n_params, 0);
	arena_free(a);
	a = NULL;
}
END_TEST

START_TEST(what_is_no_call_is_refused)
{
	static const char *const bad[] = {
		"", "x", "<a/>", "<methodCall/>", "<methodCall>",
		"<methodCall><params/></methodCall>",
		"<!DOCTYPE a><methodCall><methodName>x</methodName>"
		"</methodCall>",
		"<!DOCTYPE a [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>"
		"<methodCall><methodName>&e;</methodName></methodCall>",
		"<?pi x?><methodCall><methodName>x</methodName></methodCall>",
		CALL(P("&undefined;")), CALL("<value>1</value>"),
		CALL(P("<int>x</int>")), CALL(P("<int></int>")),
		CALL(P("<boolean>true</boolean>")), CALL(P("<what/>")),
		CALL(P("<int>1</int><int>2</int>")), CALL(P("a<int>1</int>")),
		CALL(P("<array/>")), CALL(P("<double>q</double>")),
		CALL(P("<struct><member><value>x</value></member></struct>")),
		CALL(P("<int>99999999999999999999</int>")),
		CALL(P("x")) "more",
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(parse(bad[i]) != 0, "%s", bad[i]);
	arena_free(a);
	a = NULL;
}
END_TEST

START_TEST(depth_and_number_are_limited)
{
	struct buf b = { 0 };
	int i;

	buf_adds(&b, "<methodCall><methodName>x</methodName><params><param>");
	for (i = 0; i < VALUE_MAX_DEPTH + 2; i++)
		buf_adds(&b, "<value><array><data>");
	for (i = 0; i < VALUE_MAX_DEPTH + 2; i++)
		buf_adds(&b, "</data></array></value>");
	buf_adds(&b, "</param></params></methodCall>");
	ck_assert_int_ne(parse(b.data), 0);
	buf_reset(&b);
	buf_adds(&b, "<methodCall><methodName>x</methodName><params><param>"
	    "<value><array><data>");
	for (i = 0; i <= VALUE_MAX_ELEMENTS; i++)
		buf_adds(&b, "<value/>");
	buf_adds(&b, "</data></array></value></param></params></methodCall>");
	ck_assert_int_ne(parse(b.data), 0);
	buf_release(&b);
	arena_free(a);
	a = NULL;
}
END_TEST

START_TEST(broken_calls_do_no_harm)
{
	static const char call[] = CALL(P("plain") P("<int>1</int>")
	    P("<struct><member><name>k</name><value><array><data><value>x"
		"</value><value><boolean>1</boolean></value></data></array>"
		"</value></member></struct>") P("&amp;&#65;"));
	struct arena *mine;
	size_t len;
	char *bad;
	int i, rc, taken = 0;

	xmlrpc_init();
	for (i = 0; i < 20000; i++) {
		bad = mutate(call, sizeof(call) - 1, &len);
		mine = arena_new();
		rc = xmlrpc_parse(mine, bad, len, &req);
		free(bad);
		if (rc == 0) {
			check_request(&req);
			taken++;
		} else {
			ck_assert_int_eq(rc, -EBADMSG);
		}
		arena_free(mine);
	}
	ck_assert(taken > 1000 && taken < 19000);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("xmlrpc", every_type_is_read,
	    white_space_between_tags_is_ignored, text_keeps_its_characters,
	    the_declared_encoding_counts, utf16_is_read_in_both_orders,
	    calls_without_params_are_calls, what_is_no_call_is_refused,
	    depth_and_number_are_limited, broken_calls_do_no_harm);
}
