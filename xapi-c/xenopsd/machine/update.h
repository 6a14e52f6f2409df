/*
 * The request update_open: an update of the host, by a program of its own that
 * trusts nobody but those who sign updates (update/apply.h).  xapi hands it the
 * image's bytes and hears how it goes.  The program outlives the request and
 * xenopsd: it ends with the other end of its socket.
 */
#ifndef XENOPSD_MACHINE_UPDATE_H
#define XENOPSD_MACHINE_UPDATE_H

#include "xenopsd/core/request.h"

/* Main thread; like a handler. */
int update_open(struct request *rq, const char *program);

#endif
