/*
 * All parsers of bytes from clients behind one libFuzzer entry: the first byte
 * of the input chooses.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/args.h"
#include "fuzz.h"
#include "gen/types.h"
#include "http/head.h"
#include "http/rrd_query.h"
#include "http/ws.h"
#include "net/trusted.h"
#include "rpc/where.h"
#include "value_check.h"
#include "wire/emit.h"
#include "wire/json.h"
#include "wire/xmlrpc.h"

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	xmlrpc_init();
	return 0;
}

/* Values go on into the typed decoders, as records and as their fields. */
static void
decode_all(struct arena *a, const struct request *req)
{
	struct decoder d = { .arena = a, .check_utf8 = req->bad_utf8 };
	const struct value *v;
	struct buf b = { 0 };
	struct vm vm;
	uint32_t i;
	uint16_t f;

	check_request(req);
	for (i = 0; i < req->n_params && i < 16; i++) {
		v = &req->params[i];
		if (value_decode_ctor(&d, &class_vm.rec, v, &vm) == 0) {
			emit_xml_record(&b, &class_vm.rec, &vm);
			emit_json_record(&b, &class_vm.rec, &vm);
		}
		for (f = 0; f < class_vm.rec.n; f++)
			value_decode(&d, class_vm.rec.fields[f].type, v,
			    (char *)&vm + class_vm.rec.fields[f].offset);
	}
	buf_release(&b);
}

static void
try_where(struct arena *a, const char *data, size_t len)
{
	char *text = arena_strndup(a, data, len);
	struct buf scratch = { 0 };
	const struct where *w;
	const char *why;

	w = where_parse(a, &class_vm.rec, text, &why);
	if (w)
		where_matches(w, class_vm.rec.dflt, &scratch);
	buf_release(&scratch);
}

static void
try_head(struct arena *a, const char *data, size_t len)
{
	size_t size = http_head_size(data, len), out;
	struct http_head h;

	if (http_head_parse(a, data, size ? size : len, &h) == 0 &&
	    http_header(&h, "Authorization"))
		http_base64_decode(a, http_header(&h, "Authorization"), &out);
}

static void
try_ws(const uint8_t *data, size_t len)
{
	struct buf out = { 0 }, back = { 0 };
	struct ws ws = { 0 };
	size_t half = len / 2;

	if (ws_feed(&ws, data, half, &out, &back) == 0)
		ws_feed(&ws, data + half, len - half, &out, &back);
	buf_release(&out);
	buf_release(&back);
}

static void
try_cli(struct arena *a, const char *data, size_t len)
{
	struct cli_args args;
	const char *why;
	bool yes;

	if (cli_args_parse(a, data, len, &args, &why)) {
		assert(why);
		return;
	}
	assert(args.command && args.n <= CLI_MAX_ARGS);
	for (int i = 0; i < args.n; i++) {
		assert(args.v[i].key && args.v[i].value);
		cli_arg_is_set(&args, args.v[i].key);
		cli_parse_bool(args.v[i].value, &yes);
	}
}

/* In a head that asks for metrics: a query, and behind a newline what the client
 * accepts. */
static void
try_rrd(struct arena *a, const char *data, size_t len)
{
	const char *accept = memchr(data, '\n', len);
	size_t query = accept ? (size_t)(accept - data) : len;
	struct metrics_query q;
	struct http_head h;
	struct buf b = { 0 };

	buf_adds(&b, "GET /rrd_updates?");
	buf_add(&b, data, query);
	buf_adds(&b, " HTTP/1.0\r\nAccept: ");
	if (accept)
		buf_add(&b, accept + 1, len - query - 1);
	buf_adds(&b, "\r\n\r\n");
	if (http_head_parse(a, b.data, b.len, &h) == 0) {
		rrd_query_json(&h);
		if (!rrd_query_parse(a, &h, &q))
			assert(q.n_vms + q.n_srs <= h.query.n);
	}
	buf_release(&b);
}

/* What was read is read again as the same. */
static void
try_pem(struct arena *a, const char *data, size_t len)
{
	const char *text = arena_strndup(a, data, len);
	struct tls_facts about;
	char *cert = trusted_certificate(text, &about);
	char *crl = trusted_crl(text), *again;

	if (cert) {
		again = trusted_certificate(cert, &about);
		assert(again && !strcmp(cert, again));
		free(again);
	}
	free(cert);
	free(crl);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *text = (const char *)data + 1;
	struct json_request json;
	struct request xml;
	struct arena *a;

	if (len == 0)
		return 0;
	a = arena_new();
	switch (data[0] % 8) {
	case 0:
		if (xmlrpc_parse(a, text, len - 1, &xml) == 0)
			decode_all(a, &xml);
		break;
	case 1:
		if (json_parse(a, text, len - 1, &json) == 0)
			decode_all(a, &json.call);
		break;
	case 2:
		try_head(a, text, len - 1);
		break;
	case 3:
		try_where(a, text, len - 1);
		break;
	case 4:
		try_ws(data + 1, len - 1);
		break;
	case 5:
		try_cli(a, text, len - 1);
		break;
	case 6:
		try_rrd(a, text, len - 1);
		break;
	default:
		try_pem(a, text, len - 1);
		break;
	}
	arena_free(a);
	return 0;
}
