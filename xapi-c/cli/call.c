#include "cli/call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/xapi.h"
#include "cli/text.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "rpc/rpc.h"

#define MAX_PARAMS 40			/* of a message, or fields of a record */

bool
cli_next_word(struct arena *a, const char **spec, struct cli_word *out)
{
	char *word, *p;
	size_t len;

	*spec += strspn(*spec, " ");
	len = strcspn(*spec, " ");
	if (!len)
		return false;
	word = arena_strndup(a, *spec, len);
	*spec += len;
	*out = (struct cli_word){ .name = word };
	p = strchr(word, ':');
	if (p) {
		*p = '\0';
		out->field = word;
		out->name = word = p + 1;
	}
	if (word[0] == '=') {
		out->name = "=";
		out->text = word + 1;
	} else if ((p = strchr(word, '?'))) {
		*p = '\0';
		out->text = p + 1;
	}
	return true;
}

bool
cli_word_is(const struct cli_word *w, const char *key)
{
	size_t len = strlen(w->name);

	return strncmp(key, w->name, len) == 0 &&
	    (!key[len] || key[len] == ':');
}

/* -- objects -- */

struct named {
	int n;
	struct ref ref;
};

static int
named_fn(const void *obj, void *arg)
{
	const struct object *o = obj;
	struct named *m = arg;

	m->ref = o->ref;
	return ++m->n > 1;
}

int
cli_find(struct cli *k, int class_id, const char *text, struct ref *out)
{
	const struct class_type *cls = classes[class_id];
	struct db_root *root = db_root_get(k->c->x->db);
	const struct object *o = NULL;
	struct named m = { 0 };

	*out = REF_NULL;
	if (*text && cls->uuid_field >= 0)
		o = db_find_uuid(root, class_id, text);
	if (o)
		*out = o->ref;
	else if (*text && cls->name_field >= 0)
		db_each_named(root, class_id, text, named_fn, &m);
	if (m.n == 1)
		*out = m.ref;
	db_root_put(root);
	return !*text || !ref_is_null(out) ? 0 :
	    err_uuid_invalid(k->c, cls->rec.name, text);
}

int
cli_find_arg(struct cli *k, int class_id, const char *key, struct ref *out)
{
	const char *text = cli_arg(k->args, key);

	return cli_find(k, class_id, text ? text : "", out);
}

/* -- values -- */

struct value
cli_text(const char *s)
{
	return (struct value){ .kind = VALUE_STRING, .s = s };
}

struct value
cli_bool(bool b)
{
	return (struct value){ .kind = VALUE_BOOL, .b = b };
}

struct value
cli_ref(struct cli *k, const struct ref *r)
{
	return cli_text(call_ref_text(k->c, r));
}

static int
convert_int(struct cli *k, const char *key, const char *text,
    struct value *out)
{
	static const struct {
		const char *name;
		int shift;
	} units[] = { { "", 0 }, { "KiB", 10 }, { "MiB", 20 }, { "GiB", 30 },
		{ "TiB", 40 } };
	long long n;
	char *end;

	errno = 0;
	n = strtoll(text, &end, 10);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (errno || end == text || strcmp(end, units[i].name) != 0 ||
		    __builtin_mul_overflow(n, 1LL << units[i].shift, &n))
			continue;
		*out = (struct value){ .kind = VALUE_INT, .i = n };
		return 0;
	}
	return cli_fail(k, "Parameter %s must be an integer", key);
}

static int
convert_set(struct cli *k, const struct type *t, const char *key,
    const char *text, struct value *out)
{
	struct value *items;
	uint32_t n = 1, i;
	size_t len;

	for (const char *p = text; *p; p++)
		n += *p == ',';
	items = arena_alloc(k->c->arena, n * sizeof(*items));
	*out = (struct value){ .kind = VALUE_ARRAY, .n = *text ? n : 0,
		.items = items };
	for (i = 0; i < out->n; i++, text += len + 1) {
		len = strcspn(text, ",");
		if (cli_convert(k, t->elem, key,
		    arena_strndup(k->c->arena, text, len), &items[i]))
			return -1;
	}
	return 0;
}

/* All of NAME:KEY=VALUE. */
static int
convert_map(struct cli *k, const struct type *t, const char *key,
    struct value *out)
{
	struct member *members = arena_alloc(k->c->arena,
	    ((size_t)k->args->n + 1) * sizeof(*members));
	size_t len = strlen(key);
	struct member *m;

	*out = (struct value){ .kind = VALUE_STRUCT, .members = members };
	for (int i = 0; i < k->args->n; i++) {
		const struct cli_pair *p = &k->args->v[i];

		if (strncmp(p->key, key, len) != 0 || p->key[len] != ':')
			continue;
		m = &members[out->n++];
		m->name = p->key + len + 1;
		if (cli_convert(k, t->elem, p->key, p->value, &m->v))
			return -1;
	}
	return 0;
}

