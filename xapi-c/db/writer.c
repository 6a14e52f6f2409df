#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cond.h"
#include "base/log.h"
#include "base/mem.h"
#include "db/load.h"
#include "db/log_entry.h"
#include "db/object.h"
#include "db/replace.h"

#define QUEUE_MAX 1024
#define BATCH_MAX 256
#define ENTRIES_MAX 64		/* in one transaction */
/* How long a batch waits for writers whose last writes were just answered: a
 * tenth of what that took, if it is worth a sleep at all. */
#define GATHER_MIN_NS 50000
#define GATHER_MAX_NS 1000000
/* Generations taken from the file at a time, when half of those before are
 * used: so many changes can still be seen after the disk has failed. */
#define GENERATION_STEP (1u << 20)

/* A db_write or db_apply that waits, on its caller's stack; or an entry that
 * nobody waits for, in a struct later. */
struct request {
	struct request *next;
	db_write_fn *fn;		/* NULL: an entry of the log */
	void *arg;
	const struct log_entry *entry;	/* NULL: detach, or follow */
	const struct db_log *follow;
	bool restore;			/* it replaces all that went before */
	uint64_t index;
	int rc;
	bool again;			/* the log had no place: as if never run */
	bool done;
	pthread_cond_t finished;
	db_applied_fn *applied;		/* NULL: its caller waits */
	void *applied_arg;
};

struct later {
	struct request rq;
	struct log_entry entry;
	uint8_t data[];
};

struct db {
	struct db_config cfg;
	struct db_file *file;		/* writer thread; NULL: memory only */
	pthread_t writer;
	bool disk_failed;		/* writer thread */
	uint64_t refused;		/* likewise: the entry of the log that */
	int refused_rc;			/* could not be taken, and why; 0: none */
	struct timespec gather_until;	/* writer thread: see gather() */
	int gather_n;

	pthread_mutex_t root_lock;	/* held to swap or take the pointer */
	struct db_root *root;

	pthread_mutex_t lock;		/* the queue */
	pthread_cond_t work;
	pthread_cond_t room;
	struct request *head, **tail;
	struct request **entries_end;	/* entries go before writes */
	int entries;
	bool gathers_entries;		/* the writer waits for more of them */
	int queued;
	bool stopping;
};

/* What the writes of one batch leave. */
struct batch {
	struct db_root *root;		/* the next one */
	struct row_changes rows;	/* none: needs no disk */
	struct buf log;			/* commit records, end to end */
	size_t records[BATCH_MAX];	/* their lengths */
	size_t n_records;
	bool ordered;			/* the log waits for its end */
};

struct db_root *
db_root_get(struct db *db)
{
	struct db_root *root;

	pthread_mutex_lock(&db->root_lock);
	root = db->root;
	atomic_fetch_add_explicit(&root->refs, 1, memory_order_relaxed);
	pthread_mutex_unlock(&db->root_lock);
	return root;
}

static void
publish(struct db *db, struct db_root *root)
{
	struct db_root *old;

	pthread_mutex_lock(&db->root_lock);
	old = db->root;
	db->root = root;
	pthread_mutex_unlock(&db->root_lock);
	db_root_put(old);
}

/* Runs one write on the batch's root; nothing of a failed one stays. */
static void
run_request(struct db *db, struct batch *b, struct request *rq)
{
	size_t start = b->log.len;
	struct db_txn t;
	uint32_t changed;

	txn_init(&t, db->cfg.classes, db->cfg.n_classes, b->root);
	rq->again = false;
	rq->rc = rq->fn(&t, rq->arg);
	if (!rq->rc)
		rq->rc = txn_finish(&t, &changed);
	if (!rq->rc && changed) {
		if ((db->file || !db->cfg.log->in_file) &&
		    commit_encode(&b->log, &t))
			b->records[b->n_records++] = b->log.len - start;
		commit_publish(&t, b->root, &b->rows);
	}
	txn_release(&t);
}

/*
 * A batch that was made for another state than this one, as when its member had
 * lost the lead without knowing, is left out by all members.  None is taken past one
 * that was refused: it may have been made for the same state, which only here is the
 * newest.
 */
