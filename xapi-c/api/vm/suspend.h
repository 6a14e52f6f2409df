/*
 * VM.suspend and VM.resume.  VM.suspend_VDI names the disk with the memory from
 * before the first byte is written until the VM runs again or has ended, so
 * that a VM whose domain is gone meanwhile is Suspended and not Halted
 * (state.h).  A resume needs a whole image, which xenopsd checks.
 */
#ifndef API_VM_SUSPEND_H
#define API_VM_SUSPEND_H

#include "api/oplock.h"

/* Removes a disk that is the memory of no VM any more, after the write that
 * called vm_memory_forget; null: none.  Failures are logged, and made good by
 * vm_images_sweep; c->err stays what it was. */
void vm_image_remove(struct call *c, const struct ref *vdi);
/* In a write: before a VM gets it for its memory, for until then clients may
 * destroy it.  False with c->err set: they did; null is there. */
bool vm_memory_is_there(struct call *c, struct db_txn *t,
    const struct ref *vdi);
/* Removes all such disks that were left, when the SRs are attached. */
void vm_images_sweep(struct call *c);

/* Both under an operation lock on the VM that stays: -1 with c->err set, and the
 * VM as it was.  A resume is not cancelled with its task. */
int vm_suspend_under(struct call *c, struct oplock *lock);
int vm_resume_under(struct call *c, struct oplock *lock, bool paused);

#endif
