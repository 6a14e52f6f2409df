#include "api/access/role.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "api/call.h"
#include "api/access/permission.h"
#include "api/access/session.h"
#include "api/xapi.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/store.h"

/* -- permissions -- */

static const struct {
	const char *name;
	uint8_t role;			/* least that has it */
} http_actions[HTTP_ACTION_N] = {
	[HTTP_ACTION_CONNECT_CONSOLE] = { "connect_console",
		ROLE_VM_OPERATOR },
	[HTTP_ACTION_CONNECT_CONSOLE_WS] = { "connect_console_ws",
		ROLE_VM_OPERATOR },
	[HTTP_ACTION_GET_VNCSNAPSHOT] = { "get_vncsnapshot",
		ROLE_VM_OPERATOR },
	[HTTP_ACTION_GET_EXPORT_RAW_VDI] = { "get_export_raw_vdi",
		ROLE_VM_ADMIN },
	[HTTP_ACTION_PUT_IMPORT_RAW_VDI] = { "put_import_raw_vdi",
		ROLE_VM_ADMIN },
	[HTTP_ACTION_RRD_UPDATES] = { "rrd_updates", ROLE_READ_ONLY },
	[HTTP_ACTION_HOST_RRD] = { "host_rrd", ROLE_READ_ONLY },
	[HTTP_ACTION_VM_RRD] = { "vm_rrd", ROLE_READ_ONLY },
	[HTTP_ACTION_SR_RRD] = { "sr_rrd", ROLE_READ_ONLY },
	[HTTP_ACTION_GET_HOST_RRDS] = { "get_host_rrds", ROLE_READ_ONLY },
	[HTTP_ACTION_GET_VM_RRDS] = { "get_vm_rrds", ROLE_READ_ONLY },
	[HTTP_ACTION_GET_METRICS] = { "get_metrics", ROLE_READ_ONLY },
	[HTTP_ACTION_PUT_UPDATE] = { "put_update", ROLE_POOL_OPERATOR },
	[HTTP_ACTION_PUT_PACK] = { "put_pack", ROLE_POOL_OPERATOR },
	[HTTP_ACTION_GET_HOST_BACKUP] = { "get_host_backup",
		ROLE_POOL_ADMIN },
	[HTTP_ACTION_PUT_HOST_RESTORE] = { "put_host_restore",
		ROLE_POOL_ADMIN },
	[HTTP_ACTION_GET_AUDIT_LOG] = { "get_audit_log", ROLE_READ_ONLY },
	[HTTP_ACTION_GET_SYSTEM_STATUS] = { "get_system_status",
		ROLE_POOL_OPERATOR },
	[HTTP_ACTION_GET_HOST_LOGS_DOWNLOAD] = { "get_host_logs_download",
		ROLE_POOL_OPERATOR },
	[HTTP_ACTION_GET_BLOB] = { "get_blob", ROLE_READ_ONLY },
	[HTTP_ACTION_PUT_BLOB] = { "put_blob", ROLE_VM_POWER_ADMIN },
	[HTTP_ACTION_GET_POOL_XML_DB_SYNC] = { "get_pool_xml_db_sync",
		ROLE_POOL_ADMIN },
	[HTTP_ACTION_PUT_POOL_XML_DB_SYNC] = { "put_pool_xml_db_sync",
		ROLE_POOL_ADMIN },
};

