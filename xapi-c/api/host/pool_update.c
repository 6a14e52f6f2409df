/*
 * pool_update: packs that lie on a disk, until they are applied, and those that
 * the host has, by an upload or from there.
 */
#include <string.h>

#include "api/host/pack_disk.h"
#include "api/host/packs.h"
#include "api/ops_error.h"
#include "api/storage/vdi_make.h"
#include "api/xapi.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/ops_stubs.h"
#include "gen/store.h"

/* -- introducing -- */

struct introduce {
	struct call *c;
	const struct ref *vdi;
	struct xenops_pack_info info;
	struct ref *result;
};

static int
introduce_in(struct db_txn *t, void *arg)
{
	const struct introduce *in = arg;
	const struct pool_update *old =
	    txn_find_uuid(t, CLASS_POOL_UPDATE, in->info.uuid);
	struct pool_update *u;

	if (!call_txn_get(in->c, t, CLASS_VDI, in->vdi))
		return -1;
	if (old && vdi_txn_get(t, &old->vdi) && !ref_equal(&old->vdi, in->vdi))
		return err_update_already_exists(in->c, in->info.uuid);
	u = old ? pool_update_txn_edit(t, &old->obj.ref) :
	    pool_update_txn_new(t);
	packs_fill(u, &in->info);
	u->vdi = *in->vdi;
	*in->result = u->obj.ref;
	return 0;
}

int
api_pool_update_introduce(struct call *c,
    const struct pool_update_introduce_args *a, struct ref *result)
{
	struct pack_about about;
	struct introduce in = { .c = c, .vdi = &a->vdi, .result = result };

	if (!call_find(c, CLASS_VDI, &a->vdi) ||
	    pack_disk_look(c, &a->vdi, &about))
		return -1;
	in.info = (struct xenops_pack_info){
		.name = about.name, .version = about.version,
		.description = about.description, .uuid = about.uuid,
		.size = about.size, .signer = about.signer,
	};
	return call_write(c, introduce_in, &in);
}

/* -- applying -- */

static bool
is_applied(struct call *c, const struct ref *self)
{
	const struct host *host = host_find(c->root, &c->x->host);

	return host && set_has_ref(host->updates, self);
}

/* The record, if it is not applied; NULL with c->err. */
static const struct pool_update *
find_unapplied(struct call *c, const struct ref *self, const struct ref *host)
{
	const struct pool_update *u = call_find(c, CLASS_POOL_UPDATE, self);

	if (!u || !call_find(c, CLASS_HOST, host))
		return NULL;
	if (is_applied(c, self)) {
		err_update_already_applied(c, call_ref_text(c, self));
		return NULL;
	}
	if (vdi_find(c->root, &u->vdi))
		return u;
	err_cannot_find_update(c);
	return NULL;
}

static int
look_at(struct call *c, const struct pool_update *u)
{
	struct pack_about about;

	if (pack_disk_look(c, &u->vdi, &about))
		return -1;
	return strcmp(about.uuid, u->uuid) ? err_invalid_update(c,
	    "the disk holds another pack than when it was introduced") : 0;
}

int
api_pool_update_precheck(struct call *c,
    const struct pool_update_precheck_args *a, int *result)
{
	const struct pool_update *u = find_unapplied(c, &a->self, &a->host);

	*result = LIVEPATCH_STATUS_OK;
	return u ? look_at(c, u) : -1;
}

static int
apply(struct call *c, const struct pool_update *u)
{
	return look_at(c, u) || pack_disk_install(c, &u->vdi) ? -1 :
	    packs_refresh(c);
}

int
api_pool_update_apply(struct call *c, const struct pool_update_apply_args *a)
{
	const struct pool_update *u = find_unapplied(c, &a->self, &a->host);

	return u ? apply(c, u) : -1;
}

int
api_pool_update_pool_apply(struct call *c,
    const struct pool_update_pool_apply_args *a)
{
	const struct pool_update *u =
	    call_find(c, CLASS_POOL_UPDATE, &a->self);

	if (u && is_applied(c, &a->self))
		return err_update_already_applied_in_pool(c,
		    call_ref_text(c, &a->self));
	u = u ? find_unapplied(c, &a->self, &c->x->host) : NULL;
	return u ? apply(c, u) : -1;
}

/* -- and away -- */

/* What is applied keeps its record. */
static int
clean_in(struct db_txn *t, void *arg)
{
	const struct ref *self = arg;
	struct pool_update *u = pool_update_txn_edit(t, self);

	if (u && u->hosts.n)
		u->vdi = REF_NULL;
	else if (u)
		txn_delete(t, CLASS_POOL_UPDATE, self);
	return 0;
}

int
api_pool_update_pool_clean(struct call *c,
    const struct pool_update_pool_clean_args *a)
{
	const struct pool_update *u =
	    call_find(c, CLASS_POOL_UPDATE, &a->self);

	if (!u || (vdi_find(c->root, &u->vdi) && vdi_remove(c, &u->vdi)))
		return -1;
	return call_write(c, clean_in, (void *)(uintptr_t)&a->self);
}

int
api_pool_update_destroy(struct call *c,
    const struct pool_update_destroy_args *a)
{
	const struct pool_update *u =
	    call_find(c, CLASS_POOL_UPDATE, &a->self);
	struct xenops_pack_remove_args args;
	struct ops_call k;

	if (!u)
		return -1;
	if (!is_applied(c, &a->self))
		return call_delete(c, CLASS_POOL_UPDATE, &a->self);
	args.name = u->name_label;
	ops_prepare(c, &k);
	if (ops_pack_remove(c->x->ops, &k, &args))
		return ops_failed(c, &k, &(struct ops_subject){
		    .operation = "pack_remove" });
	return packs_refresh(c);
}
