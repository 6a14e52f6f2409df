#include "poold/store.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define APPLIES_MAX 512			/* entries at xapi: above the member's */

/* What the reading thread leaves to another, since it waits. */
struct errand {
	struct store *store;
	void (*run)(struct store *s, const struct parcel *p);
	bool full;
	struct parcel parcel;
	struct buf data;
};

struct apply {
	db_applied_fn *applied;
	void *arg;
};

struct store {
	int fd;
	struct loop *loop;
	struct member *m;
	void (*gone)(int rc);
	pthread_mutex_t send_lock;
	pthread_mutex_t lock;		/* everything below */
	pthread_cond_t changed;
	uint64_t contained;		/* the last entry in the database */
	struct apply applies[APPLIES_MAX];	/* not yet answered, a ring */
	size_t first, n_applies;
	uint32_t answer;		/* the kind that is waited for; 0: it came */
	int answer_rc;
	struct buf copy;		/* that came with it */
	bool kept;			/* a batch that xapi is to store */
	struct errand append, change;
};

static uint64_t
of_rc(int rc)
{
	return (uint64_t)(int64_t)rc;
}

static int
to_rc(uint64_t a)
{
	return (int)(int64_t)a;
}

static int
say(struct store *s, const struct parcel *p)
{
	int rc;

	pthread_mutex_lock(&s->send_lock);
	rc = parcel_send(s->fd, p);
	pthread_mutex_unlock(&s->send_lock);
	return rc;
}

static uint64_t
store_applied(void *arg)
{
	struct store *s = arg;
	uint64_t contained;

	pthread_mutex_lock(&s->lock);
	contained = s->contained;
	pthread_mutex_unlock(&s->lock);
	return contained;
}

/* Waits for the answer of that kind; if xapi goes, so does the process. */
static int
ask(struct store *s, const struct parcel *p, uint32_t answer)
{
	int rc;

	pthread_mutex_lock(&s->lock);
	s->answer = answer;
	pthread_mutex_unlock(&s->lock);
	rc = say(s, p);
	if (rc)
		return rc;
	pthread_mutex_lock(&s->lock);
	while (s->answer)
		pthread_cond_wait(&s->changed, &s->lock);
	rc = s->answer_rc;
	pthread_mutex_unlock(&s->lock);
	return rc;
}

static int
store_detach(void *arg)
{
	const struct parcel p = { .kind = POOLD_DETACH };

	return ask(arg, &p, POOLD_DETACHED);
}

static int
store_replace(void *arg, const void *copy, size_t len)
{
	const struct parcel p = { .kind = POOLD_REPLACE, .data = copy,
	    .len = len };

	return ask(arg, &p, POOLD_REPLACED);
}

static int
store_fits(void *arg, const void *entry, size_t len)
{
	const struct parcel p = { .kind = POOLD_FITS, .data = entry,
	    .len = len };

	return ask(arg, &p, POOLD_FITTED);
}

static int
store_copy(void *arg, struct buf *b)
{
	const struct parcel p = { .kind = POOLD_COPY };
	struct store *s = arg;
	int rc = ask(s, &p, POOLD_COPIED);

	if (rc)
		return rc;
	buf_release(b);
	*b = s->copy;
	s->copy = (struct buf){ 0 };
	return 0;
}

static int
store_apply_later(void *arg, uint64_t index, const void *entry, size_t len,
    db_applied_fn *applied, void *applied_arg)
{
	const struct parcel p = { .kind = POOLD_APPLY, .a = index,
	    .data = entry, .len = len };
	struct store *s = arg;

	pthread_mutex_lock(&s->lock);
	assert(s->n_applies < APPLIES_MAX);
	s->applies[(s->first + s->n_applies++) % APPLIES_MAX] =
	    (struct apply){ applied, applied_arg };
	pthread_mutex_unlock(&s->lock);
	/* if it was not said nobody answers, and the process ends */
	say(s, &p);
	return 0;
}

