/*
 * How deep idle CPUs may sleep.  The hypervisor forgets it with the machine's
 * start; whoever set it sets it again.  In a worker; the simulator has its own.
 */
#ifndef XENOPSD_MACHINE_CSTATE_H
#define XENOPSD_MACHINE_CSTATE_H

#include "gen/xenops.h"
#include "xenopsd/core/request.h"

#define CSTATE_MAX 99

/* -1 with the request's error set: there are no such states. */
int max_cstate_check(struct request *rq,
    const struct xenops_host_set_max_cstate_args *a);

/* The handler of the real host. */
request_handler xen_set_max_cstate;

#endif
