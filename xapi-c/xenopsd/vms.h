/*
 * The main process's view of all domains.  Learns from xenstore that one came
 * or went, or ended by itself; then does what its VM's specification says
 * (restart, destroy, preserve) by requests to workers, whether or not xapi is
 * there; and tells xapi by domain_changed.  After a restart of xenopsd it
 * finds everything again from libxl and kept.h, and has cleared away what its
 * predecessor's workers left.
 */
#ifndef XENOPSD_VMS_H
#define XENOPSD_VMS_H

#include "xenopsd/daemon.h"
#include "xenopsd/request.h"

struct vms;

struct vms *vms_new(struct daemon *d);		/* NULL, logged */
void vms_free(struct vms *v);
/* A worker's request on the VM has ended: look at it and tell. */
void vms_touched(struct vms *v, const char *uuid);

/* Handlers. */
request_handler vms_domain_list, vms_vm_pause, vms_vm_unpause;
request_handler vms_console_open;

#endif
