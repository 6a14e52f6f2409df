/*
 * Setters of a VM that have rules: memory limits, vCPUs, boot policy.  The
 * rules of a setter hold on the newest record, so each is checked in its write.
 */
#include "api/vm_edit.h"

#include "api/oplock.h"
#include "api/vm_check.h"
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

	return vm && vm_op_class.check(&v, vm, op, c) == 0 ? vm : NULL;
}

/* Values below zero leave the limit as it is. */
struct limits {
	struct call *c;
	struct ref vm;
	int op;
	int64_t static_min, dynamic_min, dynamic_max, static_max;
};

static int
limits_in(struct db_txn *t, void *arg)
{
	struct limits *l = arg;
	struct vm *vm = editable(l->c, t, &l->vm, l->op);

	if (!vm)
		return -1;
	if (l->static_min >= 0)
		vm->memory_static_min = l->static_min;
	if (l->dynamic_min >= 0)
		vm->memory_dynamic_min = l->dynamic_min;
	if (l->dynamic_max >= 0)
		vm->memory_dynamic_max = l->dynamic_max;
	if (l->static_max >= 0)
		vm->memory_static_max = l->static_max;
	return vm_check_memory(l->c, vm);
}

static int
set_limits(struct call *c, const struct ref *vm, int op, int64_t static_min,
    int64_t dynamic_min, int64_t dynamic_max, int64_t static_max)
{
	struct limits l = {
		.c = c, .vm = *vm, .op = op, .static_min = static_min,
		.dynamic_min = dynamic_min, .dynamic_max = dynamic_max,
		.static_max = static_max,
	};

	return call_write(c, limits_in, &l);
}

/* A negative size from a client must not pass for "leave it". */
static int
check_size(struct call *c, const char *field, int64_t value)
{
	if (value >= 0)
		return 0;
	return err_invalid_value(c, field,
	    arena_printf(c->arena, "%lld", (long long)value));
}

int
api_vm_set_memory_limits(struct call *c,
    const struct vm_set_memory_limits_args *a)
{
	if (check_size(c, "static_min", a->static_min) ||
	    check_size(c, "static_max", a->static_max) ||
	    check_size(c, "dynamic_min", a->dynamic_min) ||
	    check_size(c, "dynamic_max", a->dynamic_max))
		return -1;
	return set_limits(c, &a->self, VM_OPERATIONS_CHANGING_MEMORY_LIMITS,
	    a->static_min, a->dynamic_min, a->dynamic_max, a->static_max);
}

int
api_vm_set_memory_static_range(struct call *c,
    const struct vm_set_memory_static_range_args *a)
{
	if (check_size(c, "min", a->min) || check_size(c, "max", a->max))
		return -1;
	return set_limits(c, &a->self, VM_OPERATIONS_CHANGING_STATIC_RANGE,
	    a->min, -1, -1, a->max);
}

int
api_vm_set_memory_dynamic_range(struct call *c,
    const struct vm_set_memory_dynamic_range_args *a)
{
	if (check_size(c, "min", a->min) || check_size(c, "max", a->max))
		return -1;
	return set_limits(c, &a->self, VM_OPERATIONS_CHANGING_DYNAMIC_RANGE,
	    -1, a->min, a->max, -1);
}

int
api_vm_set_memory_static_min(struct call *c,
    const struct vm_set_memory_static_min_args *a)
{
	if (check_size(c, "value", a->value))
		return -1;
	return set_limits(c, &a->self, VM_OPERATIONS_CHANGING_STATIC_RANGE,
	    a->value, -1, -1, -1);
}

int
api_vm_set_memory_static_max(struct call *c,
    const struct vm_set_memory_static_max_args *a)
{
	if (check_size(c, "value", a->value))
		return -1;
	return set_limits(c, &a->self, VM_OPERATIONS_CHANGING_STATIC_RANGE,
	    -1, -1, -1, a->value);
}

int
api_vm_set_memory_dynamic_min(struct call *c,
    const struct vm_set_memory_dynamic_min_args *a)
{
	if (check_size(c, "value", a->value))
		return -1;
	return set_limits(c, &a->self, VM_OPERATIONS_CHANGING_DYNAMIC_RANGE,
	    -1, a->value, -1, -1);
}

int
api_vm_set_memory_dynamic_max(struct call *c,
    const struct vm_set_memory_dynamic_max_args *a)
{
	if (check_size(c, "value", a->value))
		return -1;
	return set_limits(c, &a->self, VM_OPERATIONS_CHANGING_DYNAMIC_RANGE,
	    -1, -1, a->value, -1);
}

/* One size for all but the minimum of what the guest can bear. */
int
api_vm_set_memory(struct call *c, const struct vm_set_memory_args *a)
{
	if (check_size(c, "value", a->value))
		return -1;
	return set_limits(c, &a->self, VM_OPERATIONS_CHANGING_MEMORY_LIMITS,
	    -1, a->value, a->value, a->value);
}

struct vcpus {
	struct call *c;
	struct ref vm;
	int64_t max, at_startup;	/* 0: leave */
};

static int
vcpus_in(struct db_txn *t, void *arg)
{
	struct vcpus *s = arg;
	struct vm *vm = editable(s->c, t, &s->vm,
	    VM_OPERATIONS_CHANGING_VCPUS);

	if (!vm)
		return -1;
	if (s->max)
		vm->VCPUs_max = s->max;
	if (s->at_startup)
		vm->VCPUs_at_startup = s->at_startup;
	return vm_check_vcpus(s->c, vm);
}

int
api_vm_set_vcpus_max(struct call *c, const struct vm_set_vcpus_max_args *a)
{
	struct vcpus s = { .c = c, .vm = a->self,
	    .max = a->value ? a->value : -1 };

	return call_write(c, vcpus_in, &s);
}

int
api_vm_set_vcpus_at_startup(struct call *c,
    const struct vm_set_vcpus_at_startup_args *a)
{
	struct vcpus s = { .c = c, .vm = a->self,
	    .at_startup = a->value ? a->value : -1 };

	return call_write(c, vcpus_in, &s);
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
