/*
 * All that is known of one owner's data sources at one moment, with every row
 * of every archive: what its file holds, and what clients are shown.  Lives in
 * an arena; knows no lock.
 *
 * The file is written whole, in one step (base/atomic_file.h), and has a sum: a
 * damaged one is as good as none.  Rows before the first known one take no
 * room.
 */
#ifndef METRICS_IMAGE_H
#define METRICS_IMAGE_H

#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "metrics/rrd.h"

#define IMAGE_MAX_BYTES (8u << 20)	/* of a file */

struct image_source {
	const char *name;
	const struct rrd_def *def;	/* NULL from a file */
	bool recorded;			/* else there are no rows */
	/* The newest of what is sampled now; not in a file: who restores it
	 * does not know what the counters did meanwhile. */
	float value;
	bool counted;
	uint64_t count;
	struct rrd_part part[RRD_ARCHIVES];
	/* All rows, oldest first, the last being rrd_last_row(). */
	float *rows[RRD_ARCHIVES];
};

struct image {
	int64_t slot;
	struct image_source *v;
	int n;
};

/* old: what the owner's file held, or NULL: rows that are not in memory. */
void image_make(struct arena *a, const struct rrd *r, const struct image *old,
    struct image *out);
/* Into an empty struct rrd. */
void image_restore(const struct image *m, struct rrd *r);

void image_encode(const struct image *m, struct buf *out);
/* 0 or -EBADMSG. */
int image_decode(struct arena *a, const void *bytes, size_t len,
    struct image *out);
/* 0 or -errno: -ENOENT, -EBADMSG. */
int image_read(struct arena *a, const char *path, struct image *out);
int image_write(const struct image *m, const char *path, size_t *bytes_out);

#endif
