/*
 * Where a VM's power state follows its domain.
 *
 *   Halted --start--> Running --pause--> Paused
 *      ^                 |  ^--unpause-----|
 *      '--- shutdown ----+-----------------'
 *      ^                 |
 *      |              suspend ^ resume
 *      |                 v    |
 *      '--- shutdown --- Suspended
 *
 * vm_state_apply makes every move but pause and unpause, which leave the
 * domain as it is and are recorded by lifecycle.c.  A revert (revert.c) leads from
 * any state to Halted or, if the snapshot has memory, to Suspended.
 *
 * Callers: the lifecycle operations with their own outcome, and the events and
 * listings of xenopsd (api/sync/).  All run inside a db_write.
 */
#ifndef API_VM_STATE_H
#define API_VM_STATE_H

#include "api/xapi.h"
#include "db/db.h"
#include "gen/types.h"
#include "gen/xenops.h"

/*
 * Brings a VM's record, its metrics, guest metrics, consoles and the
 * currently_attached of its devices into line with a domain; state halted
 * (or d NULL) means that there is none.  Refreshes allowed_operations of the
 * VM and its devices.  No effect if there is no such VM.
 */
void vm_state_apply(struct db_txn *t, const struct xapi *x,
    const struct ref *vm, const struct xenops_domain_info *d);

/* The VM goes on from its memory no more.  The disk that it had it on, or null:
 * to be removed (suspend.h), for which it is marked. */
struct ref vm_memory_forget(struct db_txn *t, const struct ref *vm);

/* Recomputes allowed_operations of a VM, its VBDs, VIFs and their VDIs. */
void vm_state_refresh(struct db_txn *t, const struct ref *vm);

#endif
