/* VM.create, VM.destroy, and the messages that look at a VM. */
#include <string.h>

#include "api/blob.h"
#include "api/oplock.h"
#include "api/vm/check.h"
#include "api/vm/edit.h"
#include "api/vm/memory.h"
#include "api/vm/startable.h"
#include "api/vm/state.h"
#include "api/vm/suspend.h"
#include "api/xapi.h"
#include "base/vm_limits.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/store.h"

#define VBD_DEVICES_OFFERED VM_MAX_DISKS
#define VIF_DEVICES_OFFERED 7

struct create {
	struct call *c;
	const struct vm *given;
	struct ref *result;
};

static int
create_in(struct db_txn *t, void *arg)
{
	struct create *a = arg;
	struct vm *vm = vm_txn_new(t);
	struct vm_metrics *m = vm_metrics_txn_new(t);
	struct vm v = *a->given;

	if (!ref_is_null(&v.appliance) && !call_txn_get(a->c, t,
	    CLASS_VM_APPLIANCE, &v.appliance))
		return -1;
	v.obj = vm->obj;
	v.uuid = vm->uuid;
	v.power_state = VM_POWER_STATE_HALTED;
	v.domid = -1;
	v.metrics = m->obj.ref;
	v.is_default_template = false;
	vm_settle_type(&v);
	if (!map_get(v.other_config, "mac_seed")) {
		char seed[UUID_TEXT_LEN + 1];

		v.other_config = map_set(txn_arena(t), v.other_config,
		    "mac_seed", arena_strdup(txn_arena(t), uuid_random(seed)));
	}
	*vm = v;
	*a->result = vm->obj.ref;
	op_refresh(t, &vm_op_class, a->result);
	op_refresh(t, &vm_appliance_op_class, &vm->appliance);
	return 0;
}

int
api_vm_create(struct call *c, const struct vm_create_args *a,
    struct ref *result)
{
	struct create arg = { .c = c, .given = &a->args, .result = result };

	if (vm_check_memory(c, &a->args) || vm_check_vcpus(c, &a->args))
		return -1;
	return call_write(c, create_in, &arg);
}

struct destroy {
	const struct xapi *x;
	const struct ref *vm;
	struct ref image;		/* out: the disk with its memory */
};

/* What came after a snapshot comes after what was before it. */
static void
pass_on_children(struct db_txn *t, const struct vm *vm)
{
	const struct ref *refs = vm->children.v;

	for (uint32_t i = 0; i < vm->children.n; i++)
		vm_txn_edit(t, &refs[i])->parent = vm->parent;
}

/* A suspended VM lets go of its disks first. */
static int
destroy_in(struct db_txn *t, void *arg)
{
	struct destroy *d = arg;
	const struct vm *vm = vm_txn_get(t, d->vm);
	const struct ref appliance = vm ? vm->appliance : REF_NULL;

	d->image = vm_memory_forget(t, d->vm);
	vm_state_apply(t, d->x, d->vm, NULL);
	if (vm) {
		pass_on_children(t, vm);
		blobs_drop(t, vm->blobs);
	}
	txn_delete(t, CLASS_VM, d->vm);
	op_refresh(t, &vm_appliance_op_class, &appliance);
	return 0;
}

int
api_vm_destroy(struct call *c, const struct vm_destroy_args *a)
{
	struct oplock lock = { 0 };
	const struct vm *vm = vm_lock(c, &lock, &a->self,
	    VM_OPERATIONS_DESTROY);
	struct destroy d = { .x = c->x, .vm = &lock.ref };
	int rc = vm ? oplock_write(c, &lock, destroy_in, &d) : -1;

	oplock_release(c, &lock);
	if (rc == 0)
		vm_image_remove(c, &d.image);
	return rc;
}

struct make_template {
	struct call *c;
	const struct vm_set_is_a_template_args *a;
};

static int
set_is_a_template_in(struct db_txn *t, void *arg)
{
	struct make_template *s = arg;
	const struct view v = { .t = t };
	struct vm *vm = vm_txn_edit(t, &s->a->self);

	if (!vm)
		return err_handle_invalid(s->c, "VM",
		    call_ref_text(s->c, &s->a->self));
	if (s->a->value && op_check(&v, &vm_op_class, vm,
	    VM_OPERATIONS_MAKE_INTO_TEMPLATE, s->c))
		return -1;
	if (s->a->value)
		vm->is_a_template = true;
	else
		vm_leave_template(t, vm);
	op_refresh(t, &vm_op_class, &s->a->self);
	op_refresh(t, &vm_appliance_op_class, &vm->appliance);
	return 0;
}

