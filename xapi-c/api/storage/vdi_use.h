/*
 * Which drive has a disk: the one answer for whoever wants it.  Operations on
 * the disk itself are its current_operations; here are VBDs only.
 */
#ifndef API_STORAGE_VDI_USE_H
#define API_STORAGE_VDI_USE_H

#include "api/view.h"
#include "gen/types.h"

/*
 * A drive that has the disk and stands in the way of a new use, or NULL.
 * Readers share a disk; a writer is alone.  drive: the VBD that wants the disk,
 * beside which also those count that get it by the same start of their VM; NULL:
 * something else wants it.
 */
const struct vbd *vdi_use_conflict(const struct view *v,
    const struct vdi *vdi, const struct vbd *drive, bool writes);

#endif
