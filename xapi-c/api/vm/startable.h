/*
 * What only matters when a VM starts is checked then, so that clients may set
 * its fields in any order: each is named here, before xenopsd would refuse the
 * whole.  Any thread; sets c->err and returns -1.
 */
#ifndef API_VM_STARTABLE_H
#define API_VM_STARTABLE_H

#include "api/call.h"
#include "gen/types.h"
#include "gen/xenops.h"

/* Could it start on this host now: host enabled, SRs, devices.  The domain it
 * would be is in *spec, as vm_spec makes it. */
int vm_check_host(struct call *c, const struct vm *vm,
    struct xenops_vm_spec *spec);
int vm_check_startable(struct call *c, const struct vm *vm,
    const struct host *host);
/* Data for the guest: size, number and keys. */
int vm_check_xenstore_data(struct call *c, struct vec data);

#endif
