/*
 * VM.blocked_operations: what an operator forbids to do to a VM, and why.  Its
 * setters are messages since allowed_operations follows from it.
 */
#ifndef API_VM_BLOCKED_H
#define API_VM_BLOCKED_H

#include "gen/types.h"

/* The text that op (enum vm_operations) is blocked with; NULL: it is not. */
const char *vm_blocked_by(const struct vm *vm, int op);

#endif
