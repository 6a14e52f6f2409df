/*
 * Whether ssh is open, as kept in a file that dom0's service of ssh reads: the
 * second since 1970 at which it closes, or 0; without the file it is closed.
 * The setter runs in a worker; the simulator has the same, in a folder of its
 * own and without a service.
 */
#ifndef XENOPSD_MACHINE_SSH_H
#define XENOPSD_MACHINE_SSH_H

#include "gen/xenops.h"
#include "xenopsd/core/request.h"

#define SSH_CLOSED (-1)		/* as host_info.ssh_until */

struct ssh {
	const char *dir;	/* of the file, made when it is needed */
	const char *control;	/* of the service's supervisor; NULL: none */
};

/* dom0's. */
extern const struct ssh ssh_real;

/* As host_info.ssh_until.  What cannot be read is closed. */
int64_t ssh_until(struct arena *a, const struct ssh *s);
int ssh_set(struct request *rq, const struct ssh *s,
    const struct xenops_ssh_set_args *a);

/* The handler of the real host. */
request_handler host_ssh_set;

#endif
