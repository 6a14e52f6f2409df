/* Heads of requests; base64; WebSocket frames. */
#include <errno.h>
#include <string.h>

#include "http/head.h"
#include "http/ws.h"
#include "mutate.h"
#include "unit.h"

static struct arena *a;
static struct http_head h;

static int
parse(const char *text)
{
	arena_free(a);
	a = arena_new();
	ck_assert_uint_eq(http_head_size(text, strlen(text)), strlen(text));
	return http_head_parse(a, text, strlen(text), &h);
}

static void
end(void)
{
	arena_free(a);
	a = NULL;
}

START_TEST(a_head_ends_at_its_blank_line)
{
	ck_assert_uint_eq(http_head_size("GET / HTTP/1.1\r\n\r\nrest", 22),
	    18);
	ck_assert_uint_eq(http_head_size("GET / HTTP/1.1\n\nrest", 20), 16);
	ck_assert_uint_eq(http_head_size("GET / HTTP/1.1\r\n\r", 17), 0);
	ck_assert_uint_eq(http_head_size("", 0), 0);
}
END_TEST

START_TEST(request_line_headers_query_and_cookies_are_read)
{
	ck_assert_int_eq(parse("PUT /import%5Fraw?a=1,2&b=%41+c&a=9&d HTTP/1.1"
	    "\r\nContent-Length:  42 \r\nHOST: x:1\r\nCookie: session_id=s%3A1"
	    "; b=cookie&z=1\r\nExpect: 100-Continue\r\n\r\n"), 0);
	ck_assert_int_eq(h.method, HTTP_PUT);
	ck_assert_str_eq(h.path, "/import_raw");
	ck_assert_str_eq(http_query(&h, "a"), "1,2");
	ck_assert_str_eq(http_query(&h, "b"), "A c");
	ck_assert_str_eq(http_query(&h, "d"), "");
	ck_assert_ptr_null(http_query(&h, "e"));
	ck_assert_str_eq(http_param(&h, "session_id"), "s:1");
	ck_assert_str_eq(http_param(&h, "b"), "cookie");
	ck_assert_str_eq(http_param(&h, "z"), "1");
	ck_assert_str_eq(http_param(&h, "a"), "1,2");
	ck_assert_str_eq(http_header(&h, "host"), "x:1");
	ck_assert_int_eq(h.length, 42);
	ck_assert(h.keep_alive && h.expects_continue);
	end();
}
END_TEST

START_TEST(versions_decide_keep_alive)
{
	ck_assert_int_eq(parse("GET / HTTP/1.0\r\n\r\n"), 0);
	ck_assert(!h.keep_alive && h.minor == 0 && h.length == -1);
	ck_assert_int_eq(parse("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n"
	    "\r\n"), 0);
	ck_assert(h.keep_alive);
	ck_assert_int_eq(parse("GET / HTTP/1.1\r\nHost: x\r\n"
	    "Connection: foo, close\r\n\r\n"), 0);
	ck_assert(!h.keep_alive);
	ck_assert_int_eq(parse("CONNECT /console?ref=x HTTP/1.0\r\n\r\n"), 0);
	ck_assert_int_eq(h.method, HTTP_CONNECT);
	ck_assert_int_eq(parse("GET http://a:1/b?c=d HTTP/1.1\r\nHost: a\r\n"
	    "\r\n"), 0);
	ck_assert_str_eq(h.path, "/b");
	end();
}
END_TEST

START_TEST(bad_heads_get_their_status)
{
	ck_assert_int_eq(parse("DELETE / HTTP/1.1\r\n\r\n"), 501);
	ck_assert_int_eq(parse("GET / HTTP/2.0\r\n\r\n"), 505);
	ck_assert_int_eq(parse("GET /\r\n\r\n"), 400);
	ck_assert_int_eq(parse("GET /a b HTTP/1.0\r\n\r\n"), 400);
	ck_assert_int_eq(parse("GET  / HTTP/1.0\r\n\r\n"), 400);
	ck_assert_int_eq(parse("GET /  HTTP/1.0\r\n\r\n"), 400);
	ck_assert_int_eq(parse("GET /a\tb HTTP/1.0\r\n\r\n"), 400);
	ck_assert_int_eq(parse("GET / FTP\r\n\r\n"), 400);
	ck_assert_int_eq(parse("GET x HTTP/1.1\r\n\r\n"), 400);
	ck_assert_int_eq(parse("GET /%00 HTTP/1.1\r\n\r\n"), 400);
	ck_assert_int_eq(parse("GET / HTTP/1.0\r\nnocolon\r\n\r\n"), 400);
	ck_assert_int_eq(parse("GET / HTTP/1.0\r\n: x\r\n\r\n"), 400);
	end();
}
END_TEST

