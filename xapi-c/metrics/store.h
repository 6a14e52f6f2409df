/*
 * All archives of this host: an owner (host, VM, SR) each has its data sources
 * in memory (rrd.h) while it is sampled, and a file of its own (image.h), which
 * is written once an hour, when the owner is no longer sampled, and at the end:
 * a power cut loses an hour at most.  The hours of the owners are spread over
 * the hour.  Written files and bytes are counted.
 *
 * One thread gives samples; any thread reads, and waits for no file but those
 * it asks for.
 */
#ifndef METRICS_STORE_H
#define METRICS_STORE_H

#include "base/arena.h"
#include "base/buf.h"
#include "metrics/image.h"
#include "metrics/text.h"

#define METRICS_SAVE_S 3600
#define METRICS_GONE_S 60	/* unseen so long: memory is given back */
#define METRICS_BACK_S 3600	/* the clock was set back for so long: anew */
#define METRICS_MAX_REPLY (24u << 20)	/* rows of all replies together */
#define METRICS_WAIT_S 30	/* for others' to be gone */

struct metrics;

enum metrics_class { METRICS_HOST, METRICS_VM, METRICS_SR, METRICS_CLASSES };

struct metrics_sample {
	enum metrics_class class;
	const char *uuid;
	int64_t life;			/* another one: counters begin anew */
	const struct rrd_value *values;
	int n;
};

/* folder is made if need be; without one there is memory. */
struct metrics *metrics_new(const char *folder);
void metrics_free(struct metrics *m);		/* NULL is allowed */

/* -- the sampling thread -- */

/* A round: begin, samples of everything that is there, end. */
void metrics_begin(struct metrics *m, int64_t slot, double mono_s);
void metrics_sample(struct metrics *m, const struct metrics_sample *s);
void metrics_end(struct metrics *m);
/* Writes what is not written, until the monotonic clock says deadline_ms. */
void metrics_save(struct metrics *m, int64_t deadline_ms);
/* Removes the files of owners that there are no more. */
void metrics_sweep(struct metrics *m,
    bool (*exists)(void *arg, enum metrics_class class, const char *uuid),
    void *arg);

/* -- any thread -- */

struct metrics_query {
	int64_t start;			/* < 0: before the last sample */
	int64_t interval;
	bool none;			/* of a consolidation that is not kept */
	bool host;
	const char *const *vms;		/* NULL: all */
	int n_vms;
	const char *const *srs;
	int n_srs;
};

/* 0; -EBUSY: other replies take too much memory.  For metrics_rows_free. */
int metrics_rows(struct metrics *m, const struct metrics_query *q,
    struct rows **out);
void metrics_rows_free(struct metrics *m, struct rows *r);
/* All of an owner, also of one that is not sampled now: 0, -ENOENT or another
 * -errno of its file. */
int metrics_image(struct metrics *m, struct arena *a, enum metrics_class class,
    const char *uuid, struct image *out);
/* What is sampled now, without rows: 0 or -ENOENT. */
int metrics_now(struct metrics *m, struct arena *a, enum metrics_class class,
    const char *uuid, struct image *out);
/* Whether a data source has archives.  0: that is on disk; -ENOENT: it is not
 * sampled; another -errno: it is so as long as this process runs. */
int metrics_record(struct metrics *m, enum metrics_class class,
    const char *uuid, const char *name, bool on);
/* The newest values, as Prometheus reads them. */
void metrics_prometheus(struct metrics *m, struct buf *out);

#endif
