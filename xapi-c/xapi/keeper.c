#include "xapi/keeper.h"

#include <errno.h>
#include <limits.h>
#include <linux/magic.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/cond.h"
#include "base/log.h"
#include "base/mem.h"
#include "db/copies.h"
#include "gen/store.h"
#include "xapi/reserve.h"

#define ROUND_S 10
#define COPY_EVERY_S 3600
#define FIRST_COPY_S 60			/* after the start */
#define ALERT_PRIORITY 2		/* service loss imminent */

struct keeper {
	struct xapi *x;
	struct copies copies;
	char folder[PATH_MAX];
	int64_t next_copy_ms;
	pthread_t thread;
	bool running;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	/* under lock */
	bool stopping;
	bool news;			/* of the disk, for the thread */
	int refused;			/* -errno: no alert that lasts yet */
	int64_t refused_since;
	/* the keeper's thread */
	struct ref alert;		/* null: none is shown */
};

struct keeper *
keeper_new(struct xapi *x)
{
	struct keeper *k = mem_zalloc(sizeof(*k));

	k->x = x;
	pthread_mutex_init(&k->lock, NULL);
	cond_init(&k->wake);
	return k;
}

void
keeper_disk(void *arg, int rc)
{
	struct keeper *k = arg;

	pthread_mutex_lock(&k->lock);
	if (rc && !k->refused) {
		k->refused = rc;
		k->refused_since = clock_wall_s();
	}
	k->news = true;
	pthread_cond_signal(&k->wake);
	pthread_mutex_unlock(&k->lock);
}

struct alert {
	struct keeper *k;
	int rc;
	int64_t since;
};

static int
show_in(struct db_txn *t, void *arg)
{
	const struct alert *al = arg;
	const struct pool *pool = pool_txn_get(t, &al->k->x->pool);
	struct message *m = message_txn_new(t);

	m->name = "DATABASE_WRITES_REFUSED";
	m->priority = ALERT_PRIORITY;
	m->cls = CLS_POOL;
	m->obj_uuid = pool ? pool->uuid : "";
	m->timestamp = al->since;
	m->body = arena_printf(txn_arena(t), "The disk of the host's state "
	    "refuses changes: %s. They are answered with an error and not "
	    "made.", strerror(-al->rc));
	al->k->alert = m->obj.ref;
	txn_keep_in_memory(t, CLASS_MESSAGE, &m->obj.ref);
	return 0;
}

/* Whoever has destroyed it in the meantime knows. */
static int
keep_in(struct db_txn *t, void *arg)
{
	const struct alert *al = arg;
	struct message *m = message_txn_edit(t, &al->k->alert);

	if (m)
		m->body = arena_printf(txn_arena(t), "The disk of the host's "
		    "state refused changes for %lld s: %s. They were answered "
		    "with an error and not made.",
		    (long long)(clock_wall_s() - al->since),
		    strerror(-al->rc));
	return 0;
}

/* Shown at once, in memory; stored when the disk takes it, which is also how
 * we find out that it does. */
static void
raise_alert(struct keeper *k)
{
	struct alert al = { .k = k };

	pthread_mutex_lock(&k->lock);
	al.rc = k->refused;
	al.since = k->refused_since;
	pthread_mutex_unlock(&k->lock);
	if (!al.rc)
		return;
	if (ref_is_null(&k->alert) && db_write(k->x->db, show_in, &al))
		k->alert = REF_NULL;
	if (ref_is_null(&k->alert) || db_write(k->x->db, keep_in, &al))
		return;
	k->alert = REF_NULL;
	pthread_mutex_lock(&k->lock);
	k->refused = 0;
	pthread_mutex_unlock(&k->lock);
}

/* In memory copies are no safer than the original; when room is short, the
 * database needs it more. */
static bool
is_place_for_copies(const struct keeper *k)
{
	char path[PATH_MAX];
	struct statfs fs;

	snprintf(path, sizeof(path), "%s/state.db", k->x->cfg.state_dir);
	return statfs(k->x->cfg.state_dir, &fs) == 0 &&
	    fs.f_type != TMPFS_MAGIC &&
	    (uint64_t)fs.f_bavail * (uint64_t)fs.f_bsize > copies_room(path);
}

static void
copy_if_due(struct keeper *k)
{
	int64_t now = clock_mono_ms();
	struct db_root *root;

	if (now < k->next_copy_ms)
		return;
	k->next_copy_ms = now + COPY_EVERY_S * 1000;
	if (!is_place_for_copies(k))
		return;
	root = db_root_get(k->x->db);
	if (copies_make(&k->copies, root, clock_wall_s()) == 1)
		log_info("a copy of the database is in '%s'", k->folder);
	db_root_put(root);
}

/* Locked; waits for the next round, or for news.  False: the end. */
static bool
wait_for_round(struct keeper *k)
{
	struct timespec until = cond_after_ms(ROUND_S * 1000);

	while (!k->stopping && !k->news && pthread_cond_timedwait(&k->wake,
	    &k->lock, &until) != ETIMEDOUT)
		;
	k->news = false;
	return !k->stopping;
}

static void *
keeper_main(void *arg)
{
	struct keeper *k = arg;

	pthread_mutex_lock(&k->lock);
	while (wait_for_round(k)) {
		pthread_mutex_unlock(&k->lock);
		raise_alert(k);
		reserve_take(k->x->cfg.state_dir, true);
		copy_if_due(k);
		pthread_mutex_lock(&k->lock);
	}
	pthread_mutex_unlock(&k->lock);
	return NULL;
}

/* An hour after the last copy of an earlier run, or soon. */
static int64_t
first_copy_ms(const struct keeper *k)
{
	int64_t age = clock_wall_s() - copies_newest(k->folder);
	int64_t wait = age >= 0 && age < COPY_EVERY_S ? COPY_EVERY_S - age : 0;

	return clock_mono_ms() +
	    (wait < FIRST_COPY_S ? FIRST_COPY_S : wait) * 1000;
}

int
keeper_start(struct keeper *k)
{
	int rc;

	snprintf(k->folder, sizeof(k->folder), "%s/" COPIES_FOLDER,
	    k->x->cfg.state_dir);
	k->copies = (struct copies){
		.folder = k->folder, .classes = classes, .n_classes = CLASS_N,
	};
	copies_clean(k->folder);
	k->next_copy_ms = first_copy_ms(k);
	rc = -pthread_create(&k->thread, NULL, keeper_main, k);
	k->running = !rc;
	return rc;
}

void
keeper_stop(struct keeper *k)
{
	if (!k->running)
		return;
	pthread_mutex_lock(&k->lock);
	k->stopping = true;
	pthread_cond_signal(&k->wake);
	pthread_mutex_unlock(&k->lock);
	pthread_join(k->thread, NULL);
	k->running = false;
}

void
keeper_free(struct keeper *k)
{
	pthread_mutex_destroy(&k->lock);
	pthread_cond_destroy(&k->wake);
	free(k);
}
