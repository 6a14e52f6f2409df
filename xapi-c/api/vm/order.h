/*
 * Many VMs, started or stopped in the order that their records say.
 *
 * VMs of one order go side by side, and the next ones follow when these are
 * done and the longest of their delays (start_delay, shutdown_delay) is over.
 * What fails holds nothing up.  The caller's thread works on the VMs itself,
 * with helpers as long as all callers together have fewer than
 * VM_ORDER_HELPERS of them.
 *
 * Cancelling c->task ends it before the next VM; its progress is that of the
 * whole.  Task threads, and those that own their call.
 */
#ifndef API_VM_ORDER_H
#define API_VM_ORDER_H

#include "api/call.h"

#define VM_ORDER_HELPERS 32		/* of all callers */
#define VM_ORDER_HELPERS_RUN 7		/* of one of them */

struct vm_order {
	bool up;			/* lowest order first, start_delay; or
					 * highest first, shutdown_delay */
	/* Does it to one VM, with a call of its own.  0 or -1. */
	int (*run)(struct call *c, const struct ref *vm, void *arg);
	/* Is there no time left?  NULL: there is. */
	bool (*is_over)(void *arg);
	void *arg;
};

/* vms: a set of references in c->arena.  VMs that are gone are left out. */
void vm_order_run(struct call *c, const struct vm_order *o, struct vec vms);

#endif
