/* SRs: where disks live, and PBDs, by which this host reaches them. */
#include <string.h>

#include "api/oplock.h"
#include "api/ops_error.h"
#include "api/storage/sr_scan.h"
#include "api/storage/vdi_make.h"
#include "api/vm/spec.h"
#include "api/xapi.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/ops_stubs.h"
#include "gen/store.h"

static bool
has_plugged_pbd(const struct view *v, const struct sr *sr)
{
	const struct ref *refs = sr->PBDs.v;

	for (uint32_t i = 0; i < sr->PBDs.n; i++) {
		const struct pbd *pbd = view_get(v, CLASS_PBD, &refs[i]);

		if (pbd && pbd->currently_attached)
			return true;
	}
	return false;
}

/* What is done to its disks goes on side by side, but not beside what is done
 * to the SR: a scan must find disk and record, or neither. */
static bool
is_of_disks(int op)
{
	return op == STORAGE_OPERATIONS_VDI_CREATE ||
	    op == STORAGE_OPERATIONS_VDI_DESTROY ||
	    op == STORAGE_OPERATIONS_VDI_CLONE ||
	    op == STORAGE_OPERATIONS_VDI_SNAPSHOT ||
	    op == STORAGE_OPERATIONS_VDI_RESIZE;
}

static bool
is_busy(const struct sr *sr, int op)
{
	const struct enum_pair *p = sr->current_operations.v;

	for (uint32_t i = 0; i < sr->current_operations.n; i++)
		if (!is_of_disks(op) || !is_of_disks(p[i].value))
			return true;
	return false;
}

/* Every operation asks one of three things of the SR's PBDs. */
static int
check(const struct view *v, const void *obj, int op, struct call *c)
{
	const struct sr *sr = obj;
	const char *ref = c ? call_ref_text(c, &sr->obj.ref) : NULL;
	bool plugged = has_plugged_pbd(v, sr);

	switch (op) {
	case STORAGE_OPERATIONS_FORGET:
	case STORAGE_OPERATIONS_DESTROY:
	case STORAGE_OPERATIONS_SCAN:
	case STORAGE_OPERATIONS_PLUG:
	case STORAGE_OPERATIONS_UNPLUG:
	case STORAGE_OPERATIONS_PBD_CREATE:
	case STORAGE_OPERATIONS_PBD_DESTROY:
		break;
	default:
		if (is_of_disks(op))
			break;
		return c ? err_sr_operation_not_supported(c, ref) : -1;
	}
	if (is_busy(sr, op))
		return op_in_progress(&sr_op_class, sr, c);
	if (op == STORAGE_OPERATIONS_FORGET && plugged)
		return c ? err_sr_has_pbd(c, ref) : -1;
	if (op == STORAGE_OPERATIONS_DESTROY && sr->PBDs.n == 0)
		return c ? err_sr_has_no_pbds(c, ref) : -1;
	if (op == STORAGE_OPERATIONS_DESTROY && plugged)
		return c ? err_sr_has_pbd(c, ref) : -1;
	if (op == STORAGE_OPERATIONS_DESTROY && sr->VDIs.n)
		return c ? err_sr_not_empty(c) : -1;
	if (is_of_disks(op) && sr->PBDs.n == 0)
		return c ? err_sr_has_no_pbds(c, ref) : -1;
	if ((op == STORAGE_OPERATIONS_SCAN || is_of_disks(op)) && !plugged)
		return c ? err_sr_not_attached(c, ref) : -1;
	return 0;
}

static bool
listed(int op)
{
	(void)op;
	return true;
}

static bool
deletes(int op)
{
	return op == STORAGE_OPERATIONS_FORGET ||
	    op == STORAGE_OPERATIONS_DESTROY;
}

const struct op_class sr_op_class = {
	.cls = &class_sr,
	.ops = &enum_storage_operations,
	.current = offsetof(struct sr, current_operations),
	.allowed = offsetof(struct sr, allowed_operations),
	.check = check,
	.listed = listed,
	.deletes = deletes,
};

int
sr_ops_type(struct call *c, const char *type, struct vec device_config,
    int *out)
{
	const char *location = map_get(device_config, "location");

	if (strcmp(type, "lvm") == 0)
		*out = XENOPS_SR_TYPE_LVM;
	else if (strcmp(type, "file") == 0 && location &&
	    strcmp(location, "memory") == 0)
		*out = XENOPS_SR_TYPE_MEMORY;
	else if (strcmp(type, "ext") == 0 || strcmp(type, "file") == 0)
		*out = XENOPS_SR_TYPE_FILE;
	else
		return err_sr_unknown_driver(c, type);
	return 0;
}

int
api_sr_get_supported_types(struct call *c, struct vec *result)
{
	*result = (struct vec){ 0 };
	*result = vec_add_string(c->arena, *result, "lvm");
	*result = vec_add_string(c->arena, *result, "ext");
	*result = vec_add_string(c->arena, *result, "file");
	return 0;
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
	sr->content_type = *r->a->content_type ? r->a->content_type : "user";
	sr->sm_config = r->a->sm_config;
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

static int
refresh_in(struct db_txn *t, void *arg)
{
	op_refresh(t, &sr_op_class, arg);
	return 0;
}

/* SR.PBDs follows with the commit, so this needs a write of its own. */
void
sr_refresh_operations(struct call *c, const struct ref *ref)
{
	struct error saved = c->err;
	struct ref sr = *ref;

	call_write(c, refresh_in, &sr);
	c->err = saved;
}

/* Takes an SR back whose record could not be written. */
static void
undo_create(struct call *c, const char *uuid)
{
	struct error saved = c->err;
	struct ops_call k;

	ops_prepare(c, &k);
	ops_sr_destroy(c->x->ops, &k,
	    &(struct xenops_sr_destroy_args){ .uuid = uuid });
	c->err = saved;
}

int
api_sr_create(struct call *c, const struct sr_create_args *a,
    struct ref *result)
{
	struct xenops_sr_create_args args = { 0 };
	struct xenops_sr_create_result made = { 0 };
	struct record r = { .c = c, .a = a, .result = result };
	const char *device = map_get(a->device_config, "device");
	char uuid[UUID_TEXT_LEN + 1];
	struct ops_call k;
	int type;

	if (!host_find(c->root, &a->host))
		return err_handle_invalid(c, "host",
		    call_ref_text(c, &a->host));
	if (sr_ops_type(c, a->type, a->device_config, &type))
		return -1;
	if (type != XENOPS_SR_TYPE_MEMORY && (!device || !*device))
		return err_invalid_value(c, "device_config:device", "");
	if (a->shared)
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

static int
delete_in(struct db_txn *t, void *arg)
{
	const struct ref *ref = arg;
	const struct sr *sr = sr_txn_get(t, ref);
	const struct pool *pool;
	const struct ref *refs;

	if (!sr)
		return 0;
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

int
sr_attach(struct call *c, const struct sr *sr, const struct pbd *pbd)
{
	struct xenops_sr_attach_args args = { .uuid = sr->uuid };
	struct xenops_sr_attach_result done = { 0 };
	struct ops_call k;
	int type;

	if (sr_ops_type(c, sr->type, pbd->device_config, &type))
		return -1;
	args.type = type;
	ops_prepare(c, &k);
	if (ops_sr_attach(c->x->ops, &k, &args, &done))
		return ops_failed(c, &k, &(struct ops_subject){
		    .sr = sr->obj.ref, .operation = "attach" });
	return 0;
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
