/*
 * Programs that storage drivers run: an argument vector, never a shell, a
 * small environment, no input, bounded output.  Blocks until the program ends.
 */
#ifndef XENOPSD_STORAGE_CHILD_H
#define XENOPSD_STORAGE_CHILD_H

#include "base/buf.h"
#include "xenopsd/storage.h"

#define CHILD_MAX_OUTPUT (4u << 20)

/* What becomes of the program when whoever runs it is killed. */
enum child_fate {
	CHILD_FINISHES,		/* LVM cut short is worse than LVM unwanted */
	CHILD_DIES
};

/* Runs argv[0]; its output goes to out (may be NULL).  Fails unless it exits
 * with 0 within limit_ms; the text of the failure is its last error line. */
int storage_run(struct storage *s, const char *const *argv,
    enum child_fate fate, int64_t limit_ms, struct buf *out);

#endif
