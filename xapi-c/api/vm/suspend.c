#include "api/vm/suspend.h"

#include "api/oplock.h"
#include "api/ops_error.h"
#include "api/storage/vdi_make.h"
#include "api/vm/domain_type.h"
#include "api/vm/memory.h"
#include "api/vm/spec.h"
#include "api/vm/startable.h"
#include "api/vm/state.h"
#include "api/xapi.h"
#include "base/log.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/ops_stubs.h"
#include "gen/store.h"

/* Beside the memory: tables, and what pieces and records of it begin with. */
#define IMAGE_MORE (16ll << 20)
#define IMAGE_SHARE 32			/* and one byte for that many */

void
vm_image_remove(struct call *c, const struct ref *vdi)
{
	struct call_undo undo;

	if (ref_is_null(vdi))
		return;
	call_undo_begin(c, &undo);
	call_refresh(c);
	if (vdi_find(c->root, vdi) && vdi_remove(c, vdi))
		log_warn("cannot remove the memory of a VM, disk '%s': %s",
		    call_ref_text(c, vdi), c->err.code);
	call_undo_end(c, &undo);
}

static int
sweep(const void *obj, void *arg)
{
	const struct vdi *vdi = obj;

	if (vdi->type == VDI_TYPE_SUSPEND && !vdi->managed)
		vm_image_remove(arg, &vdi->obj.ref);
	return 0;
}

void
vm_images_sweep(struct call *c)
{
	call_refresh(c);
	db_each(c->root, CLASS_VDI, sweep, c);
}

/* The VM's, the host's, the pool's, or the pool's default. */
static const struct ref *
image_sr(struct call *c, const struct vm *vm)
{
	const struct host *host = host_find(c->root, &c->x->host);
	const struct pool *pool = pool_find(c->root, &c->x->pool);
	const struct ref *wanted[] = { &vm->suspend_SR,
		host ? &host->suspend_image_sr : &REF_NULL,
		pool ? &pool->suspend_image_SR : &REF_NULL,
		pool ? &pool->default_SR : &REF_NULL };

	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
		if (sr_is_attached(c, wanted[i]))
			return wanted[i];
	err_vm_no_suspend_sr(c, call_ref_text(c, &vm->obj.ref));
	return NULL;
}

static int
make_image(struct call *c, const struct vm *vm, struct ref *vdi_out)
{
	const struct ref *sr = image_sr(c, vm);
	struct vdi given = *(const struct vdi *)class_vdi.rec.dflt;

	if (!sr)
		return -1;
	given.SR = *sr;
	given.type = VDI_TYPE_SUSPEND;
	given.name_label = "Suspend image";
	given.name_description = arena_printf(c->arena, "memory of VM %s",
	    vm->uuid);
	given.virtual_size = vm->memory_static_max +
	    vm->memory_static_max / IMAGE_SHARE + IMAGE_MORE;
	return vdi_make(c, &given, vdi_out);
}

bool
vm_memory_is_there(struct call *c, struct db_txn *t, const struct ref *vdi)
{
	return ref_is_null(vdi) || call_txn_get(c, t, CLASS_VDI, vdi);
}

/* -- suspend -- */

struct outcome {
	struct call *c;
	struct oplock *lock;
	struct ref image;		/* what suspend_VDI is to be */
	bool unsure;			/* out: it may be whole: sync/ will see
					 * by the domain */
	const struct xenops_domain_info *domain;	/* resumed */
	bool keeps_lock;
};

static int
name_image_in(struct db_txn *t, void *arg)
{
	struct outcome *o = arg;
	struct vm *vm = vm_txn_edit(t, &o->lock->ref);

	if (!vm_memory_is_there(o->c, t, &o->image))
		return -1;
	if (vm)
		vm->suspend_VDI = o->image;
	return 0;
}

static int
name_image(struct outcome *o)
{
	if (call_write(o->c, name_image_in, o) == 0)
		return 0;
	vm_image_remove(o->c, &o->image);
	return -1;
}

