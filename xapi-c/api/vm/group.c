/* Groups of VMs, which say where their VMs should run. */
#include "api/call.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/store.h"

struct create {
	const struct vm_group *in;
	struct ref ref;
};

static int
create_in(struct db_txn *t, void *arg)
{
	struct create *cr = arg;
	struct vm_group *g = vm_group_txn_new(t);

	g->name_label = cr->in->name_label;
	g->name_description = cr->in->name_description;
	g->placement = cr->in->placement;
	cr->ref = g->obj.ref;
	return 0;
}

int
api_vm_group_create(struct call *c, const struct vm_group_create_args *a,
    struct ref *result)
{
	struct create cr = { .in = &a->args };

	if (call_write(c, create_in, &cr))
		return -1;
	*result = cr.ref;
	return 0;
}

int
api_vm_group_destroy(struct call *c, const struct vm_group_destroy_args *a)
{
	return call_delete(c, CLASS_VM_GROUP, &a->self);
}

struct change {
	struct call *c;
	const struct ref *ref;
	struct vec groups;
};

static int
set_groups_in(struct db_txn *t, void *arg)
{
	const struct change *ch = arg;
	const struct ref *refs = ch->groups.v;
	struct vm *vm = call_txn_edit(ch->c, t, CLASS_VM, ch->ref);

	if (!vm)
		return -1;
	if (ch->groups.n > 1)
		return err_too_many_groups(ch->c);
	for (uint32_t i = 0; i < ch->groups.n; i++)
		if (!call_txn_get(ch->c, t, CLASS_VM_GROUP, &refs[i]))
			return -1;
	vm->groups = ch->groups;
	return 0;
}

int
api_vm_set_groups(struct call *c, const struct vm_set_groups_args *a)
{
	return call_write(c, set_groups_in, &(struct change){ .c = c,
	    .ref = &a->self, .groups = a->value });
}
