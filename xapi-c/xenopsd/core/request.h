/*
 * One request to xenopsd, as its handler sees it: in the main process, in a
 * worker process and in the simulator.
 *
 *     int handler(struct request *rq, const void *args, void *result);
 *
 * args is the generated struct of the message's arguments (in rq->arena);
 * result that of its results, preset to the defaults.  A handler returns
 *     0                result is the answer (its memory: rq->arena);
 *     -1               failed, request_fail() was called;
 *     REQUEST_PENDING  the answer comes later by request_finish() or
 *                      request_finish_error() (never in a worker).
 */
#ifndef XENOPSD_CORE_REQUEST_H
#define XENOPSD_CORE_REQUEST_H

#include "base/arena.h"
#include "base/frame.h"
#include "gen/xenops.h"

#define REQUEST_PENDING 1

struct request {
	struct arena *arena;	/* dies with the request */
	void *daemon;		/* what the process gave server or worker */
	uint16_t message;	/* enum xenops_message */
	uint32_t connection;	/* who asked; 0: xenopsd itself */
	const void *args;
	/* For a pending request: what to do when the client cancels it; must
	 * end (then or later) in request_finish*.  NULL: cannot be cancelled. */
	void (*cancel)(struct request *rq);
	void *state;		/* the handler's, while pending */

	struct request_impl *impl;
};

typedef int request_handler(struct request *rq, const void *args,
    void *result);

/* Keeps code and text for the error answer; returns -1.  The first call
 * counts. */
int request_fail(struct request *rq, enum xenops_code code,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* For who knows better what was wrong than who said so first. */
void request_forget_failure(struct request *rq);
/* 0 to 1, monotonic; rate is limited here. Body on the wire: a double, little
 * endian, 8 bytes. */
void request_progress(struct request *rq, double fraction);
/* The answer will carry fd, which is closed here then. */
void request_pass_fd(struct request *rq, int fd);

/* Pending requests: the answer.  rq is gone afterwards. */
void request_finish(struct request *rq, const void *result);
void request_finish_error(struct request *rq, enum xenops_code code,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