const struct member_db store_db = {
	.applied = store_applied, .detach = store_detach,
	.apply_later = store_apply_later, .replace = store_replace,
	.copy = store_copy, .fits = store_fits,
};

void
store_role(struct store *s, bool leads, uint64_t leader)
{
	const struct parcel p = { .kind = POOLD_ROLE, .a = leads,
	    .b = leader };

	say(s, &p);
}

void
store_current(struct store *s)
{
	const struct parcel p = { .kind = POOLD_CURRENT };

	say(s, &p);
}

static void
run_append(struct store *s, const struct parcel *p)
{
	struct parcel answer = { .kind = POOLD_ORDERED };
	uint64_t index = 0;
	int rc = member_append(s->m, p->data, p->len, p->a, &index);

	pthread_mutex_lock(&s->lock);
	s->kept = !rc;
	pthread_mutex_unlock(&s->lock);
	answer.a = of_rc(rc);
	answer.b = index;
	say(s, &answer);
}

static void
tell_changed(void *arg, int rc)
{
	const struct parcel p = { .kind = POOLD_CHANGED, .a = of_rc(rc) };

	say(arg, &p);
}

struct change {
	struct store *s;
	const struct parcel *p;
};

static int
change_peers(struct store *s, const struct parcel *p)
{
	struct pool_peers *peers = mem_alloc(sizeof(*peers));
	int rc = pool_peers_decode(peers, p->data, p->len);

	if (!rc)
		rc = peers_set(loop_peers(s->loop), peers->list, peers->n);
	free(peers);
	tell_changed(s, rc);
	return 0;
}

/* On the loop's thread. */
static int
do_change(struct member *m, void *arg)
{
	const struct change *c = arg;
	uint64_t id = c->p->a;
	char name[24];

	switch (c->p->kind) {
	case POOLD_ADD:
		snprintf(name, sizeof(name), "%llu", (unsigned long long)id);
		return member_add(m, id, name, tell_changed, c->s);
	case POOLD_REMOVE:
		return member_remove(m, id, tell_changed, c->s);
	case POOLD_TRANSFER:
		return member_transfer(m, id, tell_changed, c->s);
	default:
		return change_peers(c->s, c->p);
	}
}

static void
run_change(struct store *s, const struct parcel *p)
{
	struct change c = { s, p };
	int rc = loop_call(s->loop, do_change, &c);

	if (rc)
		tell_changed(s, rc);
}

/* The slot is free while it runs: xapi may have its answer, and the next one on
 * the way, before this thread knows. */
static void *
errand_main(void *arg)
{
	struct errand *e = arg;
	struct store *s = e->store;
	struct parcel p;
	struct buf data;

	for (;;) {
		pthread_mutex_lock(&s->lock);
		while (!e->full)
			pthread_cond_wait(&s->changed, &s->lock);
		p = e->parcel;
		data = e->data;
		e->data = (struct buf){ 0 };
		e->full = false;
		pthread_mutex_unlock(&s->lock);
		e->run(s, &p);
		buf_release(&data);
	}
	return NULL;
}

/* Takes the data.  xapi has one of a kind on the way.  Locked. */
static int
send_on(struct store *s, struct errand *e, const struct parcel *p,
    struct buf *storage)
{
	if (e->full)
		return -EBADMSG;
	e->data = *storage;
	*storage = (struct buf){ 0 };
	e->parcel = *p;
	e->full = true;
	pthread_cond_broadcast(&s->changed);
	return 0;
}

/* Locked. */
static int
take_answer(struct store *s, const struct parcel *p, struct buf *storage)
{
	if (s->answer != p->kind)
		return -EBADMSG;
	if (p->kind == POOLD_COPIED) {
		s->copy = *storage;
		*storage = (struct buf){ 0 };
	}
	s->contained = p->b;
	s->answer_rc = to_rc(p->a);
	s->answer = 0;
	pthread_cond_broadcast(&s->changed);
	return 0;
}

