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

struct raft *member_raft(struct member *m);
struct member_change *member_change(struct member *m);
/* raft's code as -errno. */
int member_errno(int rv);

#endif
