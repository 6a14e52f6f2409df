/*
 * Programs that storage drivers run: an argument vector, never a shell, a
 * small environment, no input, bounded output.  Blocks until the program ends.
 */
#ifndef XENOPSD_STORAGE_CHILD_H
#define XENOPSD_STORAGE_CHILD_H

#include "base/buf.h"
#include "xenopsd/storage.h"

#define CHILD_MAX_OUTPUT (4u << 20)

/* Runs argv[0]; its output goes to out (may be NULL).  Fails unless it exits
 * with 0 within limit_ms; the text of the failure is its last error line. */
int storage_run(struct storage *s, const char *const *argv, int64_t limit_ms,
    struct buf *out);

#endif