static int
run_entry(struct db *db, struct batch *b, const struct request *rq)
{
	const struct log_entry *e = rq->entry;
	int rc;

	if (e && rq->index <= b->root->applied)
		return 0;
	if (e && !rq->restore && db->refused && rq->index > db->refused)
		return db->refused_rc;
	if (e && !rq->restore && e->base != b->root->applied) {
		log_warn("entry %llu of the log was made after %llu, not %llu",
		    (unsigned long long)rq->index,
		    (unsigned long long)e->base,
		    (unsigned long long)b->root->applied);
		return 0;
	}
	rc = e ? log_replay(e, db->cfg.classes, db->cfg.n_classes, b->root,
	    &b->rows) : 0;
	b->root->applied = rq->index;
	return rc;
}

/* A batch must not need more generations than are set aside.  When no more can
 * be had, those that are left serve what needs no disk. */
static int
reserve_generations(struct db *db, const struct request *first)
{
	uint64_t need = db->root->generation;
	int rc;

	for (const struct request *rq = first; rq; rq = rq->next) {
		if (rq->entry && rq->entry->generation > need)
			need = rq->entry->generation;
		if (rq->entry)
			need += BATCH_MAX;
	}
	need += BATCH_MAX;
	if (!db->file ||
	    need + GENERATION_STEP / 2 < file_generation_limit(db->file))
		return 0;
	rc = file_raise_generation_limit(db->file, need + GENERATION_STEP);
	return need < file_generation_limit(db->file) ? 0 : rc;
}

static void
fail_requests(struct request *rq, int rc)
{
	for (; rq; rq = rq->next) {
		if (!rq->rc)
			rq->rc = rc;
	}
}

/* What failed by itself did so after others that are not there. */
static void
repeat_requests(struct request *rq)
{
	for (; rq; rq = rq->next)
		rq->again = true;
}

static void
note_failure(struct db *db, int rc)
{
	if (db->disk_failed)
		return;
	log_error("database writes are refused: %s", file_error(db->file));
	db->disk_failed = true;
	if (db->cfg.disk)
		db->cfg.disk(db->cfg.disk_arg, rc);
}

/* Has the log order the batch and keep it, if that is the log's business. */
static int
order_batch(struct db *db, struct batch *b, struct request *first)
{
	const struct db_log *log = db->cfg.log;
	struct log_batch lb = {
		.records = b->log.data, .lengths = b->records,
		.n = b->n_records, .base = b->root->applied,
		.generation = b->root->generation,
	};
	int rc;

	if (log->in_file || !b->n_records)
		return 0;
	rc = log->append(db->cfg.log_arg, &lb, &b->root->applied);
	if (rc == -EAGAIN)
		repeat_requests(first);
	b->ordered = !rc;
	return rc;
}

static int
store_batch(struct db *db, const struct batch *b)
{
	int rc;

	if (!db->file ||
	    (!b->rows.n && b->root->applied == db->root->applied))
		return 0;
	rc = file_commit(db->file, &b->rows, b->log.data, b->records,
	    db->cfg.log->in_file ? b->n_records : 0, b->root->applied);
	if (!rc && db->disk_failed) {
		log_info("database writes work again");
		db->disk_failed = false;
		if (db->cfg.disk)
			db->cfg.disk(db->cfg.disk_arg, 0);
	}
	return rc;
}

/* Makes the batch's root the one to be seen, unless it was refused. */
static void
end_batch(struct db *db, struct db_root *root, int rc)
{
	bool seen = root->generation != db->root->generation;

	if (rc || (!seen && root->applied == db->root->applied)) {
		db_root_put(root);
		return;
	}
	publish(db, root);
	if (seen && db->cfg.published)
		db->cfg.published(db->cfg.published_arg);
}

/* What became of that entry. */
static void
note_entry(struct db *db, uint64_t index, int rc)
{
	if (!rc && db->root->applied >= db->refused) {
		db->refused = 0;
	} else if (rc && (!db->refused || index < db->refused)) {
		db->refused = index;
		db->refused_rc = rc;
	}
}

/* 0; or -errno: the disk refused the batch, or it is too long for the log, so all of
 * it is refused, because its requests share a root and later ones saw what earlier
 * ones did. */
