/* SRs: where disks live, and PBDs, by which this host reaches them. */
#include <string.h>

#include "api/blob.h"
#include "api/oplock.h"
#include "api/ops_error.h"
#include "api/storage/sr_attach.h"
#include "api/storage/sr_scan.h"
#include "api/storage/vdi_make.h"
#include "api/xapi.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/ops_stubs.h"
#include "gen/store.h"

static const char *const types[] = { "lvm", "ext", "file", "iso", "nfs" };

int
api_sr_get_supported_types(struct call *c, struct vec *result)
{
	*result = (struct vec){ 0 };
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		*result = vec_add_string(c->arena, *result, types[i]);
	return 0;
}

static const char *
content_type(const char *type, const char *given)
{
	return *given ? given : strcmp(type, "iso") == 0 ? "iso" : "user";
}

struct record {
	struct call *c;
	const struct sr_create_args *a;
	const struct xenops_sr_info *info;
	struct ref *result;
};

static int
record_in(struct db_txn *t, void *arg)
{
	struct record *r = arg;
	struct sr *sr = sr_txn_new(t);
	struct pbd *pbd = pbd_txn_new(t);

	sr->uuid = r->info->uuid;
	sr->name_label = r->a->name_label;
	sr->name_description = r->a->name_description;
	sr->type = r->a->type;
	sr->content_type = content_type(r->a->type, r->a->content_type);
	sr->sm_config = r->a->sm_config;
	sr->shared = r->a->shared;
	sr->physical_size = r->info->size;
	sr->physical_utilisation = r->info->used;
	sr->virtual_allocation = r->info->allocated;
	pbd->host = r->a->host;
	pbd->SR = sr->obj.ref;
	pbd->device_config = r->a->device_config;
	pbd->currently_attached = true;
	*r->result = sr->obj.ref;
	return 0;
}

/* Takes an SR back whose record could not be written. */
static void
undo_create(struct call *c, const char *uuid)
{
	struct call_undo undo;
	struct ops_call k;

	call_undo_begin(c, &undo);
	ops_prepare(c, &k);
	ops_sr_destroy(c->x->ops, &k,
	    &(struct xenops_sr_destroy_args){ .uuid = uuid });
	call_undo_end(c, &undo);
}

int
api_sr_create(struct call *c, const struct sr_create_args *a,
    struct ref *result)
{
	struct xenops_sr_create_args args = { 0 };
	struct xenops_sr_create_result made = { 0 };
	struct record r = { .c = c, .a = a, .result = result };
	char uuid[UUID_TEXT_LEN + 1];
	struct ops_call k;
	const char *device;
	int type;

	if (!host_find(c->root, &a->host))
		return err_handle_invalid(c, "host",
		    call_ref_text(c, &a->host));
	if (sr_ops_type(c, a->type, a->device_config, &type))
		return -1;
	device = sr_ops_device(c, type, a->device_config);
	if (type != XENOPS_SR_TYPE_MEMORY && type != XENOPS_SR_TYPE_ISO &&
	    (!device || !*device))
		return err_invalid_value(c, "device_config:device", "");
	if (a->shared && type != XENOPS_SR_TYPE_NFS &&
	    type != XENOPS_SR_TYPE_NFS_ISO)
		return err_operation_not_allowed(c,
		    "an SR on a local disk cannot be shared");
	args.uuid = uuid_random(uuid);
	args.type = type;
	args.device = device;
	args.name = a->name_label;
	ops_prepare(c, &k);
	if (ops_sr_create(c->x->ops, &k, &args, &made))
		return ops_failed(c, &k,
		    &(struct ops_subject){ .operation = "create" });
	r.info = &made.sr;
	if (call_write(c, record_in, &r)) {
		undo_create(c, uuid);
		return -1;
	}
	sr_refresh_operations(c, result);
	return 0;
}

struct introduce {
	struct call *c;
	const struct sr_introduce_args *a;
	struct ref *result;
};

static int
introduce_in(struct db_txn *t, void *arg)
{
	struct introduce *i = arg;
	const struct sr_introduce_args *a = i->a;
	struct sr *sr;

	if (txn_find_uuid(t, CLASS_SR, a->uuid))
		return err_sr_uuid_exists(i->c, a->uuid);
	sr = sr_txn_new(t);
	sr->uuid = a->uuid;
	sr->name_label = a->name_label;
	sr->name_description = a->name_description;
	sr->type = a->type;
	sr->content_type = content_type(a->type, a->content_type);
	sr->shared = a->shared;
	sr->sm_config = a->sm_config;
	*i->result = sr->obj.ref;
	return 0;
}

static bool
is_known_type(const char *type)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(types[i], type) == 0)
			return true;
	return false;
}

