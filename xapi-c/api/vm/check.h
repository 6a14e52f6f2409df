/*
 * Rules about a VM's record that several messages share.  Each sets c->err and
 * returns -1 when a rule is broken.
 */
#ifndef API_VM_CHECK_H
#define API_VM_CHECK_H

#include "api/call.h"
#include "gen/types.h"

/* INVALID_VALUE with the number that was sent. */
int vm_bad_number(struct call *c, const char *field, int64_t value);
/* static_min <= dynamic_min <= dynamic_max <= static_max, none negative, and
 * the greater two enough to run in. */
int vm_check_memory(struct call *c, const struct vm *vm);
/* 1 <= at_startup <= max. */
int vm_check_vcpus(struct call *c, const struct vm *vm);
/* Marks the device numbers below n that VBDs (or VIFs) of the VM have. */
void vm_devices_used(const struct db_root *root, const struct vm *vm,
    bool vifs, bool *used, int n);

#endif
