/* Between vms.c (keeps the view) and vms_request.c (answers from it). */
#ifndef XENOPSD_DOMAINS_VMS_PRIVATE_H
#define XENOPSD_DOMAINS_VMS_PRIVATE_H

#include "xenopsd/domains/hv.h"
#include "xenopsd/domains/kept.h"
#include "xenopsd/domains/vms.h"

/* A place in a queue of VMs. */
struct turn {
	struct turn *next;
	struct vm *vm;
	int64_t due;
	bool queued;
};

struct vm {
	struct vm *next;		/* in its bucket */
	struct vms *vms;
	char uuid[UUID_TEXT_LEN + 1];
	bool exists;			/* has a domain: */
	struct hv_domain domain;	/* as it was last seen */
	struct turn now, later;		/* to be looked at */
	bool seen;			/* in the list that is gone through */
	bool dirty;			/* to be told in any case */
	bool wrote;			/* its guest, since the last look */
	int events;			/* of its guest, since the last look */
	int64_t watched;		/* domid whose guest we watch, or -1 */
	int state;			/* as told last; -1: nothing yet */
	int64_t told_domid;
	bool retell;			/* told while a domain_list ran */
	int64_t not_before;		/* for the next request of our own */
	struct timer *retry;
	/* given while a worker was on the VM: for its specification then */
	bool new_actions;
	struct xenops_vm_actions actions;
	bool nics_set;			/* once since this process began */
	struct console *console;	/* NULL: nobody needed it yet */
};

struct vm *vms_find(struct vms *v, const char *uuid);
/* Asks the hypervisor now, then as vms_find; only VMs with a domain. */
struct vm *vms_find_domain(struct vms *v, const char *uuid);
/* Puts what was given for the VM into its specification, k, and keeps that.
 * 0 or -errno.  Nobody works on it. */
int vms_keep_actions(struct vms *v, struct vm *vm, struct kept *k);
struct console *vms_console(struct vm *vm);
/* What is told while a list is being made is told again after it: the list may
 * hold what was true before. */
void vms_listing(struct vms *v, bool begins);

#endif
