#include <stdio.h>
#include <string.h>

#include "api/blob.h"
#include "api/ops_error.h"
#include "api/xapi.h"
#include "base/vm_limits.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/ops_stubs.h"
#include "gen/store.h"

/* -- create -- */

struct create {
	struct call *c;
	const struct network *in;
	struct ref ref;
	const char *bridge;
	/* while looking for a free name: */
	bool taken;
};

static int
look_bridge(const void *obj, void *arg)
{
	const struct network *n = obj;
	struct create *cr = arg;

	cr->taken = n->bridge && strcmp(n->bridge, cr->bridge) == 0;
	return cr->taken;
}

static bool
bridge_is_taken(struct db_txn *t, struct create *cr, const char *name)
{
	cr->bridge = name;
	cr->taken = false;
	txn_each(t, CLASS_NETWORK, look_bridge, cr);
	return cr->taken;
}

static int
create_in(struct db_txn *t, void *arg)
{
	struct create *cr = arg;
	const struct network *in = cr->in;
	struct network *n;

	if (in->bridge && *in->bridge) {
		if (bridge_is_taken(t, cr, in->bridge))
			return err_bridge_name_exists(cr->c, in->bridge);
	} else {
		for (int i = 0; ; i++)
			if (!bridge_is_taken(t, cr,
			    arena_printf(cr->c->arena, "xapi%d", i)))
				break;
	}
	n = network_txn_new(t);
	cr->ref = n->obj.ref;
	n->name_label = in->name_label;
	n->name_description = in->name_description;
	n->MTU = in->MTU;
	n->other_config = in->other_config;
	n->bridge = cr->bridge;
	n->managed = in->managed;
	n->tags = in->tags;
	return 0;
}

static int
delete_in(struct db_txn *t, void *arg)
{
	txn_delete(t, CLASS_NETWORK, arg);
	return 0;
}

static int
check_input(struct call *c, const struct network *in)
{
	const char *bridge = in->bridge ? in->bridge : "";

	if (in->MTU < VM_MIN_MTU || in->MTU > VM_MAX_MTU)
		return err_invalid_value(c, "MTU",
		    arena_printf(c->arena, "%lld", (long long)in->MTU));
	if (*bridge ? !bridge_name_ok(bridge) : !in->managed)
		return err_invalid_value(c, "bridge", bridge);
	return 0;
}

/* A bridge that is not ours must be there. */
static int
check_bridge(struct call *c, const struct network *in)
{
	struct xenops_bridge_find_args args = { .bridge = in->bridge };
	struct ops_call k;

	if (in->managed)
		return 0;
	ops_prepare(c, &k);
	return ops_bridge_find(c->x->ops, &k, &args) ? ops_failed(c, &k,
	    &(struct ops_subject){ .operation = "create" }) : 0;
}

/* An internal network: a bridge without a NIC.  One that is not managed uses
 * a bridge that the operator made. */
int
api_network_create(struct call *c, const struct network_create_args *a,
    struct ref *result)
{
	struct create cr = { .c = c, .in = &a->args };
	struct xenops_bridge_create_args args;
	struct call_undo undo;
	struct ops_call k;
	int rc;

	if (check_input(c, cr.in) || check_bridge(c, cr.in) ||
	    call_write(c, create_in, &cr))
		return -1;
	*result = cr.ref;
	if (!cr.in->managed)
		return 0;
	args = (struct xenops_bridge_create_args){
		.bridge = cr.bridge, .mtu = cr.in->MTU,
	};
	ops_prepare(c, &k);
	if (ops_bridge_create(c->x->ops, &k, &args) == 0)
		return 0;
	rc = k.err.code == XENOPS_CODE_EXISTS ?
	    err_bridge_name_exists(c, cr.bridge) :
	    ops_failed(c, &k, &(struct ops_subject){ .operation = "create" });
	call_undo_begin(c, &undo);
	call_write(c, delete_in, &cr.ref);
	call_undo_end(c, &undo);
	return rc;
}

/* -- destroy -- */

static const char *
ref_list(struct call *c, struct vec set)
{
	const struct ref *refs = set.v;
	const char *text = "";

	for (uint32_t i = 0; i < set.n; i++)
		text = arena_printf(c->arena, "%s%s%s", text, i ? ", " : "",
		    call_ref_text(c, &refs[i]));
	return text;
}

struct destroy {
	struct call *c;
	struct ref ref;
};

static int
check_unused(struct call *c, const struct network *n)
{
	if (n->PIFs.n)
		return err_network_contains_pif(c, ref_list(c, n->PIFs));
	if (n->VIFs.n)
		return err_network_contains_vif(c, ref_list(c, n->VIFs));
	return 0;
}

static int
destroy_in(struct db_txn *t, void *arg)
{
	struct destroy *d = arg;
	const struct network *n = call_txn_get(d->c, t, CLASS_NETWORK,
	    &d->ref);

	if (!n || check_unused(d->c, n))
		return -1;
	blobs_drop(t, n->blobs);
	txn_delete(t, CLASS_NETWORK, &d->ref);
	return 0;
}

/*
 * The record goes first: from then on no VIF can come to use the bridge.  A
 * bridge that stays behind because xenopsd failed is taken by the next
 * network of that name.
 */
int
api_network_destroy(struct call *c, const struct network_destroy_args *a)
{
	const struct network *n = call_find(c, CLASS_NETWORK, &a->self);
	struct destroy d = { .c = c, .ref = a->self };
	struct xenops_bridge_destroy_args args;
	struct ops_call k;

	if (!n)
		return -1;
	args.bridge = n->bridge;
	if (call_write(c, destroy_in, &d))
		return -1;
	if (!n->managed)
		return 0;
	ops_prepare(c, &k);
	if (ops_bridge_destroy(c->x->ops, &k, &args))
		return ops_failed(c, &k, &(struct ops_subject){
		    .operation = "destroy" });
	return 0;
}
