/*
 * Bringing an SR's record into line with what xenopsd finds in it.  0, or -1
 * with c->err set; task and sync threads.
 */
#ifndef API_STORAGE_SR_SCAN_H
#define API_STORAGE_SR_SCAN_H

#include "api/call.h"
#include "gen/types.h"
#include "gen/xenops.h"

/* Makes records of disks found, marks those gone as missing, sets sizes.  The
 * caller has the SR's lock; sr_scan_locked takes it. */
int sr_scan(struct call *c, const struct sr *sr);
int sr_scan_locked(struct call *c, const struct ref *sr);
/* VDI.location: its place in the SR. */
const char *vdi_location(const struct sr *sr,
    const struct xenops_vdi_info *info);
/* What a disk takes of its SR; the figure of before if that is not known. */
int64_t vdi_used(const struct xenops_vdi_info *info, int64_t before);

#endif
