/*
 * What the values of fields must be for whatever else: one table for setters and
 * constructors, so that a bad value is refused where it is given and not when it
 * is used.  What depends on other fields or objects is the handlers'.  Any
 * thread.
 */
#ifndef RPC_BOUNDS_H
#define RPC_BOUNDS_H

#include "api/call.h"
#include "gen/methods.h"

/* May a field's setter give it this value?  -1 with INVALID_VALUE, or another
 * error, set. */
int bounds_check(struct call *c, int class_id, int field, const void *value);
/* The same for the arguments of a constructor; other messages pass. */
int bounds_check_args(struct call *c, const struct method *m,
    const void *args);

#endif
