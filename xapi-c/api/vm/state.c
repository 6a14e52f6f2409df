#include "api/vm/state.h"

#include <string.h>

#include "api/vm/guest.h"
#include "api/oplock.h"
#include "api/vm/memory.h"
#include "gen/store.h"

/* Is the device in the domain?  One that the domain does not list is not. */
static bool
is_attached(struct vec states, const char *uuid)
{
	const struct xenops_device_state *s = states.v;

	for (uint32_t i = 0; i < states.n; i++)
		if (strcmp(s[i].uuid, uuid) == 0)
			return s[i].attached;
	return false;
}

static void
apply_vbds(struct db_txn *t, const struct vm *vm, struct vec states)
{
	const struct ref *refs = vm->VBDs.v;

	for (uint32_t i = 0; i < vm->VBDs.n; i++) {
		struct vbd *vbd = vbd_txn_edit(t, &refs[i]);

		if (!vbd)
			continue;
		vbd->currently_attached = is_attached(states, vbd->uuid);
	}
}

static void
apply_vifs(struct db_txn *t, const struct vm *vm, struct vec states)
{
	const struct ref *refs = vm->VIFs.v;

	for (uint32_t i = 0; i < vm->VIFs.n; i++) {
		struct vif *vif = vif_txn_edit(t, &refs[i]);

		if (vif)
			vif->currently_attached =
			    is_attached(states, vif->uuid);
	}
}

static int
power_state_of(const struct xenops_domain_info *d)
{
	if (!d)
		return VM_POWER_STATE_HALTED;
	switch (d->state) {
	case XENOPS_DOMAIN_STATE_RUNNING:
	case XENOPS_DOMAIN_STATE_REBOOTING:
		return VM_POWER_STATE_RUNNING;
	case XENOPS_DOMAIN_STATE_PAUSED:
	case XENOPS_DOMAIN_STATE_CRASHED:	/* kept for the operator */
		return VM_POWER_STATE_PAUSED;
	default:
		return VM_POWER_STATE_HALTED;
	}
}

void
vm_state_refresh(struct db_txn *t, const struct ref *ref)
{
	const struct vm *vm = vm_txn_get(t, ref);
	const struct ref *refs;

	if (!vm)
		return;
	refs = vm->VBDs.v;
	for (uint32_t i = 0; i < vm->VBDs.n; i++) {
		const struct vbd *vbd = vbd_txn_get(t, &refs[i]);

		op_refresh(t, &vbd_op_class, &refs[i]);
		if (vbd && !ref_is_null(&vbd->VDI))
			op_refresh(t, &vdi_op_class, &vbd->VDI);
	}
	refs = vm->VIFs.v;
	for (uint32_t i = 0; i < vm->VIFs.n; i++)
		op_refresh(t, &vif_op_class, &refs[i]);
	if (!ref_is_null(&vm->suspend_VDI))
		op_refresh(t, &vdi_op_class, &vm->suspend_VDI);
	op_refresh(t, &vm_op_class, ref);
	op_refresh(t, &vm_appliance_op_class, &vm->appliance);
}

/* Its memory is on a disk, or was to be: what is there, a resume will see.  Its
 * devices stay its own. */
static void
apply_suspended(struct db_txn *t, const struct xapi *x, struct vm *vm)
{
	vm->power_state = VM_POWER_STATE_SUSPENDED;
	if (vm->domid >= 0)
		vm_memory_suspended(t, vm);
	vm->domid = -1;
	vm->resident_on = REF_NULL;
	guest_metrics_apply(t, vm, NULL);
	guest_console_apply(t, x, vm, false);
}

struct ref
vm_memory_forget(struct db_txn *t, const struct ref *ref)
{
	struct vm *vm = vm_txn_edit(t, ref);
	struct ref image = vm ? vm->suspend_VDI : REF_NULL;
	struct vdi *vdi = vdi_txn_edit(t, &image);

	if (vdi)
		vdi->managed = false;
	if (vm)
		vm->suspend_VDI = REF_NULL;
	if (vdi)
		op_refresh(t, &vdi_op_class, &image);
	return image;
}

void
vm_state_apply(struct db_txn *t, const struct xapi *x, const struct ref *ref,
    const struct xenops_domain_info *d)
{
	struct vm *vm = vm_txn_edit(t, ref);
	bool on;

	if (!vm || vm->is_control_domain)
		return;
	vm->power_state = power_state_of(d);
	if (vm->power_state == VM_POWER_STATE_HALTED &&
	    !ref_is_null(&vm->suspend_VDI)) {
		apply_suspended(t, x, vm);
		vm_state_refresh(t, ref);
		return;
	}
	if (d && !d->suspending)
		(void)vm_memory_forget(t, ref);
	on = vm->power_state != VM_POWER_STATE_HALTED;
	vm->domid = on ? d->domid : -1;
	vm->resident_on = on ? x->host : REF_NULL;
	vm->memory_target = on ? d->memory_target : 0;
	vm->memory_overhead = on ? vm_memory_beside(vm) : 0;
	apply_vbds(t, vm, on ? d->disks : (struct vec){ 0 });
	apply_vifs(t, vm, on ? d->nics : (struct vec){ 0 });
	guest_metrics_apply(t, vm, d);
	guest_console_apply(t, x, vm, on);
	vm_state_refresh(t, ref);
}
