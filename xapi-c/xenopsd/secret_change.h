/*
 * The request secret_set: root's password is replaced by whoever knows it.  xapi
 * is not trusted with that, as the same password opens the console.  Wrong ones
 * are slowed as logins are.  Main thread of xenopsd and of the simulator.
 */
#ifndef XENOPSD_SECRET_CHANGE_H
#define XENOPSD_SECRET_CHANGE_H

#include <sys/types.h>

#include "base/guesses.h"
#include "xenopsd/request.h"

/* Like a handler.  group: who else may read the file at path. */
int secret_change(struct request *rq, struct guesses *g, const char *path,
    gid_t group, const struct xenops_secret_set_args *a);

#endif
