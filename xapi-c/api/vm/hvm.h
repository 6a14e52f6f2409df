/*
 * What an HVM guest has besides: its firmware's boot order and the emulated
 * hardware of VM.platform, as xenopsd wants them.  What this host does not
 * know is refused by the field's name, before anything is made.
 */
#ifndef API_VM_HVM_H
#define API_VM_HVM_H

#include "api/call.h"
#include "gen/store.h"
#include "gen/xenops.h"

/* Fills out->hvm; out->disks are there already. */
int vm_hvm_spec(struct call *c, const struct vm *vm,
    struct xenops_vm_spec *out);

#endif
