#include "api/message.h"

#include <stdlib.h>
#include <string.h>

#include "api/xapi.h"
#include "base/clock.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/store.h"
#include "wire/emit.h"

/* -- making and destroying -- */

/* Class of the objects that a message may be about, -1: none of ours. */
static int
class_of(int cls)
{
	switch (cls) {
	case CLS_VM:
		return CLASS_VM;
	case CLS_HOST:
		return CLASS_HOST;
	case CLS_SR:
		return CLASS_SR;
	case CLS_POOL:
		return CLASS_POOL;
	case CLS_VDI:
		return CLASS_VDI;
	default:
		return -1;
	}
}

struct kept {
	uint32_t n;
	struct ref oldest;
	uint64_t oldest_created;
};

static int
count(const void *obj, void *arg)
{
	const struct message *m = obj;
	struct kept *k = arg;

	if (!k->n++ || m->obj.created < k->oldest_created) {
		k->oldest = m->obj.ref;
		k->oldest_created = m->obj.created;
	}
	return 0;
}

struct ref
message_tell(struct db_txn *t, const char *name, int64_t priority, int cls,
    const char *obj_uuid, const char *body)
{
	struct kept k = { 0 };
	struct message *m;

	txn_each(t, CLASS_MESSAGE, count, &k);
	if (k.n >= MESSAGE_MAX)
		txn_delete(t, CLASS_MESSAGE, &k.oldest);
	m = message_txn_new(t);
	m->name = name;
	m->priority = priority;
	m->cls = cls;
	m->obj_uuid = obj_uuid;
	m->timestamp = clock_wall_s();
	m->body = body;
	return m->obj.ref;
}

struct create {
	struct call *c;
	const struct message_create_args *a;
	struct ref ref;
};

static int
create_in(struct db_txn *t, void *arg)
{
	struct create *cr = arg;
	int class_id = class_of(cr->a->cls);

	if (class_id == -1 ||
	    !txn_find_uuid(t, class_id, cr->a->obj_uuid))
		return err_uuid_invalid(cr->c, enum_cls.names[cr->a->cls],
		    cr->a->obj_uuid);
	cr->ref = message_tell(t, cr->a->name, cr->a->priority, cr->a->cls,
	    cr->a->obj_uuid, cr->a->body);
	return 0;
}

int
api_message_create(struct call *c, const struct message_create_args *a,
    struct ref *result)
{
	struct create cr = { .c = c, .a = a };

	if (call_write(c, create_in, &cr))
		return -1;
	*result = cr.ref;
	return 0;
}

int
api_message_destroy(struct call *c, const struct message_destroy_args *a)
{
	return call_delete(c, CLASS_MESSAGE, &a->self);
}

static int
compare_refs(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct ref));
}

struct destroy_many {
	struct call *c;
	const struct ref *ref;
	uint32_t n;
};

/* All of them, or none if one is not there.  The same one twice is once. */
static int
destroy_many_in(struct db_txn *t, void *arg)
{
	const struct destroy_many *d = arg;

	for (uint32_t i = 0; i < d->n; i++) {
		if (i && ref_equal(&d->ref[i], &d->ref[i - 1]))
			continue;
		if (!txn_delete(t, CLASS_MESSAGE, &d->ref[i]))
			return err_handle_invalid(d->c, "message",
			    call_ref_text(d->c, &d->ref[i]));
	}
	return 0;
}

int
api_message_destroy_many(struct call *c,
    const struct message_destroy_many_args *a)
{
	size_t size = a->messages.n * sizeof(struct ref);
	struct ref *refs = arena_alloc(c->arena, size + 1);

	if (!a->messages.n)
		return 0;
	memcpy(refs, a->messages.v, size);
	qsort(refs, a->messages.n, sizeof(*refs), compare_refs);
	return call_write(c, destroy_many_in, &(struct destroy_many){ .c = c,
	    .ref = refs, .n = a->messages.n });
}

