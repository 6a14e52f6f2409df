/*
 * Who a call comes from.  Sessions are volatile objects; their reference is
 * the credential.  rpc/ calls these for every message, http/ for streams.
 * Any thread.
 */
#ifndef API_ACCESS_SESSION_H
#define API_ACCESS_SESSION_H

#include "api/call.h"
#include "gen/types.h"

/*
 * Finds the session in the newest state (c->root may be older than it) and
 * sets c->session and c->superuser; refreshes last_active at most every 600 s.
 * -1 with SESSION_INVALID [ref].
 */
int session_check(struct call *c, const struct ref *session);
/* Would the check leave last_active as it is? */
bool session_is_fresh(const struct session *s);

/* The session as clients see it, with the names of its permissions, which none
 * keeps. */
const struct session *session_shown(struct call *c, const struct session *s);

/* Whose it is, in words for a log, which its reference must not get into.  In c's
 * arena. */
const char *session_who(struct call *c, const struct ref *session);

/*
 * May the session do it?  By its level, and by names that api/access/role.h
 * tells; root's sessions and those of other hosts may all.  -1 with
 * RBAC_PERMISSION_DENIED [permission, text].
 */
int session_allow(struct call *c, const char *permission);

/*
 * A session for HTTP Basic credentials, as login_with_password makes one.
 * -1 with SESSION_AUTHENTICATION_FAILED (or HOST_IS_SLAVE).  The caller ends
 * it with session_end when the request is over.
 */
int session_login(struct call *c, const char *user, const char *password,
    struct ref *session_out);
void session_end(struct call *c, const struct ref *session);

/* In a write, of all sessions of a subject: they end, but for one of them
 * (keep), or may more from now on. */
void session_end_subject(struct db_txn *t, const struct ref *subject,
    const struct ref *keep);
void session_raise_subject(struct db_txn *t, const struct ref *subject,
    int64_t level);

#define SESSION_IDLE_S (24 * 3600)
#define SESSION_TOUCH_S 600		/* last_active is that coarse */
#define SESSION_MAX_USER 500		/* of one user */
#define SESSION_MAX_ANONYMOUS 400	/* of those, without originator */

/* Every 30 s, by the housekeeper of task_run.c: drops idle sessions that own
 * no unfinished task. */
void session_gc(struct xapi *x);

#endif
