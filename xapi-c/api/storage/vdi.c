/* VDIs: disks in an SR. */
#include "api/oplock.h"
#include "api/ops_error.h"
#include "api/storage/library.h"
#include "api/storage/sr_scan.h"
#include "api/storage/vdi_make.h"
#include "api/vm/check.h"
#include "api/vm/spec.h"
#include "api/xapi.h"
#include "base/clock.h"
#include "base/iso_name.h"
#include "base/log.h"
#include "base/vm_limits.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/ops_stubs.h"
#include "gen/store.h"

/* The SR's sums follow its disks; what guests write shows at the next scan. */
static void
add_sizes(struct db_txn *t, const struct ref *ref, int64_t virtual_bytes,
    int64_t used_bytes)
{
	struct sr *sr = sr_txn_edit(t, ref);

	if (!sr)
		return;
	sr->virtual_allocation += virtual_bytes;
	sr->physical_utilisation += used_bytes;
	if (sr->virtual_allocation < 0)
		sr->virtual_allocation = 0;
	if (sr->physical_utilisation < 0)
		sr->physical_utilisation = 0;
}

struct record {
	const struct vdi *given;
	const struct xenops_vdi_info *info;
	const struct sr *sr;
	struct ref *result;
};

static int
record_in(struct db_txn *t, void *arg)
{
	struct record *a = arg;
	struct vdi *vdi = vdi_txn_new(t);

	object_copy_fields(vdi, a->given);
	vdi->uuid = a->info->uuid;
	vdi->location = vdi_location(a->sr, a->info);
	vdi->SR = a->sr->obj.ref;
	vdi->virtual_size = a->info->size;
	vdi->physical_utilisation = vdi_used(a->info, 0);
	vdi->managed = true;
	if (sr_is_library(a->sr)) {
		vdi->name_label = a->info->name;
		vdi->read_only = true;
	}
	*a->result = vdi->obj.ref;
	op_refresh(t, &vdi_op_class, a->result);
	add_sizes(t, &a->sr->obj.ref, a->info->size, vdi->physical_utilisation);
	return 0;
}

/* Records a disk that xenopsd made; takes it away again if that fails. */
static int
record_vdi(struct call *c, const struct sr *sr, const struct vdi *given,
    const struct xenops_vdi_info *info, struct ref *result)
{
	struct record a = { .given = given, .info = info, .sr = sr,
	    .result = result };
	struct call_undo undo;
	struct ops_call k;

	if (call_write(c, record_in, &a) == 0)
		return 0;
	call_undo_begin(c, &undo);
	ops_prepare(c, &k);
	if (ops_vdi_destroy(c->x->ops, &k, &(struct xenops_vdi_destroy_args){
	    .sr = sr->uuid, .vdi = info->uuid }))
		log_warn("cannot remove unrecorded disk '%s': %s", info->uuid,
		    k.err.text);
	call_undo_end(c, &undo);
	return -1;
}

static int
too_large(struct call *c, const struct ref *vdi)
{
	return err_vdi_too_large(c, call_ref_text(c, vdi),
	    arena_printf(c->arena, "%lld", VDI_MAX_BYTES));
}

static int
make_in(struct call *c, const struct sr *sr, const struct vdi *given,
    struct ref *result)
{
	struct xenops_vdi_create_args args = { .sr = sr->uuid };
	struct xenops_vdi_create_result made = { 0 };
	char uuid[UUID_TEXT_LEN + 1];
	struct ops_call k;

	if (sr_is_library(sr) && !iso_name_of(c->arena, given->name_label))
		return err_invalid_value(c, "name_label", given->name_label);
	args.vdi.uuid = uuid_random(uuid);
	args.vdi.name = given->name_label;
	args.vdi.description = given->name_description;
	args.vdi.size = given->virtual_size;
	args.vdi.read_only = given->read_only;
	ops_prepare(c, &k);
	if (ops_vdi_create(c->x->ops, &k, &args, &made))
		return ops_failed(c, &k, &(struct ops_subject){
		    .sr = given->SR, .needed = given->virtual_size,
		    .available = sr->physical_size -
		    sr->physical_utilisation, .operation = "create" });
	return record_vdi(c, sr, given, &made.vdi, result);
}

int
vdi_make(struct call *c, const struct vdi *given, struct ref *result)
{
	struct oplock lock = { 0 };
	const struct sr *sr;
	int rc;

	if (given->virtual_size <= 0)
		return vm_bad_number(c, "virtual_size", given->virtual_size);
	if (given->virtual_size > VDI_MAX_BYTES)
		return too_large(c, &REF_NULL);
	sr = sr_lock(c, &lock, &given->SR, STORAGE_OPERATIONS_VDI_CREATE);
	rc = sr ? make_in(c, sr, given, result) : -1;
	oplock_release(c, &lock);
	return rc;
}

int
api_vdi_create(struct call *c, const struct vdi_create_args *a,
    struct ref *result)
{
	return vdi_make(c, &a->args, result);
}

