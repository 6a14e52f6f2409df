/* VBDs: a VDI's place in a VM. */
#include <string.h>

#include "api/oplock.h"
#include "api/ops_error.h"
#include "api/vm/domain_type.h"
#include "api/vm/power_state.h"
#include "api/vm/spec.h"
#include "api/xapi.h"
#include "base/vm_limits.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/ops_stubs.h"
#include "gen/store.h"

struct create {
	struct call *c;
	const struct vbd *given;
	struct ref *result;
};

/* The device number of the new VBD: given, or the first free one. */
static int
pick_device(struct db_txn *t, struct create *a, const struct vm *vm)
{
	bool used[256] = { false };
	const struct ref *refs = vm->VBDs.v;
	int n = vbd_device_number(a->given->userdevice);

	for (uint32_t i = 0; i < vm->VBDs.n; i++) {
		const struct vbd *vbd = vbd_txn_get(t, &refs[i]);
		int d = vbd ? vbd_device_number(vbd->userdevice) : -1;

		if (d >= 0)
			used[d] = true;
	}
	if (strcmp(a->given->userdevice, "autodetect") == 0) {
		for (n = 0; n < VM_MAX_DISKS; n++)
			if (!used[n])
				return n;
		return err_invalid_device(a->c, a->given->userdevice);
	}
	if (n == -1)
		return err_invalid_device(a->c, a->given->userdevice);
	if (used[n])
		return err_device_already_exists(a->c,
		    arena_printf(a->c->arena, "%d", n));
	return n;
}

static int
check_new(struct db_txn *t, struct create *a)
{
	const struct vbd *g = a->given;
	const struct vm *vm = call_txn_get(a->c, t, CLASS_VM,
	    &g->VM);
	const struct vdi *vdi = vdi_txn_get(t, &g->VDI);

	if (!vm)
		return -1;
	if (!g->empty && !vdi)
		return err_handle_invalid(a->c, "VDI",
		    call_ref_text(a->c, &g->VDI));
	if (g->empty && g->type != VBD_TYPE_CD)
		return err_vbd_not_removable_media(a->c,
		    call_ref_text(a->c, &g->VDI));
	if (g->type == VBD_TYPE_CD && g->mode != VBD_MODE_RO)
		return err_vbd_cds_must_be_readonly(a->c);
	if (vdi && !g->empty && g->mode == VBD_MODE_RW && vdi->read_only)
		return err_vdi_readonly(a->c, call_ref_text(a->c, &g->VDI));
	return 0;
}

static int
create_in(struct db_txn *t, void *arg)
{
	struct create *a = arg;
	struct vbd v = *a->given;
	struct vbd_metrics *m;
	struct vbd *vbd;
	int device;

	if (check_new(t, a))
		return -1;
	device = pick_device(t, a, vm_txn_get(t, &v.VM));
	if (device == -1)
		return -1;
	m = vbd_metrics_txn_new(t);
	vbd = vbd_txn_new(t);
	v.obj = vbd->obj;
	v.uuid = vbd->uuid;
	v.userdevice = arena_printf(txn_arena(t), "%d", device);
	v.device = "";
	v.currently_attached = false;
	v.metrics = m->obj.ref;
	if (v.empty)
		v.VDI = REF_NULL;
	*vbd = v;
	*a->result = vbd->obj.ref;
	op_refresh(t, &vbd_op_class, a->result);
	op_refresh(t, &vdi_op_class, &v.VDI);
	return 0;
}

int
api_vbd_create(struct call *c, const struct vbd_create_args *a,
    struct ref *result)
{
	struct vbd given = a->args;
	struct create arg = { .c = c, .given = &given, .result = result };

	if (ref_is_null(&given.VDI) && given.type == VBD_TYPE_CD)
		given.empty = true;
	return call_write(c, create_in, &arg);
}

struct destroy {
	struct call *c;
	struct ref vbd;
};

static int
destroy_in(struct db_txn *t, void *arg)
{
	struct destroy *a = arg;
	const struct vbd *vbd = call_txn_get(a->c, t, CLASS_VBD,
	    &a->vbd);
	const struct vm *owner = vbd ? vm_txn_get(t, &vbd->VM) : NULL;
	struct ref vdi, vm;

	if (!vbd || (owner && vm_check_settled(a->c, owner)))
		return -1;
	if (vbd->current_operations.n)
		return op_in_progress(&vbd_op_class, vbd, a->c);
	if (vbd->currently_attached)
		return err_operation_not_allowed(a->c,
		    "the VBD is attached to a running VM");
	vdi = vbd->VDI;
	vm = vbd->VM;
	txn_delete(t, CLASS_VBD, &a->vbd);
	op_refresh(t, &vdi_op_class, &vdi);
	op_refresh(t, &vm_op_class, &vm);
	return 0;
}

