/*
 * Keeps the database true to the machine: a thread that, at start and at each
 * (re)connection to xenopsd, asks it for everything and rebuilds pool, host,
 * SMs, networks, PIFs, templates and the VMs' states, and in between applies
 * xenopsd's events.  A second thread does the same for SRs, which may take
 * long: VMs are not to be lost from sight meanwhile.  A third one starts the VMs
 * that start with the host, once both have looked.  The first pass is what
 * makes the API usable; requests that come before it find an empty host and
 * fail properly.
 */
#ifndef API_SYNC_H
#define API_SYNC_H

#include "api/call.h"

struct sync;

/* Before ops_start: pool, host and session classes exist when it returns, so
 * that logging in needs no xenopsd.  0 or -errno. */
int sync_new(struct xapi *x, struct sync **s_out);
/* Stops the threads.  False if one hangs in a call of xenopsd: then nothing
 * was freed, and the process should end without more ado. */
bool sync_free(struct sync *s);
/* Starts the threads; needs x->ops.  0 or -errno. */
int sync_start(struct sync *s);
/* The callbacks of struct ops_config; arg is the struct sync. */
void sync_connected(void *arg);
void sync_event(void *arg, uint16_t message, const void *record);
/* From db_config.disk, when the disk takes writes again: what it refused is
 * asked for once more. */
void sync_disk_works(struct sync *s);

#endif
