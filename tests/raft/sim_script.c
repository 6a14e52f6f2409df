#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "db/log.h"
#include "poold/member_impl.h"
#include "poold/wire.h"
#include "sim.h"

#define WAIT_MS 60000

/* Runs until somebody leads and all that is in the log is everywhere. */
static struct node *
wait_for_calm(struct sim *s)
{
	uint64_t end = s->now + WAIT_MS;
	struct node *l;
	int i, n;

	do {
		if (s->now > end)
			sim_fail(s, "the pool does not come to rest");
		sim_run(s, 100);
		l = sim_leader(s);
		for (i = n = 0; l && i < SIM_NODES; i++) {
			struct node *o = &s->nodes[i];

			n += o->alive && member_applied(o->m) !=
			    raft_last_index(member_raft(l->m));
		}
	} while (!l || n);
	return l;
}

static void
write_at(struct sim *s, struct node *n)
{
	struct op *op = sim_op(s, OP_TAG);

	op->thing = 0;
	node_write(n, op);
	sim_settle(s);
	wait_for_calm(s);
	if (op->result != OP_DONE)
		sim_fail(s, "write %d is not made", op->number);
}

static void
proposed(struct raft_apply *req, int status, void *result)
{
	(void)req, (void)status, (void)result;
}

/* As members make them, of none of them: an empty batch. */
static struct raft_buffer
stale_entry(uint64_t base)
{
	const struct log_batch batch = { .base = base };
	uint64_t head[4] = { SIM_NODES + 1, 2, 0, base };
	struct raft_buffer e;
	struct buf b = { 0 };

	log_encode(&b, &batch);
	head[2] = b.len;
	e.len = sizeof(head) + (b.len + 7) / 8 * 8;
	e.base = raft_calloc(1, e.len);
	memcpy(e.base, head, sizeof(head));
	memcpy((char *)e.base + sizeof(head), b.data, b.len);
	buf_release(&b);
	return e;
}

/* A leader that was wrong about the state put an entry in the log which nobody takes,
 * before a batch that waits for its own: that one comes, so it is not made again. */
static void
play_stale(struct sim *s)
{
	static struct raft_apply req;
	struct node *l, *f;
	struct raft_buffer e;
	struct op *op;

	sim_start(s);
	l = wait_for_calm(s);
	f = sim_follower(s);
	write_at(s, l);
	write_at(s, f);
	op = sim_op(s, OP_TAG);
	op->thing = 0;
	node_write(f, op);
	if (!member_has_batch(f->m))
		sim_fail(s, "the batch of node %d does not wait", f->i);
	e = stale_entry(db_applied(l->db) - 1);
	if (raft_apply(member_raft(l->m), &req, &e, 1, proposed))
		sim_fail(s, "node %d takes no entry", l->i);
	sim_settle(s);
	wait_for_calm(s);
	if (op->result != OP_DONE)
		sim_fail(s, "the write is not made");
}

/* As a member that is broken sends them. */
static void
send_unfit(struct sim *s, struct node *l, const struct buf *entry)
{
	const struct wire_forward f = { .word = WIRE_BATCH, .token = 2,
	    .base = db_applied(l->db), .entry = entry->data,
	    .len = entry->len };

	member_take_forward(l->m, sim_follower(s)->id, &f);
	sim_settle(s);
	wait_for_calm(s);
}

/* No entry at all, and one whose record is none: no database can take them, so if
 * they were ordered all members would stop. */
static void
play_unfit(struct sim *s)
{
	size_t len = 4;
	struct log_batch batch = { .records = "none", .lengths = &len, .n = 1 };
	struct buf b = { 0 };
	struct node *l;

	sim_start(s);
	l = wait_for_calm(s);
	write_at(s, l);
	buf_add(&b, "\377\377\377", 3);
	send_unfit(s, l, &b);
	b.len = 0;
	batch.base = db_applied(l->db);
	log_encode(&b, &batch);
	send_unfit(s, l, &b);
	buf_release(&b);
	write_at(s, l);
	write_at(s, sim_follower(s));
}

/* The leader is lost when a further member is known, but has no vote. */
static void
play_half_added(struct sim *s)
{
	const struct raft_configuration *c;
	struct node *l, *n = &s->nodes[3];
	uint64_t end;

	sim_start(s);
	l = wait_for_calm(s);
	if (!node_open(n))
		sim_fail(s, "node %d cannot be opened", n->i);
	node_start(n);
	if (member_add(l->m, n->id, n->address, NULL, NULL))
		sim_fail(s, "node %d cannot be added", n->i);
	sim_settle(s);
	c = &member_raft(sim_follower(s)->m)->configuration;
	for (end = s->now + WAIT_MS; c->n != 4; sim_run(s, 1)) {
		if (s->now > end)
			sim_fail(s, "node %d is not known", n->i);
	}
	if (member_is_voter(l->m, n->id))
		sim_fail(s, "node %d has a vote already", n->i);
	node_kill(l);
	sim_add(s, n->i);
}

const struct script sim_scripts[] = {
	{ "an entry that nobody takes does not end a batch that waits",
	    play_stale },
	{ "what no database can take is not ordered", play_unfit },
	{ "the next leader ends what the last one began: a member is added",
	    play_half_added },
	{ NULL, NULL },
};
