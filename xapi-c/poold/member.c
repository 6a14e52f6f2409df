#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "poold/member.h"
#include "poold/member_impl.h"
#include "poold/turns.h"
#include "poold/wire.h"

/*
 * The one batch under way.  Under the lock.  ORDERED: this member has proposed it
 * or, where another leads, has sent it there.
 *
 *     NONE ─append─▶ POSTED ─poll─▶ ORDERED ─fsm_apply─▶ KEPT ─stored─▶ NONE
 *                      └──────── resolve ┴────────────────────────────▶ NONE
 */
enum batch_state { BATCH_NONE, BATCH_POSTED, BATCH_ORDERED, BATCH_KEPT };

/* Before each entry: who made it, so that it is known when it comes back. */
struct entry_head {
	uint64_t member;
	uint64_t token;		/* 0: a copy */
	uint64_t len;
	uint64_t base;		/* the entry that it builds upon */
};

struct proposal {
	struct raft_apply req;
	struct member *m;
	uint64_t token;		/* 0: the copy */
};

struct member {
	struct member_config cfg;
	char *address;
	struct raft raft;
	struct raft_fsm fsm;
	bool started;
	bool copying;			/* the pool's first entry is under way */
	struct member_change change;
	struct member_barrier barrier;
	struct turns *turns;		/* where this member leads */
	uint64_t asked;			/* who has the batch, and its term */
	uint64_t asked_term;
	uint64_t watched;		/* the token of the batch, */
	raft_time posted_at;		/* and when it was first seen */

	pthread_mutex_t lock;
	pthread_cond_t moved;
	enum batch_state state;
	uint64_t token;			/* of the batch */
	uint64_t base;			/* the entry that it builds upon */
	struct raft_buffer entry;	/* POSTED: ours, then raft's */
	bool resolved;
	int rc;
	uint64_t index;
	int stored_rc;
	uint64_t orderer;		/* as last seen by poll; 0: none */
	int applying;			/* entries of others under way */
	int apply_rc;			/* of the first that was refused */
	bool failed;			/* our owner knows of it */
	bool told, told_leads;		/* what it knows of this member's role */
	uint64_t told_leader;
};

/* Entries that may wait for the database's disk. */
#define APPLYING_MAX 256
/* Known entries with which a batch is sent to the leader nevertheless: the one
 * that it orders now, and raft's own. */
#define SEND_AHEAD_MAX 2
/* How long a member may take to make its batch anew for its turn: it hears of
 * the entry before with the next heartbeat. */
#define TURN_HEARTBEATS 2
#define ENTRY_EXTRA (sizeof(struct entry_head) + 7)

struct raft *
member_raft(struct member *m)
{
	return &m->raft;
}

struct member_change *
member_change(struct member *m)
{
	return &m->change;
}

struct member_barrier *
member_barrier(struct member *m)
{
	return &m->barrier;
}

const struct member_config *
member_config(const struct member *m)
{
	return &m->cfg;
}

uint64_t
member_now(struct member *m)
{
	return m->raft.io->time(m->raft.io);
}

bool
member_contains(struct member *m, uint64_t index)
{
	bool all;

	pthread_mutex_lock(&m->lock);
	all = !m->applying && !m->apply_rc;
	pthread_mutex_unlock(&m->lock);
	return all && raft_last_applied(&m->raft) >= index;
}

int
member_errno(int rv)
{
	switch (rv) {
	case 0:
		return 0;
	case RAFT_NOMEM:
		abort();
	case RAFT_NOTLEADER:
		return -EROFS;
	case RAFT_LEADERSHIPLOST:
	case RAFT_SHUTDOWN:
	case RAFT_CANCELED:
		return -ETIMEDOUT;
	case RAFT_NOSPACE:
		return -ENOSPC;
	case RAFT_CANTCHANGE:
	case RAFT_BUSY:
		return -EBUSY;
	case RAFT_DUPLICATEID:
	case RAFT_DUPLICATEADDRESS:
		return -EEXIST;
	case RAFT_BADID:
	case RAFT_NOTFOUND:
		return -ENOENT;
	case RAFT_BADROLE:
	case RAFT_INVALID:
	case RAFT_NAMETOOLONG:
		return -EINVAL;
	case RAFT_CORRUPT:
	case RAFT_MALFORMED:
		return -EBADMSG;
	case RAFT_NOCONNECTION:
		return -ENOTCONN;
	default:
		return -EIO;
	}
}

