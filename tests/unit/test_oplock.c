/* Operation locks: what is locked is there, and stays. */
#include <string.h>

#include "api/oplock.h"
#include "api/xapi.h"
#include "gen/methods.h"
#include "gen/store.h"
#include "store.h"

static struct xapi x;
static struct call c;
static struct ref vm, vbd, vif, vdi, sr;

/* A VM with a drive and a NIC, and a disk of an SR. */
static int
furnish(struct db_txn *t, void *arg)
{
	struct vm *v = vm_txn_new(t);
	struct vbd *drive = vbd_txn_new(t);
	struct vif *nic = vif_txn_new(t);
	struct vdi *disk = vdi_txn_new(t);
	struct sr *s = sr_txn_new(t);

	(void)arg;
	v->power_state = VM_POWER_STATE_HALTED;
	drive->VM = nic->VM = vm = v->obj.ref;
	drive->VDI = vdi = disk->obj.ref;
	drive->type = VBD_TYPE_CD;
	disk->SR = sr = s->obj.ref;
	vbd = drive->obj.ref;
	vif = nic->obj.ref;
	return 0;
}

static void
begin(void)
{
	memset(&x, 0, sizeof(x));
	x.db = store_open();
	ck_assert_int_eq(db_write(x.db, furnish, NULL), 0);
	c = (struct call){ .x = &x, .arena = arena_new(), .superuser = true };
	call_refresh(&c);
}

static void
end(void)
{
	call_close(&c);
	arena_free(c.arena);
	db_close(x.db);
}

/* The call was refused because of an operation on that object. */
static void
refused_by(const char *class, const struct ref *ref)
{
	ck_assert_str_eq(c.err.code, "OTHER_OPERATION_IN_PROGRESS");
	ck_assert_str_eq(c.err.params[0], class);
	ck_assert_str_eq(c.err.params[1], call_ref_text(&c, ref));
	c.err = (struct error){ 0 };
}

static bool
may_destroy_vm(void)
{
	const struct vm *v;

	call_refresh(&c);
	v = vm_find(c.root, &vm);
	ck_assert_ptr_nonnull(v);
	return set_has_enum(v->allowed_operations, VM_OPERATIONS_DESTROY);
}

START_TEST(a_lock_is_the_way_to_the_object)
{
	struct oplock l = { 0 };
	struct ref gone = vm;
	const struct vbd *locked;

	begin();
	gone.b[0] ^= 1;
	ck_assert_ptr_null(vm_lock(&c, &l, &gone, VM_OPERATIONS_DESTROY));
	ck_assert_str_eq(c.err.code, "HANDLE_INVALID");
	ck_assert_str_eq(c.err.params[0], "VM");
	oplock_release(&c, &l);
	c.err = (struct error){ 0 };
	locked = vbd_lock(&c, &l, &vbd, VBD_OPERATIONS_EJECT);
	ck_assert_ptr_nonnull(locked);
	ck_assert(ref_equal(&locked->obj.ref, &vbd));
	ck_assert_int_eq(locked->current_operations.n, 1);
	oplock_release(&c, &l);
	end();
}
END_TEST

START_TEST(what_a_vm_owns_keeps_it_while_an_operation_has_it)
{
	struct oplock l = { 0 };

	begin();
	ck_assert_ptr_nonnull(vbd_lock(&c, &l, &vbd, VBD_OPERATIONS_EJECT));
	ck_assert(!may_destroy_vm());
	ck_assert_int_eq(api_vm_destroy(&c,
	    &(struct vm_destroy_args){ .self = vm }), -1);
	refused_by("VBD", &vbd);
	oplock_release(&c, &l);
	ck_assert(may_destroy_vm());
	ck_assert_int_eq(api_vm_destroy(&c,
	    &(struct vm_destroy_args){ .self = vm }), 0);
	call_refresh(&c);
	ck_assert_ptr_null(vm_find(c.root, &vm));
	ck_assert_ptr_null(vbd_find(c.root, &vbd));
	ck_assert_ptr_null(vif_find(c.root, &vif));
	end();
}
END_TEST

START_TEST(what_goes_with_its_owner_takes_no_operation)
{
	struct oplock owner = { 0 }, l = { 0 };

	begin();
	ck_assert_ptr_nonnull(vm_lock(&c, &owner, &vm,
	    VM_OPERATIONS_DESTROY));
	ck_assert_ptr_null(vbd_lock(&c, &l, &vbd, VBD_OPERATIONS_EJECT));
	refused_by("VM", &vm);
	oplock_release(&c, &owner);
	ck_assert_ptr_nonnull(vbd_lock(&c, &l, &vbd, VBD_OPERATIONS_EJECT));
	oplock_release(&c, &l);
	end();
}
END_TEST

/* Between the two writes of SR.forget, too. */
START_TEST(what_goes_with_an_owners_owner_takes_no_operation)
{
	struct oplock owner = { 0 }, l = { 0 };

	begin();
	ck_assert_ptr_nonnull(sr_lock(&c, &owner, &sr,
	    STORAGE_OPERATIONS_FORGET));
	ck_assert_ptr_null(vdi_lock(&c, &l, &vdi, VDI_OPERATIONS_COPY));
	refused_by("SR", &sr);
	ck_assert_ptr_null(vbd_lock(&c, &l, &vbd, VBD_OPERATIONS_EJECT));
	refused_by("SR", &sr);
	oplock_release(&c, &owner);
	ck_assert_ptr_nonnull(vbd_lock(&c, &l, &vbd, VBD_OPERATIONS_EJECT));
	oplock_release(&c, &l);
	end();
}
END_TEST