int
api_vm_set_is_a_template(struct call *c,
    const struct vm_set_is_a_template_args *a)
{
	struct make_template s = { .c = c, .a = a };

	return call_write(c, set_is_a_template_in, &s);
}

static const struct vm *
vm_must(struct call *c, const struct ref *ref)
{
	const struct vm *vm = vm_find(c->root, ref);

	if (!vm)
		err_handle_invalid(c, "VM", call_ref_text(c, ref));
	return vm;
}

/* The numbers below n that no device in `used` has, as strings. */
static struct vec
free_devices(struct call *c, const bool *used, int n)
{
	struct vec out = { 0 };

	for (int i = 0; i < n; i++)
		if (!used[i])
			out = vec_add_string(c->arena, out,
			    arena_printf(c->arena, "%d", i));
	return out;
}

int
api_vm_get_allowed_vbd_devices(struct call *c,
    const struct vm_get_allowed_vbd_devices_args *a, struct vec *result)
{
	const struct vm *vm = vm_must(c, &a->vm);
	bool used[VBD_DEVICES_OFFERED] = { false };

	if (!vm)
		return -1;
	vm_devices_used(c->root, vm, false, used, VBD_DEVICES_OFFERED);
	*result = free_devices(c, used, VBD_DEVICES_OFFERED);
	return 0;
}

int
api_vm_get_allowed_vif_devices(struct call *c,
    const struct vm_get_allowed_vif_devices_args *a, struct vec *result)
{
	const struct vm *vm = vm_must(c, &a->vm);
	bool used[VIF_DEVICES_OFFERED] = { false };

	if (!vm)
		return -1;
	vm_devices_used(c->root, vm, true, used, VIF_DEVICES_OFFERED);
	*result = free_devices(c, used, VIF_DEVICES_OFFERED);
	return 0;
}

int
api_vm_assert_operation_valid(struct call *c,
    const struct vm_assert_operation_valid_args *a)
{
	const struct vm *vm = vm_must(c, &a->self);
	const struct view v = { .root = c->root };

	return vm ? op_check(&v, &vm_op_class, vm, a->op, c) : -1;
}

struct refresh {
	struct call *c;
	struct ref vm;
};

static int
refresh_in(struct db_txn *t, void *arg)
{
	const struct refresh *r = arg;
	const struct view v = { .t = t };
	const struct vm *vm = call_txn_get(r->c, t, CLASS_VM, &r->vm);

	if (!vm || op_check(&v, &vm_op_class, vm,
	    VM_OPERATIONS_UPDATE_ALLOWED_OPERATIONS, r->c))
		return -1;
	vm_state_refresh(t, &r->vm);
	return 0;
}

/* Guests are not asked, as on other hosts. */
int
api_vm_get_cooperative(struct call *c, const struct vm_get_cooperative_args *a,
    bool *result)
{
	*result = true;
	return vm_must(c, &a->self) ? 0 : -1;
}

int
api_vm_get_boot_record(struct call *c, const struct vm_get_boot_record_args *a,
    struct vm *result)
{
	const struct vm *vm = vm_must(c, &a->self);

	if (!vm)
		return -1;
	object_copy_fields(result, vm);
	return 0;
}

int
api_vm_update_allowed_operations(struct call *c,
    const struct vm_update_allowed_operations_args *a)
{
	return call_write(c, refresh_in,
	    &(struct refresh){ .c = c, .vm = a->self });
}

int
api_vm_assert_can_boot_here(struct call *c,
    const struct vm_assert_can_boot_here_args *a)
{
	const struct vm *vm = vm_must(c, &a->self);
	struct xenops_vm_spec spec;

	if (!vm)
		return -1;
	if (!host_find(c->root, &a->host))
		return err_handle_invalid(c, "host",
		    call_ref_text(c, &a->host));
	return vm_check_host(c, vm, &spec) || vm_check_memory_free(c, vm) ?
	    -1 : 0;
}

int
api_vm_get_possible_hosts(struct call *c,
    const struct vm_get_possible_hosts_args *a, struct vec *result)
{
	const struct vm *vm = vm_must(c, &a->vm);
	struct xenops_vm_spec spec;

	if (!vm)
		return -1;
	*result = (struct vec){ 0 };
	if (vm_check_host(c, vm, &spec) == 0 &&
	    vm_check_memory_free(c, vm) == 0)
		*result = vec_add_ref(c->arena, *result, &c->x->host);
	else
		memset(&c->err, 0, sizeof c->err);
	return 0;
}
