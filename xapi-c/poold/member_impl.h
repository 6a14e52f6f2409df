/* What the files of a member share; poold/ only.  The includer of raft.h. */
#ifndef POOLD_MEMBER_IMPL_H
#define POOLD_MEMBER_IMPL_H

#include <raft.h>

#include "poold/member.h"

/* A change of the pool under way; and the end of the member, since raft keeps
 * no argument for it.  Loop thread. */
struct member_change {
	struct raft_change req;
	struct raft_transfer transfer;
	bool busy;
	bool promote;		/* when the addition is done */
	uint64_t id;
	member_done *done;
	void *arg;
	void (*closed)(void *arg);
	void *closed_arg;
};

/* What this member asks the leader when its role changes, and those that it orders
 * where it leads.  Loop thread. */
struct member_barrier {
	uint64_t token;		/* of the question; 0: nothing is asked */
	bool asked;
	uint64_t asked_at;
	uint64_t index;		/* the answer; 0: none yet */
	unsigned n_under_way;
};

struct raft *member_raft(struct member *m);
struct member_change *member_change(struct member *m);
struct member_barrier *member_barrier(struct member *m);
const struct member_config *member_config(const struct member *m);
/* raft's clock, in ms. */
uint64_t member_now(struct member *m);
/* Does the database have all entries up to that one? */
bool member_contains(struct member *m, uint64_t index);
/* raft's code as -errno. */
int member_errno(int rv);

/* member_barrier.c: the role is another; from member_poll; from another member. */
void barrier_begin(struct member *m, bool anybody_leads);
void barrier_poll(struct member *m);
void barrier_take(struct member *m, uint64_t from,
    const struct wire_forward *f);

#endif
