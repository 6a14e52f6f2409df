/*
 * Leases: disks that xapi has open (vdi_open) to stream into or out of.  They
 * belong to the connection that opened them and end with it.  Main process of
 * xenopsd, and the simulator; one thread.
 */
#ifndef XENOPSD_STORAGE_LEASE_H
#define XENOPSD_STORAGE_LEASE_H

#include "xenopsd/request.h"
#include "xenopsd/storage.h"

#define LEASES_MAX 256

struct leases;

struct leases *leases_new(const struct storage_env *env);
void leases_free(struct leases *l);		/* ends all */
/* The handlers of vdi_open and vdi_close. */
int leases_open(struct leases *l, struct request *rq,
    const struct xenops_vdi_open_args *a, struct xenops_vdi_open_result *r);
int leases_close(struct leases *l, struct request *rq,
    const struct xenops_vdi_close_args *a);
void leases_disconnected(struct leases *l, uint32_t connection);
/* Whether that user of a disk (storage.h) is a lease that lives. */
bool leases_alive(const struct leases *l, const char *user);

#endif
