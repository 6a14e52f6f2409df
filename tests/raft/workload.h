/*
 * What clients of the pool's log write in tests, on the model of
 * tests/unit/model.h: things that collect tags, never removed, and boxes that
 * come and go.  Every write that is replicated leaves its number as a tag, and
 * the thing heavier by one: twice would be seen.
 */
#ifndef RAFT_WORKLOAD_H
#define RAFT_WORKLOAD_H

#include "model.h"
#include "poold/member.h"

#define WORK_THINGS 4

enum op_kind { OP_TAG, OP_BOX, OP_UNBOX, OP_MOVE, OP_LOCAL, OP_VOLATILE, OP_N };
enum op_result { OP_WAITS, OP_DONE, OP_REFUSED, OP_UNKNOWN };

struct op {
	enum op_kind kind;
	int thing;		/* which object it is about */
	int box;
	int number;		/* of all operations; the tag it leaves */
	bool forwarded;		/* by a member that did not lead */
	enum op_result result;
	uint64_t done_at;	/* how many were acknowledged, this one too */
};

/* Whether the write is of all members, and leaves a tag. */
bool work_replicated(const struct op *op);
struct ref work_thing(int i);
struct ref work_box(int i);
/* A db_write_fn; arg is a struct op. */
int work_write(struct db_txn *t, void *op);
enum op_result work_result(int rc);
/* A database of this process; db_arg is where its struct db * is. */
extern const struct member_db work_db;
/* Its log; log_arg is the member. */
extern const struct db_log work_log;
/* Of all that is replicated, never 0; equal members have equal hashes. */
uint64_t work_hash(struct db *db);

#endif
