/* The setters of VM.blocked_operations. */
#include "api/oplock.h"
#include "api/vm/blocked.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/store.h"

/* An element of the map. */
struct blocked {
	int op;
	const char *why;
};

struct edit {
	struct call *c;
	struct ref vm;
	const struct vec *all;		/* NULL: change one */
	struct blocked one;		/* why NULL: remove */
};

static int
edit_one(struct edit *e, struct db_txn *t, struct vm *vm)
{
	const struct vec old = vm->blocked_operations;
	const struct blocked *b = old.v;
	struct blocked *new = arena_alloc(txn_arena(t),
	    (old.n + 1) * sizeof *new);
	uint32_t n = 0;

	if (e->one.why && vm_blocked_by(vm, e->one.op))
		return err_map_duplicate_key(e->c, "VM", "blocked_operations",
		    call_ref_text(e->c, &e->vm),
		    enum_vm_operations.names[e->one.op]);
	for (uint32_t i = 0; i < old.n; i++)
		if (b[i].op != e->one.op)
			new[n++] = b[i];
	if (e->one.why)
		new[n++] = e->one;
	vm->blocked_operations = (struct vec){ new, n };
	return 0;
}

static int
edit_in(struct db_txn *t, void *arg)
{
	struct edit *e = arg;
	struct vm *vm = call_txn_edit(e->c, t, CLASS_VM, &e->vm);

	if (!vm)
		return -1;
	if (e->all)
		vm->blocked_operations = *e->all;
	else if (edit_one(e, t, vm))
		return -1;
	op_refresh(t, &vm_op_class, &e->vm);
	return 0;
}

int
api_vm_set_blocked_operations(struct call *c,
    const struct vm_set_blocked_operations_args *a)
{
	return call_write(c, edit_in,
	    &(struct edit){ .c = c, .vm = a->self, .all = &a->value });
}

int
api_vm_add_to_blocked_operations(struct call *c,
    const struct vm_add_to_blocked_operations_args *a)
{
	return call_write(c, edit_in, &(struct edit){ .c = c, .vm = a->self,
	    .one = { a->key, a->value } });
}

int
api_vm_remove_from_blocked_operations(struct call *c,
    const struct vm_remove_from_blocked_operations_args *a)
{
	return call_write(c, edit_in, &(struct edit){ .c = c, .vm = a->self,
	    .one = { .op = a->key } });
}
