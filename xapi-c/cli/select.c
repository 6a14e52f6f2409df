#include "cli/select.h"

#include <string.h>

#include "api/access/role.h"
#include "api/access/session.h"
#include "api/xapi.h"
#include "cli/call.h"
#include "cli/text.h"

enum how { SHOWS, HAS_KEY, CONTAINS, IS_NAMED };

struct condition {
	enum how how;
	const struct cli_field *field;
	const char *key;		/* HAS_KEY */
	const char *text;
};

struct selection {
	struct cli *k;
	const struct class_type *cls;
	const struct db_root *root;
	struct condition *v;
	int n;
	struct buf text;		/* of one field, kept for the next */
	struct buf refs;
};

static const void *
value_of(const struct object *o, const struct field *f)
{
	return (const char *)o + f->offset;
}

static bool
shows(struct selection *s, const struct type *t, const void *v,
    const char *text)
{
	buf_reset(&s->text);
	cli_text_add(&s->text, s->root, t, v);
	return t->kind == KIND_ENUM ?
	    cli_text_same(s->text.data ? s->text.data : "", text) :
	    strcmp(s->text.data ? s->text.data : "", text) == 0;
}

static bool
has_key(struct selection *s, const struct condition *c,
    const struct object *o)
{
	const struct type *t = c->field->f->type;
	const struct vec *map = value_of(o, c->field->f);
	const char *p = map->v;

	for (uint32_t i = 0; i < map->n; i++, p += type_pair_size(t))
		if (shows(s, t->key, p, c->key))
			return shows(s, t->elem, p + type_pair_value(t),
			    c->text);
	return false;
}

static bool
contains(struct selection *s, const struct condition *c,
    const struct object *o)
{
	const struct type *t = c->field->f->type;
	const struct vec *set = value_of(o, c->field->f);
	const char *p = set->v;

	for (uint32_t i = 0; i < set->n; i++, p += t->elem->size)
		if (shows(s, t->elem, p, c->text))
			return true;
	return false;
}

static bool
is_named(struct selection *s, const struct condition *c,
    const struct object *o)
{
	const struct record_type *rt = &s->cls->rec;

	return (s->cls->uuid_field >= 0 && shows(s, &type_string,
	    value_of(o, &rt->fields[s->cls->uuid_field]), c->text)) ||
	    (s->cls->name_field >= 0 && shows(s, &type_string,
	    value_of(o, &rt->fields[s->cls->name_field]), c->text));
}

static bool
holds(struct selection *s, const struct condition *c, const struct object *o)
{
	switch (c->how) {
	case HAS_KEY:
		return has_key(s, c, o);
	case CONTAINS:
		return contains(s, c, o);
	case IS_NAMED:
		return is_named(s, c, o);
	default:
		break;
	}
	if (!c->field->path)
		return shows(s, c->field->f->type, value_of(o, c->field->f),
		    c->text);
	buf_reset(&s->text);
	cli_field_add(&s->text, s->root, o, c->field);
	return s->text.len == strlen(c->text) &&
	    memcmp(s->text.data ? s->text.data : "", c->text,
	    s->text.len) == 0;
}

static int
select_fn(const void *obj, void *arg)
{
	const struct object *o = obj;
	struct selection *s = arg;

	for (int i = 0; i < s->n; i++)
		if (!holds(s, &s->v[i], o))
			return 0;
	buf_add(&s->refs, &o->ref, sizeof(o->ref));
	return 0;
}

/* "vm" for class VM: an object by what people call it. */
static bool
is_class_name(const struct selection *s, const char *key)
{
	return cli_text_same(key, s->cls->rec.name);
}

static int
add_condition(struct selection *s, const struct cli_fields *all,
    const struct cli_pair *p)
{
	const char *colon = strchr(p->key, ':');
	size_t len = colon ? (size_t)(colon - p->key) : strlen(p->key);
	struct condition *c = &s->v[s->n++];
	enum kind kind;

	*c = (struct condition){ .how = SHOWS, .text = p->value,
		.field = cli_field_find(all, p->key, len) };
	if (!c->field && !colon && is_class_name(s, p->key)) {
		c->how = IS_NAMED;
		return 0;
	}
	if (!c->field)
		return cli_fail(s->k, "Unknown field '%.*s' of class %s",
		    (int)len, p->key, s->cls->rec.name);
	if (!colon)
		return 0;
	kind = c->field->path ? KIND_VOID : c->field->f->type->kind;
	if (kind == KIND_MAP) {
		c->how = HAS_KEY;
		c->key = colon + 1;
		return 0;
	}
	c->how = CONTAINS;
	return kind == KIND_SET && strcmp(colon + 1, "contains") == 0 ? 0 :
	    cli_fail(s->k, "Field '%s' is no map, nor a set with "
	    ":contains", c->field->name);
}

static bool
is_word(struct cli *k, const char *words, const char *key)
{
	struct cli_word w;

	while (cli_next_word(k->c->arena, &words, &w))
		if (cli_word_is(&w, key))
			return true;
	return false;
}

static int
add_conditions(struct selection *s, const char *words,
    const struct cli_pair *more, int n)
{
	struct cli *k = s->k;
	struct cli_fields all = cli_fields_of(k->c->arena, s->cls->id);
	const struct cli_pair *p;

	s->v = arena_alloc(k->c->arena, ((size_t)k->args->n + (size_t)n + 1) *
	    sizeof(*s->v));
	for (int i = 0; i < n; i++)
		if (add_condition(s, &all, &more[i]))
			return -1;
	for (int i = 0; i < k->args->n; i++) {
		p = &k->args->v[i];
		if (cli_arg_is_standard(p->key) || is_word(k, words, p->key))
			continue;
		if (add_condition(s, &all, p))
			return -1;
	}
	return 0;
}

int
cli_select(struct cli *k, int class_id, const char *words,
    const struct cli_pair *more, int n, struct vec *refs_out)
{
	struct selection s = { .k = k, .cls = classes[class_id] };
	struct db_root *root;

	if (session_allow(k->c, role_permission(k->c->arena,
	    arena_printf(k->c->arena, "%s.get_all_records",
	    s.cls->rec.name))) || add_conditions(&s, words, more, n))
		return -1;
	s.root = root = db_root_get(k->c->x->db);
	db_each(root, class_id, select_fn, &s);
	db_root_put(root);
	refs_out->n = (uint32_t)(s.refs.len / sizeof(struct ref));
	refs_out->v = arena_memdup(k->c->arena, s.refs.data ? s.refs.data : "",
	    s.refs.len);
	buf_release(&s.refs);
	buf_release(&s.text);
	return 0;
}
