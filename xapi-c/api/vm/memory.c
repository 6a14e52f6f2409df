#include "api/vm/memory.h"

#include <stdlib.h>
#include <time.h>

#include "api/oplock.h"
#include "api/ops_error.h"
#include "api/task.h"
#include "api/vm/check.h"
#include "api/vm/domain_type.h"
#include "api/vm/power_state.h"
#include "api/xapi.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/vm_limits.h"
#include "base/vm_memory.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/ops_stubs.h"
#include "gen/store.h"

#define WAIT_MS 256000
#define WAIT_STEP_MS 200
/* Guests count their memory in their own way. */
#define NEAR_BYTES (4ll << 20)

static bool
is_pv(const struct vm *vm)
{
	return vm_domain_type(vm) == DOMAIN_TYPE_PV;
}

int64_t
vm_memory_beside(const struct vm *vm)
{
	return vm_memory_overhead(is_pv(vm), vm->memory_static_max,
	    vm->VCPUs_max);
}

int64_t
vm_memory_needed(const struct vm *vm)
{
	int64_t beside = vm_memory_beside(vm);

	return vm->memory_dynamic_min > INT64_MAX - beside ? INT64_MAX :
	    vm->memory_dynamic_min + beside;
}

const struct host_metrics *
vm_host_metrics(const struct call *c)
{
	const struct host *host = host_find(c->root, &c->x->host);

	return host ? host_metrics_find(c->root, &host->metrics) : NULL;
}

int
vm_check_memory_free(struct call *c, const struct vm *vm)
{
	const struct host_metrics *m = vm_host_metrics(c);

	if (m && vm_memory_needed(vm) > m->memory_free)
		return err_host_not_enough_free_memory(c,
		    arena_printf(c->arena, "%lld",
		    (long long)vm_memory_needed(vm)),
		    arena_printf(c->arena, "%lld",
		    (long long)m->memory_free));
	return 0;
}

bool
vm_memory_differs(const struct vm *vm, const struct xenops_domain_info *d)
{
	return d->domid >= 0 && d->memory_max &&
	    d->state == XENOPS_DOMAIN_STATE_RUNNING &&
	    (d->memory_min != vm->memory_dynamic_min ||
	    d->memory_max != vm->memory_dynamic_max);
}

static int
move(struct call *c, const struct vm *vm,
    struct xenops_vm_set_memory_result *out)
{
	const struct xenops_vm_set_memory_args args = { .vm = vm->uuid,
		.min = vm->memory_dynamic_min, .max = vm->memory_dynamic_max };
	const struct host_metrics *m = vm_host_metrics(c);
	struct ops_call k;

	ops_prepare(c, &k);
	if (ops_vm_set_memory(c->x->ops, &k, &args, out) == 0)
		return 0;
	return ops_failed(c, &k, &(struct ops_subject){ .vm = vm->obj.ref,
	    .needed = vm->memory_dynamic_min,
	    .available = m ? m->memory_free : 0 });
}

void
vm_memory_tell(struct call *c, const struct ref *ref)
{
	struct xenops_vm_set_memory_result r = { 0 };
	const struct vm *vm;

	call_refresh(c);
	vm = vm_find(c->root, ref);
	if (vm && vm->domid >= 0 && move(c, vm, &r))
		log_warn("'%s' keeps to another range of memory: %s", vm->uuid,
		    c->err.code);
}

/* A guest that did not give memory back has more than its target. */
void
vm_memory_suspended(struct db_txn *t, struct vm *vm)
{
	const struct vm_metrics *m = vm_metrics_txn_get(t, &vm->metrics);

	if (m && m->memory_actual > vm->memory_target)
		vm->memory_target = m->memory_actual;
	if (vm->memory_target > vm->memory_static_max)
		vm->memory_target = vm->memory_static_max;
}

void
vm_memory_resumed(const struct vm *vm, struct xenops_vm_spec *spec)
{
	if (spec->memory_target < vm->memory_target)
		spec->memory_target = vm->memory_target;
	spec->memory_min = spec->memory_target;
}

/* -- the dynamic range -- */

/* What a setter gives; the other is NULL. */
struct range {
	struct call *c;
	struct oplock *lock;
	const int64_t *min, *max;
	int64_t target;			/* of its domain; 0: it has none */
};

static void
take(struct vm *vm, const struct range *r)
{
	if (r->min)
		vm->memory_dynamic_min = *r->min;
	if (r->max)
		vm->memory_dynamic_max = *r->max;
}

static int
range_in(struct db_txn *t, void *arg)
{
	const struct range *r = arg;
	struct vm *vm = call_txn_edit(r->c, t, CLASS_VM, &r->lock->ref);

	if (!vm)
		return -1;
	take(vm, r);
	if (r->target)
		vm->memory_target = r->target;
	oplock_release_in(t, r->lock);
	op_refresh(t, &vm_op_class, &r->lock->ref);
	return 0;
}

