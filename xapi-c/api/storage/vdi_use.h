/*
 * Who has a disk, a drive or a suspended VM: the one answer for whoever wants
 * it.  Operations on the disk itself are its current_operations.
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

/* Is it the memory of a VM that is suspended, or about to be? */
bool vdi_is_memory(const struct view *v, const struct vdi *vdi);

#endif
