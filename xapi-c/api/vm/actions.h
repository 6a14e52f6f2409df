/*
 * What follows when a guest shuts down, reboots or crashes: from the VM's record
 * to xenopsd, which acts by it whether or not xapi is there.  A domain gets it
 * when it starts, and again when the record changes.  Any thread.
 */
#ifndef API_VM_ACTIONS_H
#define API_VM_ACTIONS_H

#include "api/call.h"
#include "gen/types.h"
#include "gen/xenops.h"

struct xenops_vm_actions vm_actions(const struct vm *vm);
/* Has the VM a domain that would do something else? */
bool vm_actions_differ(const struct vm *vm,
    const struct xenops_domain_info *d);
/* Compares them, as they are now, and tells the domain. */
void vm_actions_agree(struct call *c, const struct ref *vm,
    const struct xenops_domain_info *d);
/* Tells the VM's domain, if there is one.  What does not reach xenopsd is left
 * to sync/, which compares when they meet again. */
void vm_actions_tell(struct call *c, const struct ref *vm);

#endif
