/* What VIFs without a locking mode of their own do. */
#include "api/oplock.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/store.h"

struct lock_default {
	struct call *c;
	struct ref network;
	int mode;
};

/* It has been told already, or is about to be. */
static bool
follows_network(struct db_txn *t, const struct vif *v)
{
	const struct vm *vm = vm_txn_get(t, &v->VM);

	return v->locking_mode == VIF_LOCKING_MODE_NETWORK_DEFAULT &&
	    (v->currently_attached || v->current_operations.n ||
	    (vm && vm_is_starting(vm)));
}

static int
default_in(struct db_txn *t, void *arg)
{
	const struct lock_default *d = arg;
	struct network *n = call_txn_edit(d->c, t, CLASS_NETWORK, &d->network);
	const struct ref *refs = n ? n->VIFs.v : NULL;

	if (!n)
		return -1;
	for (uint32_t i = 0; i < n->VIFs.n; i++) {
		const struct vif *v = vif_txn_get(t, &refs[i]);

		if (v && follows_network(t, v))
			return err_vif_in_use(d->c,
			    call_ref_text(d->c, &d->network),
			    call_ref_text(d->c, &refs[i]));
	}
	n->default_locking_mode = d->mode;
	return 0;
}

int
api_network_set_default_locking_mode(struct call *c,
    const struct network_set_default_locking_mode_args *a)
{
	struct lock_default d = { .c = c, .network = a->network,
		.mode = a->value };

	return call_write(c, default_in, &d);
}
