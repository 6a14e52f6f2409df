/*
 * From records to what xenopsd is told: the specification of a domain, of a
 * disk and of a network interface.  Read from c->root; results live in the
 * call's arena.
 */
#ifndef API_VM_SPEC_H
#define API_VM_SPEC_H

#include "api/call.h"
#include "gen/types.h"
#include "gen/xenops.h"

/* The VM as a domain.  Fails when it cannot be one: no disk to boot from, SR
 * not attached, VDI in use by another VM, a domain type we do not start. */
int vm_spec(struct call *c, const struct vm *vm, struct xenops_vm_spec *out);

/* One disk, if the VM may have it now: VM_REQUIRES_SR when the SR is not
 * attached to this host, VDI_MISSING, VDI_IN_USE, VDI_READONLY. */
int vbd_spec(struct call *c, const struct vbd *vbd,
    struct xenops_disk_spec *out);
/* One network interface. */
int vif_spec(struct call *c, const struct vif *vif,
    struct xenops_nic_spec *out);

/* "0" or "xvda" or "sda" or "hda" as the disk's number; -1 if it is none. */
int vbd_device_number(const char *userdevice);
/* The SR of a VDI is attached to this host. */
bool sr_is_attached(const struct call *c, const struct ref *sr);

#endif