int
api_vbd_destroy(struct call *c, const struct vbd_destroy_args *a)
{
	struct destroy arg = { .c = c, .vbd = a->self };

	return call_write(c, destroy_in, &arg);
}

/* The write that ends plug, unplug, insert and eject. */
struct outcome {
	struct call *c;
	struct oplock *lock;
	bool done;			/* the domain has changed */
	bool attached;
	const struct ref *vdi;		/* NULL: leave; null ref: ejected */
	int device;			/* -1: leave */
};

static int
outcome_in(struct db_txn *t, void *arg)
{
	struct outcome *o = arg;
	struct vbd *vbd = vbd_txn_edit(t, &o->lock->ref);
	struct ref before;

	if (!vbd)
		return 0;
	if (o->vdi && !ref_is_null(o->vdi) &&
	    !call_txn_get(o->c, t, CLASS_VDI, o->vdi))
		return -1;
	before = vbd->VDI;
	vbd->currently_attached = o->attached;
	if (o->vdi) {
		vbd->VDI = *o->vdi;
		vbd->empty = ref_is_null(o->vdi);
	}
	if (o->device >= 0)
		vbd->device = arena_printf(txn_arena(t), "xvd%c",
		    'a' + o->device);
	oplock_release_in(t, o->lock);
	op_refresh(t, &vdi_op_class, &before);
	op_refresh(t, &vdi_op_class, &vbd->VDI);
	op_refresh(t, &vm_op_class, &vbd->VM);
	return 0;
}

static int
record_outcome(struct outcome *o)
{
	int rc = oplock_write(o->c, o->lock, outcome_in, o);

	if (rc && o->done)
		oplock_keep(o->lock);
	return rc;
}

static struct ops_subject
subject_of(const struct call *c, const struct vbd *vbd)
{
	const struct vdi *vdi = vdi_find(c->root, &vbd->VDI);

	return (struct ops_subject){
		.vm = vbd->VM, .device = vbd->obj.ref, .device_class = "VBD",
		.vdi = vbd->VDI, .sr = vdi ? vdi->SR : REF_NULL,
		.operation = "attach",
	};
}

/* Asks xenopsd to give the VM the disk, as the record has it (with vdi). */
static int
plug_now(struct call *c, const struct vbd *vbd, int *device_out)
{
	const struct vm *vm = call_find(c, CLASS_VM, &vbd->VM);
	struct ops_subject subject = subject_of(c, vbd);
	struct xenops_vbd_plug_args args = { 0 };
	struct ops_call k;

	if (!vm || vbd_spec(c, vbd, &args.disk))
		return -1;
	args.vm = vm->uuid;
	*device_out = args.disk.device < 26 ? (int)args.disk.device : -1;
	ops_prepare(c, &k);
	return ops_vbd_plug(c->x->ops, &k, &args) ?
	    ops_failed(c, &k, &subject) : 0;
}

static int
unplug_now(struct call *c, const struct vbd *vbd, bool force)
{
	const struct vm *vm = call_find(c, CLASS_VM, &vbd->VM);
	struct ops_subject subject = subject_of(c, vbd);
	struct xenops_vbd_unplug_args args = {
		.vbd = vbd->uuid, .force = force,
	};
	struct ops_call k;

	if (!vm)
		return -1;
	args.vm = vm->uuid;
	ops_prepare(c, &k);
	return ops_vbd_unplug(c->x->ops, &k, &args) ?
	    ops_failed(c, &k, &subject) : 0;
}

int
api_vbd_plug(struct call *c, const struct vbd_plug_args *a)
{
	struct oplock lock = { 0 };
	struct outcome o = { .c = c, .lock = &lock, .done = true,
	    .attached = true, .device = -1 };
	const struct vbd *vbd = vbd_lock(c, &lock, &a->self,
	    VBD_OPERATIONS_PLUG);
	int rc = vbd ? plug_now(c, vbd, &o.device) : -1;

	if (rc == 0)
		rc = record_outcome(&o);
	oplock_release(c, &lock);
	return rc;
}

static int
unplug(struct call *c, const struct ref *ref, bool force)
{
	struct oplock lock = { 0 };
	struct outcome o = { .c = c, .lock = &lock, .done = true,
	    .device = -1 };
	const struct vbd *vbd = vbd_lock(c, &lock, ref,
	    force ? VBD_OPERATIONS_UNPLUG_FORCE : VBD_OPERATIONS_UNPLUG);
	int rc = vbd ? unplug_now(c, vbd, force) : -1;

	if (rc == 0)
		rc = record_outcome(&o);
	oplock_release(c, &lock);
	return rc;
}

int
api_vbd_unplug(struct call *c, const struct vbd_unplug_args *a)
{
	return unplug(c, &a->self, false);
}

int
api_vbd_unplug_force(struct call *c, const struct vbd_unplug_force_args *a)
{
	return unplug(c, &a->self, true);
}

/* In a VM that is on, the drive of a PV or PVH guest comes with its medium;
 * that of an HVM guest is there. */
