/* VLANs: a tag of a NIC's traffic as a PIF of its own, on a network. */
#include <string.h>

#include "api/ops_error.h"
#include "api/xapi.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/ops_stubs.h"
#include "gen/store.h"

#define MIN_TAG 1
#define MAX_TAG 4094

/* -- create -- */

struct create {
	struct call *c;
	struct ref tagged, network;
	int64_t tag;
	const char *device;		/* that it is on */
	struct ref vlan, pif;		/* results */
};

static const char *
number(struct call *c, int64_t n)
{
	return arena_printf(c->arena, "%lld", (long long)n);
}

/* What the VLAN is to be on. */
static int
check_tagged(struct create *cr, struct db_txn *t, const struct pif *p)
{
	struct call *c = cr->c;
	const char *pif = call_ref_text(c, &cr->tagged);
	const struct ref *refs = p->VLAN_slave_of.v;

	if (p->VLAN != -1)
		return err_pif_is_vlan(c, pif);
	if (!ref_is_null(&p->bond_slave_of))
		return err_cannot_add_vlan_to_bond_slave(c, pif);
	if (!p->managed)
		return err_pif_unmanaged(c, pif);
	if (!ref_equal(&p->host, &c->x->host) || !p->currently_attached)
		return err_pif_not_attached_to_host(c, pif,
		    call_ref_text(c, &p->host));
	for (uint32_t i = 0; i < p->VLAN_slave_of.n; i++) {
		const struct vlan *v = vlan_txn_get(t, &refs[i]);

		if (v && v->tag == cr->tag)
			return err_pif_vlan_exists(c, p->device);
	}
	return 0;
}

/* A host is in a network by one interface. */
static int
check_network(struct create *cr, struct db_txn *t, const struct pif *p,
    const struct network *n)
{
	const struct ref *refs = n->PIFs.v;
	struct call *c = cr->c;

	if (!n->managed)
		return err_network_unmanaged(c,
		    call_ref_text(c, &cr->network));
	for (uint32_t i = 0; i < n->PIFs.n; i++) {
		const struct pif *other = pif_txn_get(t, &refs[i]);

		if (other && ref_equal(&other->host, &p->host))
			return err_network_already_connected(c,
			    call_ref_text(c, &p->host),
			    call_ref_text(c, &refs[i]));
	}
	return n->MTU <= p->MTU ? 0 :
	    err_invalid_value(c, "MTU", number(c, n->MTU));
}

static void
add(struct create *cr, struct db_txn *t, const struct pif *p,
    const struct network *n)
{
	struct vlan *vlan = vlan_txn_new(t);
	struct pif *pif = pif_txn_new(t);

	vlan->tagged_PIF = cr->tagged;
	vlan->untagged_PIF = pif->obj.ref;
	vlan->tag = cr->tag;
	pif->device = p->device;
	pif->MAC = p->MAC;
	pif->MTU = n->MTU;
	pif->VLAN = cr->tag;
	pif->VLAN_master_of = vlan->obj.ref;
	pif->network = cr->network;
	pif->host = p->host;
	pif->managed = true;
	pif->currently_attached = false;
	cr->device = arena_strdup(cr->c->arena, p->device);
	cr->vlan = vlan->obj.ref;
	cr->pif = pif->obj.ref;
}

static int
create_in(struct db_txn *t, void *arg)
{
	struct create *cr = arg;
	const struct pif *p = call_txn_get(cr->c, t, CLASS_PIF, &cr->tagged);
	const struct network *n = p ? call_txn_get(cr->c, t, CLASS_NETWORK,
	    &cr->network) : NULL;

	if (!p || !n)
		return -1;
	if (cr->tag < MIN_TAG || cr->tag > MAX_TAG)
		return err_vlan_tag_invalid(cr->c, number(cr->c, cr->tag));
	if (check_tagged(cr, t, p) || check_network(cr, t, p, n))
		return -1;
	add(cr, t, p, n);
	return 0;
}

