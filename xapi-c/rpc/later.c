#include "rpc/later.h"

#include <string.h>

#include "base/buf.h"
#include "gen/errors.h"
#include "wire/emit.h"

/* Is text one of the words, which blanks separate? */
static bool
is_word_of(const char *text, const char *words)
{
	size_t n = strlen(text);

	for (const char *w = words ? words : ""; *w; w += strcspn(w, " ")) {
		w += strspn(w, " ");
		if (strcspn(w, " ") == n && strncmp(w, text, n) == 0)
			return n > 0;
	}
	return false;
}

/* As the client wrote it. */
static const char *
value_text(struct call *c, const struct type *t, const void *value)
{
	struct buf b = { 0 };
	const char *text;

	if (t->kind == KIND_STRING) {
		text = *(const char *const *)value;
		return text ? text : "";
	}
	if (t->kind == KIND_ENUM)
		return t->en->names[*(const int *)value];
	emit_json_value(&b, t, value);
	text = arena_strndup(c->arena, b.data, b.len);
	buf_release(&b);
	return text;
}

static const char *
key_of(const struct vec *map, const char *key)
{
	return map ? map_get(*map, key) : NULL;
}

static bool
key_is_taken(const struct later *l, const void *value, const void *present)
{
	const char *text = key_of(value, l->key);
	const char *had = key_of(present, l->key);

	return !text || is_word_of(text, l->works) ||
	    (had && strcmp(had, text) == 0);
}

static bool
value_is_taken(struct call *c, const struct later *l, const void *value,
    const void *present)
{
	const struct record_type *rt = &classes[l->class_id]->rec;
	const struct field *f = &rt->fields[l->field];
	const char *text = value_text(c, f->type, value);

	if (present && type_equal(f->type, value, present))
		return true;
	if (l->values)
		return !is_word_of(text, l->values);
	return is_word_of(text, l->works) || type_equal(f->type, value,
	    (const char *)rt->dflt + f->offset);
}

static int
refuse(struct call *c, const struct later *l, const void *value)
{
	const struct record_type *rt = &classes[l->class_id]->rec;
	const struct field *f = &rt->fields[l->field];

	if (l->key)
		return err_value_not_supported(c, arena_printf(c->arena,
		    "%s.%s:%s", rt->name, f->name, l->key),
		    key_of(value, l->key), l->why);
	return err_value_not_supported(c, arena_printf(c->arena, "%s.%s",
	    rt->name, f->name), value_text(c, f->type, value), l->why);
}

int
later_check(struct call *c, int class_id, int field, const void *value,
    const void *present)
{
	for (int i = 0; i < n_laters; i++) {
		const struct later *l = &laters[i];

		if (l->class_id != class_id || l->field != field)
			continue;
		if (l->key ? !key_is_taken(l, value, present) :
		    !value_is_taken(c, l, value, present))
			return refuse(c, l, value);
	}
	return 0;
}

static int
check_record(struct call *c, int class_id, const char *record)
{
	const struct record_type *rt = &classes[class_id]->rec;

	for (int i = 0; i < rt->n; i++)
		if (later_check(c, class_id, i, record + rt->fields[i].offset,
		    NULL))
			return -1;
	return 0;
}

/* The field that set_FIELD(self, value) sets, or NULL. */
static const struct field *
field_set_by(const struct method *m)
{
	const char *name = strchr(m->name, '.');

	if (m->args->n != 2 || !name || strncmp(name, ".set_", 5) != 0 ||
	    m->args->fields[0].type->kind != KIND_REF)
		return NULL;
	return record_field(&classes[m->class_id]->rec, name + 5);
}

int
later_check_args(struct call *c, const struct method *m, const void *args)
{
	const struct record_type *rt = &classes[m->class_id]->rec;
	const struct field *a = m->args ? m->args->fields : NULL;
	const struct field *f;
	const char *at = args, *self;

	if (m->kind == METHOD_CTOR)
		return check_record(c, m->class_id, at + a[0].offset);
	f = m->kind == METHOD_EXPLICIT && a ? field_set_by(m) : NULL;
	if (!f || f->type->kind != a[1].type->kind)
		return 0;
	self = call_find(c, m->class_id,
	    (const struct ref *)(at + a[0].offset));
	return self ? later_check(c, m->class_id, (int)(f - rt->fields),
	    at + a[1].offset, self + f->offset) : -1;
}
