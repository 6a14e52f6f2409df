#include "api/storage/vdi_use.h"

#include "gen/store.h"

/* Will the other one have its disk by the time that this one gets it?  With its
 * VM's start, a VM's drives all do. */
static bool
has_disk(const struct view *v, const struct vbd *other,
    const struct vbd *drive)
{
	const struct vm *vm;

	if (!drive || other->currently_attached)
		return other->currently_attached;
	vm = view_get(v, CLASS_VM, &drive->VM);
	return ref_equal(&other->VM, &drive->VM) && vm &&
	    vm->power_state == VM_POWER_STATE_HALTED;
}

/* A suspended VM keeps its disks, but nobody writes to them. */
static bool
is_quiet(const struct view *v, const struct vbd *vbd)
{
	const struct vm *vm = view_get(v, CLASS_VM, &vbd->VM);

	return vm && vm->power_state == VM_POWER_STATE_SUSPENDED;
}

const struct vbd *
vdi_use_conflict(const struct view *v, const struct vdi *vdi,
    const struct vbd *drive, bool writes)
{
	const struct ref *refs = vdi->VBDs.v;

	for (uint32_t i = 0; i < vdi->VBDs.n; i++) {
		const struct vbd *other = view_get(v, CLASS_VBD, &refs[i]);

		if (!other ||
		    (drive && ref_equal(&refs[i], &drive->obj.ref)))
			continue;
		if (!drive && !writes && is_quiet(v, other))
			continue;
		if ((writes || other->mode == VBD_MODE_RW) &&
		    has_disk(v, other, drive))
			return other;
	}
	return NULL;
}

static int
names_it(const void *obj, void *arg)
{
	const struct vm *vm = obj;

	return ref_equal(&vm->suspend_VDI, arg);
}

bool
vdi_is_memory(const struct view *v, const struct vdi *vdi)
{
	struct ref ref = vdi->obj.ref;

	return vdi->type == VDI_TYPE_SUSPEND &&
	    view_each(v, CLASS_VM, names_it, &ref);
}