/* What destroy_all deletes. */
struct sweep {
	struct db_txn *t;
	int64_t after, before;		/* both ends stay */
	int64_t priority;		/* 0: any */
};

static int
sweep_one(const void *obj, void *arg)
{
	const struct message *m = obj;
	const struct sweep *s = arg;

	if (m->timestamp > s->after && m->timestamp < s->before &&
	    (!s->priority || m->priority == s->priority))
		txn_delete(s->t, CLASS_MESSAGE, &m->obj.ref);
	return 0;
}

static int
sweep_in(struct db_txn *t, void *arg)
{
	struct sweep *s = arg;

	s->t = t;
	return txn_each(t, CLASS_MESSAGE, sweep_one, s);
}

static bool
filter_parse(struct sweep *s, const char *key, const char *value)
{
	char *end;

	if (strcmp(key, "after") == 0)
		return datetime_parse(value, &s->after);
	if (strcmp(key, "before") == 0)
		return datetime_parse(value, &s->before);
	if (strcmp(key, "priority") != 0)
		return false;
	s->priority = strtol(value, &end, 10);
	return s->priority > 0 && !*end;
}

int
api_message_destroy_all(struct call *c,
    const struct message_destroy_all_args *a)
{
	struct sweep s = { .after = INT64_MIN, .before = INT64_MAX };
	const struct string_pair *f = a->filters.v;

	for (uint32_t i = 0; i < a->filters.n; i++)
		if (!filter_parse(&s, f[i].key, f[i].value))
			return err_invalid_value(c, "filters",
			    arena_printf(c->arena, "%s=%s", f[i].key,
			    f[i].value));
	return call_write(c, sweep_in, &s);
}

/* -- reading -- */

/* What get and get_since want; uuid NULL: any object, cls -1: any class. */
struct look {
	struct call *c;
	int cls;
	const char *obj_uuid;
	int64_t since;
	const struct type *map;
	char *pairs;
	uint32_t n;
};

static bool
is_wanted(const struct look *l, const struct message *m)
{
	if (m->timestamp <= l->since)
		return false;
	if (l->cls != -1 && m->cls != l->cls)
		return false;
	return !l->obj_uuid || strcmp(m->obj_uuid ? m->obj_uuid : "",
	    l->obj_uuid) == 0;
}

static int
look_count(const void *obj, void *arg)
{
	struct look *l = arg;

	l->n += is_wanted(l, obj);
	return 0;
}

static int
look_take(const void *obj, void *arg)
{
	const struct message *m = obj;
	struct look *l = arg;
	char *pair;

	if (!is_wanted(l, m))
		return 0;
	pair = l->pairs + l->n++ * type_pair_size(l->map);
	memcpy(pair, &m->obj.ref, sizeof(m->obj.ref));
	memcpy(pair + type_pair_value(l->map), m, sizeof(*m));
	return 0;
}

static int
look_all(struct look *l, const char *method, struct vec *result)
{
	l->map = method_find(method)->result;
	db_each(l->c->root, CLASS_MESSAGE, look_count, l);
	l->pairs = arena_alloc(l->c->arena,
	    (l->n + 1) * type_pair_size(l->map));
	l->n = 0;
	db_each(l->c->root, CLASS_MESSAGE, look_take, l);
	*result = (struct vec){ .v = l->pairs, .n = l->n };
	return 0;
}

int
api_message_get(struct call *c, const struct message_get_args *a,
    struct vec *result)
{
	struct look l = {
		.c = c, .cls = a->cls, .obj_uuid = a->obj_uuid,
		.since = a->since,
	};

	if (!l.obj_uuid)
		l.obj_uuid = "";
	return look_all(&l, "message.get", result);
}

int
api_message_get_since(struct call *c,
    const struct message_get_since_args *a, struct vec *result)
{
	struct look l = { .c = c, .cls = -1, .since = a->since };

	return look_all(&l, "message.get_since", result);
}
