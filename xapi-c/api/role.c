#include "api/role.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "api/call.h"
#include "api/session.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/store.h"

/* FNV-1a, twice with different bases: names are ours, nobody attacks them. */
static void
role_ref(const char *name, struct ref *ref)
{
	uint64_t h[2] = { 0xcbf29ce484222325u, 0x9e3779b97f4a7c15u };

	for (const char *p = name; *p; p++)
		for (int i = 0; i < 2; i++)
			h[i] = (h[i] ^ (unsigned char)*p) * 0x100000001b3u;
	memcpy(ref->b, h, sizeof(ref->b));
	ref->b[6] = (uint8_t)((ref->b[6] & 0x0f) | 0x80);
	ref->b[8] = (uint8_t)((ref->b[8] & 0x3f) | 0x80);
}

/* Reading needs no permission of its own: every role may. */
static bool
has_permission(const struct method *m)
{
	return m->kind == METHOD_EXPLICIT || m->kind == METHOD_SET ||
	    m->kind == METHOD_ADD_TO || m->kind == METHOD_REMOVE_FROM ||
	    m->kind == METHOD_ADD || m->kind == METHOD_REMOVE ||
	    m->kind == METHOD_CTOR;
}

static struct role *
role_put(struct db_txn *t, const char *name, const char *description)
{
	char uuid[UUID_TEXT_LEN + 1];
	struct ref ref;
	struct role *r;

	role_ref(name, &ref);
	r = txn_edit(t, CLASS_ROLE, &ref);
	if (!r)
		r = txn_new(t, CLASS_ROLE, &ref);
	r->uuid = arena_strdup(txn_arena(t), uuid_text(ref.b, uuid));
	r->name_label = name;
	r->name_description = description;
	return r;
}

static int
load_in(struct db_txn *t, void *arg)
{
	struct arena *a = txn_arena(t);
	struct ref *all = arena_alloc(a, (size_t)n_methods * sizeof(*all));
	uint8_t *least = arena_alloc(a, (size_t)n_methods);
	uint32_t n = 0;

	(void)arg;
	for (int i = 0; i < n_methods; i++) {
		if (!has_permission(&methods[i]))
			continue;
		all[n] = role_put(t, session_permission(a, methods[i].name),
		    "A permission")->obj.ref;
		least[n++] = methods[i].role;
	}
	for (int i = 0; i < ROLE_N; i++) {
		struct ref *sub = arena_alloc(a, (n + 1) * sizeof(*sub));
		struct role *r;
		uint32_t k = 0;

		if (role_types[i].internal)
			continue;
		r = role_put(t, role_types[i].name,
		    role_types[i].description);
		for (uint32_t j = 0; j < n; j++)
			if (least[j] <= i)
				sub[k++] = all[j];
		r->subroles = (struct vec){ .v = sub, .n = k };
	}
	return 0;
}

int
role_load(struct xapi *x)
{
	return db_write(x->db, load_in, NULL);
}

/* -- messages -- */

int
api_role_get_permissions(struct call *c,
    const struct role_get_permissions_args *a, struct vec *result)
{
	const struct role *r = call_find(c, CLASS_ROLE, &a->self);

	if (!r)
		return -1;
	*result = r->subroles;
	return 0;
}

int
api_role_get_permissions_name_label(struct call *c,
    const struct role_get_permissions_name_label_args *a,
    struct vec *result)
{
	const struct role *r = call_find(c, CLASS_ROLE, &a->self);
	const struct ref *sub;
	const char **names;
	uint32_t n = 0;

	if (!r)
		return -1;
	sub = r->subroles.v;
	names = arena_alloc(c->arena,
	    (r->subroles.n + 1) * sizeof(*names));
	for (uint32_t i = 0; i < r->subroles.n; i++) {
		const struct role *p = db_find(c->root, CLASS_ROLE, &sub[i]);

		if (p)
			names[n++] = p->name_label;
	}
	*result = (struct vec){ .v = names, .n = n };
	return 0;
}

struct holders {
	struct call *c;
	const struct ref *permission;
	struct vec found;
};

static int
holder_look(const void *obj, void *arg)
{
	const struct role *r = obj;
	struct holders *h = arg;

	if (set_has_ref(r->subroles, h->permission))
		h->found = vec_add_ref(h->c->arena, h->found, &r->obj.ref);
	return 0;
}

int
api_role_get_by_permission(struct call *c,
    const struct role_get_by_permission_args *a, struct vec *result)
{
	struct holders h = { .c = c, .permission = &a->permission };

	db_each(c->root, CLASS_ROLE, holder_look, &h);
	*result = h.found;
	return 0;
}

int
api_role_get_by_permission_name_label(struct call *c,
    const struct role_get_by_permission_name_label_args *a,
    struct vec *result)
{
	struct ref permission;
	struct holders h = { .c = c, .permission = &permission };

	role_ref(session_permission(c->arena, a->label ? a->label : ""),
	    &permission);
	db_each(c->root, CLASS_ROLE, holder_look, &h);
	*result = h.found;
	return 0;
}