/* The new disk's record: the source's, as a copy of it. */
static struct vdi
copy_of(const struct vdi *source, enum vdi_copy_kind kind)
{
	struct vdi v = { .obj.ref = REF_NULL };

	object_copy_fields(&v, source);
	v.allowed_operations = v.current_operations = (struct vec){ 0 };
	v.VBDs = v.crash_dumps = v.snapshots = (struct vec){ 0 };
	v.is_a_snapshot = kind == VDI_COPY_SNAPSHOT;
	v.snapshot_of = kind == VDI_COPY_SNAPSHOT ? source->obj.ref : REF_NULL;
	v.snapshot_time = kind == VDI_COPY_SNAPSHOT ? clock_wall_s() : 0;
	v.read_only = kind == VDI_COPY_SNAPSHOT;
	return v;
}

/* Under the locks of the disk and its SR. */
static int
duplicate(struct call *c, const struct sr *sr, const struct vdi *vdi,
    enum vdi_copy_kind kind, struct ref *result)
{
	const struct vdi copy = copy_of(vdi, kind);
	struct xenops_vdi_clone_args args = {
		.sr = sr->uuid, .source = vdi->uuid,
	};
	struct xenops_vdi_clone_result made = { 0 };
	char uuid[UUID_TEXT_LEN + 1];
	struct ops_call k;

	args.vdi.uuid = uuid_random(uuid);
	args.vdi.name = vdi->name_label;
	args.vdi.description = vdi->name_description;
	args.vdi.size = vdi->virtual_size;
	args.vdi.read_only = copy.read_only;
	ops_prepare(c, &k);
	if (ops_vdi_clone(c->x->ops, &k, &args, &made))
		return ops_failed(c, &k, &(struct ops_subject){
		    .vdi = vdi->obj.ref, .sr = vdi->SR,
		    .operation = kind == VDI_COPY_SNAPSHOT ? "snapshot" :
		    "clone", .needed = vdi->virtual_size });
	return record_vdi(c, sr, &copy, &made.vdi, result);
}

int
vdi_duplicate(struct call *c, const struct ref *source,
    enum vdi_copy_kind kind, struct ref *result)
{
	bool snapshot = kind == VDI_COPY_SNAPSHOT;
	struct oplock lock = { 0 }, sr_held = { 0 };
	const struct vdi *vdi = vdi_lock(c, &lock, source, snapshot ?
	    VDI_OPERATIONS_SNAPSHOT : VDI_OPERATIONS_CLONE);
	const struct sr *sr = vdi ? sr_lock(c, &sr_held, &vdi->SR, snapshot ?
	    STORAGE_OPERATIONS_VDI_SNAPSHOT : STORAGE_OPERATIONS_VDI_CLONE) :
	    NULL;
	int rc = sr ? duplicate(c, sr, vdi, kind, result) : -1;

	oplock_release(c, &sr_held);
	oplock_release(c, &lock);
	return rc;
}

int
api_vdi_clone(struct call *c, const struct vdi_clone_args *a,
    struct ref *result)
{
	return vdi_duplicate(c, &a->vdi, VDI_COPY_CLONE, result);
}

int
api_vdi_snapshot(struct call *c, const struct vdi_snapshot_args *a,
    struct ref *result)
{
	return vdi_duplicate(c, &a->vdi, VDI_COPY_SNAPSHOT, result);
}

void
vdi_eject(struct db_txn *t, const struct vdi *vdi)
{
	const struct ref *refs = vdi->VBDs.v;

	for (uint32_t i = 0; i < vdi->VBDs.n; i++) {
		const struct vbd *vbd = vbd_txn_get(t, &refs[i]);
		struct vbd *drive = vbd && vbd->type == VBD_TYPE_CD ?
		    vbd_txn_edit(t, &refs[i]) : NULL;

		if (!drive)
			continue;
		drive->VDI = REF_NULL;
		drive->empty = true;
	}
}

static int
delete_in(struct db_txn *t, void *arg)
{
	const struct ref *ref = arg;
	const struct vdi *vdi = vdi_txn_get(t, ref);

	if (vdi)
		vdi_eject(t, vdi);
	if (vdi)
		add_sizes(t, &vdi->SR, -vdi->virtual_size,
		    -vdi->physical_utilisation);
	txn_delete(t, CLASS_VDI, ref);
	return 0;
}

/* A disk that is gone is what was asked for. */
static int
remove_now(struct call *c, const struct sr *sr, const struct vdi *vdi)
{
	const struct xenops_vdi_destroy_args args = {
		.sr = sr->uuid, .vdi = vdi->uuid,
	};
	struct ops_call k;

	ops_prepare(c, &k);
	if (ops_vdi_destroy(c->x->ops, &k, &args) &&
	    k.err.code != XENOPS_CODE_NO_SUCH_VDI)
		return ops_failed(c, &k, &(struct ops_subject){
		    .vdi = vdi->obj.ref, .sr = vdi->SR,
		    .operation = "destroy" });
	return 0;
}

