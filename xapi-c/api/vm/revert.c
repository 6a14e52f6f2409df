/*
 * VM.revert: a VM becomes what its snapshot kept.  Disks are made again from the
 * snapshot's before anything of the VM is touched; then its domain ends, and one
 * write replaces its settings, drives and NICs.  Killed before that write, the VM
 * has what it had; after it, at most its old disks are left, with nobody's drive.
 */
#include <string.h>

#include "api/oplock.h"
#include "api/storage/vdi_make.h"
#include "api/vm/copy.h"
#include "api/vm/lifecycle.h"
#include "api/vm/state.h"
#include "api/vm/suspend.h"
#include "api/xapi.h"
#include "base/log.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/store.h"

struct revert {
	struct call *c;
	struct oplock snapshot_lock, vm_lock;
	const struct vm *snapshot, *vm;
	struct vm_disks disks;
	struct ref memory;		/* a copy of the snapshot's, or null */
	struct ref *old;		/* out: what those replace, or null */
	struct ref old_memory;		/* out: likewise, or null */
};

/* What a revert leaves to the VM. */
static void
keep_own(struct vm *vm, const struct vm *own)
{
	vm->uuid = own->uuid;
	vm->name_label = own->name_label;
	vm->power_state = own->power_state;
	vm->suspend_VDI = own->suspend_VDI;
	vm->domid = own->domid;
	vm->resident_on = own->resident_on;
	vm->metrics = own->metrics;
	vm->guest_metrics = own->guest_metrics;
	vm->allowed_operations = own->allowed_operations;
	vm->current_operations = own->current_operations;
	vm->is_a_snapshot = own->is_a_snapshot;
	vm->is_a_template = own->is_a_template;
	vm->is_default_template = own->is_default_template;
	vm->is_vmss_snapshot = own->is_vmss_snapshot;
	vm->snapshot_of = own->snapshot_of;
	vm->snapshot_time = own->snapshot_time;
	vm->snapshot_info = own->snapshot_info;
	vm->snapshot_metadata = own->snapshot_metadata;
	vm->transportable_snapshot_id = own->transportable_snapshot_id;
	vm->snapshot_schedule = own->snapshot_schedule;
	vm->appliance = own->appliance;
	vm->affinity = own->affinity;
	vm->tags = own->tags;
	vm->blobs = own->blobs;
	vm->groups = own->groups;
}

/* Far ends of relations are the store's to write. */
static void
keep_far_ends(struct vm *vm, const struct vm *own)
{
	const struct record_type *rt = &class_vm.rec;

	for (uint16_t i = 0; i < rt->n; i++)
		if (rt->fields[i].flags & FIELD_DERIVED)
			memcpy((char *)vm + rt->fields[i].offset,
			    (const char *)own + rt->fields[i].offset,
			    rt->fields[i].type->size);
}

static void
drop_devices(struct db_txn *t, const struct vm *vm)
{
	const struct ref *refs = vm->VBDs.v;

	for (uint32_t i = 0; i < vm->VBDs.n; i++)
		txn_delete(t, CLASS_VBD, &refs[i]);
	refs = vm->VIFs.v;
	for (uint32_t i = 0; i < vm->VIFs.n; i++)
		txn_delete(t, CLASS_VIF, &refs[i]);
}

static bool
is_only_ours(struct db_txn *t, const struct revert *r, const struct vdi *vdi)
{
	const struct ref *refs = vdi->VBDs.v;

	for (uint32_t i = 0; i < vdi->VBDs.n; i++) {
		const struct vbd *vbd = vbd_txn_get(t, &refs[i]);

		if (!vbd || !ref_equal(&vbd->VM, &r->vm->obj.ref))
			return false;
	}
	return vdi->VBDs.n > 0;
}

/* Snapshots of the disk that the VM had are of the one that it gets. */
static void
hand_over(struct db_txn *t, struct revert *r, uint32_t i)
{
	const struct ref *new = &r->disks.vdi[i];
	const struct vdi *made = vdi_txn_get(t, new), *old;
	const struct vbd *vbd = vbd_txn_get(t,
	    &((const struct ref *)r->snapshot->VBDs.v)[i]);
	const struct vdi *kept = vbd ? vdi_txn_get(t, &vbd->VDI) : NULL;
	const struct ref *refs;

	r->old[i] = REF_NULL;
	old = made && kept ? vdi_txn_get(t, &kept->snapshot_of) : NULL;
	if (!old)
		return;
	if (is_only_ours(t, r, old))
		r->old[i] = old->obj.ref;
	refs = old->snapshots.v;
	for (uint32_t n = 0; n < old->snapshots.n; n++)
		vdi_txn_edit(t, &refs[n])->snapshot_of = *new;
}

