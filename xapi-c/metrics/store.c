#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/cond.h"
#include "base/log.h"
#include "base/mem.h"
#include "metrics/store_private.h"

#define SLOTS(seconds) ((seconds) / RRD_STEP_S)

static const char *const prefixes[METRICS_CLASSES] = {
	[METRICS_HOST] = "host-", [METRICS_VM] = "vm-", [METRICS_SR] = "sr-",
};

struct metrics *
metrics_new(const char *folder)
{
	struct metrics *m = mem_zalloc(sizeof(*m));

	snprintf(m->folder, sizeof(m->folder), "%s", folder);
	if (mkdir(folder, 0700) == -1 && errno != EEXIST)
		log_error("cannot make '%s': %s", folder, strerror(errno));
	pthread_mutex_init(&m->lock, NULL);
	pthread_mutex_init(&m->files_lock, NULL);
	cond_init(&m->freed);
	return m;
}

static void
owner_free(struct owner *o)
{
	rrd_release(&o->rrd);
	free(o);
}

void
metrics_free(struct metrics *m)
{
	struct owner *o;

	if (!m)
		return;
	for (int i = 0; i < BUCKETS; i++) {
		while ((o = m->buckets[i])) {
			m->buckets[i] = o->next;
			owner_free(o);
		}
	}
	pthread_cond_destroy(&m->freed);
	pthread_mutex_destroy(&m->lock);
	pthread_mutex_destroy(&m->files_lock);
	free(m);
}

static unsigned int
hash(const char *uuid)
{
	unsigned int h = 0;

	while (*uuid)
		h = h * 31 + (unsigned char)*uuid++;
	return h;
}

struct owner *
metrics_find(struct metrics *m, enum metrics_class class, const char *uuid)
{
	struct owner *o = m->buckets[hash(uuid) % BUCKETS];

	while (o && (o->class != class || strcmp(o->uuid, uuid) != 0))
		o = o->next;
	return o;
}

bool
metrics_is_live(const struct metrics *m, const struct owner *o)
{
	return o->seen >= m->slot;
}

/* -- files -- */

static void
path_of(const struct metrics *m, enum metrics_class class, const char *uuid,
    char *path, size_t size)
{
	snprintf(path, size, "%s/%s%s", m->folder, prefixes[class], uuid);
}

int
metrics_read(const struct metrics *m, struct arena *a,
    enum metrics_class class, const char *uuid, struct image *out)
{
	char path[PATH_MAX];
	uint8_t bytes[16];

	if (!uuid_from_text(uuid, bytes))
		return -ENOENT;
	path_of(m, class, uuid, path, sizeof(path));
	return image_read(a, path, out);
}

static void
written(struct metrics *m, const char *path, int rc, size_t bytes)
{
	bool tell;

	pthread_mutex_lock(&m->lock);
	m->files += !rc;
	m->bytes += bytes;
	m->failures += rc != 0;
	tell = rc && m->slot >= m->quiet;
	if (tell)
		m->quiet = m->slot + SLOTS(METRICS_SAVE_S);
	pthread_mutex_unlock(&m->lock);
	if (!tell)
		return;
	log_error("cannot write '%s': %s", path, strerror(-rc));
}

/* With the lock of files.  One that fails is tried again an hour later: there is
 * nothing to be lost but what is older than what memory holds. */
static int
save(struct metrics *m, struct owner *o)
{
	struct arena *a = arena_new();
	struct image old, now;
	char path[PATH_MAX];
	size_t bytes;
	bool has_old;
	int rc;

	has_old = !metrics_read(m, a, o->class, o->uuid, &old);
	pthread_mutex_lock(&m->lock);
	image_make(a, &o->rrd, has_old ? &old : NULL, &now);
	o->saved = o->rrd.slot;
	pthread_mutex_unlock(&m->lock);
	path_of(m, o->class, o->uuid, path, sizeof(path));
	rc = image_write(&now, path, &bytes);
	written(m, path, rc, bytes);
	arena_free(a);
	return rc;
}

/* Takes it out if it was not seen for long. */
static void
drop(struct metrics *m, struct owner **at)
{
	struct owner *o = *at;

	pthread_mutex_lock(&m->files_lock);
	if (o->saved != o->rrd.slot)
		save(m, o);
	pthread_mutex_lock(&m->lock);
	*at = o->next;
	pthread_mutex_unlock(&m->lock);
	pthread_mutex_unlock(&m->files_lock);
	owner_free(o);
}

