/*
 * One member of a pool: canonical's raft engine between the database's writer
 * and the other members.
 *
 *     writer: append ──▶ (the leader) ──▶ raft log of most members ──▶ apply, on
 *       every member: the writer stores and publishes what it has ready, if the
 *       entry is its own; db_apply_later, if it is another's
 *
 * The leader orders one batch at a time, its own or one that another member
 * forwards to it, and only after it has applied all that is in its log; another's
 * only if its database could take that, since none can leave out what is ordered
 * and does not fit.  Every batch names the state that it was made for, and is left
 * out by all members if it does not meet that (see db/log.h): so one that is sent
 * is in doubt until another that was made for the same state is taken before it.
 *
 * Snapshots are db_copy, so a new member, or one that was away for long, gets
 * the replicated objects and keeps what is local.  The database knows which
 * entry it contains; what raft repeats after a restart is skipped.
 *
 * Threads: member_new and member_orders anywhere; member_append and member_stored
 * on the writer's, or one that stands for it; everything else on one thread, the
 * loop's, which is also where raft_io calls back.  That thread waits for the
 * writer's disk where an entry is this member's own, the writer waits for the log:
 * where another leads, for MEMBER_FORWARD_MS at most.
 *
 * A member whose database refuses an entry (disk full, damaged) applies no
 * more, tells its owner by failed, and is to be closed: the others go on, and
 * it catches up when it is started again.
 *
 * Clock, network and disk are those of the raft_io.  Errors are -errno.
 */
#ifndef POOLD_MEMBER_H
#define POOLD_MEMBER_H

#include "db/log.h"

#define MEMBER_FORWARD_MS 5000	/* without a word of the leader about a batch */

struct member;
struct raft_io;
struct wire_forward;

/*
 * The member's database, in this process or in another.  All with db_arg, on the
 * loop's thread, as db/log.h has them; what fails is -errno.
 */
struct member_db {
	uint64_t (*applied)(void *arg);
	int (*detach)(void *arg);
	int (*apply_later)(void *arg, uint64_t index, const void *entry,
	    size_t len, db_applied_fn *applied, void *applied_arg);
	int (*replace)(void *arg, const void *copy, size_t len);
	int (*copy)(void *arg, struct buf *b);
	int (*fits)(void *arg, const void *entry, size_t len);
};

struct member_config {
	uint64_t id;		/* not 0, never used again in this pool */
	const char *address;	/* as the raft_io wants it */
	struct raft_io *io;	/* outlives the member */
	const struct member_db *db;
	void *db_arg;
	/* All with arg.  random: any thread. */
	uint64_t (*random)(void *arg);
	/* Any thread: member_poll is to be called soon. */
	void (*wake)(void *arg);
	/* The loop's thread: to another member, beside raft's messages; what
	 * cannot be sent is lost. */
	void (*forward)(void *arg, uint64_t to, const struct wire_forward *f);
	/* The loop's thread, from inside raft: not the place to close. */
	void (*failed)(void *arg, int rc);
	/* The loop's thread: another role, or leader (0: none); may be NULL. */
	void (*role)(void *arg, bool leads, uint64_t leader);
	/* The loop's thread, once after each role with a leader: the database
	 * contains all that was acknowledged, at any member, before that role
	 * was told.  May be NULL. */
	void (*current)(void *arg);
	void *arg;
	/* 0: raft's own defaults */
	unsigned election_ms;
	unsigned heartbeat_ms;
	unsigned snapshot_after;	/* entries between snapshots */
	unsigned snapshot_trailing;	/* entries kept behind one */
	unsigned capacity_kib;	/* room most members must have for a write */
};

struct member *member_new(const struct member_config *cfg);
/* Makes the pool, of this member alone or of several that start together; once,
 * before the first start.  All but one of several must have empty databases. */
int member_bootstrap(struct member *m, const uint64_t *ids,
    const char *const *addresses, unsigned n);
/* Loads what the raft_io has and begins to take part. */
int member_start(struct member *m);
/* To be called after each event of the raft_io and after wake. */
void member_poll(struct member *m);
/* closed comes when the raft_io is closed; then free.  Writes that wait fail.
 * The database is closed before or after, but not by closed itself. */
void member_close(struct member *m, void (*closed)(void *arg), void *arg);
void member_free(struct member *m);	/* NULL is allowed */

/* What the database's log does, by db/log.h; entry: by log_encode, after base. */
bool member_orders(struct member *m);
int member_append(struct member *m, const void *entry, size_t len,
    uint64_t base, uint64_t *index_out);
void member_stored(struct member *m, int rc);

/* What came from another member. */
void member_take_forward(struct member *m, uint64_t from,
    const struct wire_forward *f);

/* Does the writer wait for the log? */
bool member_has_batch(struct member *m);
bool member_is_leader(const struct member *m);
/* 0: not known. */
uint64_t member_leader(const struct member *m);
uint64_t member_term(const struct member *m);
/* Index of the last entry applied, barriers and configurations included; the
 * database may be a few entries behind. */
uint64_t member_applied(const struct member *m);
/* Waits until the database has them all, or has refused one. */
void member_settle(struct member *m);
bool member_is_voter(const struct member *m, uint64_t id);

/* On the leader, one at a time: -EBUSY.  done gets 0 or -errno, never before
 * the call returns. */
typedef void member_done(void *arg, int rc);
/* Adds a member, which has been started without a bootstrap, as a voter; one that
 * an earlier leader has half added, too.  -EEXIST: it is one. */
int member_add(struct member *m, uint64_t id, const char *address,
    member_done *done, void *arg);
int member_remove(struct member *m, uint64_t id, member_done *done,
    void *arg);
/* Hands the lead to another voter; 0: to one that has everything. */
int member_transfer(struct member *m, uint64_t id, member_done *done,
    void *arg);

#endif
