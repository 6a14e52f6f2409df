/*
 * The parts of sync.c.  Each brings one group of objects into line; the seed
 * needs no xenopsd, the others run on the sync thread with what it answered,
 * but for one.
 * All may run again at any time and change nothing that is right already.
 */
#ifndef API_SYNC_PARTS_H
#define API_SYNC_PARTS_H

#include "api/call.h"
#include "gen/types.h"
#include "gen/xenops.h"

/* Pool, host, host_metrics, SMs, templates, roles; sets x->pool and x->host.
 * 0 or -errno. */
int sync_seed(struct xapi *x);
/* Default templates, inside a write that has the pool's draft. */
void sync_templates(struct db_txn *t, struct pool *pool);
/* SMs, inside a write. */
void sync_sms(struct db_txn *t);
/* Host, host_metrics, host_cpus and the control domain. */
int sync_host(struct call *c, const struct xenops_host_info *h);
/* PCIs, PGPUs, PUSBs and their groups. */
int sync_devices(struct call *c, const struct xenops_host_info *h);
/* host_crashdumps, and an alert for each new one; not if one was forgotten since
 * that count of x->moves, at which h was read. */
int sync_crashes(struct call *c, const struct xenops_host_info *h,
    uint64_t moves);
/* PIFs and networks; makes the bridges. */
int sync_networks(struct call *c, const struct xenops_host_info *h);
/* Those of NICs that have none, on any thread: what is known stays what the last
 * event said. */
int sync_new_nics(struct call *c, const struct xenops_host_info *h);
/* Tells x->presence what xenopsd says, whatever the database can take. */
void sync_presence(struct xapi *x, const struct xenops_host_info *h);
/* The same from the records: what was known when this process began, so that
 * the API is there while xenopsd is not. */
void sync_presence_known(struct call *c);
/* PIFs only, after host_changed: addresses, carriers. */
int sync_pifs(struct call *c, const struct xenops_host_info *h);
/*
 * Starts what is to start with the host, once after each boot of the machine:
 * a restart of xapi that comes before all were tried tries the others.  On a
 * thread of its own, for as long as VMs and their delays take, or until
 * is_over.
 */
int sync_autostart(struct call *c, bool (*is_over)(void *arg), void *arg);

#endif
