/*
 * The memory of a VM that runs: its dynamic range, told to its domain.
 */
#ifndef API_VM_MEMORY_H
#define API_VM_MEMORY_H

#include "api/call.h"
#include "gen/types.h"
#include "gen/xenops.h"

/* Bytes that a start takes beside the VM's memory, and at least in all. */
int64_t vm_memory_beside(const struct vm *vm);
int64_t vm_memory_needed(const struct vm *vm);
/* What is known of the host's; NULL: nothing. */
const struct host_metrics *vm_host_metrics(const struct call *c);
/* Is there as much, as far as is known: the host may know better.  0, or -1
 * with c->err set. */
int vm_check_memory_free(struct call *c, const struct vm *vm);
/* Does its domain keep to another range than the record has? */
bool vm_memory_differs(const struct vm *vm,
    const struct xenops_domain_info *d);
/* Tells the domain the record's range; a failure is logged, and what is heard
 * of the domain next tells again. */
void vm_memory_tell(struct call *c, const struct ref *vm);
/* It is suspended: what it is to have when it goes on. */
void vm_memory_suspended(struct db_txn *t, struct vm *vm);
/* All of that: what is in its image, must fit.  Its range it is told then. */
void vm_memory_resumed(const struct vm *vm, struct xenops_vm_spec *spec);

#endif
