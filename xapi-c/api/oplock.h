/*
 * Operation locks: current_operations and allowed_operations of VM, VBD, VIF,
 * VDI and SR.
 *
 * Each of these classes has a struct op_class with one check function over a
 * table (state x operation).  The same check refuses a call and computes what
 * allowed_operations shows, so the two cannot disagree.
 *
 * An operation takes its lock (check and note in current_operations in one
 * write), works, and releases it in the write that records its outcome, so
 * that the operations a client sees when its task ends are the new ones.
 *
 * If the disk refuses that write after a domain has changed, the lock stays
 * when the task ends (oplock_keep): the record is known to be wrong until
 * sync.c has stored what the domain is, which drops it (op_settle).
 */
#ifndef API_OPLOCK_H
#define API_OPLOCK_H

#include "api/call.h"
#include "gen/types.h"

/* Where a check looks objects up: in a write, or in a root. */
struct view {
	struct db_txn *t;
	const struct db_root *root;	/* if t is NULL */
};

const void *view_get(const struct view *v, int class_id,
    const struct ref *ref);

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
};

extern const struct op_class vm_op_class, vbd_op_class, vif_op_class,
    vdi_op_class, sr_op_class;

struct oplock {
	const struct op_class *k;
	struct ref ref;
	char key[REF_TEXT_LEN + 1];	/* in current_operations: the task */
	bool held;
};

/* Checks and takes; HANDLE_INVALID if there is no such object.  Waits up to
 * c->patience_ms while another operation is in progress. */
int oplock_take(struct call *c, struct oplock *l, const struct op_class *k,
    const struct ref *ref, int op);
/* In a write that also records the outcome.  No effect if not held. */
void oplock_release_in(struct db_txn *t, struct oplock *l);
/* In a write of its own (after a failure).  No effect if not held. */
void oplock_release(struct call *c, struct oplock *l);
/* Leaves it, for sync.c, to a VM, VBD or VIF whose outcome is not stored; c
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

/* OTHER_OPERATION_IN_PROGRESS for the operations that obj is under. */
int op_in_progress(const struct op_class *k, const void *obj,
    struct call *c);

#endif
