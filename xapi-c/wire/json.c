#include "wire/json.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "wire/emit.h"

struct convert {
	struct arena *arena;
	uint32_t count;
	bool bad;			/* see text() */
};

static bool convert(struct convert *c, const json_t *j, int depth,
    struct value *out);

/*
 * Escapes can spell what is no character in XML (base/utf8.h): it is replaced
 * and remembered, as if it had come in plain bytes.
 */
static const char *
text(struct convert *c, const char *s)
{
	size_t len = strlen(s);
	bool bad;

	s = utf8_repair(c->arena, s, &len, &bad);
	c->bad |= bad;
	return arena_strndup(c->arena, s, len);
}

static bool
convert_array(struct convert *c, const json_t *j, int depth,
    struct value *out)
{
	size_t i, n = json_array_size(j);
	struct value *items = arena_alloc(c->arena, sizeof(*items) * n + 1);

	for (i = 0; i < n; i++) {
		if (!convert(c, json_array_get(j, i), depth + 1, &items[i]))
			return false;
	}
	out->kind = VALUE_ARRAY;
	out->n = (uint32_t)n;
	out->items = items;
	return true;
}

static bool
convert_object(struct convert *c, json_t *j, int depth, struct value *out)
{
	size_t i = 0, n = json_object_size(j);
	struct member *members = arena_alloc(c->arena,
	    sizeof(*members) * n + 1);
	const char *key;
	json_t *v;

	json_object_foreach(j, key, v) {
		members[i].name = text(c, key);
		if (!convert(c, v, depth + 1, &members[i].v))
			return false;
		i++;
	}
	out->kind = VALUE_STRUCT;
	out->n = (uint32_t)i;
	out->members = members;
	return true;
}

static bool
convert(struct convert *c, const json_t *j, int depth, struct value *out)
{
	if (depth > VALUE_MAX_DEPTH || ++c->count > VALUE_MAX_ELEMENTS)
		return false;
	switch (json_typeof(j)) {
	case JSON_OBJECT:
		return convert_object(c, (json_t *)j, depth, out);
	case JSON_ARRAY:
		return convert_array(c, j, depth, out);
	case JSON_STRING:
		out->kind = VALUE_STRING;
		out->s = text(c, json_string_value(j));
		break;
	case JSON_INTEGER:
		out->kind = VALUE_INT;
		out->i = json_integer_value(j);
		break;
	case JSON_REAL:
		out->kind = VALUE_FLOAT;
		out->d = json_real_value(j);
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		out->kind = VALUE_BOOL;
		out->b = json_is_true(j);
		break;
	case JSON_NULL:
		out->kind = VALUE_NIL;
		break;
	}
	return true;
}

/* The id as JSON text; only ints and strings that can be echoed are ids. */
static const char *
id_text(struct arena *a, const json_t *id)
{
	struct convert c = { .arena = a };
	struct buf b = { 0 };
	const char *s;

	if (json_is_integer(id))
		return arena_printf(a, "%lld",
		    (long long)json_integer_value(id));
	if (!json_is_string(id))
		return NULL;
	s = text(&c, json_string_value(id));
	if (c.bad)
		return NULL;
	emit_json_string(&b, s);
	s = arena_strdup(a, b.data);
	buf_release(&b);
	return s;
}

static bool
take_params(struct convert *c, json_t *params, struct json_request *out)
{
	struct value v, *one;

	if (!params)
		return out->v2;
	if (!convert(c, params, 0, &v))
		return false;
	if (v.kind == VALUE_ARRAY) {
		out->call.params = v.items;
		out->call.n_params = v.n;
		return true;
	}
	/* One object stands for one argument that is a struct. */
	if (v.kind != VALUE_STRUCT || !out->v2)
		return false;
	one = arena_memdup(c->arena, &v, sizeof(v));
	out->call.params = one;
	out->call.n_params = 1;
	return true;
}

/*
 * Jansson builds a tree many times the size of its text, so what would be too
 * deep or have too many values is refused before.  Each value follows a
 * bracket or a comma; those inside of strings do not count.
 */
static bool
is_modest(const char *data, size_t len)
{
	int depth = 0, count = 0;
	bool quoted = false;
	size_t i;

	for (i = 0; i < len; i++) {
		if (quoted && data[i] == '\\')
			i++;
		else if (data[i] == '"')
			quoted = !quoted;
		else if (quoted)
			continue;
		else if (data[i] == '[' || data[i] == '{')
			count++, depth++;
		else if (data[i] == ']' || data[i] == '}')
			depth--;
		else if (data[i] == ',')
			count++;
		/* The call around its parameters is one level. */
		if (depth > VALUE_MAX_DEPTH + 1 || count > VALUE_MAX_ELEMENTS)
			return false;
	}
	return true;
}

static json_t *
load(const char *data, size_t len, size_t flags)
{
	return is_modest(data, len) ? json_loadb(data, len, flags, NULL) : NULL;
}

int
json_parse(struct arena *a, const char *data, size_t len,
    struct json_request *out)
{
	struct convert c = { .arena = a };
	const json_t *version;
	json_t *root;
	bool ok, bad;

	memset(out, 0, sizeof(*out));
	data = utf8_repair(a, data, &len, &bad);
	root = load(data, len, 0);
	ok = json_is_object(root) &&
	    json_is_string(json_object_get(root, "method"));
	if (ok) {
		version = json_object_get(root, "jsonrpc");
		out->v2 = json_is_string(version) &&
		    strcmp(json_string_value(version), "2.0") == 0;
		out->id = id_text(a, json_object_get(root, "id"));
		out->call.method = arena_strdup(a,
		    json_string_value(json_object_get(root, "method")));
		ok = out->id &&
		    take_params(&c, json_object_get(root, "params"), out);
		out->call.bad_utf8 = bad || c.bad;
	}
	json_decref(root);
	return ok ? 0 : -EBADMSG;
}

int
json_value(struct arena *a, const char *data, size_t len, struct value *out)
{
	struct convert c = { .arena = a };
	json_t *root = load(data, len, JSON_DECODE_ANY);
	bool ok = root && convert(&c, root, 0, out);

	json_decref(root);
	return ok ? 0 : -EBADMSG;
}
