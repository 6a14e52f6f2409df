#include "rpc/accessors.h"

#include <string.h>

#include "api/access/role.h"
#include "api/access/session.h"
#include "api/host/product.h"
#include "gen/errors.h"
#include "gen/types.h"
#include "rpc/bounds.h"
#include "rpc/later.h"
#include "rpc/where.h"

static const struct class_type *
class_of(const struct method *m)
{
	return classes[m->class_id];
}

static const struct field *
field_of(const struct method *m)
{
	return &class_of(m)->rec.fields[m->field];
}

/* Of a map or set that grows. */
#define GROWN_MAX (320u << 10)

int
accessor_arity(const struct method *m)
{
	switch (m->kind) {
	case METHOD_GET_ALL:
	case METHOD_GET_ALL_RECORDS:
		return 0;
	case METHOD_SET:
	case METHOD_REMOVE_FROM:
	case METHOD_ADD:
	case METHOD_REMOVE:
		return 2;
	case METHOD_ADD_TO:
		return 3;
	default:
		return 1;
	}
}

static bool
has_self(const struct method *m)
{
	switch (m->kind) {
	case METHOD_GET:
	case METHOD_SET:
	case METHOD_ADD_TO:
	case METHOD_REMOVE_FROM:
	case METHOD_ADD:
	case METHOD_REMOVE:
	case METHOD_GET_RECORD:
		return true;
	default:
		return false;
	}
}

static int
decode_value(struct decoder *d, const struct type *t, const struct value *v,
    struct accessor_args *out)
{
	void *mem = arena_alloc(d->arena, t->size + 1u);

	out->value = mem;
	return value_decode(d, t, v, mem);
}

int
accessor_decode(struct decoder *d, const struct method *m,
    const struct value *params, struct accessor_args *out)
{
	const char *s;

	memset(out, 0, sizeof(*out));
	if (accessor_arity(m) == 0)
		return 0;
	if (value_decode(d, &type_string, &params[0], &s))
		return -1;
	if (!has_self(m))
		out->text = s;
	else if (!ref_parse(s, &out->self))
		out->bad_self = s;
	switch (m->kind) {
	case METHOD_SET:
		return decode_value(d, field_of(m)->type, &params[1], out);
	case METHOD_ADD:
	case METHOD_REMOVE:
		return decode_value(d, field_of(m)->type->elem, &params[1],
		    out);
	case METHOD_ADD_TO:
		if (value_decode(d, &type_string, &params[1], &out->text))
			return -1;
		return decode_value(d, field_of(m)->type->elem, &params[2],
		    out);
	case METHOD_REMOVE_FROM:
		return value_decode(d, &type_string, &params[1], &out->text);
	default:
		return 0;
	}
}

struct edit {
	struct call *c;
	const struct method *m;
	const struct accessor_args *a;
};

static int
add_to_map(struct edit *e, struct db_txn *t, struct vec *map)
{
	const char *value = *(const char *const *)e->a->value;

	if (map_get(*map, e->a->text))
		return err_map_duplicate_key(e->c, class_of(e->m)->rec.name,
		    field_of(e->m)->name, call_ref_text(e->c, &e->a->self),
		    e->a->text);
	*map = map_set(txn_arena(t), *map, e->a->text, value);
	return 0;
}

/* Nobody can build up, step by step, what no single message could set: every
 * write stores the object whole. */
static int
check_size(struct edit *e, const struct vec *v)
{
	const struct type *t = field_of(e->m)->type;
	size_t most = class_of(e->m)->flags & CLASS_VOLATILE ?
	    CALL_VOLATILE_MAX : GROWN_MAX;

	if ((t->kind != KIND_MAP && t->kind != KIND_SET) ||
	    t->elem->kind != KIND_STRING ||
	    (t->key && t->key->kind != KIND_STRING) ||
	    vec_text_size(*v, t->kind == KIND_MAP ? 2 : 1) <= most)
		return 0;
	return err_invalid_value(e->c, field_of(e->m)->name,
	    "the field would become too large");
}

/* What a reference is set to must be there, also when it is written. */
static int
check_target(struct edit *e, struct db_txn *t)
{
	const struct type *type = field_of(e->m)->type;
	const struct ref *ref = e->a->value;

	return type->kind != KIND_REF || ref_is_null(ref) ||
	    call_txn_get(e->c, t, call_class(type->cls), ref) ? 0 : -1;
}

static int
edit_field(struct edit *e, struct db_txn *t, struct vec *v)
{
	const struct accessor_args *a = e->a;
	const struct type *type = field_of(e->m)->type;
	struct vec before;

	switch (e->m->kind) {
	case METHOD_SET:
		if (check_size(e, a->value) || check_target(e, t) ||
		    role_check_map(e->c, e->m->class_id, e->m->field, v,
		    a->value) ||
		    later_check(e->c, e->m->class_id, e->m->field, a->value,
		    v) ||
		    bounds_check(e->c, e->m->class_id, e->m->field, a->value))
			return -1;
		type_copy(type, v, a->value, txn_arena(t));
		return 0;
	case METHOD_ADD_TO:
		before = *v;
		return add_to_map(e, t, v) || check_size(e, v) ? -1 :
		    later_check(e->c, e->m->class_id, e->m->field, v,
		    &before);
	case METHOD_REMOVE_FROM:
		*v = map_remove(txn_arena(t), *v, a->text);
		return 0;
	case METHOD_ADD:
		*v = vec_add_string(txn_arena(t), *v,
		    *(const char *const *)a->value);
		return check_size(e, v);
	default:
		*v = vec_remove_string(txn_arena(t), *v,
		    *(const char *const *)a->value);
		return 0;
	}
}

