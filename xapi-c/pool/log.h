/*
 * The pool's log, for this process's database: a struct db_log whose other end
 * is poold (base/poold.h).  A thread of its own holds the connection, makes it
 * again when poold starts anew, and gives the database what the log has for it;
 * after each connection poold learns which entry the database contains, so what
 * comes twice is taken once.  On a member that does not lead poold has the leader
 * order its writes.  Without poold nothing is ordered: writes of replicated
 * fields get -EROFS, one that waits -ETIMEDOUT; reading, and writing
 * what is not replicated, goes on.
 *
 *     pool_log_new -> db_open with pool_log -> pool_log_start ... pool_log_stop
 *       -> db_close -> pool_log_free
 *
 * Errors are -errno.
 */
#ifndef POOL_LOG_H
#define POOL_LOG_H

#include "base/poold.h"
#include "db/log.h"

struct pool_log;

struct pool_log_config {
	const char *socket_path;	/* poold's */
	uint64_t id;			/* of this member */
	/* Fills in the list as it is now: at each connection, on the thread of
	 * the log. */
	void (*peers)(void *arg, struct pool_peers *out);
	/* Another role, or leader (0: not known); the same thread, must not
	 * wait for it.  May be NULL. */
	void (*role)(void *arg, bool leads, uint64_t leader);
	/* pool_log_current from now on; as role. */
	void (*current)(void *arg);
	void *arg;
};

extern const struct db_log pool_log;	/* its log_arg: a struct pool_log */

struct pool_log *pool_log_new(const struct pool_log_config *cfg);
int pool_log_start(struct pool_log *l, struct db *db);
/* Writes that wait fail, none is ordered any more. */
void pool_log_stop(struct pool_log *l);
void pool_log_free(struct pool_log *l);		/* NULL is allowed */

bool pool_log_leads(struct pool_log *l);
/* 0: not known. */
uint64_t pool_log_leader(struct pool_log *l);
/*
 * Does the database contain all that was acknowledged, at any member, before this
 * one had its role?  Not yet after another ROLE, and not without poold.  A member
 * that has started, or begins to lead, answers no reader before: it could miss what
 * its client was told elsewhere.  Later it may be behind, as every member; never
 * behind that.
 */
bool pool_log_current(struct pool_log *l);
/* The certificate of this member; false: poold has never told. */
bool pool_log_pin(struct pool_log *l, uint8_t out[static POOL_PIN]);

/* Has poold take the list anew. */
int pool_log_peers(struct pool_log *l);
/*
 * On the leader, for a member that is in the list: waits until it is done.
 * -EROFS: this one does not lead; -EBUSY: another change is under way; -ENOTCONN:
 * no poold; -ETIMEDOUT: it is not known.  An addition that failed, whichever way,
 * may have been made in half: the member has no vote and gets no entries until it
 * is added again, by whoever then leads; -EEXIST: it has a vote.
 */
int pool_log_add(struct pool_log *l, uint64_t id);
int pool_log_remove(struct pool_log *l, uint64_t id);
/* 0: to whichever has everything. */
int pool_log_transfer(struct pool_log *l, uint64_t id);

#endif
