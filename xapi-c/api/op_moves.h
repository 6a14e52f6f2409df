/*
 * On which objects operations have begun or ended lately, counted.  What was
 * read elsewhere (a domain from xenopsd) at one count is not older than the
 * object's last operation if that has a count before it.
 */
#ifndef API_OP_MOVES_H
#define API_OP_MOVES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/type.h"

#define OP_MOVES_KEPT 1024

/* Zeroed: none. */
struct op_moves {
	_Atomic uint64_t count;
	struct ref last[OP_MOVES_KEPT];	/* the writer thread's */
};

/* On any thread; before what is then asked for is read. */
uint64_t op_moves_count(const struct op_moves *m);
/* In a write: an operation on the object, or on what it owns, begins or ends. */
void op_moves_note(struct op_moves *m, const struct ref *ref);
/* In a write: has one since that count?  True as well when there were more
 * than OP_MOVES_KEPT since. */
bool op_moves_since(const struct op_moves *m, const struct ref *ref,
    uint64_t count);

#endif
