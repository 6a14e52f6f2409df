/*
 * What a VM takes of the host's memory beside its own: one truth for what xapi
 * answers and for what xenopsd makes room for.  Bytes.  What is beyond
 * base/vm_limits.h counts as that limit.
 */
#ifndef BASE_VM_MEMORY_H
#define BASE_VM_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

/* Domains are made of pieces of this size. */
#define VM_MEMORY_PIECE (2ll << 20)

/* Tables and the domain itself, by the greatest shape that it can have, as
 * libxl reckons where the processor has nested paging. */
int64_t vm_memory_tables(bool pv, int64_t memory_max, int64_t vcpus_max);
/* With what whole pieces add. */
int64_t vm_memory_overhead(bool pv, int64_t memory_max, int64_t vcpus_max);
/* The most memory, in whole MiB, that fits a total together with that. */
int64_t vm_memory_fits(bool pv, int64_t total, int64_t vcpus_max);

#endif