static int
try_batch(struct db *db, struct request *first)
{
	struct batch b = { 0 };
	struct request *rq;
	uint64_t index = 0;
	int rc, refused = 0;

	rc = reserve_generations(db, first);
	if (rc) {
		note_failure(db, rc);
		return rc;
	}
	b.root = root_clone(db->root);
	for (rq = first; rq && !rc; rq = rq->next) {
		if (rq->fn)
			run_request(db, &b, rq);
		else
			rc = run_entry(db, &b, rq);
	}
	if (!rc)
		rc = order_batch(db, &b, first);
	if (rc == -EMSGSIZE) {
		refused = rc;
		db_root_put(b.root);
	} else if (rc) {
		fail_requests(first, rc);
		db_root_put(b.root);
	} else {
		index = b.root->applied;
		refused = rc = store_batch(db, &b);
		if (rc)
			note_failure(db, rc);
		end_batch(db, b.root, rc);
	}
	if (b.ordered) {
		note_entry(db, index, rc);
		db->cfg.log->stored(db->cfg.log_arg, rc);
		/* the others have what the log has ordered */
		if (rc)
			fail_requests(first, -ETIMEDOUT);
		refused = 0;
	}
	row_changes_release(&b.rows);
	buf_release(&b.log);
	return refused;
}

/* Writes of a refused batch run again one by one, so that those which need no
 * disk pass; one that failed by itself has its answer. */
static void
run_batch(struct db *db, struct request *first)
{
	struct request *rq, *next;
	int rc;

	if (first->follow) {
		db->cfg.log = first->follow;
		db->cfg.log_arg = first->arg;
		return;
	}
	rc = try_batch(db, first);
	if (first->entry)
		note_entry(db, first->index, rc);
	if (!rc || !first->next || !first->fn) {
		fail_requests(first, rc);
		return;
	}
	for (rq = first; rq; rq = next) {
		next = rq->next;
		rq->next = NULL;
		if (!rq->rc)
			fail_requests(rq, try_batch(db, rq));
		rq->next = next;
	}
}

static int64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static struct timespec
time_at(int64_t ns)
{
	return (struct timespec){ .tv_sec = ns / 1000000000,
	    .tv_nsec = ns % 1000000000 };
}

/* A batch of n requests that began then was answered. */
static void
expect_more(struct db *db, int64_t began_ns, int n)
{
	int64_t now = now_ns(), until = (now - began_ns) / 10;

	if (until > GATHER_MAX_NS)
		until = GATHER_MAX_NS;
	if (until < GATHER_MIN_NS)
		until = 0;
	db->gather_until = time_at(now + until);
	db->gather_n = n + db->queued;
}

/*
 * Whoever was answered a moment ago may write again: without this the first of
 * them would have a sync of its own and the others wait for theirs.  Locked.
 */
static void
gather(struct db *db)
{
	while (db->queued < db->gather_n && !db->stopping &&
	    db->head->fn && !db->disk_failed &&
	    pthread_cond_timedwait(&db->work, &db->lock,
		&db->gather_until) == 0)
		;
}

/*
 * Nobody waits for these entries, so they may wait for others to share a sync
 * with.  Locked.
 */
static void
gather_entries(struct db *db)
{
	struct timespec until = time_at(now_ns() + db->cfg.apply_wait_ns);

	db->gathers_entries = true;
	while (db->cfg.apply_wait_ns && db->head->applied &&
	    db->queued == db->entries && db->entries < ENTRIES_MAX &&
	    !db->stopping &&
	    pthread_cond_timedwait(&db->work, &db->lock, &until) == 0)
		;
	db->gathers_entries = false;
}

/* May it be in the batch of that one? */
static bool
goes_with(const struct request *first, const struct request *rq)
{
	if (first->fn)
		return rq->fn;
	return first->applied && rq->applied;
}

/* How many requests a batch may have: when some would be refused they run one
 * by one, so that the others pass.  Locked. */
static int
batch_limit(struct db *db)
{
	if (db->disk_failed)
		return 1;
	if (!db->head->fn)
		return ENTRIES_MAX;
	return db->cfg.log->orders(db->cfg.log_arg) ? BATCH_MAX : 1;
}

/* Waits for requests and takes up to a batch; NULL: the end.  Locked. */
static struct request *
take_requests(struct db *db)
{
	struct request *first, **end = &db->head;
	int max, n = 0;

	while (!db->head && !db->stopping)
		pthread_cond_wait(&db->work, &db->lock);
	if (!db->head)
		return NULL;
	if (db->head->fn)
		gather(db);
	else
		gather_entries(db);
	first = db->head;
	max = batch_limit(db);
	for (; *end && n < max && (!n || goes_with(first, *end)); n++)
		end = &(*end)->next;
	db->head = *end;
	*end = NULL;
	db->queued -= n;
	if (!first->fn)
		db->entries -= n;
	if (!db->entries)
		db->entries_end = &db->head;
	if (!db->head)
		db->tail = &db->head;
	pthread_cond_broadcast(&db->room);
	return first;
}

