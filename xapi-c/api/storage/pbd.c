/* PBDs: how a host reaches an SR. */
#include "api/oplock.h"
#include "api/ops_error.h"
#include "api/storage/sr_attach.h"
#include "api/storage/sr_scan.h"
#include "api/storage/vdi_use.h"
#include "api/xapi.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/ops_stubs.h"
#include "gen/store.h"

struct create {
	struct call *c;
	const struct pbd *given;
	struct ref *result;
};

static int
create_in(struct db_txn *t, void *arg)
{
	struct create *a = arg;
	const struct sr *sr = sr_txn_get(t, &a->given->SR);
	const struct view view = { .t = t };
	struct pbd v = *a->given;
	const struct ref *refs;
	struct pbd *pbd;

	if (!sr)
		return err_handle_invalid(a->c, "SR",
		    call_ref_text(a->c, &v.SR));
	if (!host_txn_get(t, &v.host))
		return err_handle_invalid(a->c, "host",
		    call_ref_text(a->c, &v.host));
	if (op_check(&view, &sr_op_class, sr, STORAGE_OPERATIONS_PBD_CREATE,
	    a->c))
		return -1;
	refs = sr->PBDs.v;
	for (uint32_t i = 0; i < sr->PBDs.n; i++) {
		const struct pbd *other = pbd_txn_get(t, &refs[i]);

		if (other && ref_equal(&other->host, &v.host))
			return err_pbd_exists(a->c,
			    call_ref_text(a->c, &v.SR),
			    call_ref_text(a->c, &v.host),
			    call_ref_text(a->c, &refs[i]));
	}
	pbd = pbd_txn_new(t);
	v.obj = pbd->obj;
	v.uuid = pbd->uuid;
	v.currently_attached = false;
	*pbd = v;
	*a->result = pbd->obj.ref;
	return 0;
}

int
api_pbd_create(struct call *c, const struct pbd_create_args *a,
    struct ref *result)
{
	struct create arg = { .c = c, .given = &a->args, .result = result };

	if (call_write(c, create_in, &arg))
		return -1;
	sr_refresh_operations(c, &a->args.SR);
	return 0;
}

struct destroy {
	struct call *c;
	struct ref pbd;
	struct ref sr;			/* result: whose it was */
};

static int
destroy_in(struct db_txn *t, void *arg)
{
	struct destroy *a = arg;
	const struct view v = { .t = t };
	const struct pbd *pbd = call_txn_get(a->c, t, CLASS_PBD,
	    &a->pbd);
	const struct sr *sr = pbd ? sr_txn_get(t, &pbd->SR) : NULL;

	if (!pbd)
		return -1;
	if (sr && op_check(&v, &sr_op_class, sr,
	    STORAGE_OPERATIONS_PBD_DESTROY, a->c))
		return -1;
	if (pbd->currently_attached)
		return err_operation_not_allowed(a->c, "the PBD is plugged");
	a->sr = pbd->SR;
	txn_delete(t, CLASS_PBD, &a->pbd);
	return 0;
}

int
api_pbd_destroy(struct call *c, const struct pbd_destroy_args *a)
{
	struct destroy arg = { .c = c, .pbd = a->self };

	if (call_write(c, destroy_in, &arg))
		return -1;
	sr_refresh_operations(c, &arg.sr);
	return 0;
}

/* Before the lock goes, which brings allowed_operations up to date. */
struct outcome {
	struct ref pbd;
	bool attached;
};

static int
outcome_in(struct db_txn *t, void *arg)
{
	struct outcome *o = arg;
	struct pbd *pbd = pbd_txn_edit(t, &o->pbd);

	if (pbd)
		pbd->currently_attached = o->attached;
	return 0;
}

static int
detach(struct call *c, const struct sr *sr)
{
	const struct view v = { .root = c->root };
	const struct ref *refs = sr->VDIs.v;
	struct ops_call k;

	for (uint32_t i = 0; i < sr->VDIs.n; i++) {
		const struct vdi *vdi = vdi_find(c->root, &refs[i]);

		if (vdi && (vdi->current_operations.n ||
		    vdi_use_conflict(&v, vdi, NULL, true)))
			return err_vdi_in_use(c, call_ref_text(c, &refs[i]),
			    "unplug");
	}
	ops_prepare(c, &k);
	if (ops_sr_detach(c->x->ops, &k,
	    &(struct xenops_sr_detach_args){ .uuid = sr->uuid }) &&
	    k.err.code != XENOPS_CODE_NO_SUCH_SR)
		return ops_failed(c, &k, &(struct ops_subject){
		    .sr = sr->obj.ref, .operation = "unplug" });
	return 0;
}

static int
change(struct call *c, const struct ref *ref, bool plug)
{
	const struct pbd *pbd = call_find(c, CLASS_PBD, ref);
	struct oplock lock = { 0 };
	struct outcome o = { .pbd = *ref, .attached = plug };
	const struct sr *sr;
	int rc;

	if (!pbd)
		return -1;
	sr = sr_lock(c, &lock, &pbd->SR,
	    plug ? STORAGE_OPERATIONS_PLUG : STORAGE_OPERATIONS_UNPLUG);
	/* it may be gone by now */
	pbd = sr ? call_find(c, CLASS_PBD, ref) : NULL;
	rc = !pbd ? -1 : plug ? sr_attach(c, sr, pbd) : detach(c, sr);
	if (rc == 0)
		rc = call_write(c, outcome_in, &o);
	if (rc == 0 && plug)
		rc = sr_scan(c, sr);
	oplock_release(c, &lock);
	return rc;
}

/* Plugging what is plugged, and the opposite, succeeds as in XenServer. */
int
api_pbd_plug(struct call *c, const struct pbd_plug_args *a)
{
	return change(c, &a->self, true);
}

int
api_pbd_unplug(struct call *c, const struct pbd_unplug_args *a)
{
	return change(c, &a->self, false);
}