static int
outcome_in(struct db_txn *t, void *arg)
{
	struct outcome *o = arg;

	/* a hard shutdown beside it may have taken the image away */
	vm_state_apply(t, o->c->x, &o->lock->ref, o->domain);
	if (!o->keeps_lock)
		oplock_release_in(t, o->lock);
	vm_state_refresh(t, &o->lock->ref);
	return 0;
}

/* After what xenopsd did, which stays done. */
static int
record_outcome(struct outcome *o)
{
	int rc = call_write(o->c, outcome_in, o);

	if (rc || !o->keeps_lock)
		oplock_keep(o->lock);
	return rc;
}

/* 1, 0, or -1: nobody can tell. */
static int
image_is_whole(struct call *c, const struct xenops_vm_suspend_args *a)
{
	const struct xenops_vm_image_check_args args = {
		.vm = a->vm, .sr = a->sr, .vdi = a->vdi,
	};
	struct ops_call k;

	ops_prepare(c, &k);
	k.cancelled = NULL;
	if (ops_vm_image_check(c->x->ops, &k, &args) == 0)
		return 1;
	return k.err.code == XENOPS_CODE_BAD_STATE ? 0 : -1;
}

static int
suspend_failed(struct call *c, const struct ops_call *k, const struct vm *vm,
    const struct vdi *vdi)
{
	const char *ref = call_ref_text(c, &vm->obj.ref);

	switch (k->err.code) {
	case XENOPS_CODE_TIMEOUT:
		return err_vm_failed_suspend_acknowledgment(c, ref);
	case XENOPS_CODE_NO_SPACE:
		return err_sr_suspend_space_insufficient(c,
		    call_ref_text(c, &vdi->SR));
	default:
		return ops_failed(c, k, &(struct ops_subject){
		    .vm = vm->obj.ref });
	}
}

/* Whatever was answered, or nothing: it is done if the image is whole. */
static int
write_image(struct outcome *o, const struct vm *vm, const struct vdi *vdi)
{
	struct call *c = o->c;
	const struct sr *sr = sr_find(c->root, &vdi->SR);
	struct xenops_vm_suspend_args args = { .vm = vm->uuid,
		.vdi = vdi->uuid };
	struct ops_call k;
	int whole;

	if (!sr)
		return err_handle_invalid(c, "SR",
		    call_ref_text(c, &vdi->SR));
	args.sr = sr->uuid;
	ops_prepare(c, &k);
	if (ops_vm_suspend(c->x->ops, &k, &args) == 0)
		return 0;
	whole = image_is_whole(c, &args);
	o->unsure = whole == -1;
	if (whole == 1)
		return 0;
	return suspend_failed(c, &k, vm, vdi);
}

static int
forget_in(struct db_txn *t, void *arg)
{
	struct outcome *o = arg;

	o->image = vm_memory_forget(t, &o->lock->ref);
	return 0;
}

static void
undo(struct outcome *o)
{
	struct call_undo was;

	call_undo_begin(o->c, &was);
	if (!o->unsure && call_write(o->c, forget_in, o) == 0)
		vm_image_remove(o->c, &o->image);
	call_undo_end(o->c, &was);
}

static int
suspend_now(struct call *c, const struct vm *vm, struct oplock *lock,
    bool keeps_lock)
{
	struct outcome o = { .c = c, .lock = lock,
		.keeps_lock = keeps_lock };
	const struct vdi *vdi;

	if (make_image(c, vm, &o.image) || name_image(&o))
		return -1;
	call_refresh(c);
	vdi = call_find(c, CLASS_VDI, &o.image);
	if (!vdi || write_image(&o, vm, vdi)) {
		undo(&o);
		return -1;
	}
	return record_outcome(&o);
}

int
api_vm_suspend(struct call *c, const struct vm_suspend_args *a)
{
	struct oplock lock = { 0 };
	const struct vm *vm = vm_lock(c, &lock, &a->vm,
	    VM_OPERATIONS_SUSPEND);
	int rc = vm ? suspend_now(c, vm, &lock, false) : -1;

	oplock_release(c, &lock);
	return rc;
}

