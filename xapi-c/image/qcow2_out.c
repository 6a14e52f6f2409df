/*
 * A disk as a qcow2 image, version 3.  All tables come first and the data in the
 * order of the disk, so that a reader of a stream has nothing to remember; the disk
 * is looked through for what is not zero before anything is sent.
 *
 *     header | L1 | table and blocks of counts | L2 tables | data
 *
 * Every cluster has one use.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "image/job.h"
#include "image/qcow2.h"

#define CLUSTER QCOW2_CLUSTER
#define ENTRIES (CLUSTER / 8)		/* of an L1 or L2 table's cluster */
#define COUNTS (CLUSTER / 2)		/* of a block, 16 bits each */
#define ONE_USE (1ull << 63)		/* of an entry: "copied" */

struct qcow2_out {
	struct job *job;
	uint32_t clusters, tables;	/* of the disk */
	uint8_t *used;			/* a bit for each of its clusters */
	uint32_t n_used, n_tables;	/* tables with any of them */
	uint64_t n_l1, n_count_table, n_counts, n_all;	/* clusters */
	uint64_t *out;			/* one cluster */
};

static bool
is_used(const struct qcow2_out *v, uint32_t i)
{
	return v->used[i / 8] & 1 << i % 8;
}

static bool
table_is_used(const struct qcow2_out *v, uint32_t table)
{
	/* ENTRIES is a multiple of 8, and used has room for whole tables */
	return !mem_is_zero(v->used + (size_t)table * (ENTRIES / 8),
	    ENTRIES / 8);
}

static int
find_used(struct qcow2_out *v)
{
	const struct disk *d = &v->job->disk;
	int64_t at = 0;

	v->used = mem_zalloc((size_t)v->tables * (ENTRIES / 8));
	while ((at = disk_next(d, at)) < d->size) {
		uint32_t i = (uint32_t)(at / CLUSTER);
		int64_t end = ((int64_t)i + 1) * CLUSTER;
		bool zero;

		end = end < d->size ? end : d->size;
		if (job_is_wanted(v->job) || job_disk(v->job, disk_is_zero(d,
		    at, end, &zero)))
			return -1;
		at = end;
		if (zero)
			continue;
		v->used[i / 8] |= (uint8_t)(1 << i % 8);
		v->n_used++;
	}
	for (uint32_t i = 0; i < v->tables; i++)
		v->n_tables += table_is_used(v, i);
	return 0;
}

static uint64_t
pieces(uint64_t n, uint64_t size)
{
	return (n + size - 1) / size;
}

/* The counts count themselves. */
static void
lay_out(struct qcow2_out *v)
{
	uint64_t fixed, before;

	v->n_l1 = pieces(v->tables, ENTRIES);
	fixed = 1 + v->n_l1 + v->n_tables + v->n_used;
	do {
		before = v->n_counts + v->n_count_table;
		v->n_all = fixed + before;
		v->n_counts = pieces(v->n_all, COUNTS);
		v->n_count_table = pieces(v->n_counts, ENTRIES);
	} while (v->n_counts + v->n_count_table != before);
}

static int
send_cluster(struct qcow2_out *v)
{
	int rc = job_write(v->job, v->out, CLUSTER);

	memset(v->out, 0, CLUSTER);
	return rc;
}

static int
send_header(struct qcow2_out *v)
{
	const struct qcow2_layout l = {
		.size = (v->job->disk.size + 511) / 512 * 512,
		.tables = v->tables, .l1_at = CLUSTER,
		.counts_at = (1 + v->n_l1) * CLUSTER,
		.count_clusters = (uint32_t)v->n_count_table,
	};

	qcow2_encode(&l, (uint8_t *)v->out);
	return send_cluster(v);
}

/* A table of entries for those of n that are there, from cluster at on. */
static int
send_entries(struct qcow2_out *v, uint32_t n, uint64_t at, uint64_t flags,
    bool (*is_there)(const struct qcow2_out *v, uint32_t i), uint32_t first)
{
	for (uint32_t i = 0; i < n; i++) {
		if (!is_there || is_there(v, first + i))
			v->out[i % ENTRIES] = htobe64(at++ * CLUSTER | flags);
		if ((i + 1 == n || i % ENTRIES == ENTRIES - 1) &&
		    send_cluster(v))
			return -1;
	}
	return 0;
}

static int
send_counts(struct qcow2_out *v)
{
	uint64_t left = v->n_all;
	uint16_t *counts = (uint16_t *)v->out;

	for (uint64_t i = 0; i < v->n_counts; i++) {
		uint64_t n = left < COUNTS ? left : COUNTS;

		for (uint64_t k = 0; k < n; k++)
			counts[k] = htobe16(1);
		left -= n;
		if (send_cluster(v))
			return -1;
	}
	return 0;
}

static int
send_tables(struct qcow2_out *v, uint64_t data_at)
{
	for (uint32_t i = 0; i < v->tables; i++) {
		if (!table_is_used(v, i))
			continue;
		if (send_entries(v, ENTRIES, data_at, ONE_USE, is_used,
		    i * ENTRIES))
			return -1;
		for (uint32_t k = 0; k < ENTRIES; k++)
			data_at += is_used(v, i * ENTRIES + k);
	}
	return 0;
}

static int
send_data(struct qcow2_out *v)
{
	const struct disk *d = &v->job->disk;

	for (uint32_t i = 0; i < v->clusters; i++) {
		int64_t at = (int64_t)i * CLUSTER, left = d->size - at;

		if (!is_used(v, i))
			continue;
		if (job_disk(v->job, disk_get(d, v->out, left < CLUSTER ?
		    (size_t)left : CLUSTER, at)) || send_cluster(v))
			return -1;
	}
	return 0;
}

static int
send_image(struct qcow2_out *v)
{
	uint64_t counts_at = 1 + v->n_l1, tables_at = counts_at +
	    v->n_count_table + v->n_counts;

	v->out = mem_zalloc(CLUSTER);
	job_begin(v->job, (int64_t)(v->n_all * CLUSTER));
	if (send_header(v) ||
	    send_entries(v, v->tables, tables_at, ONE_USE, table_is_used, 0) ||
	    send_entries(v, (uint32_t)v->n_counts, counts_at +
	    v->n_count_table, 0, NULL, 0) || send_counts(v) ||
	    send_tables(v, tables_at + v->n_tables))
		return -1;
	return send_data(v);
}

int
qcow2_out(struct job *j)
{
	uint64_t clusters = pieces((uint64_t)j->disk.size, CLUSTER);
	struct qcow2_out v = { .job = j };
	int rc;

	if (clusters == 0 || clusters > QCOW2_CLUSTERS_MAX)
		return job_fail(j, "the disk is too large for a qcow2 image");
	v.clusters = (uint32_t)clusters;
	v.tables = (uint32_t)pieces(clusters, ENTRIES);
	rc = find_used(&v);
	lay_out(&v);
	if (!rc)
		rc = send_image(&v);
	free(v.used);
	free(v.out);
	return rc;
}
