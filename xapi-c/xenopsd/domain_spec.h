/*
 * Checks of what xapi asks for, before anything acts on it: uuids, names,
 * numbers and the limits below.  Pure functions; no Xen, no file system but
 * for kernels.  On failure -1 and request_fail() was called.
 */
#ifndef XENOPSD_DOMAIN_SPEC_H
#define XENOPSD_DOMAIN_SPEC_H

#include "xenopsd/request.h"

#define SPEC_MIN_MEMORY (16ll << 20)
#define SPEC_MAX_VCPUS 128
#define SPEC_MAX_DISKS 64
#define SPEC_MAX_DISK_DEVICE 254
#define SPEC_MAX_NICS 16
#define SPEC_MAX_NIC_DEVICE 31
#define SPEC_MAX_TEXT 1024		/* command line, name */
#define SPEC_MAX_DATA 256		/* entries of xenstore_data */
#define SPEC_MAX_DATA_VALUE 2048
#define SPEC_KERNEL_DIR "/state/kernels"	/* made by the boot script */

int spec_check_uuid(struct request *rq, const char *uuid);
int spec_check_vm(struct request *rq, const struct xenops_vm_spec *vm);
int spec_check_disk(struct request *rq, const struct xenops_disk_spec *d);
int spec_check_nic(struct request *rq, const struct xenops_nic_spec *n);
bool spec_mac_parse(const char *text, uint8_t mac[static 6]);
/* An interface's name: letters, digits and -_. only, fits the kernel. */
bool spec_ifname_ok(const char *name);
/* Whether an entry of xenstore_data is for the guest: below vm-data, in plain
 * characters.  Clients keep other things there, which are not. */
bool spec_data_goes(const char *key);
/* The path of a kernel or ramdisk in folder; no links, and nothing else. */
int spec_kernel_path(struct request *rq, const char *folder, const char *name,
    const char **path);
/* "xvda" for 0; static number of the device in xenstore. */
const char *spec_disk_name(struct arena *a, int64_t device);
int64_t spec_disk_devid(int64_t device);

#endif