/* The record alone: what is there shows when a PBD is made and plugged. */
int
api_sr_introduce(struct call *c, const struct sr_introduce_args *a,
    struct ref *result)
{
	struct introduce i = { .c = c, .a = a, .result = result };
	char text[UUID_TEXT_LEN + 1];
	uint8_t uuid[16];

	if (!uuid_from_text(a->uuid, uuid) ||
	    strcmp(uuid_text(uuid, text), a->uuid))
		return err_uuid_invalid(c, "SR", a->uuid);
	if (!is_known_type(a->type))
		return err_sr_unknown_driver(c, a->type);
	if (call_write(c, introduce_in, &i))
		return -1;
	sr_refresh_operations(c, result);
	return 0;
}

static int
delete_in(struct db_txn *t, void *arg)
{
	const struct ref *ref = arg;
	const struct sr *sr = sr_txn_get(t, ref);
	const struct pool *pool;
	const struct ref *refs;

	if (!sr)
		return 0;
	blobs_drop(t, sr->blobs);
	refs = sr->VDIs.v;
	for (uint32_t i = 0; i < sr->VDIs.n; i++) {
		const struct vdi *vdi = vdi_txn_get(t, &refs[i]);

		if (vdi)
			vdi_eject(t, vdi);
	}
	pool = txn_only_pool(t);
	if (pool && ref_equal(&pool->default_SR, ref)) {
		struct pool *p = pool_txn_edit(t, &pool->obj.ref);

		p->default_SR = REF_NULL;
	}
	txn_delete(t, CLASS_SR, ref);
	return 0;
}

/* Removes the record; the disk keeps its content and can be introduced. */
int
api_sr_forget(struct call *c, const struct sr_forget_args *a)
{
	struct oplock lock = { 0 };
	const struct sr *sr = sr_lock(c, &lock, &a->sr,
	    STORAGE_OPERATIONS_FORGET);
	int rc = sr ? oplock_write(c, &lock, delete_in, &lock.ref) : -1;

	oplock_release(c, &lock);
	return rc;
}

/* The PBD of this host, of an SR whose type tells the driver. */
static const struct pbd *
local_pbd(struct call *c, const struct sr *sr)
{
	const struct ref *refs = sr->PBDs.v;

	for (uint32_t i = 0; i < sr->PBDs.n; i++) {
		const struct pbd *pbd = pbd_find(c->root, &refs[i]);

		if (pbd && ref_equal(&pbd->host, &c->x->host))
			return pbd;
	}
	return NULL;
}

static int
destroy_now(struct call *c, const struct sr *sr)
{
	const struct pbd *pbd = local_pbd(c, sr);
	struct ops_call k;

	if (!pbd)
		return err_sr_has_no_pbds(c, call_ref_text(c, &sr->obj.ref));
	if (sr_attach(c, sr, pbd))
		return -1;
	ops_prepare(c, &k);
	if (ops_sr_destroy(c->x->ops, &k,
	    &(struct xenops_sr_destroy_args){ .uuid = sr->uuid }))
		return ops_failed(c, &k, &(struct ops_subject){
		    .sr = sr->obj.ref, .operation = "destroy" });
	return 0;
}

/* Destroys the content.  xenopsd wants it attached for that; the PBD, which
 * clients must have unplugged, is not. */
int
api_sr_destroy(struct call *c, const struct sr_destroy_args *a)
{
	struct oplock lock = { 0 };
	const struct sr *sr = sr_lock(c, &lock, &a->sr,
	    STORAGE_OPERATIONS_DESTROY);
	int rc = sr ? destroy_now(c, sr) : -1;

	if (rc == 0)
		rc = oplock_write(c, &lock, delete_in, &lock.ref);
	oplock_release(c, &lock);
	return rc;
}

int
api_sr_scan(struct call *c, const struct sr_scan_args *a)
{
	return sr_scan_locked(c, &a->sr);
}

struct rename {
	struct call *c;
	struct ref sr;
	const char *label;		/* NULL: leave */
	const char *description;
};

static int
rename_in(struct db_txn *t, void *arg)
{
	struct rename *a = arg;
	struct sr *sr = call_txn_edit(a->c, t, CLASS_SR,
	    &a->sr);

	if (!sr)
		return -1;
	if (a->label)
		sr->name_label = a->label;
	if (a->description)
		sr->name_description = a->description;
	return 0;
}

int
api_sr_set_name_label(struct call *c, const struct sr_set_name_label_args *a)
{
	struct rename r = { .c = c, .sr = a->sr, .label = a->value };

	return call_write(c, rename_in, &r);
}

int
api_sr_set_name_description(struct call *c,
    const struct sr_set_name_description_args *a)
{
	struct rename r = { .c = c, .sr = a->sr, .description = a->value };

	return call_write(c, rename_in, &r);
}
