/*
 * Disks and records of one VM made into those of another: what clones, snapshots
 * and reverts have in common.  The source is under an operation lock.
 */
#ifndef API_VM_COPY_H
#define API_VM_COPY_H

#include "api/call.h"
#include "db/db.h"
#include "gen/types.h"

enum vm_disks_kind { VM_DISKS_CLONE, VM_DISKS_COPY, VM_DISKS_SNAPSHOT };

struct vm_disks_how {
	enum vm_disks_kind kind;
	const struct ref *sr;	/* copy: where to, null for the disk's own */
	struct vec ignored;	/* refs of disks that are left out */
};

/* By the index of the source's VBDs; zeroed: none. */
struct vm_disks {
	struct ref *vdi;	/* null: none was made for it */
	bool *left_out;		/* NULL: none is */
	uint32_t n;
};

/* Every disk (not CD) of the VM once more.  -1 with c->err set; what was made
 * until then is in *out too, for vm_disks_undo.  In c's arena. */
int vm_disks_make(struct call *c, const struct vm *source,
    const struct vm_disks_how *how, struct vm_disks *out);
/* Removes what was made; c->err stays what it was. */
void vm_disks_undo(struct call *c, const struct vm_disks *d);

/* In a write.  A halted VM with the source's settings, without what is its own:
 * devices, tree of snapshots, appliance. */
struct vm *vm_copy_new(struct db_txn *t, const struct vm *source,
    const char *name);
struct vm_devices {
	const struct vm *source;
	const struct vm_disks *disks;	/* instead of its drives' */
	bool keep_macs;			/* else new ones, by the VM's seed */
	bool attached;			/* the VM is suspended and has them */
};

/* In a write.  Those drives and NICs once more, for the VM to.  -1 with c->err
 * set: a disk is gone, or the drive for which one was made. */
int vm_copy_devices(struct call *c, struct db_txn *t,
    const struct vm_devices *d, const struct ref *to);

#endif