/* Two cascades away: the SR takes its disks, those their VBDs. */
START_TEST(an_sr_is_not_forgotten_while_its_disks_are_in_use)
{
	const struct ref *busy[] = { &vdi, &vbd };
	const char *const class[] = { "VDI", "VBD" };
	int i;

	begin();
	for (i = 0; i < 2; i++) {
		struct oplock l = { 0 };

		ck_assert(i ? (const void *)vbd_lock(&c, &l, &vbd,
		    VBD_OPERATIONS_EJECT) : vdi_lock(&c, &l, &vdi,
		    VDI_OPERATIONS_COPY));
		ck_assert_int_eq(api_sr_forget(&c,
		    &(struct sr_forget_args){ .sr = sr }), -1);
		refused_by(class[i], busy[i]);
		oplock_release(&c, &l);
	}
	ck_assert_int_eq(api_sr_forget(&c,
	    &(struct sr_forget_args){ .sr = sr }), 0);
	call_refresh(&c);
	ck_assert_ptr_null(vdi_find(c.root, &vdi));
	/* a drive outlives its medium */
	ck_assert_ptr_nonnull(vbd_find(c.root, &vbd));
	end();
}
END_TEST

START_TEST(what_was_found_before_a_lock_stays)
{
	struct oplock l = { 0 };
	const struct vm *before;

	begin();
	before = vm_find(c.root, &vm);
	ck_assert_ptr_nonnull(vm_lock(&c, &l, &vm, VM_OPERATIONS_DESTROY));
	ck_assert_int_eq(before->current_operations.n, 0);
	ck_assert(ref_equal(&before->obj.ref, &vm));
	oplock_release(&c, &l);
	end();
}
END_TEST

static int
suspend_in(struct db_txn *t, void *arg)
{
	struct vm *v = vm_txn_edit(t, &vm);

	(void)arg;
	v->power_state = VM_POWER_STATE_RUNNING;
	v->suspend_VDI = vdi;
	vdi_txn_edit(t, &vdi)->type = VDI_TYPE_SUSPEND;
	return 0;
}

START_TEST(a_vms_memory_is_in_use_and_has_one_disk)
{
	struct oplock l = { 0 };

	begin();
	ck_assert_int_eq(call_write(&c, suspend_in, NULL), 0);
	ck_assert_ptr_null(vm_lock(&c, &l, &vm, VM_OPERATIONS_SUSPEND));
	ck_assert_str_eq(c.err.code, "OPERATION_NOT_ALLOWED");
	c.err = (struct error){ 0 };
	ck_assert_ptr_null(vdi_lock(&c, &l, &vdi, VDI_OPERATIONS_DESTROY));
	ck_assert_str_eq(c.err.code, "VDI_IN_USE");
	c.err = (struct error){ 0 };
	ck_assert_ptr_null(vdi_lock(&c, &l, &vdi, VDI_OPERATIONS_RESIZE));
	ck_assert_str_eq(c.err.code, "VDI_IN_USE");
	end();
}
END_TEST

static bool
moved(const struct ref *ref, uint64_t since)
{
	return op_moves_since(&x.moves, ref, since);
}

START_TEST(what_an_operation_moves_is_known)
{
	struct oplock l = { 0 };
	uint64_t before, under;

	begin();
	before = op_moves_count(&x.moves);
	ck_assert_ptr_nonnull(vbd_lock(&c, &l, &vbd, VBD_OPERATIONS_EJECT));
	under = op_moves_count(&x.moves);
	ck_assert(moved(&vbd, before) && moved(&vm, before));
	ck_assert(!moved(&vif, before));
	ck_assert(!moved(&vbd, under) && !moved(&vm, under));
	oplock_release(&c, &l);
	ck_assert(moved(&vbd, under) && moved(&vm, under));
	ck_assert(!moved(&vm, op_moves_count(&x.moves)));
	end();
}
END_TEST

START_TEST(more_moves_than_are_kept_may_be_anyones)
{
	uint64_t before;

	begin();
	before = op_moves_count(&x.moves);
	for (int i = 0; i < OP_MOVES_KEPT; i++)
		op_moves_note(&x.moves, &vif);
	ck_assert(!moved(&vm, before));
	op_moves_note(&x.moves, &vif);
	ck_assert(moved(&vm, before));
	ck_assert(!moved(&vm, before + 1));
	end();
}
END_TEST

int
main(void)
{
	return UNIT_RUN("oplock", what_an_operation_moves_is_known,
	    more_moves_than_are_kept_may_be_anyones,
	    a_vms_memory_is_in_use_and_has_one_disk,
	    a_lock_is_the_way_to_the_object,
	    what_a_vm_owns_keeps_it_while_an_operation_has_it,
	    what_goes_with_its_owner_takes_no_operation,
	    what_goes_with_an_owners_owner_takes_no_operation,
	    an_sr_is_not_forgotten_while_its_disks_are_in_use,
	    what_was_found_before_a_lock_stays);
}
