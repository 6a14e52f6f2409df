/*
 * Who changed what: a line for each call that changes state, kept in files of
 * bounded size beside the database (base/lines.h) and shown by /audit_log.
 *
 * A line costs one write to the page cache and no wait for the disk; the
 * housekeeper syncs it within AUDIT_SYNC_S.  So a kill loses no line, and a
 * power cut those of the last AUDIT_SYNC_S, of calls that may be in the
 * database.  A disk that takes no line stops no call: the next line that it
 * takes tells how many are missing.
 * Nor do calls that fail drive out older lines: AUDIT_FAILED of them are kept of
 * each user in an hour, AUDIT_STRANGERS of those who have no session, and how many
 * more there were.  The users beyond AUDIT_USERS in an hour count as one.
 *
 *     20261128T03:30:00.123Z ('trackid=5f..' 'sid' 'user' 'ALLOWED' 'OK' 'API'
 *         'VM.start' (('vm' 'name' 'uuid' 'ref') ('force' 'false' '' '')))
 *
 * on one line.  trackid tells a session's lines from others' and is no
 * credential; the sid of root is LOCAL_SUPERUSER.  Texts are cut to
 * AUDIT_TEXT bytes, and secrets left out, here, by the names of what holds them.
 */
#ifndef API_ACCESS_AUDIT_H
#define API_ACCESS_AUDIT_H

#include "api/call.h"
#include "base/buf.h"
#include "base/lines.h"
#include "gen/methods.h"

#define AUDIT_FILE (1u << 20)		/* bytes of each of LINES_FILES */
#define AUDIT_TEXT 96
#define AUDIT_SYNC_S 30
#define AUDIT_STRANGERS 20
#define AUDIT_FAILED 200
#define AUDIT_USERS 50

struct audit;

/* A line while the call runs. */
struct audit_line {
	struct buf who, what;		/* both to be released */
	bool cut;			/* what has no more room */
	bool stranger;			/* without a session */
};

/* There is one in any case; without its folder nothing is kept. */
struct audit *audit_new(const char *folder);
void audit_free(struct audit *a);		/* NULL is allowed */
/* Now and then, by a housekeeper.  NULL is allowed. */
void audit_sync(struct audit *a);

/* Does the message change state?  Events and what clients do to their own tasks
 * do not count. */
bool audit_wants(const struct method *m);
/* Values of such names are nobody's to read. */
bool audit_is_secret(const char *name);

/* kind: "API" or "HTTP"; name: the message's.  Who is as c has it now. */
void audit_begin(struct call *c, const char *kind, const char *name,
    struct audit_line *l);
/* A parameter; of what a reference names there is more as long as it is in
 * c->root.  With secret only references are shown. */
void audit_param(struct call *c, struct audit_line *l, const char *name,
    const struct type *t, const void *value, bool secret);
/* Keeps and releases it.  rc -1: with c->err; NULL x->audit: not kept. */
void audit_end(struct call *c, struct audit_line *l, int rc);
/* It was none. */
void audit_drop(struct audit_line *l);

/* All lines, oldest first, as lines_each does. */
int audit_each(struct audit *a, lines_fn *fn, void *arg);

#endif
