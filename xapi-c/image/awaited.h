/*
 * What is still to come of a stream whose pieces lie in any order: clusters of the
 * image, and what each is for.  The first of them is always at hand.
 */
#ifndef IMAGE_AWAITED_H
#define IMAGE_AWAITED_H

#include <stddef.h>
#include <stdint.h>

#define AWAITED_MAX (512u << 10)	/* pieces: 8 MiB */

struct awaited_piece {
	uint64_t at;			/* cluster of the image */
	uint32_t index;			/* whose */
	uint32_t n;			/* clusters in a row; 0: one, a table */
};

struct awaited {
	struct awaited_piece *heap;	/* none is before the one at (i - 1) / 2 */
	size_t n, room;
	size_t tables;			/* of them */
};

/* -1: there are AWAITED_MAX already. */
int awaited_add(struct awaited *a, const struct awaited_piece *p);
/* NULL: nothing is awaited. */
const struct awaited_piece *awaited_first(const struct awaited *a);
void awaited_drop_first(struct awaited *a);
void awaited_release(struct awaited *a);

#endif
