/*
 * What may be done to a VM, by its state: the table behind both refusals and
 * VM.allowed_operations.
 */
#include "api/oplock.h"

#include <string.h>

#include "api/vm/blocked.h"
#include "api/vm/domain_type.h"
#include "api/vm/power_state.h"
#include "gen/errors.h"

#define H (1u << VM_POWER_STATE_HALTED)
#define P (1u << VM_POWER_STATE_PAUSED)
#define R (1u << VM_POWER_STATE_RUNNING)
#define S (1u << VM_POWER_STATE_SUSPENDED)

enum rule {
	LISTED = 1 << 0,	/* shown in allowed_operations */
	TEMPLATE = 1 << 1,	/* a template may do it */
	DOM0 = 1 << 2,		/* the control domain may do it */
};

/* Operations that are not here cannot be done by this release. */
static const struct {
	uint8_t from;		/* power states */
	uint8_t rules;		/* enum rule */
} table[] = {
	[VM_OPERATIONS_SNAPSHOT] = { H | P | R | S, LISTED },
	[VM_OPERATIONS_CHECKPOINT] = { R | S, LISTED },
	[VM_OPERATIONS_REVERT] = { H | S, LISTED | TEMPLATE },
	[VM_OPERATIONS_REVERTING] = { H | P | R | S, 0 },
	[VM_OPERATIONS_CLONE] = { H, LISTED | TEMPLATE },
	[VM_OPERATIONS_COPY] = { H, LISTED | TEMPLATE },
	[VM_OPERATIONS_PROVISION] = { H, LISTED | TEMPLATE },
	[VM_OPERATIONS_START] = { H, LISTED },
	[VM_OPERATIONS_START_ON] = { H, LISTED },
	[VM_OPERATIONS_PAUSE] = { R, LISTED },
	[VM_OPERATIONS_UNPAUSE] = { P, LISTED },
	[VM_OPERATIONS_SEND_SYSRQ] = { R, 0 },
	[VM_OPERATIONS_SEND_TRIGGER] = { R, 0 },
	[VM_OPERATIONS_CLEAN_SHUTDOWN] = { R, LISTED },
	[VM_OPERATIONS_CLEAN_REBOOT] = { R, LISTED },
	[VM_OPERATIONS_HARD_SHUTDOWN] = { P | R | S, LISTED },
	[VM_OPERATIONS_SHUTDOWN] = { P | R | S, 0 },
	[VM_OPERATIONS_SUSPEND] = { R, LISTED },
	[VM_OPERATIONS_RESUME] = { S, LISTED },
	[VM_OPERATIONS_RESUME_ON] = { S, LISTED },
	[VM_OPERATIONS_HARD_REBOOT] = { P | R, LISTED },
	[VM_OPERATIONS_POWER_STATE_RESET] = { H | P | R | S, 0 },
	[VM_OPERATIONS_MAKE_INTO_TEMPLATE] = { H, LISTED },
	[VM_OPERATIONS_DESTROY] = { H | S, LISTED | TEMPLATE },
	[VM_OPERATIONS_CHANGING_DYNAMIC_RANGE] = { H | R, LISTED | TEMPLATE },
	[VM_OPERATIONS_CHANGING_MEMORY_LIVE] = { R, 0 },
	[VM_OPERATIONS_CHANGING_STATIC_RANGE] = { H, LISTED | TEMPLATE },
	[VM_OPERATIONS_CHANGING_MEMORY_LIMITS] = { H, TEMPLATE },
	[VM_OPERATIONS_CHANGING_VCPUS] = { H, TEMPLATE },
	[VM_OPERATIONS_UPDATE_ALLOWED_OPERATIONS] =
	    { H | P | R | S, TEMPLATE | DOM0 },
};

#define TABLE_N (sizeof table / sizeof table[0])

/* The expected states as XenServer names them: "running, paused". */
static const char *
expected_states(struct call *c, unsigned from)
{
	const char *text = "";

	for (int s = VM_POWER_STATE_HALTED; s <= VM_POWER_STATE_SUSPENDED; s++)
		if (from & (1u << s))
			text = arena_printf(c->arena, "%s%s%s", text,
			    *text ? ", " : "", power_state_word(s));
	return text;
}

/* May op run beside one that is under way? */
static bool
may_overlap(int op, int running)
{
	switch (op) {
	case VM_OPERATIONS_UPDATE_ALLOWED_OPERATIONS:
		return true;
	case VM_OPERATIONS_POWER_STATE_RESET:	/* of what is stuck */
		return running != VM_OPERATIONS_POWER_STATE_RESET &&
		    running != VM_OPERATIONS_DESTROY;
	case VM_OPERATIONS_HARD_SHUTDOWN:
		return running != VM_OPERATIONS_HARD_SHUTDOWN;
	case VM_OPERATIONS_HARD_REBOOT:
		return running != VM_OPERATIONS_HARD_SHUTDOWN &&
		    running != VM_OPERATIONS_HARD_REBOOT;
	case VM_OPERATIONS_SEND_SYSRQ:		/* to what does not go */
	case VM_OPERATIONS_SEND_TRIGGER:
		return running == VM_OPERATIONS_CLEAN_SHUTDOWN ||
		    running == VM_OPERATIONS_CLEAN_REBOOT;
	case VM_OPERATIONS_CLONE:
	case VM_OPERATIONS_COPY:
		return running == VM_OPERATIONS_CLONE ||
		    running == VM_OPERATIONS_COPY;
	default:
		return false;
	}
}

