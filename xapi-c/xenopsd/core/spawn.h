/*
 * Programs that outlive the request that started them, and xenopsd: they are
 * init's, and end with the other end of their sockets.  Any process of xenopsd.
 */
#ifndef XENOPSD_CORE_SPAWN_H
#define XENOPSD_CORE_SPAWN_H

/* argv: ends with NULL.  fds: its descriptors 0, 1 and 2; lock: what it holds as
 * long as it lives (holder.h), or -1; they stay the caller's.  0 or -errno. */
int spawn(const char *const *argv, const int fds[3], int lock);

struct spawn_program {
	const char *path;		/* NULL: there is none */
	const char *user;		/* that it becomes; NULL: stays ours */
};

/* With a socket as its descriptor at, 0 or 1, and other, which is taken over, as
 * that of them that is left.  The socket's other end, or -errno; -ENOENT:
 * argv[0] is NULL. */
int spawn_on_socket(const char *const *argv, int at, int other, int lock);

#endif
