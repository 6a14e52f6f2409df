#include "wire/json.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "wire/emit.h"
#include "wire/json_text.h"

static bool
is_string(const struct value *v)
{
	return v && v->kind == VALUE_STRING;
}

/* The id as JSON text; only ints and strings that can be echoed are ids. */
static const char *
id_text(struct arena *a, const struct value *id, bool bad)
{
	struct buf b = { 0 };
	const char *s;

	if (id && id->kind == VALUE_INT)
		return arena_printf(a, "%lld", (long long)id->i);
	if (!is_string(id) || (bad && strstr(id->s, UTF8_REPLACEMENT)))
		return NULL;
	emit_json_string(&b, id->s);
	s = arena_strndup(a, b.data, b.len);
	buf_release(&b);
	return s;
}

static bool
take_params(const struct value *params, struct json_request *out)
{
	if (!params)
		return out->v2;
	if (params->kind == VALUE_ARRAY) {
		out->call.params = params->items;
		out->call.n_params = params->n;
		return true;
	}
	/* One object stands for one argument that is a struct. */
	if (params->kind != VALUE_STRUCT || !out->v2)
		return false;
	out->call.params = params;
	out->call.n_params = 1;
	return true;
}

int
json_parse(struct arena *a, const char *data, size_t len,
    struct json_request *out)
{
	const struct value *method, *version;
	struct value root;

	memset(out, 0, sizeof(*out));
	if (json_text(a, data, len, &root, &out->call.bad_utf8))
		return -EBADMSG;
	method = value_member(&root, "method");
	if (!is_string(method))
		return -EBADMSG;
	version = value_member(&root, "jsonrpc");
	out->v2 = is_string(version) && strcmp(version->s, "2.0") == 0;
	out->call.method = method->s;
	out->id = id_text(a, value_member(&root, "id"), out->call.bad_utf8);
	return out->id && take_params(value_member(&root, "params"), out) ?
	    0 : -EBADMSG;
}
