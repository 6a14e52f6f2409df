/*
 * event.from and event.next.  A wait remembers what a client asked for; rpc/
 * makes it, http/ parks the connection with it and asks events_due when the
 * database was published, then events_evaluate on a worker.
 *
 *     made --evaluate: nothing yet--> parked --due, or deadline--> evaluate
 *
 * A token is the decimal generation it was made at, twice: the second part,
 * messages' own count elsewhere, is not read here.
 */
#ifndef RPC_EVENTS_H
#define RPC_EVENTS_H

#include "api/event_sub.h"
#include "rpc/envelope.h"
#include "wire/value.h"

#define EVENTS_BATCH_MS 50
#define EVENTS_MAX_TIMEOUT_MS (24 * 3600 * 1000LL)
#define EVENTS_MAX_OBJECTS 1000		/* named singly, duplicates aside */

/* A set of classes: a bit each, by class id. */
typedef unsigned __int128 class_bits;

struct event_wait {
	struct xapi *x;
	struct envelope env;
	struct ref session;
	uint64_t next;			/* event.next: number of what its
					 * session has registered; 0: from */
	uint64_t since;			/* the client's token */
	uint64_t seen;			/* nothing for it up to here */
	int64_t not_before_ms;		/* monotonic: batching */
	int64_t deadline_ms;		/* monotonic */
	class_bits classes;		/* that may concern it */
	class_bits whole;		/* of those, all objects */
	uint32_t n_subs;
	struct event_sub subs[];	/* sorted */
};

/*
 * classes, token and timeout as event.from got them.  Takes over what *env
 * owns.  -1 with c->err set and *env untouched.
 */
int events_wait_new(struct call *c, struct envelope *env, struct vec names,
    const char *token, double timeout_s, struct event_wait **out);
/* The same for event.next. */
int events_next_new(struct call *c, struct envelope *env,
    struct event_wait **out);
void events_wait_free(struct event_wait *w);	/* NULL is allowed */
/* May the newest state hold something for it?  Cheap. */
bool events_due(const struct event_wait *w, const struct db_root *root);
/* Writes the reply if there is an event for it, the session is gone, or final
 * (time is up).  False: park it (again). */
bool events_evaluate(struct event_wait *w, struct reply *r, bool final);

#endif