static int
attached_in(struct db_txn *t, void *arg)
{
	const struct create *cr = arg;

	if (!call_txn_get(cr->c, t, CLASS_PIF, &cr->pif))
		return -1;
	pif_txn_edit(t, &cr->pif)->currently_attached = true;
	return 0;
}

static int
forget_in(struct db_txn *t, void *arg)
{
	const struct create *cr = arg;

	txn_delete(t, CLASS_VLAN, &cr->vlan);
	txn_delete(t, CLASS_PIF, &cr->pif);
	return 0;
}

static int
create_failed(struct call *c, const struct ops_call *k, const char *device)
{
	if (k->err.code == XENOPS_CODE_EXISTS)
		return err_pif_vlan_exists(c, device);
	if (k->err.code == XENOPS_CODE_NO_SUCH_DEVICE)
		return err_pif_device_not_found(c);
	return ops_failed(c, k, &(struct ops_subject){
	    .operation = "create" });
}

static int
bring_up(struct create *cr)
{
	struct call *c = cr->c;
	const struct network *n;
	const struct pif *pif;
	struct xenops_bridge_create_args args;
	struct ops_call k;

	call_refresh(c);
	n = call_find(c, CLASS_NETWORK, &cr->network);
	pif = n ? call_find(c, CLASS_PIF, &cr->pif) : NULL;
	if (!pif)
		return -1;
	args = (struct xenops_bridge_create_args){ .bridge = n->bridge,
		.mtu = n->MTU, .port = pif->device, .vlan = cr->tag };
	ops_prepare(c, &k);
	return ops_bridge_create(c->x->ops, &k, &args) ?
	    create_failed(c, &k, args.port) : 0;
}

static void
take_down(const struct create *cr)
{
	const struct xenops_vlan_destroy_args args = { .device = cr->device,
		.vlan = cr->tag };
	struct ops_call k;

	ops_prepare(cr->c, &k);
	ops_vlan_destroy(cr->c->x->ops, &k, &args);
}

/* The record comes first: what the machine tells of a VLAN is then known, and a
 * restart meanwhile brings it up.  Whoever destroys it meanwhile may do so before
 * it is there. */
static int
create(struct create *cr)
{
	struct call *c = cr->c;
	struct call_undo undo;
	bool up;

	if (call_write(c, create_in, cr))
		return -1;
	up = bring_up(cr) == 0;
	if (up && call_write(c, attached_in, cr) == 0)
		return 0;
	call_undo_begin(c, &undo);
	if (up)
		take_down(cr);
	call_write(c, forget_in, cr);
	call_undo_end(c, &undo);
	return -1;
}

int
api_vlan_create(struct call *c, const struct vlan_create_args *a,
    struct ref *result)
{
	struct create cr = { .c = c, .tagged = a->tagged_PIF, .tag = a->tag,
		.network = a->network };

	if (create(&cr))
		return -1;
	*result = cr.vlan;
	return 0;
}

/* -- by older messages -- */

struct device {
	const char *name;
	struct ref host, pif;
};

static int
look_device(const void *obj, void *arg)
{
	const struct pif *pif = obj;
	struct device *d = arg;

	if (pif->VLAN != -1 || !pif->device || strcmp(pif->device, d->name) ||
	    !ref_equal(&pif->host, &d->host))
		return 0;
	d->pif = pif->obj.ref;
	return 1;
}

static int
create_on(struct create *cr, const char *device, struct ref host)
{
	struct device d = { .name = device, .host = host };

	if (!db_each(cr->c->root, CLASS_PIF, look_device, &d))
		return err_pif_device_not_found(cr->c);
	cr->tagged = d.pif;
	return create(cr);
}

int
api_pif_create_vlan(struct call *c, const struct pif_create_vlan_args *a,
    struct ref *result)
{
	struct create cr = { .c = c, .tag = a->VLAN, .network = a->network };