static char *
lower(char *text)
{
	for (char *p = text; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return text;
}

const char *
role_permission(struct arena *a, const char *method)
{
	return lower(arena_strdup(a, method));
}

const char *
role_http_name(enum http_action action)
{
	return http_actions[action].name;
}

const char *
role_http_permission(struct arena *a, enum http_action action)
{
	return arena_printf(a, "http/%s", http_actions[action].name);
}

static bool
key_matches(const struct key_role *k, const char *key)
{
	size_t n = strlen(k->key);

	if (n && k->key[n - 1] == '*')
		return strncmp(k->key, key, n - 1) == 0;
	return strcmp(k->key, key) == 0;
}

static const struct key_role *
key_find(int class_id, int field, const char *key)
{
	for (int i = 0; i < n_key_roles; i++)
		if (key_roles[i].class_id == class_id &&
		    key_roles[i].field == field &&
		    key_matches(&key_roles[i], key))
			return &key_roles[i];
	return NULL;
}

static const char *
key_permission(struct arena *a, const char *method, const struct key_role *k)
{
	return lower(arena_printf(a, "%s/key:%s", method, k->key));
}

const char *
role_key_permission(struct arena *a, const struct method *m, const char *key)
{
	const struct key_role *k = key_find(m->class_id, m->field, key);

	return k ? key_permission(a, m->name, k) : role_permission(a, m->name);
}

/* Those of `map` that `other` has not, or has with another value. */
static int
check_pairs(struct call *c, int class_id, int field, const struct vec *map,
    const struct vec *other)
{
	const struct string_pair *p = map->v;
	const struct record_type *rt = &classes[class_id]->rec;
	const struct key_role *k;
	const char *theirs;

	for (uint32_t i = 0; i < map->n; i++) {
		k = key_find(class_id, field, p[i].key);
		theirs = other ? map_get(*other, p[i].key) : NULL;
		if (!k || (theirs && p[i].value &&
		    strcmp(theirs, p[i].value) == 0))
			continue;
		if (session_allow(c, key_permission(c->arena,
		    arena_printf(c->arena, "%s.add_to_%s", rt->name,
			rt->fields[field].name), k)))
			return -1;
	}
	return 0;
}

int
role_check_map(struct call *c, int class_id, int field,
    const void *before, const void *after)
{
	const struct type *t = classes[class_id]->rec.fields[field].type;

	if (c->superuser || t->kind != KIND_MAP ||
	    t->elem->kind != KIND_STRING)
		return 0;
	if (before && check_pairs(c, class_id, field, before, after))
		return -1;
	return check_pairs(c, class_id, field, after, before);
}

/* -- objects -- */

/* role: the one that it is, or the least that has the permission. */
static struct role *
role_put(struct db_txn *t, const char *name, const char *description, int role)
{
	char uuid[UUID_TEXT_LEN + 1];
	struct ref ref;
	struct role *r;

	permission_ref(name, &ref);
	r = txn_edit(t, CLASS_ROLE, &ref);
	if (!r)
		r = txn_new(t, CLASS_ROLE, &ref);
	r->uuid = arena_strdup(txn_arena(t), uuid_text(ref.b, uuid));
	r->name_label = name;
	r->name_description = description;
	r->level = role + 1;
	return r;
}

/* All permissions, with the least role that has each. */
struct load {
	struct db_txn *t;
	struct ref *all;
	uint8_t *least;
	uint32_t n;
};

static void
load_add(struct load *l, const char *permission, uint8_t least)
{
	l->all[l->n] = role_put(l->t, permission, "A permission",
	    least)->obj.ref;
	l->least[l->n++] = least;
}

static void
load_method(struct load *l, const struct method *m)
{
	struct arena *a = txn_arena(l->t);

	if (m->flags & METHOD_NO_SESSION)
		return;
	load_add(l, role_permission(a, m->name), m->role);
	if (m->kind != METHOD_ADD_TO && m->kind != METHOD_REMOVE_FROM)
		return;
	for (int i = 0; i < n_key_roles; i++)
		if (key_roles[i].class_id == m->class_id &&
		    key_roles[i].field == m->field)
			load_add(l, key_permission(a, m->name, &key_roles[i]),
			    key_roles[i].role);
}

/* The role that may all that it or a lesser one may. */
static void
load_role(struct load *l, int role)
{
	struct ref *sub = arena_alloc(txn_arena(l->t),
	    (l->n + 1) * sizeof(*sub));
	struct role *r = role_put(l->t, role_types[role].name,
	    role_types[role].description, role);
	uint32_t k = 0;

	for (uint32_t i = 0; i < l->n; i++)
		if (l->least[i] <= role)
			sub[k++] = l->all[i];
	r->subroles = (struct vec){ .v = sub, .n = k };
}

static int
load_in(struct db_txn *t, void *arg)
{
	uint32_t most = (uint32_t)(n_methods + 2 * n_key_roles +
	    HTTP_ACTION_N + 1);
	struct load l = {
		.t = t,
		.all = arena_alloc(txn_arena(t), most * sizeof(*l.all)),
		.least = arena_alloc(txn_arena(t), most),
	};

	(void)arg;
	for (int i = 0; i < n_methods; i++)
		load_method(&l, &methods[i]);
	for (int i = 0; i < HTTP_ACTION_N; i++)
		load_add(&l, role_http_permission(txn_arena(t), i),
		    http_actions[i].role);
	load_add(&l, ROLE_ANY_TASK, ROLE_POOL_OPERATOR);
	for (int i = 0; i < ROLE_N; i++)
		if (!role_types[i].internal)
			load_role(&l, i);
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

	if (!call_find(c, CLASS_ROLE, &a->permission))
		return -1;
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

	permission_ref(role_permission(c->arena, a->label ? a->label : ""),
	    &permission);
	db_each(c->root, CLASS_ROLE, holder_look, &h);
	*result = h.found;
	return 0;
}
