#include "api/host/packs.h"

#include <string.h>

#include "api/ops_error.h"
#include "api/xapi.h"
#include "base/packs.h"
#include "gen/methods.h"
#include "gen/ops_stubs.h"
#include "gen/store.h"

struct look {
	struct call *c;
	const struct xenops_pack_info *v;
	uint32_t n;
};

static const char *
text(const char *s)
{
	return s ? s : "";
}

/* -- software_version -- */

static bool
is_packs(const char *key)
{
	return strchr(key, ':') != NULL;
}

struct vec
packs_keep_versions(struct arena *a, struct vec map, struct vec old)
{
	const struct string_pair *v = old.v;

	for (uint32_t i = 0; i < old.n; i++)
		if (is_packs(v[i].key))
			map = map_set(a, map, v[i].key, v[i].value);
	return map;
}

/* In the shape in which clients take it apart. */
static struct vec
set_versions(struct arena *a, struct vec map, const struct look *k)
{
	const struct vec old = map;
	const struct string_pair *v = old.v;

	for (uint32_t i = 0; i < old.n; i++)
		if (is_packs(v[i].key))
			map = map_remove(a, map, v[i].key);
	for (uint32_t i = 0; i < k->n; i++)
		map = map_set(a, map, arena_printf(a, "%s:%s",
		    text(k->v[i].vendor), text(k->v[i].name)),
		    arena_printf(a, "%s, version %s",
		    text(k->v[i].description), text(k->v[i].version)));
	return map;
}

/* -- pool_updates -- */

void
packs_fill(struct pool_update *u, const struct xenops_pack_info *p)
{
	u->uuid = text(p->uuid);
	u->name_label = text(p->name);
	u->name_description = text(p->description);
	u->version = text(p->version);
	u->installation_size = p->size;
	u->key = text(p->signer);
}

static const struct xenops_pack_info *
find(const struct look *k, const char *uuid)
{
	for (uint32_t i = 0; i < k->n; i++)
		if (!strcmp(text(k->v[i].uuid), text(uuid)))
			return &k->v[i];
	return NULL;
}

/* The record goes with the last host that has it. */
static void
forget(struct db_txn *t, const struct look *k, const struct pool_update *u)
{
	const struct ref ref = u->obj.ref;
	const bool others = u->hosts.n > 1;
	struct host *host = host_txn_edit(t, &k->c->x->host);

	host->updates = vec_remove_ref(txn_arena(t), host->updates, &ref);
	if (!others)
		txn_delete(t, CLASS_POOL_UPDATE, &ref);
}

static void
forget_others(struct db_txn *t, const struct look *k)
{
	const struct host *host = host_txn_get(t, &k->c->x->host);
	const struct vec old = host->updates;
	const struct ref *refs = old.v;

	for (uint32_t i = 0; i < old.n; i++) {
		const struct pool_update *u =
		    pool_update_txn_get(t, &refs[i]);

		if (u && !find(k, u->uuid))
			forget(t, k, u);
	}
}

static void
record(struct db_txn *t, const struct look *k,
    const struct xenops_pack_info *p)
{
	const struct pool_update *old =
	    txn_find_uuid(t, CLASS_POOL_UPDATE, text(p->uuid));
	struct pool_update *u = old ?
	    pool_update_txn_edit(t, &old->obj.ref) : pool_update_txn_new(t);
	struct host *host;

	packs_fill(u, p);
	host = host_txn_edit(t, &k->c->x->host);
	host->updates = vec_add_ref(txn_arena(t), host->updates,
	    &u->obj.ref);
}

static int
look_in(struct db_txn *t, void *arg)
{
	const struct look *k = arg;
	struct host *host;

	forget_others(t, k);
	for (uint32_t i = 0; i < k->n; i++)
		record(t, k, &k->v[i]);
	host = host_txn_edit(t, &k->c->x->host);
	host->software_version = set_versions(txn_arena(t),
	    host->software_version, k);
	return 0;
}

int
packs_ask(struct call *c, struct xenops_packs_get_result *out)
{
	struct ops_call k;

	ops_prepare(c, &k);
	if (ops_packs_get(c->x->ops, &k, out))
		return ops_failed(c, &k, &(struct ops_subject){
		    .operation = "packs_get" });
	return 0;
}

int
packs_refresh(struct call *c)
{
	struct xenops_packs_get_result r = { 0 };
	struct look k = { .c = c };
	int rc;

	/* what was seen first is not written last */
	pthread_mutex_lock(&c->x->packs_lock);
	rc = packs_ask(c, &r);
	k.v = r.packs.v;
	k.n = r.packs.n < PACKS_MAX ? r.packs.n : PACKS_MAX;
	if (!rc)
		rc = call_write(c, look_in, &k);
	pthread_mutex_unlock(&c->x->packs_lock);
	return rc;
}

int
api_pool_update_resync_host(struct call *c,
    const struct pool_update_resync_host_args *a)
{
	return call_find(c, CLASS_HOST, &a->host) ? packs_refresh(c) : -1;
}
