/*
 * Values that fields do not take yet, by the marks of the interface definition
 * (<later>).  What is asked for and not there is refused, not kept: one check
 * for all constructors and setters, so no handler can forget it.  Any thread.
 */
#ifndef RPC_LATER_H
#define RPC_LATER_H

#include "api/call.h"
#include "gen/methods.h"

/* May the field get this value?  present: what it has, which always may stay;
 * NULL for a new object.  -1 with VALUE_NOT_SUPPORTED set. */
int later_check(struct call *c, int class_id, int field, const void *value,
    const void *present);
/* The same for the arguments of a constructor, or of a message that is a
 * field's setter: HANDLE_INVALID for one of nothing.  Other messages pass. */
int later_check_args(struct call *c, const struct method *m,
    const void *args);

#endif
