/*
 * VM.snapshot and VM.checkpoint.  Both make a VM that is a template and a
 * snapshot, with disks of its own; of a suspended VM with a copy of its memory as
 * well.  A checkpoint suspends the VM for it and lets it go on: whatever fails or
 * is killed in between, the VM runs, or is suspended and can be resumed.
 */
#include "api/vm/snapshot.h"

#include "api/oplock.h"
#include "api/storage/vdi_make.h"
#include "api/vm/copy.h"
#include "api/vm/state.h"
#include "api/vm/suspend.h"
#include "base/clock.h"
#include "base/log.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/store.h"

struct snapshot {
	struct call *c;
	struct oplock *lock;		/* on the source */
	const struct vm *source;
	const char *name;
	bool scheduled;
	int state;			/* the source's, when it was asked for */
	struct vm_disks disks;
	struct ref memory;		/* a copy of the source's, or null */
	struct ref *result;
};

static struct vec
info(struct arena *a, int state)
{
	struct vec v = { 0 };

	v = map_set(a, v, "power-state-at-snapshot",
	    enum_vm_power_state.names[state]);
	return map_set(a, v, "disk-snapshot-type", "crash_consistent");
}

static int
snapshot_in(struct db_txn *t, void *arg)
{
	struct snapshot *s = arg;
	const struct vm_devices d = { .source = s->source,
		.disks = &s->disks, .keep_macs = true };
	struct vm *vm = vm_copy_new(t, s->source, s->name);
	struct vm *source = vm_txn_edit(t, &s->source->obj.ref);

	if (!source)
		return err_handle_invalid(s->c, "VM",
		    call_ref_text(s->c, &s->source->obj.ref));
	if (!vm_memory_is_there(s->c, t, &s->memory))
		return -1;
	*s->result = vm->obj.ref;
	vm->is_a_snapshot = vm->is_a_template = true;
	vm->is_vmss_snapshot = s->scheduled;
	vm->snapshot_of = source->obj.ref;
	vm->snapshot_time = clock_wall_s();
	vm->snapshot_info = info(txn_arena(t), s->state);
	vm->parent = source->parent;
	source->parent = vm->obj.ref;
	if (!ref_is_null(&s->memory)) {
		vm->suspend_VDI = s->memory;
		vm->power_state = VM_POWER_STATE_SUSPENDED;
	}
	if (vm_copy_devices(s->c, t, &d, s->result))
		return -1;
	vm_state_refresh(t, s->result);
	return 0;
}

/* Of a VM that is halted, suspended, or has disks that allow it. */
static int
make_snapshot(struct snapshot *s, struct vec ignored)
{
	const struct vm_disks_how how = { .kind = VM_DISKS_SNAPSHOT,
		.ignored = ignored };
	struct call *c = s->c;
	int rc = vm_disks_make(c, s->source, &how, &s->disks);

	if (rc == 0 && s->source->power_state == VM_POWER_STATE_SUSPENDED)
		rc = vdi_duplicate(c, &s->source->suspend_VDI, VDI_COPY_CLONE,
		    &s->memory);
	if (rc == 0)
		rc = call_write(c, snapshot_in, s);
	if (rc == 0)
		return 0;
	vm_disks_undo(c, &s->disks);
	vm_image_remove(c, &s->memory);
	return -1;
}

static int
snapshot_of(struct call *c, const struct vm_snapshot_args *a, bool scheduled,
    struct ref *result)
{
	struct oplock lock = { 0 };
	struct snapshot s = { .c = c, .lock = &lock, .name = a->new_name,
		.scheduled = scheduled, .result = result };
	int rc;

	s.source = vm_lock(c, &lock, &a->vm, VM_OPERATIONS_SNAPSHOT);
	s.state = s.source ? s.source->power_state : 0;
	rc = s.source ? make_snapshot(&s, a->ignore_vdis) : -1;
	oplock_release(c, &lock);
	return rc;
}

int
api_vm_snapshot(struct call *c, const struct vm_snapshot_args *a,
    struct ref *result)
{
	return snapshot_of(c, a, false, result);
}

int
vm_snapshot_scheduled(struct call *c, const struct vm_snapshot_args *a)
{
	struct ref made;

	return snapshot_of(c, a, true, &made);
}

/* The VM goes on, whether the snapshot was made or not. */
static int
go_on(struct snapshot *s, int rc)
{
	struct call *c = s->c;
	struct error saved = c->err;

	if (vm_resume_under(c, s->lock, false) == 0) {
		c->err = saved;
		return rc;
	}
	log_error("'%s' stays suspended after its checkpoint: %s",
	    s->source->uuid, c->err.code);
	c->err = (struct error){ 0 };
	return err_vm_checkpoint_resume_failed(c,
	    call_ref_text(c, &s->lock->ref));
}

static int
checkpoint(struct snapshot *s)
{
	const struct vec none = { 0 };

	s->state = s->source->power_state;
	if (s->state == VM_POWER_STATE_SUSPENDED)
		return make_snapshot(s, none);
	if (vm_suspend_under(s->c, s->lock))
		return -1;
	call_refresh(s->c);
	s->source = call_find(s->c, CLASS_VM, &s->lock->ref);
	return s->source ? go_on(s, make_snapshot(s, none)) : -1;
}

static int
checkpoint_of(struct call *c, const struct vm_checkpoint_args *a,
    bool scheduled, struct ref *result)
{
	struct oplock lock = { 0 };
	struct snapshot s = { .c = c, .lock = &lock, .name = a->new_name,
		.scheduled = scheduled, .result = result };
	int rc;

	s.source = vm_lock(c, &lock, &a->vm, VM_OPERATIONS_CHECKPOINT);
	rc = s.source ? checkpoint(&s) : -1;
	oplock_release(c, &lock);
	return rc;
}

int
api_vm_checkpoint(struct call *c, const struct vm_checkpoint_args *a,
    struct ref *result)
{
	return checkpoint_of(c, a, false, result);
}

int
vm_checkpoint_scheduled(struct call *c, const struct vm_checkpoint_args *a)
{
	struct ref made;

	return checkpoint_of(c, a, true, &made);
}
