/*
 * What must hold: one leader per term; members that contain the same entry are
 * equal; no write is made twice; what was acknowledged is there and what was
 * refused is not, at the end, on every member; a member that says it is current has
 * what was acknowledged before its role was told; a member's state, as its readers
 * see it, never goes back.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "sim.h"

static void
check_equal(struct sim *s, struct node *n)
{
	uint64_t h = work_hash(n->db);

	if (n->applied >= s->n_hashes) {
		size_t had = s->n_hashes;

		s->n_hashes = n->applied * 2 + 64;
		s->hash_at = mem_realloc(s->hash_at,
		    sizeof(h) * s->n_hashes);
		memset(s->hash_at + had, 0, sizeof(h) * (s->n_hashes - had));
	}
	if (!s->hash_at[n->applied])
		s->hash_at[n->applied] = h;
	if (s->hash_at[n->applied] != h)
		sim_fail(s, "node %d differs from others at entry %llu", n->i,
		    (unsigned long long)n->applied);
}

/* The tags of a thing, one after the other: later states continue earlier. */
static void
check_tags(struct sim *s, struct node *n, struct db_root *r, int thing)
{
	char **seen = &s->tags_seen[n->i * WORK_THINGS + thing];
	struct ref ref = work_thing(thing);
	const struct thing *th = db_find(r, CLASS_THING, &ref);
	struct buf b = { 0 };
	uint32_t i;

	for (i = 0; th && i < th->tags.n; i++)
		buf_addf(&b, "%s ", ((const char *const *)th->tags.v)[i]);
	buf_adds(&b, "");
	if (*seen && n->path[0] && strncmp(*seen, b.data, strlen(*seen)))
		sim_fail(s, "node %d went back from '%s' to '%s'", n->i,
		    *seen, b.data);
	if (th && th->weight != th->tags.n)
		sim_fail(s, "node %d has made %u writes %lld times", n->i,
		    th->tags.n, (long long)th->weight);
	free(*seen);
	*seen = buf_steal(&b, NULL);
}

static void
check_node(struct sim *s, struct node *n)
{
	struct db_root *r = db_root_get(n->db);
	uint64_t applied = db_applied(n->db);
	int i;

	if (db_generation(r) < n->generation)
		sim_fail(s, "node %d: generation went back", n->i);
	n->generation = db_generation(r);
	if (applied < n->applied)
		sim_fail(s, "node %d went back from entry %llu to %llu", n->i,
		    (unsigned long long)n->applied,
		    (unsigned long long)applied);
	if (applied != n->applied) {
		n->applied = applied;
		check_equal(s, n);
		for (i = 0; i < WORK_THINGS; i++)
			check_tags(s, n, r, i);
	}
	db_root_put(r);
}

static void
check_leader(struct sim *s, struct node *n)
{
	uint64_t term = member_term(n->m);

	if (!member_is_leader(n->m))
		return;
	if (term >= s->n_terms) {
		size_t had = s->n_terms;

		s->n_terms = term * 2 + 16;
		s->leader_of_term = mem_realloc(s->leader_of_term,
		    sizeof(term) * s->n_terms);
		memset(s->leader_of_term + had, 0,
		    sizeof(term) * (s->n_terms - had));
	}
	if (!s->leader_of_term[term])
		sim_trace(s, "node %d leads term %llu", n->i,
		    (unsigned long long)term);
	else if (s->leader_of_term[term] != n->id)
		sim_fail(s, "two leaders of term %llu",
		    (unsigned long long)term);
	s->leader_of_term[term] = n->id;
}

void
check_step(struct sim *s)
{
	int i;

	for (i = 0; i < SIM_NODES; i++) {
		struct node *n = &s->nodes[i];

		if (!n->alive)
			continue;
		check_leader(s, n);
		check_node(s, n);
	}
}

static bool
has_tag(struct db_root *r, const struct op *op)
{
	struct ref ref = work_thing(op->thing);
	const struct thing *th = db_find(r, CLASS_THING, &ref);
	char tag[16];

	snprintf(tag, sizeof(tag), "%d", op->number);
	return th && set_has_string(th->tags, tag);
}

void
check_current(struct sim *s, struct node *n)
{
	struct db_root *r = db_root_get(n->db);
	int i;

	for (i = 0; i < s->n_ops; i++) {
		const struct op *op = s->ops[i];

		if (work_replicated(op) && op->result == OP_DONE &&
		    op->done_at <= n->acked && !has_tag(r, op))
			sim_fail(s, "node %d is current without write %d",
			    n->i, op->number);
	}
	db_root_put(r);
}

static void
check_op(struct sim *s, struct node *n, struct db_root *r,
    const struct op *op)
{
	bool there;

	if (!work_replicated(op))
		return;
	there = has_tag(r, op);
	if (op->result == OP_DONE && !there)
		sim_fail(s, "node %d has lost acknowledged write %d", n->i,
		    op->number);
	if (op->result == OP_REFUSED && there)
		sim_fail(s, "node %d has refused write %d", n->i, op->number);
}

/* When all members of the pool are up and have all entries. */
void
check_end(struct sim *s)
{
	int i, k;

	for (i = 0; i < SIM_NODES; i++) {
		struct node *n = &s->nodes[i];
		struct db_root *r;

		if (!n->alive || !n->in_pool)
			continue;
		r = db_root_get(n->db);
		for (k = 0; k < s->n_ops; k++)
			check_op(s, n, r, s->ops[k]);
		db_root_put(r);
	}
}
