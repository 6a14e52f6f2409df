/*
 * A signed image as it is read: its header is looked at before anything else is,
 * and each MiB before it is used.  One thread; nothing is kept.
 */
#ifndef UPDATE_IMAGE_H
#define UPDATE_IMAGE_H

#include "update/head.h"
#include "update/keys.h"

#define IMAGE_WHY 160

struct image_rules {
	const struct head_kind *kind;
	const char *keys;		/* folder (keys.h) */
	const char *machine;		/* as uname has it */
};

struct image {
	int from;			/* read to its end, and not beyond */
	struct head head;
	uint8_t bytes[HEAD_MAX];	/* the header's */
	char signer[KEYS_NAME];
	char why[IMAGE_WHY];		/* after a failure, for a person */
};

/* Signed by a trusted key, for this product and machine; or false. */
bool image_open(struct image *m, const struct image_rules *rules);
/* data has room for HEAD_CHUNK; false: it cannot be read, or is damaged. */
bool image_chunk(struct image *m, unsigned i, void *data);

#endif
