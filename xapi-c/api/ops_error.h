/*
 * Calls of xenopsd from handlers: what every one needs set, and the one place
 * where the socket's error codes become XenAPI errors.
 *
 *     struct ops_call k;
 *
 *     ops_prepare(c, &k);
 *     if (ops_vm_start(c->x->ops, &k, &args, &res) == -1)
 *         return ops_failed(c, &k, &(struct ops_subject){ .vm = vm->obj.ref });
 *
 * Any task or pool thread; never the database's writer.
 */
#ifndef API_OPS_ERROR_H
#define API_OPS_ERROR_H

#include "api/call.h"
#include "ops/ops.h"

/* What the request was about, as far as it applies: the parameters of errors.
 * device is a VBD or VIF and needs device_class ("VBD", "VIF"). */
struct ops_subject {
	struct ref vm;
	struct ref device;
	const char *device_class;
	struct ref vdi;
	struct ref sr;
	const char *operation;		/* for VDI_IN_USE: "destroy" */
	int64_t needed;			/* bytes: memory or disk space */
	int64_t available;
	int64_t timeout_s;		/* of a clean shutdown */
};

/* Arena, progress into and cancelling by the call's task. */
void ops_prepare(struct call *c, struct ops_call *k);
/* Sets c->err from k->err and returns -1. */
int ops_failed(struct call *c, const struct ops_call *k,
    const struct ops_subject *s);

#endif
