/*
 * Tickets: what a browser's page puts into a URL where a session's reference
 * must not be (addresses end up in histories and logs).  A ticket is good for one
 * request, for one object and one purpose, for TICKET_MS, and ends with its
 * session, whose rights it has.  They are in memory only.
 *
 * The table never refuses: the oldest ticket of a session that has many makes
 * room, then the oldest of all.  Any thread.
 */
#ifndef API_ACCESS_TICKET_H
#define API_ACCESS_TICKET_H

#include "api/access/role.h"
#include "api/call.h"

#define TICKET_MS 30000
#define TICKETS_MAX 1024		/* at a time */
#define TICKETS_SESSION_MAX 16		/* of one session */

struct tickets;
struct tickets *tickets_new(void);
void tickets_free(struct tickets *all);	/* NULL is allowed */

/*
 * Takes the ticket out, and checks that it is for that action on that object (ref
 * or uuid text; NULL: none is named).  Its session, which the caller checks as
 * any other; -1 without an error set if it is not good for this.
 */
int ticket_use(struct call *c, const char *text, enum http_action action,
    const char *object, struct ref *session_out);

#endif