/* Each taken by somebody for a body of another length, or for none. */
START_TEST(ambiguous_bodies_are_refused)
{
	static const char *const bad[] = {
		"Transfer-Encoding: chunked\r\n",
		"transfer-encoding:\r\n",
		"Transfer-Encoding: identity\r\nContent-Length: 5\r\n",
		"Content-Length: 5\r\nTransfer-Encoding: x\r\n",
		"Content-Length: 5\r\nContent-Length: 6\r\n",
		"Content-Length: 5\r\ncontent-length: 5\r\n",
		"Content-Length: 5, 5\r\n",
		"Content-Length : 5\r\n",
		"Content-Length\t: 5\r\n",
		" Content-Length: 5\r\n",
		"A: b\r\n Content-Length: 5\r\n",
		"A: b\r\n\tc\r\n",
		"Content-Length:\r\n",
		"Content-Length: +5\r\n", "Content-Length: -5\r\n",
		"Content-Length: 0x5\r\n", "Content-Length: 5x\r\n",
		"Content-Length: 5 5\r\n", "Content-Length: 5.0\r\n",
		"Content-Length: 9223372036854775808\r\n",
		"A: b\rContent-Length: 5\r\n", "A: \r\r\n",
		"A\r: b\r\n", "A: b\nContent-Length: 5\r\n",
		"A: b\x01\r\n", "A: b\x7f\r\n", "A\x80: b\r\n",
		"A b: c\r\n", "(A): b\r\n",
		"Host: y\r\n", "host: x\r\n",
	};
	char head[200];
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(head, sizeof(head),
		    "POST / HTTP/1.1\r\nHost: x\r\n%s\r\n", bad[i]);
		ck_assert_msg(parse(head) == 400, "'%s' is taken", bad[i]);
		snprintf(head, sizeof(head), "GET / HTTP/1.0\r\nHost: x\r\n"
		    "%s\r\n", bad[i]);
		ck_assert_msg(parse(head) == 400, "'%s' is taken", bad[i]);
	}
	ck_assert_int_eq(parse("GET / HTTP/1.1\r\n\r\n"), 400);
	ck_assert_int_eq(parse("GET / HTTP/1.1\r\nHost: a b\r\n\r\n"), 400);
	ck_assert_int_eq(parse("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), 400);
	ck_assert_int_eq(parse("GET /a\rb HTTP/1.0\r\n\r\n"), 400);
	ck_assert_int_eq(parse("GET / HTTP/1.0\nA: b\r\n\r\n"), 400);
	end();
}
END_TEST

START_TEST(odd_heads_without_doubt_are_taken)
{
	ck_assert_int_eq(parse("GET / HTTP/1.0\nA: b\n\n"), 0);
	ck_assert_int_eq(parse("\r\nGET / HTTP/1.0\r\nA:\tb \t\r\n\r\n"), 0);
	ck_assert_str_eq(http_header(&h, "a"), "b");
	ck_assert_int_eq(parse("GET / HTTP/1.1\r\nHost:\r\n\r\n"), 0);
	ck_assert_int_eq(parse("GET / HTTP/1.1\r\nHost: [fe80::1%25x]:443\r\n"
	    "Content-Length: 0\r\nConnection: x\r\nConnection: close\r\n"
	    "A: \xc3\xbc\r\n\r\n"), 0);
	ck_assert_int_eq(h.length, 0);
	ck_assert(!h.keep_alive);
	ck_assert_int_eq(parse("PUT / HTTP/1.0\r\n"
	    "Content-Length: 9223372036854775807\r\n\r\n"), 0);
	ck_assert_int_eq(h.length, INT64_MAX);
	end();
}
END_TEST

START_TEST(headers_are_counted)
{
	struct buf b = { 0 };
	int i;

	buf_adds(&b, "GET / HTTP/1.0\r\n");
	for (i = 0; i <= HTTP_MAX_HEADERS; i++)
		buf_addf(&b, "h%d: x\r\n", i);
	buf_adds(&b, "\r\n");
	ck_assert_int_eq(parse(b.data), 431);
	buf_release(&b);
	end();
}
END_TEST

/* What holds for every head that was taken. */
static void
check_pairs(const struct http_pairs *p, int max)
{
	int i;

	ck_assert_int_le(p->n, max);
	for (i = 0; i < p->n; i++)
		ck_assert(strlen(p->v[i].name) + strlen(p->v[i].value) <
		    HTTP_MAX_HEAD);
}

static void
check_head(void)
{
	ck_assert_int_eq(h.path[0], '/');
	ck_assert_ptr_null(strpbrk(h.target, "\r\n"));
	ck_assert(h.method >= HTTP_GET && h.method <= HTTP_OPTIONS);
	ck_assert(h.minor == 0 || (h.minor == 1 && http_header(&h, "host")));
	ck_assert_ptr_null(http_header(&h, "transfer-encoding"));
	ck_assert_int_ge(h.length, -1);
	ck_assert(!h.expects_continue || http_header(&h, "expect"));
	check_pairs(&h.headers, HTTP_MAX_HEADERS);
	check_pairs(&h.query, HTTP_MAX_PAIRS);
	check_pairs(&h.cookies, HTTP_MAX_PAIRS);
}

START_TEST(broken_heads_do_no_harm)
{
	static const char head[] = "PUT /a%20b?c=%41&d=e HTTP/1.1\r\nHost: x\r\n"
	    "Content-Length: 12\r\nCookie: a=b; c=d\r\nConnection: x, close\r\n"
	    "Expect: 100-continue\r\n\r\n";
	struct arena *mine;
	size_t len, size;
	char *bad;
	int i, status, taken = 0;

	for (i = 0; i < 50000; i++) {
		bad = mutate(head, sizeof(head) - 1, &len);
		mine = arena_new();
		size = http_head_size(bad, len);
		ck_assert(size <= len && (!size || bad[size - 1] == '\n'));
		status = http_head_parse(mine, bad, size ? size : len, &h);
		free(bad);
		if (status == 0) {
			check_head();
			taken++;
		} else {
			ck_assert(status == 400 || status == 431 ||
			    status == 501 || status == 505);
		}
		arena_free(mine);
	}
	ck_assert(taken > 1000 && taken < 49000);
}
END_TEST

START_TEST(base64_goes_both_ways)
{
	static const struct {
		const char *plain, *coded;
	} pairs[] = { { "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" },
		{ "foo", "Zm9v" }, { "foobar", "Zm9vYmFy" } };
	size_t i, len;

	a = arena_new();
	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		ck_assert_str_eq(http_base64_encode(a, pairs[i].plain,
			strlen(pairs[i].plain)), pairs[i].coded);
		ck_assert_str_eq(http_base64_decode(a, pairs[i].coded, &len),
		    pairs[i].plain);
		ck_assert_uint_eq(len, strlen(pairs[i].plain));
	}
	ck_assert_ptr_null(http_base64_decode(a, "a b", &len));
	end();
}
END_TEST

