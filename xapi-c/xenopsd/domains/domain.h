/*
 * Domains: what workers do with them.  All block for as long as it takes and
 * run in a process of their own, alone on their VM (worker.h).  They keep
 * KEPT_DIR (kept.h) in step with what exists, before it changes, so that a
 * kill at any point leaves nothing that domain_reap does not find.  What a
 * hypervisor is asked to do is in hv.h: the simulator's domains go through the
 * same code.
 */
#ifndef XENOPSD_DOMAINS_DOMAIN_H
#define XENOPSD_DOMAINS_DOMAIN_H

#include "xenopsd/core/request.h"
#include "xenopsd/domains/hv.h"
#include "xenopsd/domains/kept.h"

/* Handlers of the requests of the same names, in workers. */
request_handler domain_vm_start, domain_vm_shutdown, domain_vm_reboot;
request_handler domain_vm_suspend, domain_vm_resume, domain_vm_image_check;
request_handler domain_vm_wake;
request_handler domain_vm_set_memory;
request_handler domain_vbd_plug, domain_vbd_unplug;
request_handler domain_vif_plug, domain_vif_unplug, domain_vif_change;
/* After a killed worker. */
request_handler domain_reap_vm_suspend, domain_reap_vm_image_check;
request_handler domain_reap, domain_reap_vbd_plug, domain_reap_vif_plug;
request_handler domain_reap_vbd_unplug, domain_reap_vif_unplug;
request_handler domain_reap_vif_change;

/* Their rows in the tables of a worker (worker_child), xenopsd's and the
 * simulator's. */
#define DOMAIN_HANDLERS \
	[XENOPS_VM_START] = domain_vm_start, \
	[XENOPS_VM_SHUTDOWN] = domain_vm_shutdown, \
	[XENOPS_VM_REBOOT] = domain_vm_reboot, \
	[XENOPS_VM_SUSPEND] = domain_vm_suspend, \
	[XENOPS_VM_RESUME] = domain_vm_resume, \
	[XENOPS_VM_IMAGE_CHECK] = domain_vm_image_check, \
	[XENOPS_VM_WAKE] = domain_vm_wake, \
	[XENOPS_VM_SET_MEMORY] = domain_vm_set_memory, \
	[XENOPS_VBD_PLUG] = domain_vbd_plug, \
	[XENOPS_VBD_UNPLUG] = domain_vbd_unplug, \
	[XENOPS_VIF_PLUG] = domain_vif_plug, \
	[XENOPS_VIF_UNPLUG] = domain_vif_unplug, \
	[XENOPS_VIF_CHANGE] = domain_vif_change
#define DOMAIN_REAPERS \
	[XENOPS_VM_START] = domain_reap, \
	[XENOPS_VM_SHUTDOWN] = domain_reap, \
	[XENOPS_VM_REBOOT] = domain_reap, \
	[XENOPS_VM_SUSPEND] = domain_reap_vm_suspend, \
	[XENOPS_VM_RESUME] = domain_reap, \
	[XENOPS_VM_IMAGE_CHECK] = domain_reap_vm_image_check, \
	[XENOPS_VM_SET_MEMORY] = domain_vm_set_memory, \
	[XENOPS_VBD_PLUG] = domain_reap_vbd_plug, \
	[XENOPS_VBD_UNPLUG] = domain_reap_vbd_unplug, \
	[XENOPS_VIF_PLUG] = domain_reap_vif_plug, \
	[XENOPS_VIF_UNPLUG] = domain_reap_vif_unplug, \
	[XENOPS_VIF_CHANGE] = domain_reap_vif_change

/* The block device of a disk, attached to the host for its VBD; *device NULL:
 * an empty drive.  Attaching twice is fine. */
int domain_attach_disk(struct request *rq, const struct xenops_disk_spec *d,
    const char **device);
/* Waits for the last user inside the kernel to let go. */
int domain_detach_disk(struct request *rq, const struct xenops_disk_spec *d);

/*
 * What is known of a domain; d NULL: it has none at present.  k NULL: not one
 * of ours.  Asks the guest's data.
 */
void domain_info_fill(struct hv *hv, struct arena *a, const char *uuid,
    const struct hv_domain *d, const struct kept *k,
    struct xenops_domain_info *out);
/* One of ours on which nobody works: what is to be done?  XENOPS_N: nothing.
 * d NULL: it has no domain. */
enum xenops_message domain_remedy(const struct hv_domain *d,
    const struct kept *k);

#endif
