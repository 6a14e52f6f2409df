/*
 * What the files of the store share: store.c (samples and files), query.c (what
 * readers are given).
 */
#ifndef METRICS_STORE_PRIVATE_H
#define METRICS_STORE_PRIVATE_H

#include <limits.h>
#include <pthread.h>

#include "base/type.h"
#include "metrics/store.h"

#define BUCKETS 256

struct owner {
	struct owner *next;		/* of its bucket */
	enum metrics_class class;
	char uuid[UUID_TEXT_LEN + 1];
	int64_t life;
	int64_t seen;			/* slots */
	int64_t saved;
	int refused;			/* samples from before the last one */
	struct rrd rrd;
};

struct metrics {
	char folder[PATH_MAX - 64];
	/* the sampling thread's */
	int64_t round;			/* slot of the round under way */
	double mono_s;

	/* Who writes files, or takes an owner out; before the other lock. */
	pthread_mutex_t files_lock;
	pthread_mutex_t lock;		/* all below */
	pthread_cond_t freed;
	struct owner *buckets[BUCKETS];
	int64_t quiet;			/* slot until which failures are known */
	int64_t slot;			/* of the last whole round */
	size_t reply_bytes;
	uint64_t files, bytes, failures;	/* written since the start */
};

/* Locked.  NULL: not sampled. */
struct owner *metrics_find(struct metrics *m, enum metrics_class class,
    const char *uuid);
/* Sampled in the last round. */
bool metrics_is_live(const struct metrics *m, const struct owner *o);
/* Not locked: what the owner's file holds. */
int metrics_read(const struct metrics *m, struct arena *a,
    enum metrics_class class, const char *uuid, struct image *out);

#endif
