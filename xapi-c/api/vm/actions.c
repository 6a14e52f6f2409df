#include "api/vm/actions.h"

#include <pthread.h>

#include "api/ops_error.h"
#include "api/xapi.h"
#include "base/log.h"
#include "gen/methods.h"
#include "gen/ops_stubs.h"
#include "gen/store.h"

static int
after_crash(int behaviour)
{
	switch (behaviour) {
	case ON_CRASH_BEHAVIOUR_RESTART:
	case ON_CRASH_BEHAVIOUR_COREDUMP_AND_RESTART:
	case ON_CRASH_BEHAVIOUR_RENAME_RESTART:
		return XENOPS_AFTER_RESTART;
	case ON_CRASH_BEHAVIOUR_PRESERVE:
		return XENOPS_AFTER_PRESERVE;
	default:
		return XENOPS_AFTER_DESTROY;
	}
}

static int
after_exit(int behaviour)
{
	return behaviour == ON_NORMAL_EXIT_RESTART ? XENOPS_AFTER_RESTART :
	    XENOPS_AFTER_DESTROY;
}

struct xenops_vm_actions
vm_actions(const struct vm *vm)
{
	return (struct xenops_vm_actions){
		.after_shutdown = after_exit(vm->actions_after_shutdown),
		.after_reboot = after_exit(vm->actions_after_reboot),
		.after_crash = after_crash(vm->actions_after_crash),
	};
}

bool
vm_actions_differ(const struct vm *vm, const struct xenops_domain_info *d)
{
	const struct xenops_vm_actions want = vm_actions(vm);

	return d->domid >= 0 &&
	    (d->actions.after_shutdown != want.after_shutdown ||
	    d->actions.after_reboot != want.after_reboot ||
	    d->actions.after_crash != want.after_crash);
}

void
vm_actions_tell(struct call *c, const struct ref *ref)
{
	/* what is read last is told last */
	static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
	struct xenops_vm_set_actions_args args = { 0 };
	const struct vm *vm;
	struct ops_call k;

	pthread_mutex_lock(&turn);
	call_refresh(c);
	vm = vm_find(c->root, ref);
	if (vm && vm->domid >= 0) {
		args.vm = vm->uuid;
		args.actions = vm_actions(vm);
		ops_prepare(c, &k);
		if (ops_vm_set_actions(c->x->ops, &k, &args))
			log_warn("'%s' does not know yet what follows its end: "
			    "%s", vm->uuid, k.err.text);
	}
	pthread_mutex_unlock(&turn);
}

void
vm_actions_agree(struct call *c, const struct ref *ref,
    const struct xenops_domain_info *d)
{
	const struct vm *vm;

	call_refresh(c);
	vm = vm_find(c->root, ref);
	if (vm && vm_actions_differ(vm, d))
		vm_actions_tell(c, ref);
}

/* -- messages -- */

/* What a setter gives; the others are NULL. */
struct change {
	struct call *c;
	struct ref vm;
	const int *shutdown, *reboot, *crash;
};

static int
change_in(struct db_txn *t, void *arg)
{
	const struct change *ch = arg;
	struct vm *vm = call_txn_edit(ch->c, t, CLASS_VM, &ch->vm);

	if (!vm)
		return -1;
	if (ch->shutdown)
		vm->actions_after_shutdown = *ch->shutdown;
	if (ch->reboot)
		vm->actions_after_reboot = *ch->reboot;
	if (ch->crash)
		vm->actions_after_crash = *ch->crash;
	return 0;
}

static int
change(struct change *ch)
{
	if (call_write(ch->c, change_in, ch))
		return -1;
	vm_actions_tell(ch->c, &ch->vm);
	return 0;
}

int
api_vm_set_actions_after_shutdown(struct call *c,
    const struct vm_set_actions_after_shutdown_args *a)
{
	return change(&(struct change){ .c = c, .vm = a->self,
	    .shutdown = &a->value });
}

int
api_vm_set_actions_after_reboot(struct call *c,
    const struct vm_set_actions_after_reboot_args *a)
{
	return change(&(struct change){ .c = c, .vm = a->self,
	    .reboot = &a->value });
}

int
api_vm_set_actions_after_crash(struct call *c,
    const struct vm_set_actions_after_crash_args *a)
{
	return change(&(struct change){ .c = c, .vm = a->self,
	    .crash = &a->value });
}
