#include "api/vm/lifecycle.h"

#include <string.h>

#include "api/oplock.h"
#include "api/ops_error.h"
#include "api/storage/sr_scan.h"
#include "api/task.h"
#include "api/vm/actions.h"
#include "api/vm/blocked.h"
#include "api/vm/memory.h"
#include "api/vm/spec.h"
#include "api/vm/startable.h"
#include "api/vm/state.h"
#include "api/vm/suspend.h"
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
	struct ref image;	/* out: the disk with memory that it had */
	bool paused_only;	/* change power_state, keep the rest */
	int power_state;
};

/* A VM that has ended goes on from nothing. */
static void
forget_image_in(struct db_txn *t, struct outcome *o)
{
	o->image = o->domain ? REF_NULL :
	    vm_memory_forget(t, &o->lock->ref);
}

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
		forget_image_in(t, o);
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
	if (rc == 0)
		vm_image_remove(o->c, &o->image);
	/* they may have been set since the VM was read for it */
	if (rc == 0 && o->domain)
		vm_actions_agree(o->c, &o->lock->ref, o->domain);
	return rc;
}

static int64_t
memory_free(const struct call *c)
{
	const struct host_metrics *m = vm_host_metrics(c);

	return m ? m->memory_free : 0;
}

/* The host misses a disk or an SR of the VM.  Scans tell which: -1 with c->err
 * set. */
static int
find_missing(struct call *c, const struct vm *vm)
{
	const struct ref *refs = vm->VBDs.v;
	struct xenops_vm_spec spec;

	for (uint32_t i = 0; i < vm->VBDs.n; i++) {
		const struct vbd *vbd = vbd_find(c->root, &refs[i]);
		const struct vdi *vdi = vbd ?
		    vdi_find(c->root, &vbd->VDI) : NULL;

		if (vdi && sr_scan_locked(c, &vdi->SR))
			return -1;
	}
	call_refresh(c);
	vm = call_find(c, CLASS_VM, &vm->obj.ref);
	return vm ? vm_spec(c, vm, &spec) : -1;
}

static int
start_failed(struct call *c, const struct ops_call *k, const struct vm *vm)
{
	if ((k->err.code == XENOPS_CODE_NO_SUCH_VDI ||
	    k->err.code == XENOPS_CODE_NO_SUCH_SR) && find_missing(c, vm))
		return -1;
	return ops_failed(c, k, &(struct ops_subject){ .vm = vm->obj.ref,
	    .needed = vm_memory_needed(vm), .available = memory_free(c) });
}