/* A masked frame of a client. */
static void
client_frame(struct buf *b, int head, const char *data, size_t len)
{
	const uint8_t mask[4] = { 1, 2, 3, 4 };
	size_t i;

	buf_addc(b, (char)head);
	if (len < 126) {
		buf_addc(b, (char)(0x80 | len));
	} else {
		buf_addc(b, (char)(0x80 | 126));
		buf_addc(b, (char)(len >> 8));
		buf_addc(b, (char)len);
	}
	buf_add(b, mask, 4);
	for (i = 0; i < len; i++)
		buf_addc(b, (char)(data[i] ^ mask[i & 3]));
}

START_TEST(frames_come_in_any_pieces)
{
	struct buf in = { 0 }, out = { 0 }, back = { 0 };
	char big[300];
	struct ws ws = { 0 };
	size_t i;

	memset(big, 'x', sizeof(big));
	client_frame(&in, 0x82, "hello", 5);
	client_frame(&in, 0x89, "png", 3);
	client_frame(&in, 0x02, big, sizeof(big));
	client_frame(&in, 0x80, "", 0);
	client_frame(&in, 0x88, "\x03\xe8why", 5);
	for (i = 0; i < in.len; i++)
		ck_assert_int_eq(ws_feed(&ws, (uint8_t *)in.data + i, 1, &out,
			&back), 0);
	ck_assert_uint_eq(out.len, 305);
	ck_assert_int_eq(memcmp(out.data, "hellox", 6), 0);
	ck_assert(ws.closed);
	ck_assert_uint_eq(back.len, 9);
	ck_assert_int_eq(memcmp(back.data, "\x8a\x03png\x88\x02\x03\xe8", 9),
	    0);
	buf_release(&in);
	buf_release(&out);
	buf_release(&back);
}
END_TEST

