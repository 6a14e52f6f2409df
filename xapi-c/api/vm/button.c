/* Keys and buttons of a guest's machine: SysRq and triggers. */
#include <string.h>

#include "api/oplock.h"
#include "api/ops_error.h"
#include "api/vm/domain_type.h"
#include "api/xapi.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/ops_stubs.h"
#include "gen/store.h"

static int
send_sysrq(struct call *c, const struct vm *vm,
    const struct vm_send_sysrq_args *a)
{
	const char *key = a->key ? a->key : "";
	struct ops_call k;

	if (*key <= ' ' || *key > '~' || key[1])
		return err_invalid_value(c, "key", key);
	ops_prepare(c, &k);
	return ops_vm_sysrq(c->x->ops, &k, &(struct xenops_vm_sysrq_args){
	    .vm = vm->uuid, .key = key }) == 0 ? 0 :
	    ops_failed(c, &k, &(struct ops_subject){ .vm = a->vm });
}

int
api_vm_send_sysrq(struct call *c, const struct vm_send_sysrq_args *a)
{
	struct oplock lock = { 0 };
	const struct vm *vm = vm_lock(c, &lock, &a->vm,
	    VM_OPERATIONS_SEND_SYSRQ);
	int rc = vm ? send_sysrq(c, vm, a) : -1;

	oplock_release(c, &lock);
	return rc;
}

static bool
find_trigger(const char *name, enum xenops_trigger *out)
{
	static const char *const names[] = {
		[XENOPS_TRIGGER_NMI] = "nmi",
		[XENOPS_TRIGGER_POWER] = "power",
		[XENOPS_TRIGGER_SLEEP] = "sleep",
		[XENOPS_TRIGGER_S3RESUME] = "s3resume",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], name) == 0) {
			*out = (enum xenops_trigger)i;
			return true;
		}
	}
	return false;
}

/* Xen has buttons, but for nmi, for machines that are emulated alone. */
static int
send_trigger(struct call *c, const struct vm *vm,
    const struct vm_send_trigger_args *a)
{
	const char *name = a->trigger ? a->trigger : "";
	enum xenops_trigger trigger;
	struct ops_call k;

	if (!find_trigger(name, &trigger))
		return err_invalid_value(c, "trigger", name);
	if (trigger != XENOPS_TRIGGER_NMI && !vm_emulates(vm))
		return err_vm_hvm_required(c, call_ref_text(c, &a->vm));
	ops_prepare(c, &k);
	return ops_vm_trigger(c->x->ops, &k, &(struct xenops_vm_trigger_args){
	    .vm = vm->uuid, .trigger = trigger }) == 0 ? 0 :
	    ops_failed(c, &k, &(struct ops_subject){ .vm = a->vm });
}

int
api_vm_send_trigger(struct call *c, const struct vm_send_trigger_args *a)
{
	struct oplock lock = { 0 };
	const struct vm *vm = vm_lock(c, &lock, &a->vm,
	    VM_OPERATIONS_SEND_TRIGGER);
	int rc = vm ? send_trigger(c, vm, a) : -1;

	oplock_release(c, &lock);
	return rc;
}