static int
start(struct call *c, const struct ref *ref, bool paused, int op)
{
	struct oplock lock = { 0 };
	struct xenops_vm_start_args args = { .paused = paused };
	struct xenops_vm_start_result result = { 0 };
	const struct vm *vm = vm_lock(c, &lock, ref, op);
	struct ops_call k;
	int rc;

	rc = vm ? vm_check_host(c, vm, &args.vm) : -1;
	if (rc)
		goto out;
	ops_prepare(c, &k);
	rc = ops_vm_start(c->x->ops, &k, &args, &result);
	if (rc) {
		rc = start_failed(c, &k, vm);
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
	if (!call_find(c, CLASS_VM, &a->vm) ||
	    !call_find(c, CLASS_HOST, &a->host))
		return -1;
	return start(c, &a->vm, a->start_paused, VM_OPERATIONS_START_ON);
}

/* A domain that is gone is what was asked for. */
static int
stop_now(struct call *c, const struct vm *vm, bool force, int64_t guest_s)
{
	const struct xenops_vm_shutdown_args args = {
		.vm = vm->uuid, .force = force, .timeout = guest_s,
	};
	struct ops_call k;

	ops_prepare(c, &k);
	if (ops_vm_shutdown(c->x->ops, &k, &args) &&
	    k.err.code != XENOPS_CODE_NO_SUCH_DOMAIN)
		return ops_failed(c, &k, &(struct ops_subject){
		    .vm = vm->obj.ref, .timeout_s = guest_s });
	return 0;
}

int
vm_end_domain(struct call *c, const struct vm *vm)
{
	return stop_now(c, vm, true, GUEST_TIMEOUT_S);
}

static int
stop(struct call *c, const struct ref *ref, bool force, int op)
{
	struct oplock lock = { 0 };
	const struct vm *vm = vm_lock(c, &lock, ref, op);
	int rc = vm ? stop_now(c, vm, force, GUEST_TIMEOUT_S) : -1;

	if (rc == 0)
		rc = record_outcome(&(struct outcome){ .c = c,
		    .lock = &lock });
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

/* May the shutdown go about it in this way?  The states were seen to. */
static int
check_way(struct call *c, const struct vm *vm, int op)
{
	const char *code = vm_blocked_by(vm, op);

	return code ? err_operation_blocked(c,
	    call_ref_text(c, &vm->obj.ref), code) : 0;
}

/* Clean if the guest can, hard if it cannot or does not; a way that is blocked
 * is not gone, nor is one that is not blocked gone instead. */
static int
stop_either_way(struct call *c, const struct vm *vm, int64_t guest_s)
{
	if (vm->power_state == VM_POWER_STATE_RUNNING && guest_s > 0) {
		if (check_way(c, vm, VM_OPERATIONS_CLEAN_SHUTDOWN))
			return -1;
		if (stop_now(c, vm, false, guest_s) == 0)
			return 0;
		if (task_is_cancelled(c))
			return -1;
		c->err = (struct error){ 0 };
	}
	return check_way(c, vm, VM_OPERATIONS_HARD_SHUTDOWN) ||
	    stop_now(c, vm, true, guest_s) ? -1 : 0;
}

int
vm_stop_within(struct call *c, const struct ref *ref, int64_t guest_s)
{
	struct oplock lock = { 0 };
	const struct vm *vm = vm_lock(c, &lock, ref, VM_OPERATIONS_SHUTDOWN);
	int rc = vm ? stop_either_way(c, vm, guest_s) : -1;

	if (rc == 0)
		rc = record_outcome(&(struct outcome){ .c = c,
		    .lock = &lock });
	oplock_release(c, &lock);
	return rc;
}

int
api_vm_shutdown(struct call *c, const struct vm_shutdown_args *a)
{
	return vm_stop_within(c, &a->vm, GUEST_TIMEOUT_S);
}

static int
reboot(struct call *c, const struct ref *ref, bool force, int op)
{
	struct oplock lock = { 0 };
	struct xenops_vm_reboot_args args = {
		.force = force, .timeout = GUEST_TIMEOUT_S,
	};
	struct xenops_vm_reboot_result result = { 0 };
	const struct vm *vm = vm_lock(c, &lock, ref, op);
	struct ops_call k;
	int rc = -1;

	if (!vm)
		goto out;
	args.vm = vm->uuid;
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
	const struct vm *vm = vm_lock(c, &lock, ref,
	    paused ? VM_OPERATIONS_PAUSE : VM_OPERATIONS_UNPAUSE);
	struct ops_call k;
	int rc = -1;

	if (!vm)
		goto out;
	ops_prepare(c, &k);
	rc = paused ? ops_vm_pause(c->x->ops, &k,
	    &(struct xenops_vm_pause_args){ .vm = vm->uuid }) :
	    ops_vm_unpause(c->x->ops, &k,
	    &(struct xenops_vm_unpause_args){ .vm = vm->uuid });
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

	forget_image_in(t, o);
	vm_state_apply(t, o->c->x, &o->lock->ref, NULL);
	op_reset(t, &vm_op_class, &o->lock->ref);
	return 0;
}

/* Ends a domain that nobody else can, and the record's idea of it. */
int
api_vm_power_state_reset(struct call *c,
    const struct vm_power_state_reset_args *a)
{
	struct oplock lock = { 0 };
	const struct vm *vm = vm_lock(c, &lock, &a->vm,
	    VM_OPERATIONS_POWER_STATE_RESET);
	struct outcome o = { .c = c, .lock = &lock };
	int rc = vm ? stop_now(c, vm, true, GUEST_TIMEOUT_S) : -1;

	if (rc == 0)
		rc = oplock_write(c, &lock, reset_in, &o);
	if (rc == 0)
		vm_image_remove(c, &o.image);
	oplock_release(c, &lock);
	return rc;
}
