/*
 * A listening socket on a uv loop.  At most so many connections are taken in
 * a turn; without descriptors it rests for a while instead of spinning.  Loop
 * thread only.
 */
#ifndef POOLD_LISTENER_H
#define POOLD_LISTENER_H

#include <uv.h>

struct listener;

/* accepted takes over a non-blocking socket.  0 or -errno. */
int listener_new(uv_loop_t *uv, const char *address,
    void (*accepted)(void *arg, int fd), void *arg, struct listener **out);
void listener_free(struct listener *s);		/* NULL is allowed */

#endif
