/*
 * VM.clone, VM.copy, and VM.provision: the two steps from a template to a VM with disks
 * of its own.  What a failed step has made is taken back.
 */
#include <string.h>

#include "api/oplock.h"
#include "api/storage/vdi_make.h"
#include "api/vm/copy.h"
#include "api/vm/edit.h"
#include "api/vm/state.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/store.h"
#include "wire/disks_xml.h"

struct clone {
	struct call *c;
	struct oplock *lock;		/* on the source */
	const struct vm *source;
	const char *name;
	const struct vm_disks *disks;
	struct ref *result;
};

/* A seed of its own for its NICs' addresses. */
static void
reseed(struct arena *arena, struct vm *vm, const struct vm *source)
{
	char seed[UUID_TEXT_LEN + 1];

	vm->other_config = map_set(arena, vm->other_config, "mac_seed",
	    arena_strdup(arena, uuid_random(seed)));
	if (source->is_default_template)
		vm->other_config = map_set(arena, vm->other_config,
		    "base_template_name", source->name_label);
}

static int
clone_in(struct db_txn *t, void *arg)
{
	struct clone *a = arg;
	const struct vm_devices d = { .source = a->source,
		.disks = a->disks };
	struct vm *vm = vm_copy_new(t, a->source, a->name);

	reseed(txn_arena(t), vm, a->source);
	*a->result = vm->obj.ref;
	if (vm_copy_devices(a->c, t, &d, a->result))
		return -1;
	oplock_release_in(t, a->lock);
	op_refresh(t, &vm_op_class, a->result);
	return 0;
}

static int
make_clone(struct call *c, const struct ref *vm, const char *name, int op,
    const struct vm_disks_how *how, struct ref *result)
{
	struct oplock lock = { 0 };
	struct vm_disks disks = { 0 };
	struct clone arg = { .c = c, .lock = &lock, .name = name,
	    .disks = &disks, .result = result };
	int rc;

	arg.source = vm_lock(c, &lock, vm, op);
	rc = arg.source ? vm_disks_make(c, arg.source, how, &disks) : -1;
	if (rc == 0)
		rc = oplock_write(c, &lock, clone_in, &arg);
	if (rc)
		vm_disks_undo(c, &disks);
	oplock_release(c, &lock);
	return rc;
}

int
api_vm_clone(struct call *c, const struct vm_clone_args *a,
    struct ref *result)
{
	const struct vm_disks_how how = { .kind = VM_DISKS_CLONE };

	return make_clone(c, &a->vm, a->new_name, VM_OPERATIONS_CLONE, &how,
	    result);
}

int
api_vm_copy(struct call *c, const struct vm_copy_args *a, struct ref *result)
{
	const struct vm_disks_how how = { .kind = VM_DISKS_COPY, .sr = &a->sr };

	if (!ref_is_null(&a->sr) && !sr_find(c->root, &a->sr))
		return err_handle_invalid(c, "SR", call_ref_text(c, &a->sr));
	return make_clone(c, &a->vm, a->new_name, VM_OPERATIONS_COPY, &how,
	    result);
}

/* The SR that a disk of a template names, or the pool's default. */
static int
find_sr(struct call *c, const char *uuid, struct ref *out)
{
	const struct pool *pool = pool_find(c->root, &c->x->pool);
	const struct sr *sr = *uuid ? db_find_uuid(c->root, CLASS_SR, uuid) :
	    NULL;

	*out = sr ? sr->obj.ref : pool ? pool->default_SR : REF_NULL;
	if (*uuid && !sr)
		return err_uuid_invalid(c, "SR", uuid);
	if (!sr_find(c->root, out))
		return err_default_sr_not_found(c, call_ref_text(c, out));
	return 0;
}

static int
make_disks(struct call *c, const struct vm *vm,
    const struct disks_xml_disk *disks, uint32_t n, struct vm_disks *m)
{
	m->vdi = arena_alloc(c->arena, n * sizeof *m->vdi);
	m->n = n;
	for (uint32_t i = 0; i < n; i++) {
		struct vdi given = *(const struct vdi *)class_vdi.rec.dflt;

		if (find_sr(c, disks[i].sr, &given.SR))
			return -1;
		given.name_label = arena_printf(c->arena, "%s %s",
		    vm->name_label, disks[i].device);
		given.virtual_size = disks[i].size;
		given.type = strcmp(disks[i].type, "system") == 0 ?
		    VDI_TYPE_SYSTEM : VDI_TYPE_USER;
		if (vdi_make(c, &given, &m->vdi[i]))
			return -1;
	}
	return 0;
}

struct provision {
	struct call *c;
	struct oplock *lock;
	const struct disks_xml_disk *disks;
	struct vm_disks *made;
};

static int
provision_in(struct db_txn *t, void *arg)
{
	struct provision *p = arg;
	struct vm *vm = vm_txn_edit(t, &p->lock->ref);

	if (!vm)
		return err_handle_invalid(p->c, "VM",
		    call_ref_text(p->c, &p->lock->ref));
	for (uint32_t i = 0; i < p->made->n; i++) {
		struct vbd *vbd = vbd_txn_new(t);

		if (!call_txn_get(p->c, t, CLASS_VDI, &p->made->vdi[i]))
			return -1;
		vbd->VM = p->lock->ref;
		vbd->VDI = p->made->vdi[i];
		vbd->userdevice = p->disks[i].device;
		vbd->bootable = p->disks[i].bootable;
		vbd->mode = VBD_MODE_RW;
		vbd->type = VBD_TYPE_DISK;
		vbd->unpluggable = true;
		vbd->metrics = vbd_metrics_txn_new(t)->obj.ref;
		vbd->other_config = map_set(txn_arena(t), (struct vec){ 0 },
		    "owner", "");
		op_refresh(t, &vbd_op_class, &vbd->obj.ref);
	}
	vm->other_config = map_remove(txn_arena(t), vm->other_config,
	    "disks");
	vm_leave_template(t, vm);
	oplock_release_in(t, p->lock);
	op_refresh(t, &vm_op_class, &p->lock->ref);
	return 0;
}

static int
provision_now(struct call *c, const struct vm *vm, struct provision *p)
{
	const char *xml = map_get(vm->other_config, "disks");
	struct disks_xml_disk *disks = NULL;
	int n = 0;

	if (xml && *xml)
		n = disks_xml_parse(c->arena, xml, &disks);
	if (n < 0)
		return err_invalid_value(c, "other_config:disks", xml);
	p->disks = disks;
	if (make_disks(c, vm, disks, (uint32_t)n, p->made))
		return -1;
	return oplock_write(c, p->lock, provision_in, p);
}

/* Makes the disks that other_config "disks" describes; harmless without. */
int
api_vm_provision(struct call *c, const struct vm_provision_args *a)
{
	struct oplock lock = { 0 };
	struct vm_disks made = { 0 };
	struct provision p = { .c = c, .lock = &lock, .made = &made };
	const struct vm *vm = vm_lock(c, &lock, &a->vm,
	    VM_OPERATIONS_PROVISION);
	int rc = vm ? provision_now(c, vm, &p) : -1;

	if (rc)
		vm_disks_undo(c, &made);
	oplock_release(c, &lock);
	return rc;
}
