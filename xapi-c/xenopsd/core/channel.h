/*
 * Frames over a non-blocking unix socket, in the event loop: the connections
 * of xapi and, in xenopsd, the sockets of its workers.  Output is queued (up
 * to CHANNEL_MAX_QUEUE bytes; a peer that reads slower is dropped).
 */
#ifndef XENOPSD_CORE_CHANNEL_H
#define XENOPSD_CORE_CHANNEL_H

#include "base/frame.h"
#include "xenopsd/core/loop.h"

#define CHANNEL_MAX_QUEUE (64u << 20)

struct channel;

struct channel_events {
	/* A whole frame; its descriptors are the callee's, its body is valid
	 * during the call only. */
	void (*frame)(void *arg, const struct frame *f);
	/* End of file (0), a broken frame (-EBADMSG) or another -errno.  Last
	 * call; the callee frees the channel, now or later. */
	void (*closed)(void *arg, int error);
};

/* Owns fd from here on. */
struct channel *channel_new(struct loop *l, int fd,
    const struct channel_events *ev, void *arg);
void channel_free(struct channel *ch);		/* closes the descriptor */
/* Queues a frame; closes f->fds once they are sent (or cannot be). */
void channel_send(struct channel *ch, const struct frame *f);
/* The same with rec, encoded after rt, as the body; rt NULL: empty. */
void channel_send_record(struct channel *ch, const struct frame *head,
    const struct record_type *rt, const void *rec);

#endif
