/*
 * What may be done to an appliance: one thing at a time, and what at least one
 * of its VMs can take.
 */
#include "api/oplock.h"

#include "gen/errors.h"

/* The power states of an appliance's VMs: a bit each. */
struct states {
	const struct ref *appliance;
	unsigned bits;
};

static int
states_add(const void *obj, void *arg)
{
	const struct vm *vm = obj;
	struct states *s = arg;

	if (ref_equal(&vm->appliance, s->appliance) && !vm->is_a_template)
		s->bits |= 1u << vm->power_state;
	return 0;
}

/* Not by the appliance's VMs: those follow when a write is over. */
static unsigned
states_of(const struct view *v, const struct ref *appliance)
{
	struct states s = { .appliance = appliance };

	if (v->t)
		txn_each(v->t, CLASS_VM, states_add, &s);
	else
		db_each(v->root, CLASS_VM, states_add, &s);
	return s.bits;
}

static const struct {
	unsigned from;
	const char *why;
} table[] = {
	[VM_APPLIANCE_OPERATION_START] = {
		1u << VM_POWER_STATE_HALTED,
		"there are no halted VMs in this appliance" },
	[VM_APPLIANCE_OPERATION_CLEAN_SHUTDOWN] = {
		1u << VM_POWER_STATE_RUNNING,
		"there are no running VMs in this appliance" },
	[VM_APPLIANCE_OPERATION_HARD_SHUTDOWN] = {
		~(1u << VM_POWER_STATE_HALTED),
		"all VMs in this appliance are halted" },
	[VM_APPLIANCE_OPERATION_SHUTDOWN] = {
		~(1u << VM_POWER_STATE_HALTED),
		"all VMs in this appliance are halted" },
};

static int
check(const struct view *v, const void *obj, int op, struct call *c)
{
	const struct vm_appliance *a = obj;
	unsigned states;

	if (a->current_operations.n)
		return op_in_progress(&vm_appliance_op_class, a, c);
	states = states_of(v, &a->obj.ref);
	if (!states)
		return c ? err_operation_not_allowed(c,
		    "the appliance has no VMs") : -1;
	if (!(states & table[op].from))
		return c ? err_operation_not_allowed(c, table[op].why) : -1;
	return 0;
}

static bool
listed(int op)
{
	(void)op;
	return true;
}

const struct op_class vm_appliance_op_class = {
	.cls = &class_vm_appliance,
	.ops = &enum_vm_appliance_operation,
	.current = offsetof(struct vm_appliance, current_operations),
	.allowed = offsetof(struct vm_appliance, allowed_operations),
	.check = check,
	.listed = listed,
};
