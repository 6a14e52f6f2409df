/* VM_appliance: VMs that are started and stopped together. */
#include "api/oplock.h"
#include "api/task.h"
#include "api/vm/order.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/store.h"

/* -- the records -- */

struct create {
	const struct vm_appliance *in;
	struct ref ref;
};

static int
create_in(struct db_txn *t, void *arg)
{
	struct create *cr = arg;
	struct vm_appliance *a = vm_appliance_txn_new(t);

	a->name_label = cr->in->name_label;
	a->name_description = cr->in->name_description;
	cr->ref = a->obj.ref;
	return 0;
}

int
api_vm_appliance_create(struct call *c,
    const struct vm_appliance_create_args *a, struct ref *result)
{
	struct create cr = { .in = &a->args };

	if (call_write(c, create_in, &cr))
		return -1;
	*result = cr.ref;
	return 0;
}

struct change {
	struct call *c;
	const struct ref *ref;
	const struct ref *appliance;
};

static int
destroy_in(struct db_txn *t, void *arg)
{
	const struct change *ch = arg;
	const struct vm_appliance *a = call_txn_get(ch->c, t,
	    CLASS_VM_APPLIANCE, ch->ref);

	if (!a)
		return -1;
	if (a->current_operations.n)
		return op_in_progress(&vm_appliance_op_class, a, ch->c);
	txn_delete(t, CLASS_VM_APPLIANCE, ch->ref);
	return 0;
}

int
api_vm_appliance_destroy(struct call *c,
    const struct vm_appliance_destroy_args *a)
{
	return call_write(c, destroy_in,
	    &(struct change){ .c = c, .ref = &a->self });
}

static int
set_appliance_in(struct db_txn *t, void *arg)
{
	const struct change *ch = arg;
	struct vm *vm = call_txn_edit(ch->c, t, CLASS_VM, ch->ref);
	struct ref before;

	if (!vm || (!ref_is_null(ch->appliance) && !call_txn_get(ch->c, t,
	    CLASS_VM_APPLIANCE, ch->appliance)))
		return -1;
	if (vm->is_control_domain || vm->is_a_template)
		return err_operation_not_allowed(ch->c,
		    "control domains and templates are in no appliance");
	before = vm->appliance;
	vm->appliance = *ch->appliance;
	op_refresh(t, &vm_appliance_op_class, &before);
	op_refresh(t, &vm_appliance_op_class, &vm->appliance);
	return 0;
}

int
api_vm_set_appliance(struct call *c, const struct vm_set_appliance_args *a)
{
	return call_write(c, set_appliance_in, &(struct change){ .c = c,
	    .ref = &a->self, .appliance = &a->value });
}

/* -- all VMs of one -- */

struct action {
	int op;
	const char *name;
	bool up;
	int state;			/* what the VMs are to be in */
	int (*run)(struct call *c, const struct ref *vm, void *arg);
};

/* Those of the VMs that are there and not in the state. */
static struct vec
others(struct call *c, struct vec vms, int state)
{
	const struct ref *refs = vms.v;
	struct ref *out = arena_alloc(c->arena, (vms.n + 1) * sizeof(*out));
	uint32_t n = 0;

	for (uint32_t i = 0; i < vms.n; i++) {
		const struct vm *vm = vm_find(c->root, &refs[i]);

		if (vm && !vm->is_a_template && vm->power_state != state)
			out[n++] = refs[i];
	}
	return (struct vec){ .v = out, .n = n };
}

/* As many of the VMs that failed as an error can name. */
static int
partially_failed(struct call *c, const struct action *a, struct vec failed)
{
	const char *params[ERROR_MAX_PARAMS] = { a->name };
	const struct ref *refs = failed.v;
	int n = 1;

	for (uint32_t i = 0; i < failed.n && n < ERROR_MAX_PARAMS; i++)
		params[n++] = call_ref_text(c, &refs[i]);
	return call_error(c, "OPERATION_PARTIALLY_FAILED", params, n);
}

static int
act(struct call *c, const struct ref *ref, const struct action *a)
{
	const struct vm_order order = { .up = a->up, .run = a->run };
	struct oplock lock = { 0 };
	const struct vm_appliance *app = vm_appliance_lock(c, &lock, ref,
	    a->op);
	struct vec vms;
	int rc = -1;

	if (!app)
		goto out;
	vms = others(c, app->VMs, a->state);
	vm_order_run(c, &order, vms);
	if (task_check(c))
		goto out;
	call_refresh(c);
	vms = others(c, vms, a->state);
	rc = vms.n ? partially_failed(c, a, vms) : 0;
out:
	oplock_release(c, &lock);
	return rc;
}

static int
start_running(struct call *c, const struct ref *vm, void *arg)
{
	(void)arg;
	return api_vm_start(c, &(struct vm_start_args){ .vm = *vm });
}

static int
start_paused(struct call *c, const struct ref *vm, void *arg)
{
	(void)arg;
	return api_vm_start(c, &(struct vm_start_args){ .vm = *vm,
	    .start_paused = true });
}

int
api_vm_appliance_start(struct call *c,
    const struct vm_appliance_start_args *a)
{
	return act(c, &a->self, &(struct action){
	    VM_APPLIANCE_OPERATION_START, "VM_appliance.start", true,
	    a->paused ? VM_POWER_STATE_PAUSED : VM_POWER_STATE_RUNNING,
	    a->paused ? start_paused : start_running });
}

static int
stop_clean(struct call *c, const struct ref *vm, void *arg)
{
	(void)arg;
	return api_vm_clean_shutdown(c,
	    &(struct vm_clean_shutdown_args){ .vm = *vm });
}

int
api_vm_appliance_clean_shutdown(struct call *c,
    const struct vm_appliance_clean_shutdown_args *a)
{
	return act(c, &a->self, &(struct action){
	    VM_APPLIANCE_OPERATION_CLEAN_SHUTDOWN,
	    "VM_appliance.clean_shutdown", false, VM_POWER_STATE_HALTED,
	    stop_clean });
}

static int
stop_hard(struct call *c, const struct ref *vm, void *arg)
{
	(void)arg;
	return api_vm_hard_shutdown(c,
	    &(struct vm_hard_shutdown_args){ .vm = *vm });
}

int
api_vm_appliance_hard_shutdown(struct call *c,
    const struct vm_appliance_hard_shutdown_args *a)
{
	return act(c, &a->self, &(struct action){
	    VM_APPLIANCE_OPERATION_HARD_SHUTDOWN,
	    "VM_appliance.hard_shutdown", false, VM_POWER_STATE_HALTED,
	    stop_hard });
}

static int
stop_either_way(struct call *c, const struct ref *vm, void *arg)
{
	(void)arg;
	return api_vm_shutdown(c, &(struct vm_shutdown_args){ .vm = *vm });
}

int
api_vm_appliance_shutdown(struct call *c,
    const struct vm_appliance_shutdown_args *a)
{
	return act(c, &a->self, &(struct action){
	    VM_APPLIANCE_OPERATION_SHUTDOWN, "VM_appliance.shutdown", false,
	    VM_POWER_STATE_HALTED, stop_either_way });
}
