/*
 * The client of xenopsd.  One connection, made and remade by a thread of its
 * own; calls from any thread wait for their reply.  Knows nothing of XenAPI.
 * Requests, results and events are the structs of build/gen/xenops.h.
 */
#ifndef OPS_OPS_H
#define OPS_OPS_H

#include "base/arena.h"
#include "base/frame.h"

struct ops;

/* What became of a request. */
struct ops_error {
	int code;		/* enum xenops_code of the failure record */
	const char *text;	/* in the call's arena */
};

struct ops_config {
	const char *socket_path;
	/* Both run on the connection's thread.  connected: ask for the world
	 * again (ops_call must not be used there; hand over to a thread). */
	void (*connected)(void *arg);
	void (*event)(void *arg, uint16_t message, const void *record);
	void *arg;
};

struct ops_call {
	struct arena *arena;		/* results are decoded into it */
	struct ops_error err;
	int fds[FRAME_MAX_FDS];		/* caller closes */
	int nfds;
	void (*progress)(void *arg, double fraction);	/* may be NULL */
	void *progress_arg;
	/* Asked about twice a second while waiting; true cancels. May be NULL. */
	bool (*cancelled)(void *arg);
	void *cancelled_arg;
	/* How long a request without a worker is waited for; 0: a minute.  Its
	 * answer is nobody's then. */
	int limit_ms;
	/* In: the connection that it is about, which fails as lost when that
	 * is gone; 0: any.  Out: the one it went to. */
	unsigned int connection;
};

int ops_start(const struct ops_config *cfg, struct ops **ops_out);
void ops_stop(struct ops *o);
bool ops_is_connected(struct ops *o);
/* The present connection's number, or 0.  What belongs to a connection
 * (leases) ended with it when this is another. */
unsigned int ops_connection(struct ops *o);
/*
 * Sends request `message` with args and waits for its answer, decoded into
 * result (NULL if it has none).  0, or -1 with call->err set; a lost
 * connection is code internal, text "xenopsd is not running".
 */
int ops_do(struct ops *o, struct ops_call *call, uint16_t message,
    const void *args, void *result);

#endif
