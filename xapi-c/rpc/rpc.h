/*
 * From the bytes of a request's body to the reply's: parse, find the method in
 * the generated table, decode the arguments, check session and role, run, and
 * write the result.  Worker threads of http/ call it, and it may block for as
 * long as a handler does; with `quick` the epoll thread does.
 */
#ifndef RPC_RPC_H
#define RPC_RPC_H

#include "rpc/envelope.h"
#include "rpc/events.h"
#include "rpc/reply.h"

struct rpc_request {
	const char *body;
	size_t len;
	enum rpc_format format;
	struct source from;
	bool local_root;		/* see struct call */
	/* Told as soon as the client has shown a good session, or has logged
	 * in: it is no stranger.  May be NULL. */
	void (*known)(void *arg);
	void *known_arg;
	/* Do it only if it reads a few objects and waits for nothing. */
	bool quick;
};

enum rpc_outcome {
	RPC_DONE,	/* the reply is complete: HTTP status 200 */
	RPC_WAIT,	/* park with *wait_out, see rpc/events.h */
	RPC_BAD,	/* no call: HTTP status 500, reply is empty */
	RPC_SLOW,	/* it was to be quick, and nothing was done */
	RPC_LATER,	/* the session has its share of threads: nothing was
			 * done, ask again a moment later */
};

enum rpc_outcome rpc_handle(struct xapi *x, const struct rpc_request *q,
    struct reply *r, struct event_wait **wait_out);

/*
 * A message from within the process, with the session and all checks of one
 * that came over the wire: for cli/.  params are those after the session of c.
 * The answer (a value, no record) is copied into c->arena; -1 with c->err set.
 * Blocks as long as the message does, and while the session has its share of
 * calls.
 */
int rpc_call(struct call *c, const char *method, const struct value *params,
    uint32_t n, struct answer *out);

#endif