/* raft wants lengths in multiples of eight. */
static struct raft_buffer
make_entry(uint64_t member, uint64_t token, uint64_t base, const void *data,
    size_t len)
{
	struct entry_head head = { member, token, len, base };
	size_t padded = sizeof(head) + ((len + 7) & ~(size_t)7);
	struct raft_buffer e = { raft_calloc(1, padded), padded };

	if (!e.base)
		abort();
	memcpy(e.base, &head, sizeof(head));
	memcpy((char *)e.base + sizeof(head), data, len);
	return e;
}

/* The contents of an entry, or NULL. */
static const void *
open_entry(const struct raft_buffer *e, struct entry_head *head)
{
	if (e->len < sizeof(*head))
		return NULL;
	memcpy(head, e->base, sizeof(*head));
	if (head->len > e->len - sizeof(*head))
		return NULL;
	return (const char *)e->base + sizeof(*head);
}

/* Ends the batch under way; the writer wakes.  Locked. */
static void
resolve(struct member *m, int rc)
{
	if (m->state == BATCH_POSTED)
		raft_free(m->entry.base);
	m->state = rc ? BATCH_NONE : BATCH_KEPT;
	m->resolved = true;
	m->rc = rc;
	pthread_cond_broadcast(&m->moved);
}

static void
fail(struct member *m, int rc)
{
	log_error("member %llu stops: cannot apply an entry: %s",
	    (unsigned long long)m->cfg.id, strerror(-rc));
	pthread_mutex_lock(&m->lock);
	m->apply_rc = rc;
	m->orderer = 0;
	pthread_mutex_unlock(&m->lock);
	m->failed = true;
	m->cfg.failed(m->cfg.arg, rc);
}

bool
member_orders(struct member *m)
{
	bool orders;

	pthread_mutex_lock(&m->lock);
	orders = m->orderer;
	pthread_mutex_unlock(&m->lock);
	return orders;
}

int
member_append(struct member *m, const void *entry, size_t len, uint64_t base,
    uint64_t *index_out)
{
	int rc;

	pthread_mutex_lock(&m->lock);
	if (!m->orderer || m->applying) {
		rc = m->orderer ? -EAGAIN : -EROFS;
		goto out;
	}
	m->token += 2;
	m->base = base;
	m->entry = make_entry(m->cfg.id, m->token, base, entry, len);
	m->state = BATCH_POSTED;
	m->resolved = false;
	m->cfg.wake(m->cfg.arg);
	while (!m->resolved)
		pthread_cond_wait(&m->moved, &m->lock);
	rc = m->rc;
	*index_out = m->index;
out:
	pthread_mutex_unlock(&m->lock);
	return rc;
}

void
member_stored(struct member *m, int rc)
{
	pthread_mutex_lock(&m->lock);
	m->stored_rc = rc;
	m->state = BATCH_NONE;
	pthread_cond_broadcast(&m->moved);
	pthread_mutex_unlock(&m->lock);
}

/* The entry is the batch that the writer waits for: it stores it. */
static int
finish_own(struct member *m, uint64_t index)
{
	m->index = index;
	resolve(m, 0);
	while (m->state == BATCH_KEPT)
		pthread_cond_wait(&m->moved, &m->lock);
	return m->stored_rc;
}

/* Locked. */
static bool
batch_waits(const struct member *m)
{
	return m->state == BATCH_POSTED || m->state == BATCH_ORDERED;
}

/* The writer is to be free, though it is not known what becomes of its batch.
 * Locked. */
static void
give_up_batch(struct member *m, int posted_rc)
{
	if (batch_waits(m))
		resolve(m, m->state == BATCH_POSTED ? posted_rc : -ETIMEDOUT);
}

/* The database has it, or refused it.  Writer's or loop's thread. */
static void
applied(void *arg, int rc)
{
	struct member *m = arg;

	pthread_mutex_lock(&m->lock);
	if (rc && !m->apply_rc)
		m->apply_rc = rc;
	if (!--m->applying || rc)
		m->cfg.wake(m->cfg.arg);
	pthread_cond_broadcast(&m->moved);
	pthread_mutex_unlock(&m->lock);
}

