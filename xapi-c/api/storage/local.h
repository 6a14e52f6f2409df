/*
 * The first SR of an installed host: on the partition that the installer keeps
 * for it, made once, "Local storage".  An SR that is there already (it came
 * through a reinstallation) is introduced with its disks.  host.local_sr, which
 * is written together with the SR's record, says that it was done: what an
 * operator destroys or forgets does not come back.  The storage thread of
 * api/sync/sync.h.
 */
#ifndef API_STORAGE_LOCAL_H
#define API_STORAGE_LOCAL_H

#include "api/call.h"

/* 0, or -1 with c->err set when it is to be called again.  What no second try
 * mends is told by a message, and is 0.  *kept_out: this host keeps a
 * partition for its SR. */
int sr_local_sync(struct call *c, bool *kept_out);

#endif
