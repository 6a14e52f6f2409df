/* When a schedule of snapshots is due: times of the host's local clock, in seconds
 * as if it were UTC's.  Pure. */
#ifndef API_VM_SCHEDULE_DUE_H
#define API_VM_SCHEDULE_DUE_H

#include <stdint.h>

#include "gen/types.h"

/* The last time at or before now; a schedule always has one. */
int64_t schedule_due(const struct vmss *s, int64_t now);

#endif
