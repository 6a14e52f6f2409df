/*
 * What each request to a worker works on, and so which ones wait for which
 * (worker.h).  The strings are the request's.  Main thread.
 */
#ifndef XENOPSD_CORE_REQUEST_KEY_H
#define XENOPSD_CORE_REQUEST_KEY_H

#include "xenopsd/core/worker.h"

/* The name in the key of secret_set: one at a time is let in. */
#define REQUEST_KEY_SECRET "secret"

struct worker_key request_key(const struct request *rq);
/* The uuid of the VM whose domain it changes, or NULL. */
const char *request_vm(const struct request *rq);

#endif