	if (create_on(&cr, a->device, a->host))
		return -1;
	*result = cr.pif;
	return 0;
}

/* Of the one host that there is. */
static struct vec
one(struct call *c, struct ref pif)
{
	return (struct vec){ arena_memdup(c->arena, &pif, sizeof(pif)), 1 };
}

int
api_pool_create_vlan(struct call *c, const struct pool_create_vlan_args *a,
    struct vec *result)
{
	struct create cr = { .c = c, .tag = a->VLAN, .network = a->network };

	if (create_on(&cr, a->device, c->x->host))
		return -1;
	*result = one(c, cr.pif);
	return 0;
}

int
api_pool_create_vlan_from_pif(struct call *c,
    const struct pool_create_vlan_from_pif_args *a, struct vec *result)
{
	struct create cr = { .c = c, .tagged = a->pif, .tag = a->VLAN,
		.network = a->network };

	if (create(&cr))
		return -1;
	*result = one(c, cr.pif);
	return 0;
}

/* -- destroy -- */

struct destroy {
	struct create was;		/* to make it again */
	struct xenops_vlan_destroy_args args;
};

static int
check_unused(struct call *c, struct db_txn *t, const struct pif *pif)
{
	const struct network *n = network_txn_get(t, &pif->network);
	const struct ref *refs = n ? n->VIFs.v : NULL;

	if (pif->management)
		return err_pif_is_management_interface(c,
		    call_ref_text(c, &pif->obj.ref));
	for (uint32_t i = 0; n && i < n->VIFs.n; i++) {
		const struct vif *vif = vif_txn_get(t, &refs[i]);

		if (vif && vif->currently_attached)
			return err_vif_in_use(c,
			    call_ref_text(c, &pif->network),
			    call_ref_text(c, &refs[i]));
	}
	return 0;
}

static int
destroy_in(struct db_txn *t, void *arg)
{
	struct destroy *d = arg;
	struct call *c = d->was.c;
	const struct pif *pif = call_txn_get(c, t, CLASS_PIF, &d->was.pif);

	if (!pif)
		return -1;
	if (pif->VLAN == -1)
		return err_pif_is_physical(c, call_ref_text(c, &d->was.pif));
	if (check_unused(c, t, pif))
		return -1;
	d->was.network = pif->network;
	d->was.tag = d->args.vlan = pif->VLAN;
	d->args.device = arena_strdup(c->arena, pif->device);
	if (!ref_is_null(&pif->VLAN_master_of))
		txn_delete(t, CLASS_VLAN, &pif->VLAN_master_of);
	txn_delete(t, CLASS_PIF, &d->was.pif);
	return 0;
}

/* Somebody came to use it meanwhile, or the disk refused. */
static int
put_back(struct destroy *d)
{
	struct call_undo undo;

	call_undo_begin(d->was.c, &undo);
	(void)bring_up(&d->was);
	call_undo_end(d->was.c, &undo);
	return -1;
}

/* The records go last: a VLAN that xenopsd could not take away is still seen,
 * and can be destroyed again. */
static int
destroy(struct call *c, struct ref pif)
{
	struct destroy d = { .was = { .c = c, .pif = pif } };
	struct ops_call k;

	if (call_rehearse(c, destroy_in, &d))
		return -1;
	ops_prepare(c, &k);
	if (ops_vlan_destroy(c->x->ops, &k, &d.args))
		return ops_failed(c, &k, &(struct ops_subject){
		    .operation = "destroy" });
	return call_write(c, destroy_in, &d) ? put_back(&d) : 0;
}

int
api_vlan_destroy(struct call *c, const struct vlan_destroy_args *a)
{
	const struct vlan *vlan = call_find(c, CLASS_VLAN, &a->self);

	return vlan ? destroy(c, vlan->untagged_PIF) : -1;
}

int
api_pif_destroy(struct call *c, const struct pif_destroy_args *a)
{
	return destroy(c, a->self);
}