static int
take_applied(struct store *s, const struct parcel *p)
{
	struct apply a;

	pthread_mutex_lock(&s->lock);
	if (!s->n_applies) {
		pthread_mutex_unlock(&s->lock);
		return -EBADMSG;
	}
	a = s->applies[s->first];
	s->first = (s->first + 1) % APPLIES_MAX;
	s->n_applies--;
	s->contained = p->b;
	pthread_mutex_unlock(&s->lock);
	a.applied(a.arg, to_rc(p->a));
	return 0;
}

static int
take_stored(struct store *s, const struct parcel *p)
{
	bool kept;

	pthread_mutex_lock(&s->lock);
	kept = s->kept;
	s->kept = false;
	s->contained = p->b;
	pthread_mutex_unlock(&s->lock);
	if (!kept)
		return -EBADMSG;
	member_stored(s->m, to_rc(p->a));
	return 0;
}

static int
take_locked(struct store *s, const struct parcel *p, struct buf *storage)
{
	switch (p->kind) {
	case POOLD_APPEND:
		return send_on(s, &s->append, p, storage);
	case POOLD_PEERS:
	case POOLD_ADD:
	case POOLD_REMOVE:
	case POOLD_TRANSFER:
		return send_on(s, &s->change, p, storage);
	case POOLD_REPLACED:
	case POOLD_COPIED:
	case POOLD_DETACHED:
	case POOLD_FITTED:
		return take_answer(s, p, storage);
	default:
		return -EBADMSG;
	}
}

static int
take(struct store *s, const struct parcel *p, struct buf *storage)
{
	int rc;

	if (p->kind == POOLD_APPLIED)
		return take_applied(s, p);
	if (p->kind == POOLD_STORED)
		return take_stored(s, p);
	pthread_mutex_lock(&s->lock);
	rc = take_locked(s, p, storage);
	pthread_mutex_unlock(&s->lock);
	return rc;
}

static void *
read_main(void *arg)
{
	struct store *s = arg;
	struct buf storage = { 0 };
	struct parcel p;
	int rc;

	do {
		rc = parcel_recv(s->fd, &p, &storage);
		if (!rc)
			rc = take(s, &p, &storage);
	} while (!rc);
	buf_release(&storage);
	s->gone(rc);
	return NULL;
}

static void
start_thread(void *(*fn)(void *arg), void *arg)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, fn, arg))
		abort();
}

static void
errand_init(struct store *s, struct errand *e,
    void (*run)(struct store *s, const struct parcel *p))
{
	e->store = s;
	e->run = run;
	start_thread(errand_main, e);
}

void
store_begin(struct store *s, struct loop *loop, struct member *m,
    void (*gone)(int rc))
{
	s->loop = loop;
	s->m = m;
	s->gone = gone;
	errand_init(s, &s->append, run_append);
	errand_init(s, &s->change, run_change);
	start_thread(read_main, s);
}

int
store_new(int fd, const uint8_t pin[static POOL_PIN], struct store **out,
    uint64_t *id_out, struct pool_peers *peers_out)
{
	const struct parcel hello = { .kind = POOLD_HELLO, .data = pin,
	    .len = POOL_PIN };
	struct store *s = mem_zalloc(sizeof(*s));
	struct buf storage = { 0 };
	struct parcel start = { .kind = 0 };
	int rc;

	s->fd = fd;
	pthread_mutex_init(&s->send_lock, NULL);
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->changed, NULL);
	rc = parcel_send(fd, &hello);
	if (!rc)
		rc = parcel_recv(fd, &start, &storage);
	if (!rc && (start.kind != POOLD_START || !start.a))
		rc = -EBADMSG;
	if (!rc)
		rc = pool_peers_decode(peers_out, start.data, start.len);
	buf_release(&storage);
	s->contained = start.b;
	*id_out = start.a;
	*out = s;
	return rc;
}
