/*
 * A qcow2 image from a stream into a disk.  A cluster of data can only be placed
 * once the table that names it is known: what comes before its table waits in
 * memory, up to PASSED_MAX bytes, and an image that wants more is refused.
 * Images that were written from one end to the other, as all are that are made for
 * a transfer, want next to nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "image/awaited.h"
#include "image/job.h"
#include "image/passed.h"
#include "image/qcow2.h"

struct qcow2_in {
	struct job *job;
	struct qcow2 q;
	uint8_t *l1;			/* NULL: it was read, all of it */
	size_t l1_size, l1_got;		/* bytes */
	struct awaited awaited;
	struct passed passed;
	uint8_t *written;		/* a bit for each cluster of the disk */
	int64_t n_written;
	uint64_t now;			/* cluster of the image that is at hand */
	uint8_t *data;			/* its bytes, and zeroes to its end */
	size_t got;			/* of it, before the stream ended */
};

static int
refuse(struct qcow2_in *v, const char *why)
{
	return why ? job_fail(v->job, "not a qcow2 image that can be taken: %s",
	    why) : 0;
}

static int take_piece(struct qcow2_in *v, const struct awaited_piece *p,
    const uint8_t *data, size_t got);

/* A row of clusters that came before the table that names them. */
static int
take_passed(struct qcow2_in *v, const struct awaited_piece *p)
{
	uint8_t *data = passed_take(&v->passed, p->at);
	int rc;

	if (!data)
		return refuse(v, "a cluster has two uses");
	rc = take_piece(v, p, data, v->q.cluster);
	free(data);
	return rc;
}

/* Those of a row that have passed are taken at once, the others later. */
static int
expect(struct qcow2_in *v, struct awaited_piece p)
{
	uint32_t last = p.index + (p.n ? p.n : 1);

	for (; p.at <= v->now && p.index < last; p.at++, p.index++) {
		struct awaited_piece one = { p.at, p.index, p.n > 0 };

		if (take_passed(v, &one))
			return -1;
	}
	if (p.index == last)
		return 0;
	p.n = p.n ? last - p.index : 0;
	return awaited_add(&v->awaited, &p) ?
	    refuse(v, "its clusters are in too many places") : 0;
}

/* Clusters that follow each other in the image and on the disk are one piece. */
static int
take_table(struct qcow2_in *v, uint32_t table, const uint8_t *data)
{
	uint32_t per = (uint32_t)(v->q.cluster / 8), first = table * per;
	struct awaited_piece row = { 0 };
	uint64_t at;

	for (uint32_t i = 0; i < per && first + i < v->q.clusters; i++) {
		if (refuse(v, qcow2_l2_entry(&v->q, data, i, &at)))
			return -1;
		if (row.n && at == row.at + row.n &&
		    first + i == row.index + row.n) {
			row.n++;
			continue;
		}
		if (row.n && expect(v, row))
			return -1;
		row = (struct awaited_piece){ at, first + i, at != 0 };
	}
	return row.n ? expect(v, row) : 0;
}

/* One cluster of the disk. */
static int
take_data(struct qcow2_in *v, uint32_t index, const uint8_t *data, size_t got)
{
	int64_t at = (int64_t)index * (int64_t)v->q.cluster;
	int64_t left = v->q.size - at;
	size_t n = left < (int64_t)v->q.cluster ? (size_t)left : v->q.cluster;

	if (got < n)
		return job_ended_early(v->job);
	v->written[index / 8] |= (uint8_t)(1 << index % 8);
	v->n_written++;
	job_progress(v->job, v->n_written, v->q.clusters);
	return job_disk(v->job, disk_put(&v->job->disk, data, n, at));
}

static int
take_piece(struct qcow2_in *v, const struct awaited_piece *p,
    const uint8_t *data, size_t got)
{
	if (p->n)
		return take_data(v, p->index, data, got);
	return got < v->q.cluster ? job_fail(v->job, "the image ended early, "
	    "in a table") : take_table(v, p->index, data);
}

/* All tables that the first one names. */
static int
take_first_table(struct qcow2_in *v)
{
	uint8_t *l1 = v->l1;
	uint64_t at;
	int rc = 0;

	v->l1 = NULL;
	for (uint32_t i = 0; i < v->q.tables && !rc; i++) {
		rc = refuse(v, qcow2_l1_entry(&v->q, l1, i, &at));
		if (!rc && at)
			rc = expect(v, (struct awaited_piece){ at, i, 0 });
	}
	free(l1);
	return rc;
}

