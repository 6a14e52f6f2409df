/*
 * The storage part of sync/; called on a thread of
 * its own at each connection to xenopsd.
 *
 * For every PBD of this host, attached before or not: sr_attach, then scan,
 * under the SR's operation lock.  A failure is logged and leaves
 * currently_attached false until the next time: what failed once may work
 * then.  An installed host gets its local SR (local.h); one that keeps no
 * partition for that, and has no SR at all, the small live one: type "file", name
 * "Local storage (memory)", device_config {location: memory}, and it becomes
 * pool.default_SR if that is null.
 * SR.type <-> xenops_sr_type: "file"+location=memory -> memory, "ext" and
 * "file" with a device -> file, "lvm" -> lvm, "iso" -> iso or nfs_iso, "nfs" -> nfs.
 */
#ifndef API_STORAGE_SYNC_H
#define API_STORAGE_SYNC_H

#include "api/call.h"

/* Before the first request: allowed_operations of SRs and VDIs, which live in
 * memory only.  0 or -errno. */
int storage_seed(struct xapi *x);
/* 0, or -1 with c->err set when it is to be called again. */
int storage_sync(struct call *c);

#endif