/* The database takes it while raft goes on: the other members wait for what is
 * on this one's log disk, not for its database.  A batch that waits was made for
 * the state before this entry, so wherever it comes after it is left out; its
 * writer has to take the entry.  Locked. */
static int
apply_other(struct member *m, uint64_t index, const void *data, size_t len)
{
	bool beaten = batch_waits(m);
	int rc;

	while (m->applying >= APPLYING_MAX)
		pthread_cond_wait(&m->moved, &m->lock);
	m->applying++;
	pthread_mutex_unlock(&m->lock);
	rc = m->cfg.db->apply_later(m->cfg.db_arg, index, data, len, applied,
	    m);
	if (rc)
		applied(m, rc);
	pthread_mutex_lock(&m->lock);
	if (beaten)
		resolve(m, -EAGAIN);
	return rc;
}

/* An entry that is on most disks.  While a batch waits the database contains what
 * that builds upon, so one with another base is left out by all members, as by
 * this one, and the batch may still come.  Locked. */
static int
apply_entry(struct member *m, uint64_t index, const struct entry_head *head,
    const void *data)
{
	if (m->state == BATCH_ORDERED && head->member == m->cfg.id &&
	    head->token == m->token)
		return finish_own(m, index);
	if (batch_waits(m) && head->base != m->base)
		return 0;
	return apply_other(m, index, data, head->len);
}

void
member_settle(struct member *m)
{
	pthread_mutex_lock(&m->lock);
	while (m->applying)
		pthread_cond_wait(&m->moved, &m->lock);
	pthread_mutex_unlock(&m->lock);
}

static int
fsm_apply(struct raft_fsm *fsm, const struct raft_buffer *buf, void **result)
{
	struct member *m = fsm->data;
	uint64_t index = raft_last_applied(&m->raft) + 1;
	struct entry_head head;
	const void *data = open_entry(buf, &head);
	int rc;

	*result = NULL;
	pthread_mutex_lock(&m->lock);
	if (m->apply_rc)
		rc = 0;
	else if (!data)
		rc = -EBADMSG;
	else
		rc = apply_entry(m, index, &head, data);
	pthread_mutex_unlock(&m->lock);
	if (rc)
		fail(m, rc);
	return 0;
}

static int
fsm_snapshot(struct raft_fsm *fsm, struct raft_buffer *bufs[],
    unsigned *n_bufs)
{
	struct member *m = fsm->data;
	struct buf b = { 0 };

	/* raft forgets the entries before a snapshot; the copy knows its
	 * index, which is at most raft's */
	member_settle(m);
	if (m->apply_rc || m->cfg.db->copy(m->cfg.db_arg, &b))
		return RAFT_BUSY;
	*bufs = raft_malloc(sizeof(**bufs));
	if (!*bufs)
		abort();
	**bufs = make_entry(m->cfg.id, 0, 0, b.data, b.len);
	*n_bufs = 1;
	buf_release(&b);
	return 0;
}

static int
fsm_restore(struct raft_fsm *fsm, struct raft_buffer *buf)
{
	struct member *m = fsm->data;
	struct entry_head head;
	const void *data = open_entry(buf, &head);
	int rc;

	member_settle(m);
	if (m->apply_rc)
		return RAFT_IOERR;
	pthread_mutex_lock(&m->lock);
	m->applying++;
	give_up_batch(m, -EAGAIN);
	pthread_mutex_unlock(&m->lock);
	rc = data ? m->cfg.db->replace(m->cfg.db_arg, data, head.len) :
	    -EBADMSG;
	applied(m, rc);
	if (rc)
		fail(m, rc);
	raft_free(buf->base);
	return 0;
}

static void
proposed(struct raft_apply *req, int status, void *result)
{
	struct proposal *p = req->data;
	struct member *m = p->m;

	(void)result;
	pthread_mutex_lock(&m->lock);
	if (!p->token)
		m->copying = false;
	else if (status && m->state == BATCH_ORDERED && p->token == m->token)
		resolve(m, -ETIMEDOUT);
	pthread_mutex_unlock(&m->lock);
	free(p);
}

/* 0 or raft's code; the entry is raft's or gone. */
static int
propose(struct member *m, struct raft_buffer entry, uint64_t token)
{
	struct proposal *p = mem_zalloc(sizeof(*p));
	int rv;

	p->m = m;
	p->token = token;
	p->req.data = p;
	rv = raft_apply(&m->raft, &p->req, &entry, 1, proposed);
	if (rv) {
		raft_free(entry.base);
		free(p);
	}
	return rv;
}

