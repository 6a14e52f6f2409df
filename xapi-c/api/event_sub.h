/*
 * What clients want to hear of: "*", "CLASS" or "CLASS/REF"; and, for those that
 * call event.next, what each session has registered for and how far it was
 * told.  That is in memory only, and goes with the session.
 */
#ifndef API_EVENT_SUB_H
#define API_EVENT_SUB_H

#include "api/call.h"

#define EVENT_SUBS_MAX 100		/* registered by one session */
#define EVENT_SUB_LEN 96		/* bytes of one that is registered */

struct event_sub {			/* one object */
	int class_id;
	struct ref ref;
};

enum event_sub_kind {
	EVENT_SUB_BAD = -1,		/* c->err is set */
	EVENT_SUB_NONE,			/* what never has events */
	EVENT_SUB_ALL,
	EVENT_SUB_CLASS,
	EVENT_SUB_OBJECT,
};

/* The class with events that name's first len characters name, in any case;
 * -1: none. */
int event_class(const char *name, size_t len);
/* *sub_out as far as the kind has it. */
enum event_sub_kind event_sub_parse(struct call *c, const char *text,
    struct event_sub *sub_out);

struct event_told {
	uint64_t number;		/* of what was registered; never 0 */
	uint64_t generation;
};

/* Any thread may use it. */
struct event_subs;
struct event_subs *event_subs_new(void);
void event_subs_free(struct event_subs *all);	/* NULL is allowed */
/* What the call's session has registered for, in the call's arena, and how far
 * it was told; -1 with SESSION_NOT_REGISTERED set. */
int event_subs_get(struct call *c, struct vec *names_out,
    struct event_told *out);
/* It knows everything up to there.  Not if it has registered for more since: it
 * hears all again, and of that too. */
void event_subs_told(struct event_subs *all, const struct ref *session,
    const struct event_told *told);

#endif