static int
insert_now(struct call *c, const struct vbd *vbd, struct outcome *o)
{
	const struct vm *vm = call_find(c, CLASS_VM, &vbd->VM);
	struct vbd with = { .obj.ref = vbd->obj.ref };

	if (!vm || !call_find(c, CLASS_VDI, o->vdi))
		return -1;
	o->done = o->attached = vm->power_state != VM_POWER_STATE_HALTED;
	if (!o->done)
		return 0;
	object_copy_fields(&with, vbd);
	with.VDI = *o->vdi;
	with.empty = false;
	return plug_now(c, &with, &o->device);
}

int
api_vbd_insert(struct call *c, const struct vbd_insert_args *a)
{
	struct oplock lock = { 0 };
	struct outcome o = { .c = c, .lock = &lock, .vdi = &a->vdi,
	    .device = -1 };
	const struct vbd *vbd;
	int rc;

	if (!call_find(c, CLASS_VDI, &a->vdi))
		return -1;
	vbd = vbd_lock(c, &lock, &a->vbd, VBD_OPERATIONS_INSERT);
	rc = vbd ? insert_now(c, vbd, &o) : -1;
	if (rc == 0)
		rc = record_outcome(&o);
	oplock_release(c, &lock);
	return rc;
}

/* It goes with its medium, or stays, in the same way. */
static int
eject_now(struct call *c, const struct vbd *vbd, struct outcome *o)
{
	const struct vm *vm = vm_find(c->root, &vbd->VM);

	o->done = vbd->currently_attached;
	o->attached = o->done && vm && vm_emulates(vm);
	return o->done ? unplug_now(c, vbd, false) : 0;
}

int
api_vbd_eject(struct call *c, const struct vbd_eject_args *a)
{
	struct oplock lock = { 0 };
	struct outcome o = { .c = c, .lock = &lock, .vdi = &REF_NULL,
	    .device = -1 };
	const struct vbd *vbd = vbd_lock(c, &lock, &a->vbd,
	    VBD_OPERATIONS_EJECT);
	int rc = vbd ? eject_now(c, vbd, &o) : -1;

	if (rc == 0)
		rc = record_outcome(&o);
	oplock_release(c, &lock);
	return rc;
}

struct set_mode {
	struct call *c;
	const struct vbd_set_mode_args *a;
};

static int
set_mode_in(struct db_txn *t, void *arg)
{
	struct set_mode *s = arg;
	struct vbd *vbd = call_txn_edit(s->c, t, CLASS_VBD,
	    &s->a->self);
	const struct vm *vm = vbd ? vm_txn_get(t, &vbd->VM) : NULL;
	const struct vdi *vdi;

	if (!vbd || (vm && vm_check_settled(s->c, vm)))
		return -1;
	if (vm && vm->power_state != VM_POWER_STATE_HALTED)
		return err_vm_bad_power_state(s->c,
		    call_ref_text(s->c, &vbd->VM), "halted",
		    vm_power_state_word(vm));
	if (vbd->type == VBD_TYPE_CD && s->a->value != VBD_MODE_RO)
		return err_vbd_cds_must_be_readonly(s->c);
	vdi = vdi_txn_get(t, &vbd->VDI);
	if (vdi && vdi->read_only && s->a->value == VBD_MODE_RW)
		return err_vdi_readonly(s->c, call_ref_text(s->c, &vbd->VDI));
	vbd->mode = s->a->value;
	return 0;
}

int
api_vbd_set_mode(struct call *c, const struct vbd_set_mode_args *a)
{
	struct set_mode s = { .c = c, .a = a };

	return call_write(c, set_mode_in, &s);
}

int
api_vbd_assert_attachable(struct call *c,
    const struct vbd_assert_attachable_args *a)
{
	const struct vbd *vbd = vbd_find(c->root, &a->self);
	struct xenops_disk_spec spec;

	if (!vbd)
		return err_handle_invalid(c, "VBD",
		    call_ref_text(c, &a->self));
	if (vbd->currently_attached)
		return err_device_already_attached(c,
		    call_ref_text(c, &a->self));
	return vbd_spec(c, vbd, &spec);
}

struct unpluggable {
	struct call *c;
	const struct vbd_set_unpluggable_args *a;
};

static int
unpluggable_in(struct db_txn *t, void *arg)
{
	struct unpluggable *s = arg;
	struct vbd *vbd = call_txn_edit(s->c, t, CLASS_VBD, &s->a->self);

	if (!vbd)
		return -1;
	vbd->unpluggable = s->a->value;
	op_refresh(t, &vbd_op_class, &s->a->self);
	return 0;
}

int
api_vbd_set_unpluggable(struct call *c,
    const struct vbd_set_unpluggable_args *a)
{
	return call_write(c, unpluggable_in,
	    &(struct unpluggable){ .c = c, .a = a });
}
