#include <errno.h>

#include "poold/member_impl.h"

static struct member_change *
change_begin(struct member *m, uint64_t id, member_done *done, void *arg)
{
	struct member_change *c = member_change(m);

	if (c->busy)
		return NULL;
	c->busy = true;
	c->promote = false;
	c->id = id;
	c->done = done;
	c->arg = arg;
	c->req.data = m;
	c->transfer.data = m;
	return c;
}

static void
change_end(struct member_change *c, int rc)
{
	if (!c->busy)
		return;
	c->busy = false;
	if (c->done)
		c->done(c->arg, rc);
}

static void
changed(struct raft_change *req, int status)
{
	struct member *m = req->data;
	struct member_change *c = member_change(m);

	if (!status && c->promote) {
		c->promote = false;
		status = raft_assign(member_raft(m), &c->req, c->id,
		    RAFT_VOTER, changed);
		if (!status)
			return;
	}
	change_end(c, member_errno(status));
}

/* The call failed at once: nobody will be told. */
static int
not_begun(struct member_change *c, int rv)
{
	if (rv)
		c->busy = false;
	return member_errno(rv);
}

static bool
is_known(struct member *m, uint64_t id)
{
	const struct raft_configuration *c = &member_raft(m)->configuration;
	unsigned i;

	for (i = 0; i < c->n && c->servers[i].id != id; i++)
		;
	return i < c->n;
}

/* Two changes: it is known, then it has all entries and votes.  A leader that is
 * lost between them leaves the second to the next one. */
static int
begin_add(struct member *m, struct member_change *c, const char *address)
{
	if (!member_is_leader(m))
		return RAFT_NOTLEADER;
	if (member_raft(m)->configuration_uncommitted_index)
		return RAFT_CANTCHANGE;
	if (member_is_voter(m, c->id))
		return RAFT_DUPLICATEID;
	c->promote = !is_known(m, c->id);
	return c->promote ? raft_add(member_raft(m), &c->req, c->id, address,
	    changed) : raft_assign(member_raft(m), &c->req, c->id, RAFT_VOTER,
	    changed);
}

int
member_add(struct member *m, uint64_t id, const char *address,
    member_done *done, void *arg)
{
	struct member_change *c = change_begin(m, id, done, arg);

	return c ? not_begun(c, begin_add(m, c, address)) : -EBUSY;
}

int
member_remove(struct member *m, uint64_t id, member_done *done, void *arg)
{
	struct member_change *c = change_begin(m, id, done, arg);

	if (!c)
		return -EBUSY;
	if (!member_is_leader(m))
		return not_begun(c, RAFT_NOTLEADER);
	return not_begun(c, raft_remove(member_raft(m), &c->req, id, changed));
}

static void
transferred(struct raft_transfer *req)
{
	struct member *m = req->data;

	change_end(member_change(m), member_is_leader(m) ? -ETIMEDOUT : 0);
}

int
member_transfer(struct member *m, uint64_t id, member_done *done, void *arg)
{
	struct member_change *c = change_begin(m, id, done, arg);

	if (!c)
		return -EBUSY;
	return not_begun(c, raft_transfer(member_raft(m), &c->transfer, id,
	    transferred));
}
