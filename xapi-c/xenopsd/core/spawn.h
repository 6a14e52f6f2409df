/*
 * Programs that outlive the request that started them, and xenopsd: they are
 * init's, and end with the other end of their sockets.  Any process of xenopsd.
 */
#ifndef XENOPSD_CORE_SPAWN_H
#define XENOPSD_CORE_SPAWN_H

#include "xenopsd/core/cgroup.h"

struct spawn {
	const char *const *argv;	/* ends with NULL */
	int fds[3];			/* its descriptors 0, 1 and 2 */
	int lock;			/* that it holds as long as it lives
					 * (holder.h), or -1 */
	const char *group;		/* that it is in from its begin on, */
	struct cgroup_limits limits;	/* with these; NULL: in ours */
};

/* The descriptors stay the caller's.  0 or -errno. */
int spawn(const struct spawn *p);

struct spawn_program {
	const char *path;		/* NULL: there is none */
	const char *user;		/* that it becomes; NULL: stays ours */
	const char *group;		/* of all of them; NULL: none */
};

/* With a socket as its descriptor at, 0 or 1, and other, which is taken over, as
 * that of them that is left.  The socket's other end, or -errno; -ENOENT:
 * argv[0] is NULL. */
int spawn_on_socket(struct spawn *p, int at, int other);

#endif
