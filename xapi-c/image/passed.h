/*
 * Clusters of a stream that have passed before a table told what they are.
 */
#ifndef IMAGE_PASSED_H
#define IMAGE_PASSED_H

#include <stddef.h>
#include <stdint.h>

#define PASSED_MAX (16u << 20)		/* bytes of them */

struct passed_cluster {
	uint64_t at;
	uint8_t *data;			/* NULL: it was taken */
};

struct passed {
	struct passed_cluster *list;	/* by where they were */
	size_t n, room;
	size_t bytes;
};

/* A copy, behind all others.  -1: there would be more than PASSED_MAX. */
int passed_keep(struct passed *p, uint64_t at, const uint8_t *data, size_t len);
/* Once each; NULL if it is not there.  The caller frees it. */
uint8_t *passed_take(struct passed *p, uint64_t at);
void passed_release(struct passed *p);

#endif
