/*
 * Making and removing disks, for VDI.*, VM.clone, VM.provision and imports.
 * Each does the work in xenopsd and the record, or neither.  All return 0 or
 * -1 with c->err set; task and stream threads.
 */
#ifndef API_STORAGE_VDI_MAKE_H
#define API_STORAGE_VDI_MAKE_H

#include "api/call.h"
#include "gen/types.h"

/* given: the fields of the constructor.  Size is rounded up by the SR. */
int vdi_make(struct call *c, const struct vdi *given, struct ref *result);

enum vdi_copy_kind { VDI_COPY_CLONE, VDI_COPY_SNAPSHOT };

/* A copy of a disk at this moment, in its SR, under its operation lock. */
int vdi_duplicate(struct call *c, const struct ref *source,
    enum vdi_copy_kind kind, struct ref *result);
/* Every byte into a new disk in sr (null: the source's). */
int vdi_copy_to(struct call *c, const struct ref *source,
    const struct ref *sr, struct ref *result);
/* Bytes and record; VDI_IN_USE while a VM that is on has it. */
int vdi_remove(struct call *c, const struct ref *vdi);
/* Before a record goes: CD drives outlive the disk in them, other VBDs not. */
void vdi_eject(struct db_txn *t, const struct vdi *vdi);

#endif
