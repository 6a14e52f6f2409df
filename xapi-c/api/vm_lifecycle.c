/*
 * Power operations: start, shutdown, reboot, pause, unpause.  Each takes the
 * VM's operation lock, asks xenopsd, and records the outcome in the write that
 * releases the lock.
 */
#include <string.h>

#include "api/oplock.h"
#include "api/ops_error.h"
#include "api/sr_scan.h"
#include "api/vm_check.h"
#include "api/vm_spec.h"
#include "api/vm_state.h"
#include "api/xapi.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/ops_stubs.h"
#include "gen/store.h"

/* How long a guest may take over a clean shutdown or reboot. */
#define GUEST_TIMEOUT_S 1200

/* The write at the end: the VM's new state, and the lock's release. */
struct outcome {
	struct call *c;
	struct oplock *lock;
	const struct xenops_domain_info *domain;	/* NULL: halted */
	bool paused_only;	/* change power_state, keep the rest */
	int power_state;
};

static int
outcome_in(struct db_txn *t, void *arg)
{
	struct outcome *o = arg;
	struct vm *vm;

	if (o->paused_only) {
		vm = vm_txn_edit(t, &o->lock->ref);
		if (vm)
			vm->power_state = o->power_state;
	} else {
		vm_state_apply(t, o->c->x, &o->lock->ref, o->domain);
	}
	oplock_release_in(t, o->lock);
	vm_state_refresh(t, &o->lock->ref);
	return 0;
}

static int
record_outcome(struct outcome *o)
{
	int rc = call_write(o->c, outcome_in, o);

	oplock_keep(o->lock);
	return rc;
}

static const struct vm *
vm_of(struct call *c, const struct ref *ref)
{
	call_refresh(c);
	return vm_find(c->root, ref);
}

static int64_t
memory_free(const struct call *c)
{
	const struct host *host = host_find(c->root, &c->x->host);
	const struct host_metrics *m = host ?
	    host_metrics_find(c->root, &host->metrics) : NULL;

	return m ? m->memory_free : 0;
}

/* The host misses a disk or an SR of the VM.  Scans tell which: -1 with c->err
 * set. */
static int
find_missing(struct call *c, const struct ref *ref)
{
	const struct vm *vm = vm_find(c->root, ref);
	const struct ref *refs = vm->VBDs.v;
	struct xenops_vm_spec spec;

	for (uint32_t i = 0; i < vm->VBDs.n; i++) {
		const struct vbd *vbd = vbd_find(c->root, &refs[i]);
		const struct vdi *vdi = vbd ?
		    vdi_find(c->root, &vbd->VDI) : NULL;

		if (vdi && sr_scan(c, &vdi->SR))
			return -1;
	}
	return vm_spec(c, vm_of(c, ref), &spec);
}

static int
start_failed(struct call *c, const struct ops_call *k, const struct ref *ref)
{
	if ((k->err.code == XENOPS_CODE_NO_SUCH_VDI ||
	    k->err.code == XENOPS_CODE_NO_SUCH_SR) && find_missing(c, ref))
		return -1;
	return ops_failed(c, k, &(struct ops_subject){ .vm = *ref,
	    .needed = vm_find(c->root, ref)->memory_static_max,
	    .available = memory_free(c) });
}

static int
start(struct call *c, const struct ref *ref, bool paused, int op)
{
	struct oplock lock = { 0 };
	struct xenops_vm_start_args args = { .paused = paused };
	struct xenops_vm_start_result result = { 0 };
	struct ops_call k;
	int rc;

	rc = oplock_take(c, &lock, &vm_op_class, ref, op);
	if (rc)
		goto out;
	rc = vm_check_host(c, vm_of(c, ref), &args.vm);
	if (rc)
		goto out;
	ops_prepare(c, &k);
	rc = ops_vm_start(c->x->ops, &k, &args, &result);
	if (rc) {
		rc = start_failed(c, &k, ref);
		goto out;
	}
	rc = record_outcome(&(struct outcome){ .c = c, .lock = &lock,
	    .domain = &result.domain });
out:
	oplock_release(c, &lock);
	return rc;
}

int
api_vm_start(struct call *c, const struct vm_start_args *a)
{
	return start(c, &a->vm, a->start_paused, VM_OPERATIONS_START);
}

int
api_vm_start_on(struct call *c, const struct vm_start_on_args *a)
{
	if (!host_find(c->root, &a->host))
		return err_handle_invalid(c, "host",
		    call_ref_text(c, &a->host));
	return start(c, &a->vm, a->start_paused, VM_OPERATIONS_START_ON);
}

static int
stop(struct call *c, const struct ref *ref, bool force, int op)
{
	struct oplock lock = { 0 };
	struct xenops_vm_shutdown_args args = {
		.force = force, .timeout = GUEST_TIMEOUT_S,
	};
	struct ops_call k;
	int rc;

	rc = oplock_take(c, &lock, &vm_op_class, ref, op);
	if (rc)
		goto out;
	args.vm = vm_of(c, ref)->uuid;
	ops_prepare(c, &k);
	rc = ops_vm_shutdown(c->x->ops, &k, &args);
	/* a domain that is gone is what was asked for */
	if (rc && k.err.code != XENOPS_CODE_NO_SUCH_DOMAIN) {
		rc = ops_failed(c, &k, &(struct ops_subject){
		    .vm = *ref, .timeout_s = GUEST_TIMEOUT_S });
		goto out;
	}
	rc = record_outcome(&(struct outcome){ .c = c, .lock = &lock });
out:
	oplock_release(c, &lock);
	return rc;
}