/* Words of xe are in small letters where the API has others. */
static int
convert_enum(struct cli *k, const struct type *t, const char *key,
    const char *text, struct value *out)
{
	struct buf all = { 0 };
	const char *name;

	for (int i = 0; i < t->en->n; i++) {
		name = t->en->names[i];
		buf_addf(&all, "%s%s", i ? ", " : "", name);
		if (!cli_text_same(name, text))
			continue;
		buf_release(&all);
		*out = cli_text(name);
		return 0;
	}
	cli_fail(k, "Parameter %s must be one of: %s", key, all.data);
	buf_release(&all);
	return -1;
}

int
cli_convert(struct cli *k, const struct type *t, const char *key,
    const char *text, struct value *out)
{
	struct ref ref;
	bool on;

	switch (t->kind) {
	case KIND_INT:
		return convert_int(k, key, text, out);
	case KIND_BOOL:
		if (!cli_parse_bool(text, &on))
			return cli_fail(k, "Parameter %s must be a boolean "
			    "(true or false)", key);
		*out = cli_bool(on);
		return 0;
	case KIND_ENUM:
		return convert_enum(k, t, key, text, out);
	case KIND_REF:
		if (cli_find(k, call_class(t->cls), text, &ref))
			return -1;
		*out = cli_ref(k, &ref);
		return 0;
	case KIND_SET:
		return convert_set(k, t, key, text, out);
	case KIND_MAP:
		return convert_map(k, t, key, out);
	default:
		*out = cli_text(text);
		return 0;
	}
}

/* What a parameter that was left out stands for. */
static const char *
nothing(const struct type *t)
{
	switch (t->kind) {
	case KIND_INT:
	case KIND_FLOAT:
		return "0";
	case KIND_BOOL:
		return "false";
	default:
		return "";
	}
}

static int
word_value(struct cli *k, const struct cli_word *w, const struct type *t,
    const struct ref *subject, struct value *out)
{
	const char *text = w->text;

	if (strcmp(w->name, "@") == 0) {
		*out = cli_ref(k, subject);
		return 0;
	}
	if (strcmp(w->name, "=") != 0) {
		text = cli_arg(k->args, w->name);
		if (!text)
			text = w->text;
		if (!text && t->kind != KIND_MAP)
			return cli_fail(k, "Required parameter not found: %s",
			    w->name);
	}
	if (!text || !*text)
		text = nothing(t);
	return cli_convert(k, t, w->name, text, out);
}

/* -- messages -- */

int
cli_call(struct cli *k, const char *method, const struct value *params,
    uint32_t n, struct answer *out)
{
	return rpc_call(k->c, method, params, n, out);
}

int
cli_call_on(struct cli *k, const char *method, const struct ref *self,
    struct answer *out)
{
	struct value v = cli_ref(k, self);

	return cli_call(k, method, &v, 1, out);
}

static int
record_value(struct cli *k, const struct record_type *rt, const char *words,
    const struct ref *subject, struct value *out)
{
	struct member *members = arena_alloc(k->c->arena,
	    MAX_PARAMS * sizeof(*members));
	const struct field *f;
	struct cli_word w;

	*out = (struct value){ .kind = VALUE_STRUCT, .members = members };
	while (cli_next_word(k->c->arena, &words, &w)) {
		f = w.field ? record_field(rt, w.field) : NULL;
		if (!f)
			continue;	/* for a command's own use */
		members[out->n].name = f->name;
		if (word_value(k, &w, f->type, subject,
		    &members[out->n++].v))
			return -1;
	}
	return 0;
}

int
cli_call_words(struct cli *k, const char *method, const char *words,
    const struct ref *subject, struct answer *out)
{
	const struct method *m = method_find(method);
	struct value params[MAX_PARAMS];
	struct cli_word w;
	uint32_t n = 0;

	if (m->kind == METHOD_CTOR) {
		if (record_value(k, m->args->fields[0].type->rec, words,
		    subject, &params[0]))
			return -1;
		return cli_call(k, method, params, 1, out);
	}
	while (m->args && n < m->args->n &&
	    cli_next_word(k->c->arena, &words, &w)) {
		if (word_value(k, &w, m->args->fields[n].type, subject,
		    &params[n]))
			return -1;
		n++;
	}
	return cli_call(k, method, params, n, out);
}

void
cli_show_answer(struct cli *k, const struct answer *a)
{
	struct db_root *root;
	struct buf b = { 0 };

	if (!a->type || a->type->kind == KIND_VOID)
		return;
	root = db_root_get(k->c->x->db);
	cli_text_add(&b, root, a->type, a->value);
	db_root_put(root);
	cli_value_line(k, b.data ? b.data : "");
	buf_release(&b);
}
