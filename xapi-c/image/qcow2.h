/*
 * The parts of a qcow2 image (QEMU's docs/interop/qcow2.txt): a header, a table of
 * tables (L1), tables of clusters (L2), and clusters of data, anywhere after the
 * header.  Numbers are big-endian.
 */
#ifndef IMAGE_QCOW2_H
#define IMAGE_QCOW2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QCOW2_HEADER_SIZE 512		/* as much as the least cluster has */
#define QCOW2_BITS_MIN 9		/* of a cluster's size */
#define QCOW2_BITS_MAX 21
#define QCOW2_CLUSTER 65536		/* of images that we make */
#define QCOW2_CLUSTERS_MAX (64u << 20)	/* of a disk: 4 TiB in those of 64 KiB */

struct qcow2 {
	unsigned version;
	size_t cluster;			/* bytes */
	int64_t size;			/* of the disk */
	uint32_t clusters;		/* of the disk */
	uint64_t l1_at;			/* in clusters of the image */
	uint32_t tables;		/* L2, that the disk needs */
};

bool qcow2_is_header(const uint8_t raw[QCOW2_HEADER_SIZE]);
/* NULL, or why it is none that can be taken. */
const char *qcow2_decode(struct qcow2 *q, const uint8_t raw[QCOW2_HEADER_SIZE]);

/* What the header of an image that we make says; places in bytes. */
struct qcow2_layout {
	int64_t size;			/* of the disk */
	uint32_t tables;		/* L2 */
	uint64_t l1_at;
	uint64_t counts_at;		/* the table of blocks of counts */
	uint32_t count_clusters;	/* of that table */
};

void qcow2_encode(const struct qcow2_layout *l, uint8_t raw[QCOW2_HEADER_SIZE]);

/* Entry i of a table: the cluster of the image that it names, 0 if none that must
 * be read.  NULL, or what is wrong. */
const char *qcow2_l1_entry(const struct qcow2 *q, const uint8_t *table,
    size_t i, uint64_t *cluster_out);
const char *qcow2_l2_entry(const struct qcow2 *q, const uint8_t *table,
    size_t i, uint64_t *cluster_out);

#endif