int
vdi_remove(struct call *c, const struct ref *ref)
{
	struct oplock lock = { 0 }, sr_held = { 0 };
	const struct vdi *vdi = vdi_lock(c, &lock, ref,
	    VDI_OPERATIONS_DESTROY);
	const struct sr *sr = vdi ? sr_lock(c, &sr_held, &vdi->SR,
	    STORAGE_OPERATIONS_VDI_DESTROY) : NULL;
	int rc = sr ? remove_now(c, sr, vdi) : -1;

	if (rc == 0)
		rc = oplock_write(c, &lock, delete_in, &lock.ref);
	oplock_release(c, &sr_held);
	oplock_release(c, &lock);
	return rc;
}

int
api_vdi_destroy(struct call *c, const struct vdi_destroy_args *a)
{
	return vdi_remove(c, &a->self);
}

struct resized {
	struct oplock *lock;
	const struct xenops_vdi_info *info;
};

static int
resized_in(struct db_txn *t, void *arg)
{
	struct resized *a = arg;
	struct vdi *vdi = vdi_txn_edit(t, &a->lock->ref);
	int64_t used;

	if (vdi) {
		used = vdi_used(a->info, vdi->physical_utilisation);
		add_sizes(t, &vdi->SR, a->info->size - vdi->virtual_size,
		    used - vdi->physical_utilisation);
		vdi->virtual_size = a->info->size;
		vdi->physical_utilisation = used;
	}
	oplock_release_in(t, a->lock);
	return 0;
}

static int
resize_now(struct call *c, const struct sr *sr, const struct vdi *vdi,
    int64_t size, struct oplock *lock)
{
	const struct xenops_vdi_resize_args args = {
		.sr = sr->uuid, .vdi = vdi->uuid, .size = size,
	};
	struct xenops_vdi_resize_result done = { 0 };
	struct ops_call k;

	if (size < vdi->virtual_size)
		return vm_bad_number(c, "size", size);
	if (size > VDI_MAX_BYTES)
		return too_large(c, &vdi->obj.ref);
	ops_prepare(c, &k);
	if (ops_vdi_resize(c->x->ops, &k, &args, &done))
		return ops_failed(c, &k, &(struct ops_subject){
		    .vdi = vdi->obj.ref, .sr = vdi->SR,
		    .operation = "resize", .needed = size });
	return oplock_write(c, lock, resized_in,
	    &(struct resized){ .lock = lock, .info = &done.vdi });
}

int
api_vdi_resize(struct call *c, const struct vdi_resize_args *a)
{
	struct oplock lock = { 0 }, sr_held = { 0 };
	const struct vdi *vdi = vdi_lock(c, &lock, &a->vdi,
	    VDI_OPERATIONS_RESIZE);
	const struct sr *sr = vdi ? sr_lock(c, &sr_held, &vdi->SR,
	    STORAGE_OPERATIONS_VDI_RESIZE) : NULL;
	int rc = sr ? resize_now(c, sr, vdi, a->size, &lock) : -1;

	oplock_release(c, &sr_held);
	oplock_release(c, &lock);
	return rc;
}

struct rename {
	struct ref vdi;
	const char *label;		/* NULL: leave */
	const char *description;
};

static int
rename_in(struct db_txn *t, void *arg)
{
	struct rename *a = arg;
	struct vdi *vdi = vdi_txn_edit(t, &a->vdi);

	if (vdi && a->label)
		vdi->name_label = a->label;
	if (vdi && a->description)
		vdi->name_description = a->description;
	return 0;
}

/* The record's name counts; the copy beside the disk, for SR.introduce on
 * another host, follows when the SR is there to take it. */
static int
rename_vdi(struct call *c, struct rename *a)
{
	const struct vdi *vdi = vdi_find(c->root, &a->vdi);
	const struct sr *sr = vdi ? sr_find(c->root, &vdi->SR) : NULL;
	struct xenops_vdi_set_name_args args = { 0 };
	struct ops_call k;

	if (!vdi)
		return err_handle_invalid(c, "VDI",
		    call_ref_text(c, &a->vdi));
	if (call_write(c, rename_in, a))
		return -1;
	if (!sr || sr_is_library(sr) || !sr_is_attached(c, &vdi->SR))
		return 0;
	args.sr = sr->uuid;
	args.vdi.uuid = vdi->uuid;
	args.vdi.name = a->label ? a->label : vdi->name_label;
	args.vdi.description = a->description ? a->description :
	    vdi->name_description;
	args.vdi.size = vdi->virtual_size;
	args.vdi.read_only = vdi->read_only;
	ops_prepare(c, &k);
	if (ops_vdi_set_name(c->x->ops, &k, &args))
		log_warn("cannot store the name of disk '%s': %s", vdi->uuid,
		    k.err.text);
	return 0;
}

int
api_vdi_set_name_label(struct call *c,
    const struct vdi_set_name_label_args *a)
{
	struct rename r = { .vdi = a->self, .label = a->value };

	return rename_vdi(c, &r);
}

int
api_vdi_set_name_description(struct call *c,
    const struct vdi_set_name_description_args *a)
{
	struct rename r = { .vdi = a->self, .description = a->value };

	return rename_vdi(c, &r);
}
