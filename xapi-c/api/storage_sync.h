/*
 * The storage part of sync.h (implemented beside sr.c): called on the sync
 * thread after pool, host, networks and SMs are up to date, before VMs.
 *
 * For every PBD of this host that was attached (or whose SR was attached when
 * xapi last ran): sr_attach, then scan; a failure is logged and leaves
 * currently_attached false.  A host without any SR gets the small live one:
 * type "file", name "Local storage (memory)", device_config
 * {location: memory}, and it becomes pool.default_SR if that is null.
 * SR.type <-> xenops_sr_type: "file"+location=memory -> memory, "ext" and
 * "file" with a device -> file, "lvm" -> lvm.
 * Also drops current_operations of VDIs and SRs and refreshes
 * allowed_operations.
 */
#ifndef API_STORAGE_SYNC_H
#define API_STORAGE_SYNC_H

#include "api/call.h"

/* 0, or -1 with c->err set when nothing could be done at all. */
int storage_sync(struct call *c);

#endif
