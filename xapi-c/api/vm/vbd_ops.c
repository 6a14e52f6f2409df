/* What may be done to a VBD, by its VM's state and its own. */
#include "api/oplock.h"

#include "api/vm/domain_type.h"
#include "api/vm/power_state.h"
#include "gen/errors.h"

static int
check_removable(const struct vbd *vbd, int op, struct call *c)
{
	const char *ref = c ? call_ref_text(c, &vbd->obj.ref) : NULL;

	if (vbd->type != VBD_TYPE_CD)
		return c ? err_vbd_not_removable_media(c, ref) : -1;
	if (op == VBD_OPERATIONS_EJECT && vbd->empty)
		return c ? err_vbd_is_empty(c, ref) : -1;
	if (op == VBD_OPERATIONS_INSERT && !vbd->empty)
		return c ? err_vbd_not_empty(c, ref) : -1;
	return 0;
}

/* Its QEMU has the drive from the start to the end; what is in it changes. */
static int
check_emulated_drive(const struct vm *vm, const struct vbd *vbd, int op,
    struct call *c)
{
	if (!vm || !vm_emulates(vm) || vbd->type != VBD_TYPE_CD ||
	    vm->power_state == VM_POWER_STATE_HALTED)
		return 0;
	if (op != VBD_OPERATIONS_EJECT && op != VBD_OPERATIONS_INSERT)
		return c ? err_operation_not_allowed(c,
		    "the drive of an HVM guest that is on stays where it is") :
		    -1;
	if (vbd->currently_attached)
		return 0;
	return c ? err_device_not_attached(c,
	    call_ref_text(c, &vbd->obj.ref)) : -1;
}

/* The guest is to find all as it left it. */
static int
check_suspended(const struct vm *vm, const struct vbd *vbd, struct call *c)
{
	if (!vm || vm->power_state != VM_POWER_STATE_SUSPENDED)
		return 0;
	return c ? err_vm_bad_power_state(c, call_ref_text(c, &vbd->VM),
	    "halted, running", vm_power_state_word(vm)) : -1;
}

static bool
listed(int op)
{
	return op == VBD_OPERATIONS_ATTACH || op == VBD_OPERATIONS_EJECT ||
	    op == VBD_OPERATIONS_INSERT || op == VBD_OPERATIONS_PLUG ||
	    op == VBD_OPERATIONS_UNPLUG || op == VBD_OPERATIONS_UNPLUG_FORCE;
}

static int
check(const struct view *v, const void *obj, int op, struct call *c)
{
	const struct vbd *vbd = obj;
	const struct vm *vm = view_get(v, CLASS_VM, &vbd->VM);
	const char *ref = c ? call_ref_text(c, &vbd->obj.ref) : NULL;
	bool plug = op == VBD_OPERATIONS_PLUG;

	if (!listed(op))
		return c ? err_not_implemented(c, arena_printf(c->arena,
		    "VBD operation %s", enum_vbd_operations.names[op])) : -1;
	if (vbd->current_operations.n)
		return op_in_progress(&vbd_op_class, vbd, c);
	if (op == VBD_OPERATIONS_ATTACH)	/* with the VM's start */
		return 0;
	/* allowed_operations is for after the start, when nobody refreshes it */
	if (c && vm && vm_check_settled(c, vm))
		return -1;
	if (check_suspended(vm, vbd, c) ||
	    check_emulated_drive(vm, vbd, op, c))
		return -1;
	if (op == VBD_OPERATIONS_EJECT || op == VBD_OPERATIONS_INSERT)
		return check_removable(vbd, op, c);
	if (!vm || vm->power_state != VM_POWER_STATE_RUNNING)
		return c ? err_vm_bad_power_state(c,
		    call_ref_text(c, &vbd->VM), "running",
		    vm_power_state_word(vm)) : -1;
	if (vm->is_control_domain)
		return c ? err_operation_not_allowed(c,
		    "this is the control domain") : -1;
	if (plug && vbd->currently_attached)
		return c ? err_device_already_attached(c, ref) : -1;
	if (!plug && !vbd->currently_attached)
		return c ? err_device_already_detached(c, ref) : -1;
	if (plug && vbd->empty)
		return c ? err_vbd_is_empty(c, ref) : -1;
	if (!plug && !vbd->unpluggable)
		return c ? err_vbd_not_unpluggable(c, ref) : -1;
	return 0;
}

const struct op_class vbd_op_class = {
	.cls = &class_vbd,
	.ops = &enum_vbd_operations,
	.current = offsetof(struct vbd, current_operations),
	.allowed = offsetof(struct vbd, allowed_operations),
	.check = check,
	.listed = listed,
};
