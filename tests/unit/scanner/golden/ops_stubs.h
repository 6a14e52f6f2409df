/*
 * Generated from ui-protocol/xenops.xml by the scanner; do not edit.
 * Requests to xenopsd as typed calls.
 */
#ifndef GEN_OPS_STUBS_H
#define GEN_OPS_STUBS_H

#include "ops/ops.h"
#include "gen/xenops.h"

/* Puts bulbs in. */
static inline int
ops_screw(struct ops *o, struct ops_call *k,
    const struct xenops_screw_args *a,
    struct xenops_screw_result *result)
{
	return ops_do(o, k, XENOPS_SCREW, a, result);
}

/* Darkness. */
static inline int
ops_off(struct ops *o, struct ops_call *k)
{
	return ops_do(o, k, XENOPS_OFF, NULL, NULL);
}

#endif
