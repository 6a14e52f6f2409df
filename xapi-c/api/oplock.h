/*
 * Operation locks: current_operations and allowed_operations of VM, VBD, VIF,
 * VDI, SR and VM_appliance.
 *
 * Each of these classes has a struct op_class with one check function over a
 * table (state x operation).  The same check refuses a call and computes what
 * allowed_operations shows, so the two cannot disagree.  The tables stand in
 * the rooms of their classes (vm/ops.c, storage/sr_ops.c) and are parts of this
 * module, which knows them all.
 *
 * An operation takes its lock (check and note in current_operations in one
 * write), works, and releases it in the write that records its outcome, so
 * that the operations a client sees when its task ends are the new ones.
 *
 * Taking the lock is the way to get at the object: X_lock returns it, or NULL.
 * While a lock is held nobody can delete the object, nor what owns it (a VM its
 * VBDs and VIFs, an SR its VDIs, a VDI its VBDs: what the cascades of the IDL
 * say): an operation that deletes is refused while anything that would go with
 * its object is under an operation, and the other way round.
 *
 * If the disk refuses that write after a domain has changed, the lock stays
 * when the task ends (oplock_keep): the record is known to be wrong until
 * sync/ has stored what the domain is, which drops it (op_settle).
 */
#ifndef API_OPLOCK_H
#define API_OPLOCK_H

#include "api/view.h"
#include "gen/types.h"

struct op_class {
	const struct class_type *cls;
	const struct enum_type *ops;
	size_t current;		/* offset of current_operations */
	size_t allowed;		/* offset of allowed_operations */
	/*
	 * 0 if op may start on obj now.  Otherwise -1, with c->err set unless
	 * c is NULL.
	 */
	int (*check)(const struct view *v, const void *obj, int op,
	    struct call *c);
	/* Does allowed_operations list op? */
	bool (*listed)(int op);
	/* Does op delete the object?  NULL: none does. */
	bool (*deletes)(int op);
};

extern const struct op_class vm_op_class;
extern const struct op_class vbd_op_class;
extern const struct op_class vif_op_class;
extern const struct op_class vdi_op_class;
extern const struct op_class sr_op_class;
extern const struct op_class vm_appliance_op_class;

/* k->check, and that neither owners nor what is owned stand against it. */
int op_check(const struct view *v, const struct op_class *k, const void *obj,
    int op, struct call *c);

struct oplock {
	const struct op_class *k;
	struct op_moves *moves;		/* api/op_moves.h */
	struct ref ref;
	char key[REF_TEXT_LEN + 1];	/* in current_operations: the task */
	bool held;
};

/*
 * Check and take.  The object as it is under the lock, in c->root, which is
 * the newest then; NULL with c->err set: HANDLE_INVALID if there is none.
 * Wait up to c->patience_ms while another operation is in progress.
 */
const struct vm *vm_lock(struct call *c, struct oplock *l,
    const struct ref *ref, int op);
const struct vbd *vbd_lock(struct call *c, struct oplock *l,
    const struct ref *ref, int op);
const struct vif *vif_lock(struct call *c, struct oplock *l,
    const struct ref *ref, int op);
const struct vdi *vdi_lock(struct call *c, struct oplock *l,
    const struct ref *ref, int op);
const struct sr *sr_lock(struct call *c, struct oplock *l,
    const struct ref *ref, int op);
const struct vm_appliance *vm_appliance_lock(struct call *c,
    struct oplock *l, const struct ref *ref, int op);
/* In a write that also records the outcome.  No effect if not held. */
void oplock_release_in(struct db_txn *t, struct oplock *l);
/* call_write of such a write, or of one that deletes the object: if it is
 * taken, the lock is no longer held. */
int oplock_write(struct call *c, struct oplock *l, db_write_fn *fn,
    void *arg);
/* In a write of its own (after a failure).  No effect if not held. */
void oplock_release(struct call *c, struct oplock *l);
/* Leaves it, for sync/, to a VM, VBD or VIF whose outcome is not stored; c
 * must be a task. */
void oplock_keep(struct oplock *l);
/* Is an operation on obj under way, that is, is its task pending? */
bool op_is_under_way(struct db_txn *t, const struct op_class *k,
    const void *obj);
/* Drops the locks of operations that ended. */
void op_settle(struct db_txn *t, const struct op_class *k,
    const struct ref *ref);

/* Recomputes allowed_operations after something it depends on changed. */
void op_refresh(struct db_txn *t, const struct op_class *k,
    const struct ref *ref);
/* Forgets current_operations too: nothing survives a restart of xapi. */
void op_reset(struct db_txn *t, const struct op_class *k,
    const struct ref *ref);

/* OTHER_OPERATION_IN_PROGRESS while the VM starts or resumes: its domain is being
 * made from records that must stay as they are. */
int vm_check_settled(struct call *c, const struct vm *vm);
bool vm_is_starting(const struct vm *vm);

/* OTHER_OPERATION_IN_PROGRESS for the operations that obj is under. */
int op_in_progress(const struct op_class *k, const void *obj,
    struct call *c);

#endif
