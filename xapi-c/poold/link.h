/*
 * One connection between two members: TCP, TLS by net/mutual.h, and on it
 * messages, each after its length as four bytes, little endian.  It is made by
 * who sends, and only that end does.
 *
 * The other end may send anything, or nothing: before the handshake is done no
 * message is read; a length is checked before memory is taken, and memory grows
 * with what has come; a handshake, a half message, or a queue that does not move
 * ends the connection after a time; no turn of the loop reads or writes without
 * bound.  Loop thread only.
 */
#ifndef POOLD_LINK_H
#define POOLD_LINK_H

#include <stdbool.h>
#include <sys/socket.h>
#include <uv.h>

#include "net/mutual.h"

#define LINK_MESSAGE_MAX (256u << 20)	/* bytes */
#define LINK_QUEUE_MAX (16u << 20)	/* bytes that wait, unless it is one
					 * message alone */
#define LINK_EARLY_MAX (64u << 10)	/* the same, before the handshake */

struct link;

/* All with arg.  From within them any link may be closed. */
struct link_owner {
	uv_loop_t *loop;
	struct mutual *mutual;
	unsigned handshake_ms;		/* TCP's and TLS's may take */
	unsigned stall_ms;		/* without a byte, when some are due */
	/* The handshake is done, with that member. */
	void (*up)(void *arg, struct link *l, uint64_t peer);
	/* One message, of an accepted link; data is gone with it. */
	void (*message)(void *arg, struct link *l, const void *data,
	    size_t len);
	/* It is over, by itself: l is gone.  Never from link_accept,
	 * link_connect or link_close. */
	void (*down)(void *arg, struct link *l, int rc);
	void *arg;
};

/* Takes over fd, a connected socket.  0 or -errno. */
int link_accept(const struct link_owner *o, int fd, struct link **out);
int link_connect(const struct link_owner *o, const struct sockaddr *to,
    socklen_t len, struct link **out);
/* Queues a message; false if there is no room: it is lost. */
bool link_send(struct link *l, const void *data, size_t len);
/* NULL is allowed. */
void link_close(struct link *l);
/* Who is at the other end, as its owner trusts it now; 0: nobody (yet). */
uint64_t link_peer(const struct link *l);

#endif