static bool
is_busy(const struct vm *vm, int op)
{
	const struct enum_pair *p = vm->current_operations.v;

	for (uint32_t i = 0; i < vm->current_operations.n; i++)
		if (!may_overlap(op, p[i].value))
			return true;
	return false;
}

static bool
says_yes(struct vec map, const char *key)
{
	const char *value = map_get(map, key);

	return value && strcmp(value, "1") == 0;
}

/* Of a suspended VM it is saved already. */
static bool
saves_memory(const struct vm *vm, int op)
{
	return vm->power_state == VM_POWER_STATE_RUNNING &&
	    (op == VM_OPERATIONS_SUSPEND || op == VM_OPERATIONS_CHECKPOINT);
}

static bool
is_for_snapshots(int op)
{
	switch (op) {
	case VM_OPERATIONS_CLONE:
	case VM_OPERATIONS_COPY:
	case VM_OPERATIONS_DESTROY:
	case VM_OPERATIONS_REVERT:
	case VM_OPERATIONS_UPDATE_ALLOWED_OPERATIONS:
		return true;
	default:
		return false;
	}
}

/* A guest that never said it listens is left out of what is listed, but may
 * be asked all the same. */
static bool
guest_listens(const struct view *v, const struct vm *vm, int op)
{
	const struct vm_guest_metrics *g;

	if (op != VM_OPERATIONS_CLEAN_SHUTDOWN &&
	    op != VM_OPERATIONS_CLEAN_REBOOT && !saves_memory(vm, op))
		return true;
	g = view_get(v, CLASS_VM_GUEST_METRICS, &vm->guest_metrics);
	if (!g)
		return false;
	if (saves_memory(vm, op))
		return says_yes(g->other, "feature-suspend");
	if (op == VM_OPERATIONS_CLEAN_REBOOT)
		return says_yes(g->other, "feature-reboot");
	return says_yes(g->other, "feature-poweroff") ||
	    says_yes(g->other, "feature-shutdown");
}

static int
check(const struct view *v, const void *obj, int op, struct call *c)
{
	const struct vm *vm = obj;
	const char *ref = c ? call_ref_text(c, &vm->obj.ref) : NULL;
	const char *code = vm_blocked_by(vm, op);
	unsigned from = (size_t)op < TABLE_N ? table[op].from : 0;
	unsigned rules = from ? table[op].rules : 0;

	if (code)
		return c ? err_operation_blocked(c, ref, code) : -1;
	if (!from)
		return c ? err_not_implemented(c, arena_printf(c->arena,
		    "VM operation %s", enum_vm_operations.names[op])) : -1;
	if (!(from & (1u << vm->power_state)))
		return c ? err_vm_bad_power_state(c, ref,
		    expected_states(c, from), vm_power_state_word(vm)) : -1;
	if (is_busy(vm, op))
		return op_in_progress(&vm_op_class, vm, c);
	if (vm->is_a_snapshot && !is_for_snapshots(op))
		return c ? err_vm_is_snapshot(c, ref,
		    enum_vm_operations.names[op]) : -1;
	if (vm->is_a_template && !(rules & TEMPLATE))
		return c ? err_vm_is_template(c, ref,
		    enum_vm_operations.names[op]) : -1;
	if (op == VM_OPERATIONS_PROVISION && !vm->is_a_template)
		return c ? err_provision_only_allowed_on_template(c) : -1;
	if (vm->is_control_domain && !(rules & DOM0))
		return c ? err_operation_not_allowed(c,
		    "this is the control domain") : -1;
	if (vm->is_default_template && op == VM_OPERATIONS_DESTROY)
		return c ? err_vm_cannot_delete_default_template(c, ref) : -1;
	if (op == VM_OPERATIONS_REVERT && !vm->is_a_snapshot)
		return c ? err_revert_only_allowed_on_snapshot(c) : -1;
	if (saves_memory(vm, op) && !ref_is_null(&vm->suspend_VDI))
		return c ? err_operation_not_allowed(c,
		    "the disk of its last suspend is to be removed first") : -1;
	return c || guest_listens(v, vm, op) ? 0 : -1;
}

/* Or goes on from its image, as at the end of a checkpoint, too. */
bool
vm_is_starting(const struct vm *vm)
{
	const struct enum_pair *p = vm->current_operations.v;

	for (uint32_t i = 0; i < vm->current_operations.n; i++)
		switch (p[i].value) {
		case VM_OPERATIONS_START:
		case VM_OPERATIONS_START_ON:
		case VM_OPERATIONS_RESUME:
		case VM_OPERATIONS_RESUME_ON:
		case VM_OPERATIONS_CHECKPOINT:
			return true;
		}
	return false;
}

int
vm_check_settled(struct call *c, const struct vm *vm)
{
	return vm_is_starting(vm) ? op_in_progress(&vm_op_class, vm, c) : 0;
}

static bool
listed(int op)
{
	return (size_t)op < TABLE_N && (table[op].rules & LISTED);
}

static bool
deletes(int op)
{
	return op == VM_OPERATIONS_DESTROY;
}

const struct op_class vm_op_class = {
	.cls = &class_vm,
	.ops = &enum_vm_operations,
	.current = offsetof(struct vm, current_operations),
	.allowed = offsetof(struct vm, allowed_operations),
	.check = check,
	.listed = listed,
	.deletes = deletes,
};
