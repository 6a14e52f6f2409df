/*
 * Changes to a VM's record that several messages make, each on a draft in a
 * write.
 */
#ifndef API_VM_EDIT_H
#define API_VM_EDIT_H

#include "db/db.h"
#include "gen/types.h"

/* domain_type and HVM_boot_policy say the same: the first decides, unless it
 * is unspecified. */
void vm_settle_type(struct vm *vm);
/* A template becomes a VM, a default one too. */
void vm_leave_template(struct db_txn *t, struct vm *vm);

#endif