int
api_vm_clean_shutdown(struct call *c, const struct vm_clean_shutdown_args *a)
{
	return stop(c, &a->vm, false, VM_OPERATIONS_CLEAN_SHUTDOWN);
}

int
api_vm_hard_shutdown(struct call *c, const struct vm_hard_shutdown_args *a)
{
	return stop(c, &a->vm, true, VM_OPERATIONS_HARD_SHUTDOWN);
}

/* Clean if the guest can, hard otherwise. */
int
api_vm_shutdown(struct call *c, const struct vm_shutdown_args *a)
{
	const struct vm *vm = vm_find(c->root, &a->vm);

	if (vm && vm->power_state == VM_POWER_STATE_RUNNING &&
	    stop(c, &a->vm, false, VM_OPERATIONS_CLEAN_SHUTDOWN) == 0)
		return 0;
	if (c->err.code && strcmp(c->err.code, "TASK_CANCELLED") == 0)
		return -1;
	memset(&c->err, 0, sizeof c->err);
	return stop(c, &a->vm, true, VM_OPERATIONS_HARD_SHUTDOWN);
}

static int
reboot(struct call *c, const struct ref *ref, bool force, int op)
{
	struct oplock lock = { 0 };
	struct xenops_vm_reboot_args args = {
		.force = force, .timeout = GUEST_TIMEOUT_S,
	};
	struct xenops_vm_reboot_result result = { 0 };
	struct ops_call k;
	int rc;

	rc = oplock_take(c, &lock, &vm_op_class, ref, op);
	if (rc)
		goto out;
	args.vm = vm_of(c, ref)->uuid;
	ops_prepare(c, &k);
	rc = ops_vm_reboot(c->x->ops, &k, &args, &result);
	if (rc) {
		rc = ops_failed(c, &k, &(struct ops_subject){
		    .vm = *ref, .timeout_s = GUEST_TIMEOUT_S });
		goto out;
	}
	rc = record_outcome(&(struct outcome){ .c = c, .lock = &lock,
	    .domain = &result.domain });
out:
	oplock_release(c, &lock);
	return rc;
}

int
api_vm_clean_reboot(struct call *c, const struct vm_clean_reboot_args *a)
{
	return reboot(c, &a->vm, false, VM_OPERATIONS_CLEAN_REBOOT);
}

int
api_vm_hard_reboot(struct call *c, const struct vm_hard_reboot_args *a)
{
	return reboot(c, &a->vm, true, VM_OPERATIONS_HARD_REBOOT);
}

static int
set_paused(struct call *c, const struct ref *ref, bool paused)
{
	struct oplock lock = { 0 };
	struct xenops_vm_pause_args pause_args;
	struct xenops_vm_unpause_args unpause_args;
	struct ops_call k;
	int rc;

	rc = oplock_take(c, &lock, &vm_op_class, ref,
	    paused ? VM_OPERATIONS_PAUSE : VM_OPERATIONS_UNPAUSE);
	if (rc)
		goto out;
	pause_args.vm = unpause_args.vm = vm_of(c, ref)->uuid;
	ops_prepare(c, &k);
	rc = paused ? ops_vm_pause(c->x->ops, &k, &pause_args) :
	    ops_vm_unpause(c->x->ops, &k, &unpause_args);
	if (rc) {
		rc = ops_failed(c, &k, &(struct ops_subject){
		    .vm = *ref, .timeout_s = GUEST_TIMEOUT_S });
		goto out;
	}
	rc = record_outcome(&(struct outcome){ .c = c, .lock = &lock,
	    .paused_only = true, .power_state = paused ?
	    VM_POWER_STATE_PAUSED : VM_POWER_STATE_RUNNING });
out:
	oplock_release(c, &lock);
	return rc;
}

int
api_vm_pause(struct call *c, const struct vm_pause_args *a)
{
	return set_paused(c, &a->vm, true);
}

int
api_vm_unpause(struct call *c, const struct vm_unpause_args *a)
{
	return set_paused(c, &a->vm, false);
}

static int
reset_in(struct db_txn *t, void *arg)
{
	struct outcome *o = arg;

	vm_state_apply(t, o->c->x, &o->lock->ref, NULL);
	op_reset(t, &vm_op_class, &o->lock->ref);
	return 0;
}

/* Ends a domain that nobody else can, and the record's idea of it. */
int
api_vm_power_state_reset(struct call *c,
    const struct vm_power_state_reset_args *a)
{
	const struct vm *vm = vm_find(c->root, &a->vm);
	struct oplock lock = { .k = &vm_op_class, .ref = a->vm };
	struct ops_call k;

	if (!vm)
		return err_handle_invalid(c, "VM", call_ref_text(c, &a->vm));
	if (vm->is_control_domain)
		return err_operation_not_allowed(c,
		    "this is the control domain");
	ops_prepare(c, &k);
	if (ops_vm_shutdown(c->x->ops, &k, &(struct xenops_vm_shutdown_args){
	    .vm = vm->uuid, .force = true }) &&
	    k.err.code != XENOPS_CODE_NO_SUCH_DOMAIN)
		return ops_failed(c, &k,
		    &(struct ops_subject){ .vm = a->vm });
	return call_write(c, reset_in,
	    &(struct outcome){ .c = c, .lock = &lock });
}
