/*
 * How a member learns that its database contains all that was acknowledged before:
 * it asks the leader, which puts an entry of raft's own behind all it has.  Once
 * most members have that one, nobody else led meanwhile; so whoever has applied it
 * has what was acknowledged before it asked, wherever that was.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "poold/member_impl.h"
#include "poold/wire.h"

#define AGAIN_MS 1000		/* then the question, or its answer, is lost */
#define UNDER_WAY_MAX 256	/* of all members, where this one leads */

struct barrier {
	struct raft_barrier req;
	struct member *m;
	uint64_t from;
	uint64_t token;
};

void
barrier_begin(struct member *m, bool anybody_leads)
{
	const struct member_config *cfg = member_config(m);
	struct member_barrier *b = member_barrier(m);

	b->token = anybody_leads ? cfg->random(cfg->arg) | 1 : 0;
	b->asked = false;
	b->index = 0;
}

static void
take_index(struct member *m, uint64_t token, uint64_t index)
{
	struct member_barrier *b = member_barrier(m);

	if (token == b->token)
		b->index = index;
}

static void
passed(struct raft_barrier *req, int status)
{
	struct barrier *b = req->data;
	const struct member_config *cfg = member_config(b->m);
	const struct wire_forward f = { .word = WIRE_PASSED,
	    .token = b->token, .base = req->index };

	member_barrier(b->m)->n_under_way--;
	if (!status && b->from == cfg->id)
		take_index(b->m, b->token, req->index);
	else if (!status)
		cfg->forward(cfg->arg, b->from, &f);
	free(b);
}

/* Who asks in vain asks again. */
static void
order_barrier(struct member *m, uint64_t from, uint64_t token)
{
	struct barrier *b;

	if (!member_is_leader(m) ||
	    member_barrier(m)->n_under_way == UNDER_WAY_MAX)
		return;
	b = mem_zalloc(sizeof(*b));
	b->m = m;
	b->from = from;
	b->token = token;
	b->req.data = b;
	if (raft_barrier(member_raft(m), &b->req, passed))
		free(b);
	else
		member_barrier(m)->n_under_way++;
}

void
barrier_take(struct member *m, uint64_t from, const struct wire_forward *f)
{
	if (f->word == WIRE_BARRIER)
		order_barrier(m, from, f->token);
	else
		take_index(m, f->token, f->base);
}

static void
ask(struct member *m, uint64_t now)
{
	const struct member_config *cfg = member_config(m);
	struct member_barrier *b = member_barrier(m);
	const struct wire_forward f = { .word = WIRE_BARRIER,
	    .token = b->token };

	b->asked = true;
	b->asked_at = now;
	if (member_is_leader(m))
		order_barrier(m, cfg->id, b->token);
	else
		cfg->forward(cfg->arg, member_leader(m), &f);
}

void
barrier_poll(struct member *m)
{
	const struct member_config *cfg = member_config(m);
	struct member_barrier *b = member_barrier(m);
	uint64_t now = member_now(m);

	if (!b->token)
		return;
	if (b->index && member_contains(m, b->index)) {
		b->token = 0;
		if (cfg->current)
			cfg->current(cfg->arg);
	} else if (!b->index && (!b->asked || now - b->asked_at >= AGAIN_MS)) {
		ask(m, now);
	}
}
