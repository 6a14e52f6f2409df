#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "poold/member.h"
#include "poold/member_impl.h"

/*
 * The one batch under way.  Under the lock.
 *
 *     NONE ─append─▶ POSTED ─poll─▶ PROPOSED ─fsm_apply─▶ KEPT ─stored─▶ NONE
 *                      └──────── resolve ┴─────────────────────────────▶ NONE
 */
enum batch_state { BATCH_NONE, BATCH_POSTED, BATCH_PROPOSED, BATCH_KEPT };

/* Before each entry: who made it, so that it is known when it comes back. */
struct entry_head {
	uint64_t member;
	uint64_t token;		/* 0: a copy */
	uint64_t len;
	uint64_t zero;
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

	pthread_mutex_t lock;
	pthread_cond_t moved;
	enum batch_state state;
	uint64_t token;			/* of the batch */
	struct raft_buffer entry;	/* POSTED: ours, then raft's */
	bool resolved;
	int rc;
	uint64_t index;
	int stored_rc;
	bool leads;			/* as last seen by poll */
	int applying;			/* entries of others under way */
	int apply_rc;			/* of the first that was refused */
	bool failed;			/* our owner knows of it */
	bool told, told_leads;		/* what it knows of this member's role */
	uint64_t told_leader;
};

/* Entries that may wait for the database's disk. */
#define APPLYING_MAX 256

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
make_entry(uint64_t member, uint64_t token, const void *data, size_t len)
{
	struct entry_head head = { member, token, len, 0 };
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
	m->leads = false;
	pthread_mutex_unlock(&m->lock);
	m->failed = true;
	m->cfg.failed(m->cfg.arg, rc);
}

bool
member_leads(struct member *m)
{
	bool leads;

	pthread_mutex_lock(&m->lock);
	leads = m->leads;
	pthread_mutex_unlock(&m->lock);
	return leads;
}

int
member_append(struct member *m, const void *entry, size_t len,
    uint64_t *index_out)
{
	int rc;

	pthread_mutex_lock(&m->lock);
	if (!m->leads || m->applying) {
		rc = m->applying ? -EAGAIN : -EROFS;
		goto out;
	}
	m->token = m->cfg.random(m->cfg.arg) | 1;
	m->entry = make_entry(m->cfg.id, m->token, entry, len);
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

/* Before an entry of another, or of this member's past: a batch under way was
 * made for the state before it, and the writer must be free to take the entry.
 * Locked. */
static void
step_aside(struct member *m)
{
	while (m->applying >= APPLYING_MAX)
		pthread_cond_wait(&m->moved, &m->lock);
	m->applying++;
	if (m->state == BATCH_POSTED)
		resolve(m, -EAGAIN);
	else if (m->state == BATCH_PROPOSED)
		resolve(m, -ETIMEDOUT);
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
 * on this one's log disk, not for its database. */
static int
apply_other(struct member *m, uint64_t index, const void *data, size_t len)
{
	int rc;

	step_aside(m);
	pthread_mutex_unlock(&m->lock);
	rc = m->cfg.db->apply_later(m->cfg.db_arg, index, data, len, applied,
	    m);
	if (rc)
		applied(m, rc);
	pthread_mutex_lock(&m->lock);
	return rc;
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
	else if (m->state == BATCH_PROPOSED && head.member == m->cfg.id &&
	    head.token == m->token)
		rc = finish_own(m, index);
	else
		rc = apply_other(m, index, data, head.len);
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
	**bufs = make_entry(m->cfg.id, 0, b.data, b.len);
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
	step_aside(m);
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
	else if (status && m->state == BATCH_PROPOSED && p->token == m->token)
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
		m->copying = !propose(m, make_entry(m->cfg.id, 0, b.data, b.len), 0);
	buf_release(&b);
}

static void
propose_batch(struct member *m)
{
	struct raft_buffer entry;
	int rv;

	pthread_mutex_lock(&m->lock);
	entry = m->entry;
	m->state = BATCH_PROPOSED;
	pthread_mutex_unlock(&m->lock);
	rv = propose(m, entry, m->token);
	pthread_mutex_lock(&m->lock);
	if (rv && m->state == BATCH_PROPOSED)
		resolve(m, member_errno(rv));
	pthread_mutex_unlock(&m->lock);
}

/* Whether a write that waits may be ordered now: all that is in the log is in
 * the database.  Updates what the writer may know. */
static bool
may_propose(struct member *m, bool *posted)
{
	bool leads = member_is_leader(m), ready;

	pthread_mutex_lock(&m->lock);
	m->leads = leads;
	if (m->state == BATCH_POSTED && !leads)
		resolve(m, -EROFS);
	*posted = m->state == BATCH_POSTED;
	ready = leads && !m->applying;
	pthread_mutex_unlock(&m->lock);
	return ready && !raft_transferee(&m->raft) &&
	    raft_last_applied(&m->raft) == raft_last_index(&m->raft);
}

static void
tell_role(struct member *m)
{
	bool leads = member_is_leader(m);
	uint64_t leader = member_leader(m);

	if (!m->cfg.role || (m->told && leads == m->told_leads &&
	    leader == m->told_leader))
		return;
	m->told = true;
	m->told_leads = leads;
	m->told_leader = leader;
	m->cfg.role(m->cfg.arg, leads, leader);
}

void
member_poll(struct member *m)
{
	bool posted, may;
	int refused;

	pthread_mutex_lock(&m->lock);
	refused = m->apply_rc;
	pthread_mutex_unlock(&m->lock);
	if (refused && !m->failed)
		fail(m, refused);
	may = may_propose(m, &posted);
	tell_role(m);
	if (!may)
		return;
	if (!m->cfg.db->applied(m->cfg.db_arg)) {
		if (!m->copying)
			propose_copy(m);
	} else if (posted) {
		propose_batch(m);
	}
}

struct member *
member_new(const struct member_config *cfg)
{
	struct member *m = mem_zalloc(sizeof(*m));

	m->cfg = *cfg;
	m->address = mem_strdup(cfg->address);
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
	m->leads = false;
	if (m->state == BATCH_POSTED)
		resolve(m, -EROFS);
	else if (m->state == BATCH_PROPOSED)
		resolve(m, -ETIMEDOUT);
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
	free(m->address);
	free(m);
}

bool
member_has_batch(struct member *m)
{
	bool has;

	pthread_mutex_lock(&m->lock);
	has = m->state == BATCH_POSTED || m->state == BATCH_PROPOSED;
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
