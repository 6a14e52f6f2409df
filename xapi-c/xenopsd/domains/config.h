/* From a VM's specification to libxl's configuration.  Worker processes. */
#ifndef XENOPSD_DOMAINS_CONFIG_H
#define XENOPSD_DOMAINS_CONFIG_H

#include "xenopsd/core/request.h"
#include "xenopsd/domains/xl.h"

/* Fills an initialised *cfg, which the caller disposes of; devices[i] is the
 * block device of disk i, or NULL (left out).  0, or -1 with request_fail. */
int domain_config_fill(struct request *rq, struct xl *xl,
    const struct xenops_vm_spec *vm, const char *const *devices,
    libxl_domain_config *cfg);
void domain_config_disk(libxl_device_disk *disk,
    const struct xenops_disk_spec *d, const char *device, struct arena *a);
/* The drive of an HVM guest, with the block device that is in it, or NULL. */
void domain_config_drive(libxl_device_disk *disk,
    const struct xenops_disk_spec *d, const char *device, struct arena *a);
void domain_config_nic(libxl_device_nic *nic, const struct xenops_nic_spec *n);

#endif
