#include "image/qcow2.h"

#include <string.h>

#include "image/big_endian.h"

#define MAGIC 0x514649fbu

/* Places in the header. */
enum {
	MAGIC_AT = 0, VERSION_AT = 4, BACKING_AT = 8, BITS_AT = 20,
	SIZE_AT = 24, CRYPT_AT = 32, L1_SIZE_AT = 36, L1_AT = 40,
	COUNTS_AT = 48, COUNT_CLUSTERS_AT = 56, INCOMPATIBLE_AT = 72,
	COUNT_BITS_AT = 96, LENGTH_AT = 100,
};

#define OUR_BITS 16			/* of QCOW2_CLUSTER */
#define OUR_COUNT_BITS 4		/* 16 of a count */
#define OUR_LENGTH 104			/* of the header */

/* Incompatible features. */
#define DIRTY 1u			/* counts of uses, which nobody reads here */
#define CORRUPT 2u
#define DATA_FILE 4u
#define COMPRESSION 8u			/* how, where it is */
#define KNOWN (DIRTY | COMPRESSION)

#define OFFSET 0x00fffffffffffe00ull
#define COMPRESSED (1ull << 62)
#define READS_AS_ZERO 1ull

bool
qcow2_is_header(const uint8_t raw[QCOW2_HEADER_SIZE])
{
	return get32(raw + MAGIC_AT) == MAGIC;
}

static const char *
check_features(const struct qcow2 *q, const uint8_t *raw)
{
	uint64_t features = q->version < 3 ? 0 : get64(raw + INCOMPATIBLE_AT);

	if (get64(raw + BACKING_AT))
		return "it holds only what differs from a backing file";
	if (get32(raw + CRYPT_AT))
		return "it is encrypted";
	if (features & DATA_FILE)
		return "its data is in another file";
	if (features & CORRUPT)
		return "it is marked as corrupt";
	return features & ~(uint64_t)KNOWN ?
	    "it has features that are unknown here" : NULL;
}

/* Clusters and tables that a disk of that size has. */
static const char *
measure(struct qcow2 *q, uint64_t size, unsigned bits)
{
	uint64_t clusters = (size >> bits) + !!(size & (q->cluster - 1));
	uint64_t per_table = q->cluster / sizeof(uint64_t);

	if (size == 0 || clusters > QCOW2_CLUSTERS_MAX)
		return "its disk has too many clusters, or none";
	q->size = (int64_t)size;
	q->clusters = (uint32_t)clusters;
	q->tables = (uint32_t)((clusters + per_table - 1) / per_table);
	return NULL;
}

const char *
qcow2_decode(struct qcow2 *q, const uint8_t raw[QCOW2_HEADER_SIZE])
{
	uint32_t bits = get32(raw + BITS_AT);
	uint64_t l1_at = get64(raw + L1_AT);
	const char *why;

	q->version = get32(raw + VERSION_AT);
	if (!qcow2_is_header(raw))
		return "it has no header";
	if (q->version != 2 && q->version != 3)
		return "its version is unknown";
	if (bits < QCOW2_BITS_MIN || bits > QCOW2_BITS_MAX)
		return "its clusters' size is none that we take";
	q->cluster = (size_t)1 << bits;
	why = check_features(q, raw);
	if (!why)
		why = measure(q, get64(raw + SIZE_AT), bits);
	if (why)
		return why;
	q->l1_at = l1_at >> bits;
	if (q->l1_at == 0 || l1_at & (q->cluster - 1) || l1_at & ~OFFSET)
		return "its first table has no place of its own";
	return get32(raw + L1_SIZE_AT) < q->tables ?
	    "its first table is too small" : NULL;
}

void
qcow2_encode(const struct qcow2_layout *l, uint8_t raw[QCOW2_HEADER_SIZE])
{
	memset(raw, 0, QCOW2_HEADER_SIZE);
	put32(raw + MAGIC_AT, MAGIC);
	put32(raw + VERSION_AT, 3);
	put32(raw + BITS_AT, OUR_BITS);
	put64(raw + SIZE_AT, (uint64_t)l->size);
	put32(raw + L1_SIZE_AT, l->tables);
	put64(raw + L1_AT, l->l1_at);
	put64(raw + COUNTS_AT, l->counts_at);
	put32(raw + COUNT_CLUSTERS_AT, l->count_clusters);
	put32(raw + COUNT_BITS_AT, OUR_COUNT_BITS);
	put32(raw + LENGTH_AT, OUR_LENGTH);
}

static const char *
cluster_at(const struct qcow2 *q, uint64_t offset, uint64_t *cluster_out)
{
	*cluster_out = offset / q->cluster;
	return offset % q->cluster ? "a table names no whole cluster" : NULL;
}

const char *
qcow2_l1_entry(const struct qcow2 *q, const uint8_t *table, size_t i,
    uint64_t *cluster_out)
{
	return cluster_at(q, get64(table + i * 8) & OFFSET, cluster_out);
}

const char *
qcow2_l2_entry(const struct qcow2 *q, const uint8_t *table, size_t i,
    uint64_t *cluster_out)
{
	uint64_t entry = get64(table + i * 8);

	if (entry & COMPRESSED)
		return "its clusters are compressed";
	if (entry & READS_AS_ZERO && q->version >= 3)
		entry = 0;
	return cluster_at(q, entry & OFFSET, cluster_out);
}