START_TEST(unmasked_or_oversized_control_frames_are_refused)
{
	struct buf out = { 0 }, back = { 0 };
	struct ws ws = { 0 };

	ck_assert_int_eq(ws_feed(&ws, (const uint8_t *)"\x82\x01x", 3, &out,
		&back), -EPROTO);
	memset(&ws, 0, sizeof(ws));
	ck_assert_int_eq(ws_feed(&ws, (const uint8_t *)"\xc2\x80", 2, &out,
		&back), -EPROTO);
	memset(&ws, 0, sizeof(ws));
	ck_assert_int_eq(ws_feed(&ws, (const uint8_t *)
		"\x89\xfe\x01\x00mask", 8, &out, &back), -EPROTO);
	buf_release(&out);
	buf_release(&back);
}
END_TEST

/* Bytes in pieces of `step`; what comes out. */
static int
feed(struct ws *ws, const char *data, size_t len, size_t step,
    struct buf *out, struct buf *back)
{
	size_t at, n;
	int rc = 0;

	memset(ws, 0, sizeof(*ws));
	buf_reset(out);
	buf_reset(back);
	for (at = 0; at < len && !rc; at += n) {
		n = len - at < step ? len - at : step;
		rc = ws_feed(ws, (const uint8_t *)data + at, n, out, back);
	}
	return rc;
}

static bool
same_bytes(const struct buf *x, const struct buf *y)
{
	return x->len == y->len && (!x->len ||
	    memcmp(x->data, y->data, x->len) == 0);
}

/* However the bytes come, they mean the same. */
START_TEST(broken_frames_do_no_harm)
{
	struct buf in = { 0 }, out = { 0 }, back = { 0 };
	struct buf out1 = { 0 }, back1 = { 0 };
	int i, rc, taken = 0;
	struct ws ws, ws1;
	size_t len;
	char *bad;

	client_frame(&in, 0x82, "hello", 5);
	client_frame(&in, 0x89, "png", 3);
	client_frame(&in, 0x88, "\x03\xe8why", 5);
	for (i = 0; i < 50000; i++) {
		bad = mutate(in.data, in.len, &len);
		rc = feed(&ws, bad, len, len, &out, &back);
		ck_assert(rc == 0 || rc == -EPROTO);
		ck_assert_int_eq(feed(&ws1, bad, len, 1, &out1, &back1), rc);
		ck_assert_uint_le(out.len + back.len, len);
		ck_assert(same_bytes(&out, &out1) &&
		    same_bytes(&back, &back1) && ws.closed == ws1.closed);
		taken += rc == 0;
		free(bad);
	}
	ck_assert(taken > 1000 && taken < 49000);
	buf_release(&in);
	buf_release(&out);
	buf_release(&back);
	buf_release(&out1);
	buf_release(&back1);
}
END_TEST

START_TEST(the_handshake_is_the_standards_example)
{
	a = arena_new();
	ck_assert_str_eq(ws_accept(a, "dGhlIHNhbXBsZSBub25jZQ=="),
	    "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
	end();
}
END_TEST

int
main(void)
{
	return UNIT_RUN("http_head", a_head_ends_at_its_blank_line,
	    request_line_headers_query_and_cookies_are_read,
	    versions_decide_keep_alive, bad_heads_get_their_status,
	    ambiguous_bodies_are_refused, odd_heads_without_doubt_are_taken,
	    headers_are_counted, broken_heads_do_no_harm,
	    base64_goes_both_ways, frames_come_in_any_pieces,
	    unmasked_or_oversized_control_frames_are_refused,
	    broken_frames_do_no_harm, the_handshake_is_the_standards_example);
}
