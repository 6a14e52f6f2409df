/*
 * A connection to a server, for commands of people: by TCP, with TLS or not,
 * or by a unix socket.  Blocking, one thread.  The certificate is not checked,
 * as xe never did: a host makes its own.
 */
#ifndef NET_DIAL_H
#define NET_DIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define DIAL_WHY 256

struct dial;

/* NULL with a text in why. */
struct dial *dial_tcp(const char *host, int port, bool secure,
    char why[static DIAL_WHY]);
struct dial *dial_unix(const char *path, char why[static DIAL_WHY]);
void dial_free(struct dial *d);		/* NULL is allowed */

/* Bytes, 0 at the end, -1. */
ssize_t dial_read(struct dial *d, void *data, size_t len);
/* All of it.  0 or -1. */
int dial_write(struct dial *d, const void *data, size_t len);
/* No more will be written. */
void dial_end(struct dial *d);
/* For poll; bytes may be here although the descriptor has none. */
int dial_fd(const struct dial *d);
bool dial_pending(const struct dial *d);

#endif
