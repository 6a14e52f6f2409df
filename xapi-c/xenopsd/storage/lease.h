/*
 * Leases: disks that xapi has open (vdi_open) to stream into or out of.  They
 * belong to the connection that opened them and end with it.  Here are the
 * books, in the main process of xenopsd and in the simulator, one thread; the
 * work on the disk is lease_handle's, which a worker does: a disk that hangs
 * holds up nobody else.
 *
 * The program of an image (disk_image.h) ends before its lease does, by force if
 * it must: it may hang and write later.  Until then the disk is in use.
 *
 * A lease that cannot be ended (whoever took its descriptor keeps it) is tried
 * again until it can, also by the next process: the note of its use (storage.h)
 * is there as long as the lease is.
 */
#ifndef XENOPSD_STORAGE_LEASE_H
#define XENOPSD_STORAGE_LEASE_H

#include "xenopsd/core/loop.h"
#include "xenopsd/core/request.h"
#include "xenopsd/storage/storage.h"

#define LEASES_MAX 256
#define LEASE_RETRY_MS 5000	/* at first; doubled each time, up to 16 times */

struct leases;

struct leases_config {
	const struct storage_env *env;
	struct loop *loop;
	int64_t retry_ms;
	/* Has lease_handle run on rq: an answer at once, or REQUEST_PENDING
	 * and a call of leases_ended later. */
	request_handler *run;
	/* Makes a vdi_close of xenopsd's own, which comes to leases_close. */
	void (*submit)(void *daemon, const struct xenops_vdi_close_args *a);
	void *daemon;
};

/* Takes over what an earlier process left, to end it. */
struct leases *leases_new(const struct leases_config *cfg);
/* Ends none: the next process does. */
void leases_free(struct leases *l);
/* vdi_open and vdi_close; they return as handlers do. */
int leases_open(struct leases *l, struct request *rq,
    const struct xenops_vdi_open_args *a, struct xenops_vdi_open_result *r);
int leases_close(struct leases *l, struct request *rq,
    const struct xenops_vdi_close_args *a);
/* The same over the leases of the main process, as its handlers. */
request_handler lease_vdi_open, lease_vdi_close;
/* A request that run has left pending is about to be answered. */
void leases_ended(struct leases *l, const struct request *rq, bool ok);
void leases_disconnected(struct leases *l, uint32_t connection);
/* Whether that user of a disk (storage.h) is a lease, which only these books
 * may end. */
bool lease_is_user(const char *user);

/* What vdi_open and vdi_close do to the disk.  Blocks. */
int lease_handle(struct request *rq, const struct storage_env *env,
    const void *args, void *result);
/* After a killed one: the lease it was about has ended then. */
int lease_reap(struct request *rq, const struct storage_env *env);

#endif
