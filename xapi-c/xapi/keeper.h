/*
 * Looks after the database file while xapi runs, on a thread of its own: makes
 * a rolling copy every hour in which something has changed, in the folder
 * copies of the state folder (not when that is memory), and shows an alert as
 * long as the disk refuses writes, which is stored when it takes them again.
 */
#ifndef XAPI_KEEPER_H
#define XAPI_KEEPER_H

#include "api/xapi.h"

struct keeper;

/* Before the database is opened; the result is the argument of keeper_disk. */
struct keeper *keeper_new(struct xapi *x);
/* For db_config.disk. */
void keeper_disk(void *arg, int rc);
/* Once x->db and x->pool are set.  0 or -errno. */
int keeper_start(struct keeper *k);
/* Waits for what it does; before the database is closed. */
void keeper_stop(struct keeper *k);
/* After that. */
void keeper_free(struct keeper *k);

#endif
