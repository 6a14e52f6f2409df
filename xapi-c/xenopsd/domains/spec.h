/*
 * Checks of what xapi asks for, before anything acts on it: uuids, names,
 * numbers and the limits of base/vm_limits.h.  Pure functions; no Xen, no file system but
 * for kernels.  On failure -1 and request_fail() was called.
 */
#ifndef XENOPSD_DOMAINS_SPEC_H
#define XENOPSD_DOMAINS_SPEC_H

#include "base/vm_limits.h"
#include "xenopsd/core/request.h"
#include "xenopsd/network/lock.h"

#define SPEC_KERNEL_DIR "/state/kernels"	/* made by the boot script */

int spec_check_uuid(struct request *rq, const char *uuid);
int spec_check_vm(struct request *rq, const struct xenops_vm_spec *vm);
int spec_check_disk(struct request *rq, const struct xenops_disk_spec *d);
int spec_check_nic(struct request *rq, const struct xenops_nic_spec *n);
/* What a checked one may send; names in it are n's. */
void spec_lock(const struct xenops_nic_spec *n, struct lock *l_out);
/* A drive that QEMU emulates: media come and go while the guest runs, but not
 * the drive.  That of another guest comes and goes with its medium. */
bool spec_is_drive(const struct xenops_vm_spec *vm,
    const struct xenops_disk_spec *d);
bool spec_mac_parse(const char *text, uint8_t mac[static 6]);
/* The path of a kernel or ramdisk in folder; no links, and nothing else. */
int spec_kernel_path(struct request *rq, const char *folder, const char *name,
    const char **path);
/* "xvda" for 0; static number of the device in xenstore. */
const char *spec_disk_name(struct arena *a, int64_t device);
int64_t spec_disk_devid(int64_t device);

#endif