/* Tells of the entries that nobody waits for; returns the other requests. */
static struct request *
end_later(struct request *rq)
{
	struct request *next;

	for (; rq && rq->applied; rq = next) {
		next = rq->next;
		rq->applied(rq->applied_arg, rq->rc);
		free(rq);	/* the first part of a struct later */
	}
	return rq;
}

/* Ends a batch: those that are to run again stand before the writes that wait,
 * after the entries.  Returns how many were answered.  Locked. */
static int
answer(struct db *db, struct request *rq)
{
	struct request **front = db->entries_end, *next;
	int n = 0;

	for (; rq; rq = next) {
		next = rq->next;
		if (rq->again) {
			rq->next = *front;
			*front = rq;
			front = &rq->next;
			db->queued++;
			continue;
		}
		/* the request is gone once its owner wakes */
		rq->done = true;
		pthread_cond_signal(&rq->finished);
		n++;
	}
	if (!*front)
		db->tail = front;
	return n;
}

static void *
writer_main(void *arg)
{
	struct db *db = arg;
	struct request *rq;
	int64_t began;

	pthread_mutex_lock(&db->lock);
	while ((rq = take_requests(db))) {
		pthread_mutex_unlock(&db->lock);
		began = now_ns();
		run_batch(db, rq);
		rq = end_later(rq);
		pthread_mutex_lock(&db->lock);
		expect_more(db, began, answer(db, rq));
	}
	pthread_mutex_unlock(&db->lock);
	return NULL;
}

/* Entries of the log go first: writes that wait would be made for a state that
 * the log has left. */
static void
enqueue(struct db *db, struct request *rq)
{
	struct request **place = rq->fn ? db->tail : db->entries_end;

	rq->next = *place;
	*place = rq;
	if (!rq->next)
		db->tail = &rq->next;
	if (!rq->fn) {
		db->entries_end = &rq->next;
		db->entries++;
	}
	db->queued++;
	if (!rq->applied || !db->gathers_entries || db->entries >= ENTRIES_MAX)
		pthread_cond_signal(&db->work);
}

static int
run_and_wait(struct db *db, struct request *rq)
{
	assert(!pthread_equal(pthread_self(), db->writer));
	pthread_cond_init(&rq->finished, NULL);
	pthread_mutex_lock(&db->lock);
	assert(!db->stopping);
	while (rq->fn && db->queued >= QUEUE_MAX)
		pthread_cond_wait(&db->room, &db->lock);
	enqueue(db, rq);
	while (!rq->done)
		pthread_cond_wait(&rq->finished, &db->lock);
	pthread_mutex_unlock(&db->lock);
	pthread_cond_destroy(&rq->finished);
	return rq->rc;
}

int
db_write(struct db *db, db_write_fn *fn, void *arg)
{
	struct request rq = { .fn = fn, .arg = arg };

	return run_and_wait(db, &rq);
}

int
db_apply(struct db *db, uint64_t index, const void *entry, size_t len)
{
	struct log_entry e;
	struct request rq = { .entry = &e, .index = index };

	if (log_decode(&e, entry, len))
		return -EBADMSG;
	return run_and_wait(db, &rq);
}

int
db_fits(struct db *db, const void *entry, size_t len)
{
	struct db_root *root;
	struct log_entry e;
	int rc;

	if (log_decode(&e, entry, len))
		return -EBADMSG;
	root = db_root_get(db);
	rc = log_fits(&e, db->cfg.classes, db->cfg.n_classes, root);
	db_root_put(root);
	return rc;
}

/* NULL if it is no entry. */
static struct later *
later_new(const void *entry, size_t len, db_applied_fn *applied, void *arg)
{
	struct later *l = mem_zalloc(sizeof(*l) + len);

	memcpy(l->data, entry, len);
	if (log_decode(&l->entry, l->data, len)) {
		free(l);
		return NULL;
	}
	l->rq = (struct request){ .entry = &l->entry, .applied = applied,
	    .applied_arg = arg };
	return l;
}

static void
run_later(struct db *db, struct later *l)
{
	pthread_mutex_lock(&db->lock);
	assert(!db->stopping);
	enqueue(db, &l->rq);
	pthread_mutex_unlock(&db->lock);
}

int
db_apply_later(struct db *db, uint64_t index, const void *entry, size_t len,
    db_applied_fn *applied, void *arg)
{
	struct later *l = later_new(entry, len, applied, arg);

	if (!l)
		return -EBADMSG;
	l->rq.index = index;
	run_later(db, l);
	return 0;
}