/* The first entry of a pool is what its first member has. */
static void
propose_copy(struct member *m)
{
	struct buf b = { 0 };

	if (m->cfg.db->copy(m->cfg.db_arg, &b) == 0)
		m->copying = !propose(m, make_entry(m->cfg.id, 0, 0, b.data,
		    b.len), 0);
	buf_release(&b);
}

/* The posted batch, which is raft's or the leader's from now on.  Only this
 * thread ends it before. */
static struct raft_buffer
take_batch(struct member *m, uint64_t orderer)
{
	struct raft_buffer entry;

	pthread_mutex_lock(&m->lock);
	assert(m->state == BATCH_POSTED);
	entry = m->entry;
	m->state = BATCH_ORDERED;
	pthread_mutex_unlock(&m->lock);
	m->asked = orderer;
	m->asked_term = raft_current_term(&m->raft);
	return entry;
}

/* It was not ordered. */
static void
end_batch(struct member *m, int rc)
{
	pthread_mutex_lock(&m->lock);
	if (m->state == BATCH_ORDERED)
		resolve(m, rc);
	pthread_mutex_unlock(&m->lock);
}

static void
propose_batch(struct member *m)
{
	int rv = propose(m, take_batch(m, m->cfg.id), m->token);

	if (rv)
		end_batch(m, member_errno(rv));
}

static void
send_batch(struct member *m)
{
	uint64_t leader = member_leader(m);
	struct raft_buffer entry = take_batch(m, leader);
	struct wire_forward f = { .token = m->token, .base = m->base };
	struct entry_head head = { 0 };

	f.entry = open_entry(&entry, &head);
	f.len = head.len;
	if (f.len <= WIRE_FORWARD_MAX)
		m->cfg.forward(m->cfg.arg, leader, &f);
	else
		end_batch(m, -EMSGSIZE);
	raft_free(entry.base);
}

static void
refuse(struct member *m, uint64_t to, uint64_t token, int rc)
{
	const struct wire_forward f = { .word = WIRE_REFUSED, .token = token,
	    .rc = rc };

	m->cfg.forward(m->cfg.arg, to, &f);
}

/* What no database could take would stop them all. */
static void
propose_others(struct member *m, const struct turn *t)
{
	struct entry_head head = { 0 };
	const void *data = open_entry(&t->entry, &head);
	int rc = m->cfg.db->fits(m->cfg.db_arg, data, head.len);

	if (rc)
		raft_free(t->entry.base);
	else
		rc = member_errno(propose(m, t->entry, t->token));
	if (rc)
		refuse(m, t->member, t->token, rc);
}

/* The next batch, this member's or another's. */
static void
propose_next(struct member *m, bool posted)
{
	struct turn t = { m->cfg.id, m->token, m->base, { 0 } };

	if (posted && turns_have_room(m->turns, t.member, 0))
		turns_ask(m->turns, &t);
	if (!turns_next(m->turns, m->cfg.db->applied(m->cfg.db_arg),
	    member_now(m), TURN_HEARTBEATS * m->raft.heartbeat_timeout, &t))
		return;
	if (t.member != m->cfg.id)
		propose_others(m, &t);
	else if (posted)
		propose_batch(m);
}

/* Those who take this member for the one that leads. */
static void
turn_away(struct member *m)
{
	struct turn t;

	while (turns_take(m->turns, &t)) {
		if (t.entry.base)
			refuse(m, t.member, t.token, -EROFS);
		raft_free(t.entry.base);
	}
}

static void
take_refusal(struct member *m, uint64_t from, const struct wire_forward *f)
{
	pthread_mutex_lock(&m->lock);
	if (m->state == BATCH_ORDERED && from == m->asked &&
	    f->token == m->token) {
		if (f->rc != -EROFS && f->rc != -ENOSPC)
			log_error("member %llu has no use for a batch of "
			    "this one: error %d", (unsigned long long)from,
			    f->rc);
		resolve(m, f->rc == -ENOSPC ? -ENOSPC : -EROFS);
	}
	pthread_mutex_unlock(&m->lock);
}

