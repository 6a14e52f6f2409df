/* The messages of class blob, and create_new_blob of those that have some. */
#include "api/blob.h"

#include <string.h>

#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/store.h"

#define PAIR struct string_to_blob_ref_map_pair

/* -- the maps of owners -- */

static struct vec *
map_of(int class_id, void *obj)
{
	const struct field *f = record_field(&classes[class_id]->rec,
	    "blobs");

	return (struct vec *)((char *)obj + f->offset);
}

static struct vec
with(struct arena *a, struct vec map, const char *name, const struct ref *ref)
{
	PAIR *all = arena_alloc(a, (map.n + 1) * sizeof(*all));

	if (map.n)
		memcpy(all, map.v, map.n * sizeof(*all));
	all[map.n] = (PAIR){ .key = name, .value = *ref };
	return (struct vec){ all, map.n + 1 };
}

static struct vec
without(struct arena *a, struct vec map, const struct ref *ref)
{
	const PAIR *old = map.v;
	PAIR *all = arena_alloc(a, map.n * sizeof(*all));
	uint32_t n = 0;

	for (uint32_t i = 0; i < map.n; i++)
		if (!ref_equal(&old[i].value, ref))
			all[n++] = old[i];
	return (struct vec){ all, n };
}

static bool
has(struct vec map, const struct ref *ref)
{
	const PAIR *p = map.v;

	for (uint32_t i = 0; i < map.n; i++)
		if (ref_equal(&p[i].value, ref))
			return true;
	return false;
}

static bool
has_name(struct vec map, const char *name)
{
	const PAIR *p = map.v;

	for (uint32_t i = 0; i < map.n; i++)
		if (strcmp(p[i].key, name) == 0)
			return true;
	return false;
}

void
blobs_drop(struct db_txn *t, struct vec blobs)
{
	const PAIR *p = blobs.v;

	for (uint32_t i = 0; i < blobs.n; i++)
		txn_delete(t, CLASS_BLOB, &p[i].value);
}

/* -- making -- */

struct make {
	struct call *c;
	int class_id;			/* of the owner; CLASS_N: none */
	const struct ref *owner;
	const char *name;
	const char *mime_type;
	bool public;
	struct ref *result;
};

static int
own(struct make *m, struct db_txn *t, const struct ref *blob)
{
	void *owner = call_txn_edit(m->c, t, m->class_id, m->owner);
	struct vec *map;

	if (!owner)
		return -1;
	map = map_of(m->class_id, owner);
	if (has_name(*map, m->name))
		return err_map_duplicate_key(m->c,
		    classes[m->class_id]->rec.name, "blobs",
		    call_ref_text(m->c, m->owner), m->name);
	*map = with(txn_arena(t), *map, m->name, blob);
	return 0;
}

static int
make_in(struct db_txn *t, void *arg)
{
	struct make *m = arg;
	struct blob_ *b = blob_txn_new(t);

	b->name_label = m->name;
	b->mime_type = m->mime_type;
	b->public = m->public;
	*m->result = b->obj.ref;
	return m->class_id == CLASS_N ? 0 : own(m, t, m->result);
}

static int
make(struct call *c, struct make m)
{
	m.c = c;
	m.name = m.name ? m.name : "";
	if (m.owner && !call_find(c, m.class_id, m.owner))
		return -1;
	if (!m.mime_type || !*m.mime_type)
		m.mime_type = "application/octet-stream";
	if (strlen(m.name) > BLOB_TEXT)
		return err_invalid_value(c, "name", "it is too long");
	/* It becomes a header of a reply. */
	if (strlen(m.mime_type) > BLOB_TEXT || strspn(m.mime_type,
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	    "/+-._;= ") != strlen(m.mime_type))
		return err_invalid_value(c, "mime_type", m.mime_type);
	return call_write(c, make_in, &m);
}

int
api_blob_create(struct call *c, const struct blob_create_args *a,
    struct ref *result)
{
	return make(c, (struct make){ .class_id = CLASS_N,
	    .mime_type = a->mime_type, .public = a->public,
	    .result = result });
}

int
api_vm_create_new_blob(struct call *c, const struct vm_create_new_blob_args *a,
    struct ref *result)
{
	return make(c, (struct make){ .class_id = CLASS_VM, .owner = &a->vm,
	    .name = a->name, .mime_type = a->mime_type, .public = a->public,
	    .result = result });
}

int
api_host_create_new_blob(struct call *c,
    const struct host_create_new_blob_args *a, struct ref *result)
{
	return make(c, (struct make){ .class_id = CLASS_HOST,
	    .owner = &a->host, .name = a->name, .mime_type = a->mime_type,
	    .public = a->public, .result = result });
}

int
api_pool_create_new_blob(struct call *c,
    const struct pool_create_new_blob_args *a, struct ref *result)
{
	return make(c, (struct make){ .class_id = CLASS_POOL,
	    .owner = &a->pool, .name = a->name, .mime_type = a->mime_type,
	    .public = a->public, .result = result });
}

int
api_sr_create_new_blob(struct call *c, const struct sr_create_new_blob_args *a,
    struct ref *result)
{
	return make(c, (struct make){ .class_id = CLASS_SR, .owner = &a->sr,
	    .name = a->name, .mime_type = a->mime_type, .public = a->public,
	    .result = result });
}

int
api_network_create_new_blob(struct call *c,
    const struct network_create_new_blob_args *a, struct ref *result)
{
	return make(c, (struct make){ .class_id = CLASS_NETWORK,
	    .owner = &a->network, .name = a->name, .mime_type = a->mime_type,
	    .public = a->public, .result = result });
}

/* -- the end -- */

struct search {
	struct db_txn *t;
	const struct ref *blob;
	int class_id;
	struct ref owner;
};

static int
look(const void *obj, void *arg)
{
	struct search *s = arg;
	const struct object *o = obj;
	const struct field *f = record_field(&o->cls->rec, "blobs");

	if (!has(*(const struct vec *)((const char *)obj + f->offset),
	    s->blob))
		return 0;
	s->class_id = o->cls->id;
	s->owner = o->ref;
	return 1;
}

static void
disown(struct db_txn *t, const struct ref *blob)
{
	static const int owners[] = {
		CLASS_VM, CLASS_SR, CLASS_NETWORK, CLASS_HOST, CLASS_POOL,
	};
	struct search s = { .t = t, .blob = blob };
	struct vec *map;

	for (size_t i = 0; i < sizeof(owners) / sizeof(owners[0]); i++) {
		if (!txn_each(t, owners[i], look, &s))
			continue;
		map = map_of(s.class_id, txn_edit(t, s.class_id, &s.owner));
		*map = without(txn_arena(t), *map, blob);
		return;
	}
}

struct destroy {
	struct call *c;
	const struct ref *blob;
};

static int
destroy_in(struct db_txn *t, void *arg)
{
	const struct destroy *d = arg;

	if (!call_txn_get(d->c, t, CLASS_BLOB, d->blob))
		return -1;
	disown(t, d->blob);
	txn_delete(t, CLASS_BLOB, d->blob);
	return 0;
}

int
api_blob_destroy(struct call *c, const struct blob_destroy_args *a)
{
	if (call_write(c, destroy_in, &(struct destroy){ c, &a->self }))
		return -1;
	blobs_sweep(c->x);
	return 0;
}
