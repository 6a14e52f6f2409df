/*
 * An update image from a descriptor to a slot.  Before a byte is written the
 * header is verified: signed by a trusted key, for this product and machine,
 * not older than what runs, and not larger than the slot.  Each chunk is
 * verified before it is written, and all are read back.  A slot that is not
 * whole does not look like a system: its first chunk, which has the file
 * system's descriptor, is zeros until all others are on the disk.
 * One thread; nothing is kept.
 */
#ifndef UPDATE_APPLY_H
#define UPDATE_APPLY_H

#include <stdint.h>

#include "update/image.h"

#define APPLY_WHY IMAGE_WHY

struct apply_rules {
	const char *keys;	/* folder (keys.h) */
	const char *machine;	/* as uname has it */
	uint64_t built;		/* of the running system */
};

struct apply {
	struct apply_rules rules;
	/* Opens the slot once the header is accepted; -1 with why. */
	int (*open_slot)(void *arg, char why[static APPLY_WHY]);
	void (*progress)(void *arg, double done);	/* 0..1; may be NULL */
	void *arg;
	/* of the run */
	char signer[64];
	char version[33];
	char why[APPLY_WHY];	/* after a failure, for a person */
};

enum apply_result {
	APPLY_OK,
	APPLY_REFUSED,		/* the slot is as it was */
	APPLY_FAILED,		/* the slot holds no system now */
};

/* from: read to the end of the image, and not beyond. */
enum apply_result apply_run(struct apply *a, int from);

#endif
