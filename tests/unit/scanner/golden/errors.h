/*
 * Generated from ui-protocol/xenapi/errors.xml by the scanner; do not edit.
 * Each sets the call's error and returns -1.
 */
#ifndef GEN_ERRORS_H
#define GEN_ERRORS_H

#include "api/call.h"

/* It is broken. */
static inline int
err_lamp_broken(struct call *c,
    const char *lamp)
{
	return call_error(c, "LAMP_BROKEN",
	    (const char *const[]){ lamp }, 1);
}

#endif