int
metrics_record(struct metrics *m, enum metrics_class class, const char *uuid,
    const char *name, bool on)
{
	struct rrd_source *s = NULL;
	struct owner *o;
	int rc = -ENOENT;

	pthread_mutex_lock(&m->files_lock);
	pthread_mutex_lock(&m->lock);
	o = metrics_find(m, class, uuid);
	if (o && metrics_is_live(m, o))
		s = rrd_find(&o->rrd, name);
	if (s)
		rrd_record(s, on);
	pthread_mutex_unlock(&m->lock);
	if (s)
		rc = save(m, o);
	pthread_mutex_unlock(&m->files_lock);
	return rc;
}

void
metrics_save(struct metrics *m, int64_t deadline_ms)
{
	int left = 0;

	pthread_mutex_lock(&m->files_lock);
	for (int i = 0; i < BUCKETS; i++) {
		for (struct owner *o = m->buckets[i]; o; o = o->next) {
			if (o->saved == o->rrd.slot)
				continue;
			if (clock_mono_ms() < deadline_ms)
				save(m, o);
			else
				left++;
		}
	}
	pthread_mutex_unlock(&m->files_lock);
	if (left)
		log_warn("no time to write the newest samples of %d owners",
		    left);
}

/* -- samples -- */

void
metrics_begin(struct metrics *m, int64_t slot, double mono_s)
{
	m->mono_s = mono_s;
	m->round = slot;
}

/* Not locked: nobody else adds. */
static struct owner *
add(struct metrics *m, const struct metrics_sample *s)
{
	struct owner *o = mem_zalloc(sizeof(*o));
	struct arena *a = arena_new();
	struct image old;
	int rc;

	o->class = s->class;
	o->life = s->life;
	snprintf(o->uuid, sizeof(o->uuid), "%s", s->uuid);
	rc = metrics_read(m, a, s->class, s->uuid, &old);
	if (!rc)
		image_restore(&old, &o->rrd);
	else if (rc != -ENOENT)
		log_warn("archives of '%s' begin anew: %s", s->uuid,
		    strerror(-rc));
	arena_free(a);
	o->saved = m->round - (int64_t)(hash(o->uuid) % SLOTS(METRICS_SAVE_S));
	pthread_mutex_lock(&m->lock);
	o->next = m->buckets[hash(o->uuid) % BUCKETS];
	m->buckets[hash(o->uuid) % BUCKETS] = o;
	pthread_mutex_unlock(&m->lock);
	return o;
}

/* Locked.  What is from before the last sample is not taken, unless the clock
 * stays there. */
static void
update(struct metrics *m, struct owner *o, const struct metrics_sample *s)
{
	if (o->rrd.slot >= m->round &&
	    ++o->refused > SLOTS(METRICS_BACK_S)) {
		log_warn("the clock was set back: the archives of '%s' begin "
		    "anew", o->uuid);
		rrd_release(&o->rrd);
	}
	if (o->life != s->life)
		rrd_restart(&o->rrd);
	o->life = s->life;
	if (rrd_update(&o->rrd, m->round, m->mono_s, s->values, s->n))
		o->refused = 0;
	o->seen = m->round;
}

void
metrics_sample(struct metrics *m, const struct metrics_sample *s)
{
	uint8_t bytes[16];
	struct owner *o;

	if (!uuid_from_text(s->uuid, bytes))
		return;
	o = metrics_find(m, s->class, s->uuid);
	if (!o)
		o = add(m, s);
	pthread_mutex_lock(&m->lock);
	update(m, o, s);
	pthread_mutex_unlock(&m->lock);
}

void
metrics_end(struct metrics *m)
{
	struct owner **at, *o;

	pthread_mutex_lock(&m->lock);
	m->slot = m->round;
	pthread_mutex_unlock(&m->lock);
	for (int i = 0; i < BUCKETS; i++) {
		for (at = &m->buckets[i]; (o = *at); ) {
			if (m->round - o->seen > SLOTS(METRICS_GONE_S)) {
				drop(m, at);
				continue;
			}
			pthread_mutex_lock(&m->files_lock);
			if (o->rrd.slot - o->saved >= SLOTS(METRICS_SAVE_S))
				save(m, o);
			pthread_mutex_unlock(&m->files_lock);
			at = &o->next;
		}
	}
}

static bool
is_orphan(const char *name, bool (*exists)(void *arg,
    enum metrics_class class, const char *uuid), void *arg)
{
	for (int i = 0; i < METRICS_CLASSES; i++) {
		size_t n = strlen(prefixes[i]);

		if (strncmp(name, prefixes[i], n) == 0)
			return !exists(arg, i, name + n);
	}
	return name[0] != '.';
}

void
metrics_sweep(struct metrics *m,
    bool (*exists)(void *arg, enum metrics_class class, const char *uuid),
    void *arg)
{
	DIR *d = opendir(m->folder);
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (is_orphan(e->d_name, exists, arg))
			unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
}