void
member_take_forward(struct member *m, uint64_t from,
    const struct wire_forward *f)
{
	struct turn t = { .member = from, .token = f->token, .base = f->base };

	if (f->word == WIRE_REFUSED) {
		take_refusal(m, from, f);
	} else if (f->word != WIRE_BATCH) {
		barrier_take(m, from, f);
	} else if (!member_is_leader(m) ||
	    !turns_have_room(m->turns, from, f->len + ENTRY_EXTRA)) {
		refuse(m, from, f->token, -EROFS);
	} else {
		t.entry = make_entry(from, f->token, f->base, f->entry,
		    f->len);
		turns_ask(m->turns, &t);
	}
}

/* Who orders batches: this member, the one that leads, or (0) none. */
static uint64_t
find_orderer(struct member *m)
{
	uint64_t leader = m->started && !m->failed ? member_leader(m) : 0;

	return leader != m->cfg.id || member_is_leader(m) ? leader : 0;
}

/* A batch that nobody orders, or of which it will not be heard whether somebody
 * does.  Locked. */
static bool
is_lost(struct member *m)
{
	if (m->state == BATCH_ORDERED && (m->orderer != m->asked ||
	    raft_current_term(&m->raft) != m->asked_term))
		return true;
	return !m->orderer || (m->orderer != m->cfg.id &&
	    member_now(m) - m->posted_at >= MEMBER_FORWARD_MS);
}

/* Updates what the writer may know. */
static void
watch_batch(struct member *m)
{
	pthread_mutex_lock(&m->lock);
	m->orderer = find_orderer(m);
	if (m->watched != m->token) {
		m->watched = m->token;
		m->posted_at = member_now(m);
	}
	if (batch_waits(m) && is_lost(m))
		give_up_batch(m, -EROFS);
	pthread_mutex_unlock(&m->lock);
}

/* Whether a batch may be ordered now: by this member, once all that is in its log
 * is in the database; by another, once there is little in the log that is not. */
static bool
may_order(struct member *m, bool *posted)
{
	raft_index ahead = raft_last_index(&m->raft) -
	    raft_last_applied(&m->raft);
	bool ready;

	pthread_mutex_lock(&m->lock);
	*posted = m->state == BATCH_POSTED;
	/* a leader whose database has refused an entry knows an old state */
	ready = m->orderer && !m->applying && !m->apply_rc;
	pthread_mutex_unlock(&m->lock);
	if (!ready || !member_is_leader(m))
		return ready && ahead <= SEND_AHEAD_MAX;
	return !raft_transferee(&m->raft) && !ahead;
}

static void
tell_role(struct member *m)
{
	bool leads = member_is_leader(m);
	uint64_t leader = member_leader(m);

	if (m->told && leads == m->told_leads && leader == m->told_leader)
		return;
	m->told = true;
	m->told_leads = leads;
	m->told_leader = leader;
	if (m->cfg.role)
		m->cfg.role(m->cfg.arg, leads, leader);
	barrier_begin(m, leader);
}

void
member_poll(struct member *m)
{
	bool posted;
	int refused;

	pthread_mutex_lock(&m->lock);
	refused = m->apply_rc;
	pthread_mutex_unlock(&m->lock);
	if (refused && !m->failed)
		fail(m, refused);
	watch_batch(m);
	tell_role(m);
	barrier_poll(m);
	if (!member_is_leader(m))
		turn_away(m);
	if (!may_order(m, &posted))
		return;
	if (!member_is_leader(m)) {
		if (posted)
			send_batch(m);
	} else if (m->cfg.db->applied(m->cfg.db_arg)) {
		propose_next(m, posted);
	} else if (!m->copying) {
		propose_copy(m);
	}
}

struct member *
member_new(const struct member_config *cfg)
{
	struct member *m = mem_zalloc(sizeof(*m));

	m->cfg = *cfg;
	m->address = mem_strdup(cfg->address);
	m->turns = turns_new();
	/* no batch is taken for one of an earlier life */
	m->token = cfg->random(cfg->arg) | 1;
	m->fsm = (struct raft_fsm){
		.version = 1, .data = m, .apply = fsm_apply,
		.snapshot = fsm_snapshot, .restore = fsm_restore,
	};
	pthread_mutex_init(&m->lock, NULL);
	pthread_cond_init(&m->moved, NULL);
	return m;
}

