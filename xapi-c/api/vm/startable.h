/*
 * What only matters when a VM starts is checked then, so that clients may set
 * its fields in any order: each is named here, before xenopsd would refuse the
 * whole.  Any thread; sets c->err and returns -1.
 */
#ifndef API_VM_STARTABLE_H
#define API_VM_STARTABLE_H

#include "api/call.h"
#include "gen/types.h"

int vm_check_startable(struct call *c, const struct vm *vm,
    const struct host *host);
/* Data for the guest: size, number and keys. */
int vm_check_xenstore_data(struct call *c, struct vec data);

#endif
