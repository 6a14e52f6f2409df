/*
 * Domains: what workers do with them.  All block for as long as it takes and
 * run in a process of their own, alone on their VM (worker.h).  They keep
 * KEPT_DIR (kept.h) in step with what exists, before it changes, so that a
 * kill at any point leaves nothing that domain_reap does not find.
 */
#ifndef XENOPSD_DOMAIN_H
#define XENOPSD_DOMAIN_H

#include "xenopsd/kept.h"
#include "xenopsd/request.h"
#include "xenopsd/xl.h"

/* Handlers of the requests of the same names, in workers. */
request_handler domain_vm_start, domain_vm_shutdown, domain_vm_reboot;
request_handler domain_vbd_plug, domain_vbd_unplug;
request_handler domain_vif_plug, domain_vif_unplug;
/* After a killed worker. */
request_handler domain_reap, domain_reap_vbd_plug, domain_reap_vif_plug;
request_handler domain_reap_vbd_unplug, domain_reap_vif_unplug;

/* The block device of a disk, attached to the host for its VBD; *device NULL:
 * an empty drive.  Attaching twice is fine. */
int domain_attach_disk(struct request *rq, const struct xenops_disk_spec *d,
    const char **device);
/* Waits for the last user inside the kernel to let go. */
int domain_detach_disk(struct request *rq, const struct xenops_disk_spec *d);

/*
 * What is known of a domain; info NULL: it has none at present.  k NULL: not
 * one of ours.  Guest data is bounded and made printable.
 */
void domain_info_fill(struct xl *xl, struct arena *a, const char *uuid,
    const libxl_dominfo *info, const struct kept *k,
    struct xenops_domain_info *out);

#endif