/* The part of the first table that is in the cluster at hand. */
static int
gather_first_table(struct qcow2_in *v)
{
	size_t left = v->l1_size - v->l1_got;
	size_t n = left < v->q.cluster ? left : v->q.cluster;

	if (v->got < n)
		return job_fail(v->job, "the image ended early, in a table");
	memcpy(v->l1 + v->l1_got, v->data, n);
	v->l1_got += n;
	return v->l1_got == v->l1_size ? take_first_table(v) : 0;
}

/* The cluster at hand is what the first piece says, if that begins here. */
static int
take_awaited(struct qcow2_in *v, bool *taken_out)
{
	const struct awaited_piece *first = awaited_first(&v->awaited);
	struct awaited_piece p;

	*taken_out = first && first->at == v->now;
	if (!*taken_out)
		return 0;
	p = *first;
	awaited_drop_first(&v->awaited);
	first = awaited_first(&v->awaited);
	if (first && first->at < p.at + (p.n ? p.n : 1))
		return refuse(v, "a cluster has two uses");
	if (take_piece(v, &p, v->data, v->got))
		return -1;
	return p.n > 1 ? expect(v, (struct awaited_piece){ p.at + 1,
	    p.index + 1, p.n - 1 }) : 0;
}

static int
take_cluster(struct qcow2_in *v)
{
	bool in_l1 = v->l1 && v->now >= v->q.l1_at, taken = in_l1;

	if (in_l1 ? gather_first_table(v) : take_awaited(v, &taken))
		return -1;
	if (taken)
		return 0;
	/* it may be what a table to come names */
	if ((v->l1 || v->awaited.tables) && passed_keep(&v->passed, v->now,
	    v->data, v->q.cluster))
		return refuse(v, "too much of it comes before the tables that "
		    "say what it is: convert it first");
	return 0;
}

/* From what is there of it already. */
static int
fill_cluster(struct qcow2_in *v, size_t have)
{
	ssize_t r = 1;

	while (have < v->q.cluster && r > 0) {
		r = job_read_some(v->job, v->data + have, v->q.cluster - have);
		have += r > 0 ? (size_t)r : 0;
	}
	memset(v->data + have, 0, v->q.cluster - have);
	v->got = have;
	return r < 0 ? -1 : 0;
}

/* What follows the last thing that is awaited is of no use here. */
static int
take_clusters(struct qcow2_in *v)
{
	size_t have = QCOW2_HEADER_SIZE;

	for (; v->l1 || awaited_first(&v->awaited); v->now++, have = 0) {
		if (fill_cluster(v, have))
			return -1;
		if (v->got == 0)
			return job_ended_early(v->job);
		if (v->now > 0 && take_cluster(v))
			return -1;
		if (!v->l1 && !v->awaited.tables)
			passed_release(&v->passed);
	}
	return 0;
}

/* What no table names, on a disk that held something else. */
static int
clear_rest(struct qcow2_in *v)
{
	int64_t cluster = (int64_t)v->q.cluster;

	for (uint32_t i = 0, next; i < v->q.clusters; i = next + 1) {
		int64_t end;

		for (next = i; next < v->q.clusters &&
		    !(v->written[next / 8] & 1 << next % 8);)
			next++;
		end = next * cluster;
		if (i < next && job_disk(v->job, disk_zero(&v->job->disk,
		    i * cluster, end < v->q.size ? end : v->q.size)))
			return -1;
	}
	return 0;
}

static int
prepare(struct qcow2_in *v, const uint8_t *head)
{
	if (refuse(v, qcow2_decode(&v->q, head)))
		return -1;
	if (v->q.size > v->job->disk.size)
		return job_fail(v->job, "the image is larger than the disk: "
		    "%lld bytes", (long long)v->q.size);
	v->l1_size = v->q.tables * sizeof(uint64_t);
	v->l1 = mem_alloc(v->l1_size);
	v->written = mem_zalloc(v->q.clusters / 8 + 1);
	v->data = mem_alloc(v->q.cluster);
	memcpy(v->data, head, QCOW2_HEADER_SIZE);
	return 0;
}

int
qcow2_in(struct job *j)
{
	uint8_t head[QCOW2_HEADER_SIZE];
	struct qcow2_in v = { .job = j };
	int rc = 0;

	if (job_read(j, head, sizeof(head)) || prepare(&v, head) ||
	    take_clusters(&v) || clear_rest(&v))
		rc = -1;
	passed_release(&v.passed);
	awaited_release(&v.awaited);
	free(v.written);
	free(v.data);
	free(v.l1);
	return rc;
}
