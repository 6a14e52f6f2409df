/*
 * The log that orders replicated commits.  The writer hands the records of a
 * batch to it, and stores and publishes the batch once the log has them.
 *
 * A lone host's log (log_local, the default) is a table of the database file:
 * order is the order of writing, and a record is kept when its transaction is.
 * A pool's log is poold's (poold/member.h): a record is kept when most members
 * have it, and every member's database gets every record by db_apply.
 *
 * An index is a place in the log.  Each root and each file knows the last one
 * it contains, so a record that comes twice is taken once.  It is not the
 * generation, which counts what one member's clients can see.
 *
 * The functions of struct db_log run on the database's writer thread.
 */
#ifndef DB_LOG_H
#define DB_LOG_H

#include "base/buf.h"
#include "db/db.h"

struct log_batch {
	const char *records;	/* commit records, end to end */
	const size_t *lengths;
	size_t n;
	uint64_t base;		/* index of the last entry it builds upon */
	uint64_t generation;	/* of its last change */
};

struct db_log {
	bool in_file;		/* the database file itself is the log */
	/* Would append have a batch ordered now?  Must not block. */
	bool (*orders)(void *arg);
	/*
	 * Has a batch ordered, by whoever leads, and waits until it is kept.  0
	 * and its index, or
	 *   -EROFS      refused: none leads, or the leader takes none
	 *   -ENOSPC     refused: most members have no room
	 *   -EMSGSIZE   refused: too long for who leads; writes that came
	 *               together are tried alone
	 *   -EAGAIN     never ordered: the state has moved on, or is about to
	 *               (an entry is in the queue); the writes run again
	 *   -ETIMEDOUT  not known; it may still come, by db_apply
	 * db_write returns these, but for -EAGAIN, and -ETIMEDOUT also when the
	 * disk refuses a batch that the log has ordered.
	 */
	int (*append)(void *arg, const struct log_batch *b,
	    uint64_t *index_out);
	/* After an append that returned 0: the batch is stored and visible, or
	 * (rc) the disk refused it and this member has to stop. */
	void (*stored)(void *arg, int rc);
};

extern const struct db_log log_local;

/* Appends the entry that carries a batch to other members. */
void log_encode(struct buf *b, const struct log_batch *batch);
/*
 * Takes an entry from the log: a batch of another member, or the copy that a
 * pool begins with.  Returns when it is stored and visible; at once if it is
 * contained already, or if it was made for another state than all members have
 * (then no member takes it).  Any thread but the writer; not together with a
 * db_write that waits in append.  -EBADMSG, -ENOENT: it does not fit, this
 * member is damaged.
 */
int db_apply(struct db *db, uint64_t index, const void *entry, size_t len);
/*
 * Would a member that contains just what this one does take it, as the batch of
 * another?  0; or -EBADMSG, -ENOENT, -EEXIST: no member could, so it must not be
 * ordered.  Any thread.
 */
int db_fits(struct db *db, const void *entry, size_t len);
/*
 * The same as db_apply, without waiting: entries are taken in order, several in one
 * transaction, and each is told of on the writer's thread.  That must not block,
 * nor wait for the writer.  After one that failed the member is damaged or
 * without room: those that come later fail likewise, until that one came again and
 * was taken.  0 or -EBADMSG.
 */
typedef void db_applied_fn(void *arg, int rc);
int db_apply_later(struct db *db, uint64_t index, const void *entry,
    size_t len, db_applied_fn *applied, void *arg);
/* Takes a copy in place of all entries up to its index; as db_apply, and as
 * db_apply_later. */
int db_replace(struct db *db, const void *copy, size_t len);
int db_replace_later(struct db *db, const void *copy, size_t len,
    db_applied_fn *applied, void *arg);
uint64_t db_applied(struct db *db);
/* Forgets the index: the database begins to follow another log.  As db_apply. */
int db_detach(struct db *db);
/* Another log than that of db_open orders the writes from now on: a lone host
 * makes a pool, or leaves one.  Any thread but the writer. */
void db_follow(struct db *db, const struct db_log *log, void *log_arg);
/*
 * Appends an entry that makes another database's replicated objects equal to
 * this one's (what is local or volatile stays there).  It names the index it
 * stands for: db_applied may have moved on by then.  Any thread.
 */
void db_copy(struct db *db, struct buf *b);

#endif
