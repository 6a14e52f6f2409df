/* What a plugin or an extension answers, and how it is passed on. */
#include <string.h>

#include "fuzz.h"
#include "wire/any.h"
#include "wire/json_text.h"
#include "wire/xmlrpc.h"

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	xmlrpc_init();
	return 0;
}

/* Nothing is lost on the way: the text of a text is that text. */
static void
check_again(struct arena *a, const struct value *v)
{
	struct buf one = { 0 }, two = { 0 };
	struct response r;

	buf_adds(&one, "<methodResponse><params><param>");
	any_to_xml(&one, v);
	buf_adds(&one, "</param></params></methodResponse>");
	assert(xmlrpc_parse_response(a, one.data, one.len, &r) == 0);
	buf_adds(&two, "<methodResponse><params><param>");
	any_to_xml(&two, r.v);
	buf_adds(&two, "</param></params></methodResponse>");
	assert(!strcmp(one.data, two.data));
	buf_release(&one);
	buf_release(&two);
}

static void
check_json(struct arena *a, const struct value *v)
{
	struct buf b = { 0 };
	struct value again;
	bool bad;

	any_to_json(&b, v);
	assert(b.len > 0);
	(void)json_text(a, b.data, b.len, &again, &bad);
	buf_release(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct arena *a = arena_new();
	struct response r;

	if (xmlrpc_parse_response(a, (const char *)data, len, &r) == 0) {
		assert(r.v);
		check_again(a, r.v);
		check_json(a, r.v);
	}
	arena_free(a);
	return 0;
}
