/*
 * The snapshots of a schedule (VMSS): one of each of its VMs, and away with the
 * oldest beyond those that it keeps.  Alerts tell how it went.
 */
#ifndef API_VM_SCHEDULE_RUN_H
#define API_VM_SCHEDULE_RUN_H

#include "api/call.h"

/* A schedule that was due while nobody looked is made up for after so long at the
 * most: a restart of the host does not lose the night's. */
#define SCHEDULE_GRACE_S (20 * 60)

/* Takes them, under a task of its own; the VMs that failed do not keep the others
 * from it.  0, or -1 with the first error in c->err. */
int schedule_run(struct call *c, const struct ref *schedule);
/* Those that are due since that time of the wall clock, in seconds, or within the
 * grace; until is_over. */
void schedules_run_due(struct call *c, int64_t since,
    bool (*is_over)(void *arg), void *arg);

#endif
