/*
 * Setters of a halted VM that have rules: memory limits, vCPUs, boot policy.  The
 * rules of a setter hold on the newest record, so each is checked in its write.
 */
#include "api/vm/edit.h"

#include "api/oplock.h"
#include "api/vm/check.h"
#include "base/vm_limits.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/store.h"

void
vm_settle_type(struct vm *vm)
{
	bool policy = vm->HVM_boot_policy && *vm->HVM_boot_policy;

	if (vm->domain_type == DOMAIN_TYPE_UNSPECIFIED)
		vm->domain_type = policy ? DOMAIN_TYPE_HVM : DOMAIN_TYPE_PV;
	if (vm->domain_type != DOMAIN_TYPE_HVM)
		vm->HVM_boot_policy = "";
	else if (!policy)
		vm->HVM_boot_policy = "BIOS order";
}

void
vm_leave_template(struct db_txn *t, struct vm *vm)
{
	vm->is_a_template = vm->is_default_template = false;
	vm->other_config = map_remove(txn_arena(t), vm->other_config,
	    "default_template");
}

/* A draft of the VM, if op may be done to it now. */
static struct vm *
editable(struct call *c, struct db_txn *t, const struct ref *ref, int op)
{
	const struct view v = { .t = t };
	struct vm *vm = call_txn_edit(c, t, CLASS_VM, ref);

	return vm && op_check(&v, &vm_op_class, vm, op, c) == 0 ? vm : NULL;
}

/* What a setter gives; what it does not give stays as it is. */
struct limits {
	struct call *c;
	struct ref vm;
	int op;
	const int64_t *static_min, *dynamic_min, *dynamic_max, *static_max;
};

static void
take(int64_t *field, const int64_t *given)
{
	if (given)
		*field = *given;
}

static int
limits_in(struct db_txn *t, void *arg)
{
	struct limits *l = arg;
	struct vm *vm = editable(l->c, t, &l->vm, l->op);

	if (!vm)
		return -1;
	take(&vm->memory_static_min, l->static_min);
	take(&vm->memory_dynamic_min, l->dynamic_min);
	take(&vm->memory_dynamic_max, l->dynamic_max);
	take(&vm->memory_static_max, l->static_max);
	return vm_check_memory(l->c, vm);
}

int
api_vm_set_memory_limits(struct call *c,
    const struct vm_set_memory_limits_args *a)
{
	return call_write(c, limits_in, &(struct limits){ .c = c,
	    .vm = a->self, .op = VM_OPERATIONS_CHANGING_MEMORY_LIMITS,
	    .static_min = &a->static_min, .static_max = &a->static_max,
	    .dynamic_min = &a->dynamic_min, .dynamic_max = &a->dynamic_max });
}

int
api_vm_set_memory_static_range(struct call *c,
    const struct vm_set_memory_static_range_args *a)
{
	return call_write(c, limits_in, &(struct limits){ .c = c,
	    .vm = a->self, .op = VM_OPERATIONS_CHANGING_STATIC_RANGE,
	    .static_min = &a->min, .static_max = &a->max });
}

int
api_vm_set_memory_static_min(struct call *c,
    const struct vm_set_memory_static_min_args *a)
{
	return call_write(c, limits_in, &(struct limits){ .c = c,
	    .vm = a->self, .op = VM_OPERATIONS_CHANGING_STATIC_RANGE,
	    .static_min = &a->value });
}

int
api_vm_set_memory_static_max(struct call *c,
    const struct vm_set_memory_static_max_args *a)
{
	return call_write(c, limits_in, &(struct limits){ .c = c,
	    .vm = a->self, .op = VM_OPERATIONS_CHANGING_STATIC_RANGE,
	    .static_max = &a->value });
}

/* One size for all but the minimum of what the guest can bear. */
int
api_vm_set_memory(struct call *c, const struct vm_set_memory_args *a)
{
	return call_write(c, limits_in, &(struct limits){ .c = c,
	    .vm = a->self, .op = VM_OPERATIONS_CHANGING_MEMORY_LIMITS,
	    .dynamic_min = &a->value, .dynamic_max = &a->value,
	    .static_max = &a->value });
}

struct vcpus {
	struct call *c;
	struct ref vm;
	int64_t value;
};

static int
vcpus_max_in(struct db_txn *t, void *arg)
{
	struct vcpus *s = arg;
	struct vm *vm = editable(s->c, t, &s->vm,
	    VM_OPERATIONS_CHANGING_VCPUS);

	if (!vm)
		return -1;
	if (s->value < vm->VCPUs_at_startup || s->value > VM_MAX_VCPUS)
		return vm_bad_number(s->c, "VCPUs_max", s->value);
	vm->VCPUs_max = s->value;
	return vm_check_vcpus(s->c, vm);
}

int
api_vm_set_vcpus_max(struct call *c, const struct vm_set_vcpus_max_args *a)
{
	return call_write(c, vcpus_max_in, &(struct vcpus){ .c = c,
	    .vm = a->self, .value = a->value });
}

/* Counts from the next start, whatever the VM does now. */
static int
vcpus_at_startup_in(struct db_txn *t, void *arg)
{
	struct vcpus *s = arg;
	struct vm *vm = call_txn_edit(s->c, t, CLASS_VM, &s->vm);

	if (!vm)
		return -1;
	vm->VCPUs_at_startup = s->value;
	return vm_check_vcpus(s->c, vm);
}

int
api_vm_set_vcpus_at_startup(struct call *c,
    const struct vm_set_vcpus_at_startup_args *a)
{
	return call_write(c, vcpus_at_startup_in, &(struct vcpus){ .c = c,
	    .vm = a->self, .value = a->value });
}

/* A change that only a VM that is off can take. */
struct boot {
	struct call *c;
	struct ref vm;
	int domain_type;		/* unspecified: as policy says */
	const char *policy;		/* NULL: leave */
};

static int
boot_in(struct db_txn *t, void *arg)
{
	struct boot *s = arg;
	struct vm *vm = editable(s->c, t, &s->vm,
	    VM_OPERATIONS_CHANGING_VCPUS);

	if (!vm)
		return -1;
	if (s->policy)
		vm->HVM_boot_policy = s->policy;
	vm->domain_type = s->domain_type;
	vm_settle_type(vm);
	return 0;
}

int
api_vm_set_domain_type(struct call *c,
    const struct vm_set_domain_type_args *a)
{
	struct boot s = { .c = c, .vm = a->self, .domain_type = a->value };

	return call_write(c, boot_in, &s);
}

int
api_vm_set_hvm_boot_policy(struct call *c,
    const struct vm_set_hvm_boot_policy_args *a)
{
	struct boot s = { .c = c, .vm = a->self,
	    .domain_type = DOMAIN_TYPE_UNSPECIFIED, .policy = a->value };

	return call_write(c, boot_in, &s);
}
