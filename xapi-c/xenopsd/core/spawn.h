/*
 * Programs that outlive the request that started them, and xenopsd: they are
 * init's, and end with the other end of their sockets.  Main process.
 */
#ifndef XENOPSD_CORE_SPAWN_H
#define XENOPSD_CORE_SPAWN_H

/* argv: ends with NULL.  fds: its descriptors 0, 1 and 2; they stay the
 * caller's.  0 or -errno. */
int spawn(const char *const *argv, const int fds[3]);

#endif