int
vm_suspend_under(struct call *c, struct oplock *lock)
{
	const struct vm *vm;

	call_refresh(c);
	vm = call_find(c, CLASS_VM, &lock->ref);
	return vm ? suspend_now(c, vm, lock, true) : -1;
}

/* -- resume -- */

static int
not_accessible(struct call *c, const struct ref *vdi)
{
	return err_suspend_image_not_accessible(c, call_ref_text(c, vdi));
}

static int
resume_failed(struct call *c, const struct ops_call *k, const struct vm *vm)
{
	const struct host_metrics *m = vm_host_metrics(c);

	log_warn("cannot resume '%s': %s", vm->uuid, k->err.text);
	if (k->err.code == XENOPS_CODE_BAD_STATE)
		return not_accessible(c, &vm->suspend_VDI);
	return ops_failed(c, k, &(struct ops_subject){ .vm = vm->obj.ref,
	    .needed = vm->memory_target + vm_memory_beside(vm),
	    .available = m ? m->memory_free : 0 });
}

static int
read_image(struct call *c, const struct vm *vm, bool paused,
    bool cancellable, struct xenops_domain_info *out)
{
	const struct vdi *vdi = vdi_find(c->root, &vm->suspend_VDI);
	const struct sr *sr = vdi ? sr_find(c->root, &vdi->SR) : NULL;
	struct xenops_vm_resume_args args = { .paused = paused };
	struct xenops_vm_resume_result result = { 0 };
	struct ops_call k;

	if (ref_is_null(&vm->suspend_VDI))
		return err_vm_has_no_suspend_vdi(c,
		    call_ref_text(c, &vm->obj.ref));
	if (!sr || !sr_is_attached(c, &vdi->SR))
		return not_accessible(c, &vm->suspend_VDI);
	if (vm_check_host(c, vm, &args.vm))
		return -1;
	vm_memory_resumed(vm, &args.vm);
	args.sr = sr->uuid;
	args.vdi = vdi->uuid;
	ops_prepare(c, &k);
	if (!cancellable)
		k.cancelled = NULL;
	if (ops_vm_resume(c->x->ops, &k, &args, &result))
		return resume_failed(c, &k, vm);
	*out = result.domain;
	return 0;
}

static int
resume_now(struct call *c, const struct vm *vm, struct oplock *lock,
    bool paused, bool keeps_lock)
{
	struct ref image = vm->suspend_VDI;
	struct xenops_domain_info domain;
	int rc;

	if (read_image(c, vm, paused, !keeps_lock, &domain))
		return -1;
	rc = record_outcome(&(struct outcome){ .c = c, .lock = lock,
	    .domain = &domain, .keeps_lock = keeps_lock });
	vm_image_remove(c, &image);
	return rc;
}

static int
resume(struct call *c, const struct ref *ref, bool paused, int op)
{
	struct oplock lock = { 0 };
	const struct vm *vm = vm_lock(c, &lock, ref, op);
	int rc = vm ? resume_now(c, vm, &lock, paused, false) : -1;

	oplock_release(c, &lock);
	return rc;
}

int
vm_resume_under(struct call *c, struct oplock *lock, bool paused)
{
	const struct vm *vm;

	call_refresh(c);
	vm = call_find(c, CLASS_VM, &lock->ref);
	return vm ? resume_now(c, vm, lock, paused, true) : -1;
}

int
api_vm_resume(struct call *c, const struct vm_resume_args *a)
{
	return resume(c, &a->vm, a->start_paused, VM_OPERATIONS_RESUME);
}

int
api_vm_resume_on(struct call *c, const struct vm_resume_on_args *a)
{
	if (!call_find(c, CLASS_VM, &a->vm) ||
	    !call_find(c, CLASS_HOST, &a->host))
		return -1;
	return resume(c, &a->vm, a->start_paused, VM_OPERATIONS_RESUME_ON);
}
