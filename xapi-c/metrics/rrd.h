/*
 * The data sources of one owner (host, VM, SR) and the newest part of their
 * round-robin archives: pure arithmetic on memory, no clock, no lock, no file.
 *
 * A slot is 5 seconds: slot s is the time that ends at 5 * s (wall clock,
 * seconds).  A row of an archive is the average of its slots; row r of one
 * whose rows are of c slots ends with slot c * r, and is unknown (NaN) when more
 * than half of its slots are.  All data sources of an owner end with one slot.
 *
 * Clients know 774 rows of a data source.  What is in memory is 268: the last
 * day of the hours and four of the days; the rest is in the owner's file
 * (image.h), which therefore has to be written more often than that.  A row is
 * a float: 24 bits are more than a sampled value is good for, and with them 14
 * data sources of a VM take 16 KiB, so that 1,000 VMs fit (README.md).
 */
#ifndef METRICS_RRD_H
#define METRICS_RRD_H

#include <stdbool.h>
#include <stdint.h>

#define RRD_STEP_S 5
#define RRD_HEARTBEAT_S 300	/* a longer silence is a gap */
#define RRD_MAX_SOURCES 2048	/* of an owner */
#define RRD_NAME_MAX 63

enum { RRD_FINE, RRD_MINUTE, RRD_HOUR, RRD_DAY, RRD_ARCHIVES };

struct rrd_archive {
	int slots;			/* of a row */
	int rows;
	int kept;			/* of these, in memory */
};
extern const struct rrd_archive rrd_archives[RRD_ARCHIVES];

enum rrd_kind {
	RRD_GAUGE,			/* the value as it is */
	RRD_RATE,			/* a counter, per second */
	RRD_REST,			/* 1 less a counter's, per second */
	RRD_RATIO,			/* a counter per another */
};

struct rrd_def {
	enum rrd_kind kind;
	double min, max;		/* beyond: unknown */
	bool standard;			/* has archives unless told otherwise */
	const char *name;		/* one '*': the instance */
	const char *units;
	const char *description;
	/* For Prometheus: family, its label for the instance, and what the
	 * value is to be multiplied by. */
	const char *family, *label;
	double factor;
};

/* One measurement. */
struct rrd_value {
	const char *name;		/* RRD_NAME_MAX at most */
	const struct rrd_def *def;	/* constant */
	double gauge;
	uint64_t count, per;		/* counters; per: of RRD_RATIO */
	double scale;			/* of what the counters give */
};

/* A row that is not complete: slots that are known, and their sum. */
struct rrd_part {
	double sum;
	int32_t known;
};

struct rrd_rows {
	struct rrd_part part[RRD_ARCHIVES];
	float fine[120], minute[120], hour[24], day[4];	/* by number modulo */
};

struct rrd_source {
	char *name;
	const struct rrd_def *def;	/* NULL: from a file, not seen since */
	struct rrd_rows *rows;		/* NULL: has no archives */
	uint64_t count, per;		/* when last seen */
	float value;			/* the newest; NaN: none */
	bool counted;			/* count and per are of the last slot */
	bool seen;			/* in this update */
};

struct rrd {
	struct rrd_source *sources;
	int n, room;
	int64_t slot;			/* the last one; 0: none yet */
	double mono_s;			/* when the last sample was taken */
};

/* A zeroed struct rrd is an empty one; release returns it to that. */
void rrd_release(struct rrd *r);
/* A sample of all sources, taken at mono_s of the machine's monotonic clock.
 * Sources that are missing are unknown.  False: slot is not after the last. */
bool rrd_update(struct rrd *r, int64_t slot, double mono_s,
    const struct rrd_value *values, int n);
/* Counters begin anew: it is another domain than before. */
void rrd_restart(struct rrd *r);

struct rrd_source *rrd_find(struct rrd *r, const char *name);
/* Adds it; NULL if there are too many. */
struct rrd_source *rrd_add(struct rrd *r, const char *name);
/* Whether it has archives. */
void rrd_record(struct rrd_source *s, bool on);

/* The last complete row. */
int64_t rrd_last_row(int64_t slot, int archive);
/* NaN: unknown, or not in memory. */
float rrd_row(const struct rrd *r, const struct rrd_source *s, int archive,
    int64_t row);
/* The place of a row in memory. */
float *rrd_place(struct rrd_rows *rows, int archive, int64_t row);

#endif
