/*
 * Snapshots as schedules take them: as VM.snapshot and VM.checkpoint do, and known
 * as a schedule's from the write that makes them.
 */
#ifndef API_VM_SNAPSHOT_H
#define API_VM_SNAPSHOT_H

#include "api/call.h"
#include "gen/methods.h"

int vm_snapshot_scheduled(struct call *c, const struct vm_snapshot_args *a);
int vm_checkpoint_scheduled(struct call *c,
    const struct vm_checkpoint_args *a);

#endif
