/*
 * Power operations: start, shutdown, reboot, pause, unpause.  Each takes the
 * VM's operation lock, asks xenopsd, and records the outcome in the write that
 * releases the lock.
 */
#ifndef API_VM_LIFECYCLE_H
#define API_VM_LIFECYCLE_H

#include "api/call.h"
#include "gen/types.h"

/* VM.shutdown, with guest_s seconds for the guest to go by itself before it is
 * forced; 0: at once.  c is a task. */
int vm_stop_within(struct call *c, const struct ref *ref, int64_t guest_s);
/* Ends the VM's domain at once, if it has one, under an operation lock; the
 * record stays as it is. */
int vm_end_domain(struct call *c, const struct vm *vm);

#endif
