/*
 * Programs that storage drivers run: an argument vector, never a shell, a
 * small environment, no input, bounded output.  Blocks until the program ends.
 */
#ifndef XENOPSD_STORAGE_CHILD_H
#define XENOPSD_STORAGE_CHILD_H

#include "base/buf.h"
#include "xenopsd/storage/books.h"

/* Of 4,096 disks with the longest tags, lvs prints 21 MiB. */
#define CHILD_MAX_OUTPUT (64u << 20)

/* What becomes of the program when whoever runs it is killed. */
enum child_fate {
	CHILD_FINISHES,		/* LVM cut short is worse than LVM unwanted */
	CHILD_DIES
};

/*
 * Runs argv[0]; its output goes to out (may be NULL).  Fails unless it exits
 * with 0 within limit_ms and prints no more than CHILD_MAX_OUTPUT: there is no
 * such thing as a part of a listing.  The code is timeout or io; what a failure
 * means the caller finds out by looking, not by reading what the program said:
 * its last line is text for people.
 */
int storage_run(struct storage *s, const char *const *argv,
    enum child_fate fate, int64_t limit_ms, struct buf *out);

#endif