/* raft draws the random election time-outs from here. */
static int
init_raft(struct member *m)
{
	const struct member_config *c = &m->cfg;
	int rv;

	if (m->raft.io)
		return 0;
	rv = raft_init(&m->raft, c->io, &m->fsm, c->id, m->address);
	if (rv) {
		log_error("cannot open the pool's log: %s", m->raft.errmsg);
		m->raft.io = NULL;
		return member_errno(rv);
	}
	m->raft.data = m;
	raft_seed(&m->raft, (unsigned)c->random(c->arg));
	raft_set_pre_vote(&m->raft, true);
	if (c->election_ms)
		raft_set_election_timeout(&m->raft, c->election_ms);
	if (c->heartbeat_ms)
		raft_set_heartbeat_timeout(&m->raft, c->heartbeat_ms);
	if (c->snapshot_after)
		raft_set_snapshot_threshold(&m->raft, c->snapshot_after);
	if (c->snapshot_trailing)
		raft_set_snapshot_trailing(&m->raft, c->snapshot_trailing);
	raft_set_capacity_threshold(&m->raft, (unsigned short)c->capacity_kib);
	return 0;
}

int
member_bootstrap(struct member *m, const uint64_t *ids,
    const char *const *addresses, unsigned n)
{
	struct raft_configuration conf;
	int rv = 0, rc;
	unsigned i;

	rc = init_raft(m);
	if (!rc)
		rc = m->cfg.db->detach(m->cfg.db_arg);
	if (rc)
		return rc;
	raft_configuration_init(&conf);
	for (i = 0; i < n && !rv; i++)
		rv = raft_configuration_add(&conf, ids[i], addresses[i],
		    RAFT_VOTER);
	if (!rv)
		rv = raft_bootstrap(&m->raft, &conf);
	raft_configuration_close(&conf);
	return member_errno(rv);
}

int
member_start(struct member *m)
{
	int rv, rc;

	rc = init_raft(m);
	if (rc)
		return rc;
	rv = raft_start(&m->raft);
	if (rv) {
		log_error("cannot start the pool's log: %s", m->raft.errmsg);
		return member_errno(rv);
	}
	m->started = true;
	/* a member that never took part follows whatever log comes */
	if (!raft_current_term(&m->raft) &&
	    m->cfg.db->applied(m->cfg.db_arg))
		rc = m->cfg.db->detach(m->cfg.db_arg);
	member_poll(m);
	return rc;
}

static void
raft_closed(struct raft *r)
{
	struct member *m = r->data;

	m->change.closed(m->change.closed_arg);
}

void
member_close(struct member *m, void (*closed)(void *arg), void *arg)
{
	pthread_mutex_lock(&m->lock);
	m->orderer = 0;
	give_up_batch(m, -EROFS);
	pthread_mutex_unlock(&m->lock);
	member_settle(m);
	m->change.closed = closed;
	m->change.closed_arg = arg;
	if (m->raft.io)
		raft_close(&m->raft, raft_closed);
	else
		closed(arg);
}

void
member_free(struct member *m)
{
	if (!m)
		return;
	pthread_mutex_destroy(&m->lock);
	pthread_cond_destroy(&m->moved);
	turns_free(m->turns);
	free(m->address);
	free(m);
}

bool
member_has_batch(struct member *m)
{
	bool has;

	pthread_mutex_lock(&m->lock);
	has = batch_waits(m);
	pthread_mutex_unlock(&m->lock);
	return has;
}

bool
member_is_leader(const struct member *m)
{
	return m->started && !m->failed && m->raft.state == RAFT_LEADER;
}

uint64_t
member_leader(const struct member *m)
{
	raft_id id = 0;
	const char *address;

	/* raft reads only, its prototype does not say so */
	raft_leader((struct raft *)(uintptr_t)&m->raft, &id, &address);
	return id;
}

uint64_t
member_term(const struct member *m)
{
	return raft_current_term(&m->raft);
}

uint64_t
member_applied(const struct member *m)
{
	return m->raft.last_applied;
}

bool
member_is_voter(const struct member *m, uint64_t id)
{
	const struct raft_configuration *c = &m->raft.configuration;
	unsigned i;

	for (i = 0; i < c->n; i++) {
		if (c->servers[i].id == id)
			return c->servers[i].role == RAFT_VOTER;
	}
	return false;
}
