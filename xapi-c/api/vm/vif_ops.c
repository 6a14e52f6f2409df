/* What may be done to a VIF, by its VM's state and its own. */
#include "api/oplock.h"

#include "api/vm/power_state.h"
#include "gen/errors.h"

static int
check(const struct view *v, const void *obj, int op, struct call *c)
{
	const struct vif *vif = obj;
	const struct vm *vm = view_get(v, CLASS_VM, &vif->VM);
	const char *ref = c ? call_ref_text(c, &vif->obj.ref) : NULL;
	bool plug = op == VIF_OPERATIONS_PLUG;

	if (vif->current_operations.n)
		return op_in_progress(&vif_op_class, vif, c);
	if (op == VIF_OPERATIONS_ATTACH)	/* with the VM's start */
		return 0;
	if (!vm || vm->power_state != VM_POWER_STATE_RUNNING)
		return c ? err_vm_bad_power_state(c,
		    call_ref_text(c, &vif->VM), "running",
		    vm_power_state_word(vm)) : -1;
	if (vm->is_control_domain)
		return c ? err_operation_not_allowed(c,
		    "this is the control domain") : -1;
	if (plug && vif->currently_attached)
		return c ? err_device_already_attached(c, ref) : -1;
	if (!plug && !vif->currently_attached)
		return c ? err_device_already_detached(c, ref) : -1;
	return 0;
}

static bool
listed(int op)
{
	(void)op;
	return true;
}

const struct op_class vif_op_class = {
	.cls = &class_vif,
	.ops = &enum_vif_operations,
	.current = offsetof(struct vif, current_operations),
	.allowed = offsetof(struct vif, allowed_operations),
	.check = check,
	.listed = listed,
};