/* Runs on the writer's thread while the caller waits. */
static int
edit_fn(struct db_txn *t, void *arg)
{
	struct edit *e = arg;
	char *obj = call_txn_edit(e->c, t, e->m->class_id, &e->a->self);

	if (!obj || edit_field(e, t,
	    (struct vec *)(obj + field_of(e->m)->offset)))
		return -1;
	return e->m->class_id == CLASS_POOL &&
	    e->m->field == POOL_FIELD_OTHER_CONFIG ?
	    product_follow(e->c, t) : 0;
}

static int
run_edit(struct call *c, const struct method *m,
    const struct accessor_args *a, struct answer *out)
{
	const struct type *t = field_of(m)->type;
	struct edit e = { .c = c, .m = m, .a = a };

	/* Maps and sets with accessors are of strings. */
	if (m->kind != METHOD_SET && t->elem->kind != KIND_STRING)
		return err_internal_error(c, "the field cannot be edited");
	out->type = &type_void;
	return call_write(c, edit_fn, &e);
}

struct collect {
	struct call *c;
	const struct where *where;
	struct buf scratch;
	const struct object **objects;
	struct ref *refs;
	uint32_t n, cap;
};

static int
collect_fn(const void *obj, void *arg)
{
	struct collect *k = arg;
	const struct object **bigger;

	if (k->where && !where_matches(k->where, obj, &k->scratch))
		return 0;
	if (k->n == k->cap) {
		k->cap = k->cap ? k->cap * 2 : 16;
		bigger = arena_alloc(k->c->arena, k->cap * sizeof(*bigger));
		if (k->n)
			memcpy(bigger, k->objects, k->n * sizeof(*bigger));
		k->objects = bigger;
	}
	k->objects[k->n++] = obj;
	return 0;
}

/* The objects as the set of references or as the map of records. */
static void
collected(struct collect *k, bool records, struct answer *out)
{
	static const struct type ref_type = { .kind = KIND_REF,
		.size = sizeof(struct ref) };
	static const struct type set_type = { .kind = KIND_SET,
		.size = sizeof(struct vec), .elem = &ref_type };
	struct vec *set;
	struct ref *refs;
	uint32_t i;

	if (records) {
		out->is_map = true;
		out->objects = k->objects;
		out->n_objects = k->n;
		return;
	}
	refs = arena_alloc(k->c->arena, k->n * sizeof(*refs) + 1);
	for (i = 0; i < k->n; i++)
		refs[i] = k->objects[i]->ref;
	set = arena_alloc(k->c->arena, sizeof(*set));
	set->v = refs;
	set->n = k->n;
	out->type = &set_type;
	out->value = set;
}

static int
run_all(struct call *c, const struct method *m, const struct accessor_args *a,
    struct answer *out)
{
	struct collect k = { .c = c };
	const char *why;

	if (m->kind == METHOD_GET_ALL_WHERE ||
	    m->kind == METHOD_GET_ALL_RECORDS_WHERE) {
		k.where = where_parse(c->arena, &class_of(m)->rec, a->text,
		    &why);
		if (!k.where)
			return err_internal_error(c, why);
	}
	if (m->kind == METHOD_GET_BY_NAME_LABEL)
		db_each_named(c->root, m->class_id, a->text, collect_fn, &k);
	else
		db_each(c->root, m->class_id, collect_fn, &k);
	buf_release(&k.scratch);
	collected(&k, m->kind == METHOD_GET_ALL_RECORDS ||
	    m->kind == METHOD_GET_ALL_RECORDS_WHERE, out);
	return 0;
}

/* A session is shown with more than is kept of it. */
static void
get_session(struct call *c, const struct method *m, const struct object *obj,
    struct answer *out)
{
	static const struct type record_type = { .kind = KIND_RECORD,
		.size = sizeof(struct session), .rec = &class_session.rec };
	const struct session *s = session_shown(c, (const void *)obj);

	out->type = m->kind == METHOD_GET_RECORD ? &record_type :
	    field_of(m)->type;
	out->value = m->kind == METHOD_GET_RECORD ? (const char *)s :
	    (const char *)s + field_of(m)->offset;
}

static int
run_get(struct call *c, const struct method *m, const struct accessor_args *a,
    struct answer *out)
{
	static const struct type ref_type = { .kind = KIND_REF,
		.size = sizeof(struct ref) };
	const struct object *obj;

	if (m->kind == METHOD_GET_BY_UUID) {
		obj = db_find_uuid(c->root, m->class_id, a->text);
		if (!obj)
			return err_uuid_invalid(c, class_of(m)->rec.name,
			    a->text);
		out->type = &ref_type;
		out->value = &obj->ref;
		return 0;
	}
	obj = call_find(c, m->class_id, &a->self);
	if (!obj)
		return -1;
	if (m->class_id == CLASS_SESSION) {
		get_session(c, m, obj, out);
	} else if (m->kind == METHOD_GET_RECORD) {
		out->object = obj;
	} else {
		out->type = field_of(m)->type;
		out->value = (const char *)obj + field_of(m)->offset;
	}
	return 0;
}

int
accessor_run(struct call *c, const struct method *m,
    const struct accessor_args *a, struct answer *out)
{
	if (a->bad_self)
		return err_handle_invalid(c, class_of(m)->rec.name,
		    a->bad_self);
	switch (m->kind) {
	case METHOD_GET:
	case METHOD_GET_RECORD:
	case METHOD_GET_BY_UUID:
		return run_get(c, m, a, out);
	case METHOD_SET:
	case METHOD_ADD_TO:
	case METHOD_REMOVE_FROM:
	case METHOD_ADD:
	case METHOD_REMOVE:
		return run_edit(c, m, a, out);
	default:
		return run_all(c, m, a, out);
	}
}
