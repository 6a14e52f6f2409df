/*
 * The objects around a VM that follow its domain.  vm_state_apply (state.h)
 * calls these inside its write, after it has set power_state and domid; sync/
 * does for dom0.
 */
#ifndef API_VM_GUEST_H
#define API_VM_GUEST_H

#include "api/xapi.h"
#include "db/db.h"
#include "gen/types.h"
#include "gen/xenops.h"

/*
 * VM_metrics (made if missing; vm->metrics is set in the draft) and
 * VM_guest_metrics (made once the guest wrote something, deleted with the
 * domain).  d NULL or halted: no domain.
 */
void guest_metrics_apply(struct db_txn *t, struct vm *vm,
    const struct xenops_domain_info *d);
/* The consoles of a VM that is on, its screen (rfb; dom0 has none) and its text
 * (vt100); none for one that is off. */
void guest_console_apply(struct db_txn *t, const struct xapi *x,
    const struct vm *vm, bool on);

#endif