int
db_replace_later(struct db *db, const void *copy, size_t len,
    db_applied_fn *applied, void *arg)
{
	struct later *l = later_new(copy, len, applied, arg);

	if (!l || l->entry.kind != LOG_COPY) {
		free(l);
		return -EBADMSG;
	}
	l->rq.restore = true;
	l->rq.index = l->entry.base;
	run_later(db, l);
	return 0;
}

int
db_replace(struct db *db, const void *copy, size_t len)
{
	struct log_entry e;
	struct request rq = { .entry = &e, .restore = true };

	if (log_decode(&e, copy, len) || e.kind != LOG_COPY)
		return -EBADMSG;
	rq.index = e.base;
	return run_and_wait(db, &rq);
}

int
db_detach(struct db *db)
{
	struct request rq = { .index = 0 };

	return run_and_wait(db, &rq);
}

void
db_follow(struct db *db, const struct db_log *log, void *log_arg)
{
	struct request rq = { .follow = log, .arg = log_arg };

	run_and_wait(db, &rq);
}

uint64_t
db_applied(struct db *db)
{
	struct db_root *root = db_root_get(db);
	uint64_t applied = root->applied;

	db_root_put(root);
	return applied;
}

void
db_copy(struct db *db, struct buf *b)
{
	struct db_root *root = db_root_get(db);

	log_encode_copy(b, root);
	db_root_put(root);
}

static void
warn_of_problem(void *arg, const char *text)
{
	(void)arg;
	log_warn("in the database, %s", text);
}

/*
 * Makes the first root from the file.  Every object counts as changed at the
 * generation that the process starts with: clients with an event token of an
 * earlier process are told the present state of all.
 */
static int
load(struct db *db, const char **why)
{
	uint64_t start = db->file ? file_generation_limit(db->file) : 0;
	struct load l = {
		.classes = db->cfg.classes, .n_classes = db->cfg.n_classes,
		.integrity = { .problem = warn_of_problem },
	};
	int rc = load_root(&l, db->file, start + 1, &db->root, why);

	if (rc || !db->file)
		return rc;
	db->root->applied = file_applied(db->file);
	*why = "cannot be written";
	return file_raise_generation_limit(db->file, start + GENERATION_STEP);
}

static void
db_release(struct db *db)
{
	file_close(db->file);
	db_root_put(db->root);
	pthread_mutex_destroy(&db->root_lock);
	pthread_mutex_destroy(&db->lock);
	pthread_cond_destroy(&db->work);
	pthread_cond_destroy(&db->room);
	free(db);
}

/* Records name classes by tag, so no two may have the same. */
static void
check_classes(const struct db_config *cfg)
{
	int i, k;

	for (i = 0; i < cfg->n_classes; i++) {
		assert(cfg->classes[i]->id == i);
		for (k = 0; k < i; k++)
			assert(cfg->classes[i]->tag != cfg->classes[k]->tag);
	}
}

int
db_open(const struct db_config *cfg, struct db **db_out, const char **why)
{
	struct db *db = mem_zalloc(sizeof(*db));
	int rc = 0;

	check_classes(cfg);
	*why = NULL;
	*db_out = NULL;
	db->cfg = *cfg;
	if (!cfg->log)
		db->cfg.log = &log_local;
	db->tail = db->entries_end = &db->head;
	pthread_mutex_init(&db->root_lock, NULL);
	pthread_mutex_init(&db->lock, NULL);
	cond_init(&db->work);
	pthread_cond_init(&db->room, NULL);
	if (cfg->path)
		rc = replace_settle(cfg->path, why);
	if (!rc && cfg->path)
		rc = file_open(cfg->path, cfg->classes, cfg->n_classes,
		    &db->file, why);
	if (!rc)
		rc = load(db, why);
	if (!rc) {
		*why = "no thread";
		rc = -pthread_create(&db->writer, NULL, writer_main, db);
	}
	if (rc) {
		db_release(db);
		return rc;
	}
	*why = NULL;
	*db_out = db;
	return 0;
}

void
db_close(struct db *db)
{
	if (!db)
		return;
	pthread_mutex_lock(&db->lock);
	db->stopping = true;
	pthread_cond_signal(&db->work);
	pthread_mutex_unlock(&db->lock);
	pthread_join(db->writer, NULL);
	db_release(db);
}
