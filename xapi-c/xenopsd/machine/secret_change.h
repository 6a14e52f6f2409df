/*
 * The request secret_set: root's password is replaced by whoever knows it.  xapi
 * is not trusted with that, as the same password opens the console.  Wrong ones
 * are slowed as logins are.
 *
 * In two steps, as a hash may take a second: the main thread keeps the guesses
 * and lets a request in or not, and a worker hashes and writes.
 */
#ifndef XENOPSD_MACHINE_SECRET_CHANGE_H
#define XENOPSD_MACHINE_SECRET_CHANGE_H

#include <sys/types.h>

#include "xenopsd/core/loop.h"
#include "xenopsd/core/request.h"

struct workers;
/* Who may try, and what the log is still to hear of those refused. */
struct secret_guard;

/* now_ms: a clock that nobody sets, the loop's. */
struct secret_guard *secret_guard_new(struct loop *l, int64_t (*now_ms)(void));
void secret_guard_free(struct secret_guard *g);	/* NULL is allowed */
/* Main thread, never waits.  0: rq may go on, and secret_change_ended must
 * follow; -1: it failed.  w may be NULL where nothing runs beside it. */
int secret_change_admit(struct request *rq, struct secret_guard *g,
    const struct workers *w);
void secret_change_ended(struct secret_guard *g, bool ok);
/* Worker; like a handler.  group: who else may read the file at path. */
int secret_change(struct request *rq, const char *path, gid_t group,
    const struct xenops_secret_set_args *a);

#endif
