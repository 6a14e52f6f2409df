/* How deep idle CPUs may sleep: host.max_cstate, which the hypervisor is told. */
#ifndef API_HOST_CSTATE_H
#define API_HOST_CSTATE_H

#include "api/call.h"

/* Tells a machine that may have started anew, if there is a limit; -1 with c->err
 * set. */
int cstate_again(struct call *c);

#endif
