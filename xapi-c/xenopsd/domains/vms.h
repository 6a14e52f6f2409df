/*
 * The main process's view of all domains.  Learns that one came or went, or
 * ended by itself; then does what its VM's specification says (restart,
 * destroy, preserve) by requests to workers, whether or not xapi is there; and
 * tells xapi by domain_changed.  After a restart of xenopsd it finds everything
 * again from the hypervisor and kept.h, and has cleared away what its
 * predecessor's workers left.
 *
 * One guest costs the others nothing: only what changed is looked at, a guest
 * that writes to xenstore at most once in VMS_GUEST_DELAY_MS (and its events are
 * not even received beyond VMS_GUEST_EVENTS), all of them in turn and at most
 * VMS_GUEST_TURN in VMS_GUEST_TURN_MS.  What all domains are is asked for in one
 * question, at most once in VMS_LIST_GAP_MS.
 */
#ifndef XENOPSD_DOMAINS_VMS_H
#define XENOPSD_DOMAINS_VMS_H

#include "xenopsd/core/daemon.h"
#include "xenopsd/core/request.h"

#define VMS_GUEST_DELAY_MS 1000
#define VMS_GUEST_EVENTS 64
#define VMS_GUEST_TURN 2
#define VMS_GUEST_TURN_MS 25
#define VMS_LIST_GAP_MS 100
/* Between two requests of our own on one VM: a guest that reboots at once, or
 * something that cannot be cleared away. */
#define VMS_RETRY_MS 10000

struct vms;

struct vms *vms_new(struct daemon *d);		/* NULL, logged */
void vms_free(struct vms *v);
/* A worker's request on the VM has ended: look at it and tell. */
void vms_touched(struct vms *v, const char *uuid);

/* Handlers. */
request_handler vms_domain_list, vms_vm_pause, vms_vm_unpause;
request_handler vms_vm_sysrq, vms_vm_trigger;
request_handler vms_vm_set_actions;
request_handler vms_console_open;

#endif
