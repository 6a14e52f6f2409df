/*
 * What a guest starts by: HVM_boot_params:firmware, for HVM guests and for PVH
 * guests that have no kernel of the host's.  What this host's UEFI has not
 * (Secure Boot, a TPM) is refused by the field's name.
 */
#ifndef API_VM_FIRMWARE_H
#define API_VM_FIRMWARE_H

#include "api/call.h"
#include "gen/store.h"
#include "gen/xenops.h"

/* Fills out->firmware; out->type and out->boot are there already. */
int vm_firmware(struct call *c, const struct vm *vm,
    struct xenops_vm_spec *out);

#endif