static int
apply_range(struct range *r, const struct vm *vm)
{
	struct xenops_vm_set_memory_result moved = { 0 };
	struct vm want = { 0 };

	object_copy_fields(&want, vm);
	want.obj.ref = vm->obj.ref;
	take(&want, r);
	if (vm_check_memory(r->c, &want))
		return -1;
	if (vm->power_state == VM_POWER_STATE_RUNNING) {
		if (move(r->c, &want, &moved))
			return -1;
		r->target = moved.domain.memory_target;
	}
	return oplock_write(r->c, r->lock, range_in, r);
}

static int
set_range(struct call *c, const struct ref *ref, int op, const int64_t *min,
    const int64_t *max)
{
	struct oplock lock = { 0 };
	struct range r = { .c = c, .lock = &lock, .min = min, .max = max };
	const struct vm *vm = vm_lock(c, &lock, ref, op);
	int rc = vm ? apply_range(&r, vm) : -1;

	oplock_release(c, &lock);
	return rc;
}

int
api_vm_set_memory_dynamic_range(struct call *c,
    const struct vm_set_memory_dynamic_range_args *a)
{
	return set_range(c, &a->self, VM_OPERATIONS_CHANGING_DYNAMIC_RANGE,
	    &a->min, &a->max);
}

int
api_vm_set_memory_dynamic_min(struct call *c,
    const struct vm_set_memory_dynamic_min_args *a)
{
	return set_range(c, &a->self, VM_OPERATIONS_CHANGING_DYNAMIC_RANGE,
	    &a->value, NULL);
}

int
api_vm_set_memory_dynamic_max(struct call *c,
    const struct vm_set_memory_dynamic_max_args *a)
{
	return set_range(c, &a->self, VM_OPERATIONS_CHANGING_DYNAMIC_RANGE,
	    NULL, &a->value);
}

int
api_vm_set_memory_target_live(struct call *c,
    const struct vm_set_memory_target_live_args *a)
{
	return set_range(c, &a->self, VM_OPERATIONS_CHANGING_MEMORY_LIVE,
	    &a->target, &a->target);
}

/* -- waiting -- */

enum wait { WAIT_ON, WAIT_THERE, WAIT_OVER };

/* In a state of its own: those that a call has seen stay until its end. */
static enum wait
look(struct call *c, const struct ref *ref)
{
	struct db_root *root = db_root_get(c->x->db);
	const struct vm *vm = vm_find(root, ref);
	const struct vm_metrics *m = vm ?
	    vm_metrics_find(root, &vm->metrics) : NULL;
	enum wait now = WAIT_OVER;

	if (!vm)
		(void)err_handle_invalid(c, "VM", call_ref_text(c, ref));
	else if (vm->power_state != VM_POWER_STATE_RUNNING)
		(void)err_vm_bad_power_state(c, call_ref_text(c, ref),
		    "running", vm_power_state_word(vm));
	else
		now = m && llabs(m->memory_actual - vm->memory_target) <=
		    NEAR_BYTES ? WAIT_THERE : WAIT_ON;
	db_root_put(root);
	return now;
}

/* Without its lock: whatever ends the guest, ends the wait. */
int
api_vm_wait_memory_target_live(struct call *c,
    const struct vm_wait_memory_target_live_args *a)
{
	const struct timespec step = { .tv_nsec = WAIT_STEP_MS * 1000000L };
	int64_t limit = clock_mono_ms() + WAIT_MS;
	enum wait now;

	while ((now = look(c, &a->self)) == WAIT_ON) {
		if (task_is_cancelled(c))
			return err_task_cancelled(c,
			    call_ref_text(c, &c->task));
		if (clock_mono_ms() >= limit)
			return err_vm_memory_target_wait_timeout(c);
		nanosleep(&step, NULL);
	}
	return now == WAIT_THERE ? 0 : -1;
}

/* -- what it takes -- */

int
api_vm_compute_memory_overhead(struct call *c,
    const struct vm_compute_memory_overhead_args *a, int64_t *result)
{
	const struct vm *vm = call_find(c, CLASS_VM, &a->vm);

	if (!vm)
		return -1;
	*result = vm_memory_beside(vm);
	return 0;
}

int
api_vm_maximise_memory(struct call *c,
    const struct vm_maximise_memory_args *a, int64_t *result)
{
	const struct vm *vm = call_find(c, CLASS_VM, &a->self);

	if (!vm)
		return -1;
	if (a->total < 0 || a->total > VM_MAX_MEMORY)
		return vm_bad_number(c, "total", a->total);
	*result = vm_memory_fits(is_pv(vm), a->total, vm->VCPUs_max);
	return 0;
}