static int
revert_in(struct db_txn *t, void *arg)
{
	struct revert *r = arg;
	const struct ref *ref = &r->vm->obj.ref;
	const struct vm *snapshot = vm_txn_get(t, &r->snapshot->obj.ref);
	struct vm *vm = vm_txn_edit(t, ref);
	struct vm_devices d = { .source = r->snapshot, .disks = &r->disks,
		.keep_macs = true, .attached = !ref_is_null(&r->memory) };
	struct vm own;

	if (!vm || !snapshot)
		return err_handle_invalid(r->c, "VM", call_ref_text(r->c, ref));
	if (!vm_memory_is_there(r->c, t, &r->memory))
		return -1;
	r->old_memory = vm_memory_forget(t, ref);
	vm_state_apply(t, r->c->x, ref, NULL);
	for (uint32_t i = 0; i < r->disks.n; i++)
		hand_over(t, r, i);
	drop_devices(t, vm);
	object_copy_fields(&own, vm);
	object_copy_fields(vm, snapshot);
	keep_far_ends(vm, &own);
	keep_own(vm, &own);
	vm->parent = snapshot->obj.ref;
	vm->suspend_VDI = r->memory;
	vm_state_apply(t, r->c->x, ref, NULL);
	if (vm_copy_devices(r->c, t, &d, ref))
		return -1;
	oplock_release_in(t, &r->vm_lock);
	oplock_release_in(t, &r->snapshot_lock);
	return 0;
}

static int
make_all(struct revert *r)
{
	const struct vm_disks_how how = { .kind = VM_DISKS_CLONE };
	struct call *c = r->c;

	if (vm_disks_make(c, r->snapshot, &how, &r->disks))
		return -1;
	r->old = arena_alloc(c->arena, r->disks.n * sizeof *r->old);
	return ref_is_null(&r->snapshot->suspend_VDI) ? 0 :
	    vdi_duplicate(c, &r->snapshot->suspend_VDI, VDI_COPY_CLONE,
	    &r->memory);
}

static void
remove_old(struct revert *r)
{
	struct call *c = r->c;
	struct call_undo undo;

	call_undo_begin(c, &undo);
	vm_image_remove(c, &r->old_memory);
	for (uint32_t i = 0; i < r->disks.n; i++)
		if (!ref_is_null(&r->old[i]) && vdi_remove(c, &r->old[i]))
			log_warn("cannot remove a disk from before a revert: "
			    "%s", c->err.code);
	call_undo_end(c, &undo);
}

static int
revert(struct revert *r)
{
	struct call *c = r->c;

	/* what the write would be refused for is said while the guest still runs */
	if (make_all(r) || call_rehearse(c, revert_in, r) ||
	    vm_end_domain(c, r->vm) || call_write(c, revert_in, r)) {
		vm_disks_undo(c, &r->disks);
		vm_image_remove(c, &r->memory);
		return -1;
	}
	oplock_keep(&r->vm_lock);
	oplock_keep(&r->snapshot_lock);
	remove_old(r);
	return 0;
}

int
api_vm_revert(struct call *c, const struct vm_revert_args *a)
{
	struct revert r = { .c = c };
	struct ref of;
	int rc = -1;

	r.snapshot = vm_lock(c, &r.snapshot_lock, &a->snapshot,
	    VM_OPERATIONS_REVERT);
	of = r.snapshot ? r.snapshot->snapshot_of : REF_NULL;
	if (r.snapshot && !vm_find(c->root, &of))
		rc = err_vm_revert_failed(c, call_ref_text(c, &of),
		    call_ref_text(c, &a->snapshot));
	else if (r.snapshot)
		r.vm = vm_lock(c, &r.vm_lock, &of, VM_OPERATIONS_REVERTING);
	if (r.vm)
		rc = revert(&r);
	oplock_release(c, &r.vm_lock);
	oplock_release(c, &r.snapshot_lock);
	return rc;
}
