#include "api/storage/sr_scan.h"

#include <string.h>

#include "api/oplock.h"
#include "api/ops_error.h"
#include "api/storage/sync.h"
#include "api/xapi.h"
#include "base/log.h"
#include "gen/errors.h"
#include "gen/ops_stubs.h"
#include "gen/store.h"

struct scan {
	struct ref sr;
	const struct xenops_sr_scan_result *found;
};

static bool
is_found(const struct xenops_sr_scan_result *found, const char *uuid)
{
	const struct xenops_vdi_info *v = found->vdis.v;

	for (uint32_t i = 0; i < found->vdis.n; i++)
		if (strcmp(v[i].uuid, uuid) == 0)
			return true;
	return false;
}

int64_t
vdi_used(const struct xenops_vdi_info *info, int64_t before)
{
	return info->used >= 0 ? info->used : before;
}

/* A disk that xenopsd has: its record, made if there is none. */
static void
apply_vdi(struct db_txn *t, const struct ref *sr,
    const struct xenops_vdi_info *info)
{
	const struct vdi *known = txn_find_uuid(t, CLASS_VDI, info->uuid);
	struct vdi *vdi = known ? vdi_txn_edit(t, &known->obj.ref) :
	    vdi_txn_new(t);

	vdi->virtual_size = info->size;
	vdi->physical_utilisation = vdi_used(info,
	    vdi->physical_utilisation);
	vdi->missing = false;
	if (known)
		return;
	vdi->uuid = info->uuid;
	vdi->location = info->uuid;
	vdi->SR = *sr;
	vdi->name_label = info->name;
	vdi->name_description = info->description;
	vdi->read_only = info->read_only;
	vdi->managed = true;
	vdi->type = VDI_TYPE_USER;
	op_refresh(t, &vdi_op_class, &vdi->obj.ref);
}

static int
scan_in(struct db_txn *t, void *arg)
{
	struct scan *s = arg;
	const struct xenops_vdi_info *infos = s->found->vdis.v;
	struct sr *sr = sr_txn_edit(t, &s->sr);
	const struct ref *refs;

	if (!sr)
		return 0;
	sr->physical_size = s->found->sr.size;
	sr->physical_utilisation = s->found->sr.used;
	sr->virtual_allocation = s->found->sr.allocated;
	refs = sr->VDIs.v;
	for (uint32_t i = 0; i < sr->VDIs.n; i++) {
		struct vdi *vdi = vdi_txn_edit(t, &refs[i]);

		if (vdi && !is_found(s->found, vdi->uuid))
			vdi->missing = true;
	}
	for (uint32_t i = 0; i < s->found->vdis.n; i++)
		apply_vdi(t, &s->sr, &infos[i]);
	return 0;
}

int
sr_scan(struct call *c, const struct sr *sr)
{
	struct xenops_sr_scan_result found = { 0 };
	struct scan s = { .sr = sr->obj.ref, .found = &found };
	struct ops_call k;

	ops_prepare(c, &k);
	if (ops_sr_scan(c->x->ops, &k,
	    &(struct xenops_sr_scan_args){ .uuid = sr->uuid }, &found))
		return ops_failed(c, &k, &(struct ops_subject){
		    .sr = sr->obj.ref, .operation = "scan" });
	return call_write(c, scan_in, &s);
}

int
sr_scan_locked(struct call *c, const struct ref *ref)
{
	struct oplock lock = { 0 };
	const struct sr *sr = sr_lock(c, &lock, ref, STORAGE_OPERATIONS_SCAN);
	int rc = sr ? sr_scan(c, sr) : -1;

	oplock_release(c, &lock);
	return rc;
}

static int
first(const void *obj, void *arg)
{
	const struct pool **out = arg;

	*out = obj;
	return 1;
}

const struct pool *
txn_only_pool(struct db_txn *t)
{
	const struct pool *pool = NULL;

	txn_each(t, CLASS_POOL, first, &pool);
	return pool;
}

static int
seed_vdi(const void *obj, void *arg)
{
	const struct object *o = obj;

	op_refresh(arg, &vdi_op_class, &o->ref);
	return 0;
}

static int
seed_sr(const void *obj, void *arg)
{
	const struct object *o = obj;

	op_refresh(arg, &sr_op_class, &o->ref);
	return 0;
}

static int
seed_in(struct db_txn *t, void *arg)
{
	(void)arg;
	txn_each(t, CLASS_SR, seed_sr, t);
	txn_each(t, CLASS_VDI, seed_vdi, t);
	return 0;
}

int
storage_seed(struct xapi *x)
{
	return db_write(x->db, seed_in, NULL);
}

struct attached {
	struct ref pbd;
	bool on;
};

static int
attached_in(struct db_txn *t, void *arg)
{
	struct attached *a = arg;
	struct pbd *pbd = pbd_txn_edit(t, &a->pbd);

	if (pbd)
		pbd->currently_attached = a->on;
	return 0;
}

/* An SR in memory did not outlive the last boot: it starts anew, empty. */
static int
remake_live_sr(struct call *c, const struct sr *sr, const struct pbd *pbd)
{
	struct xenops_sr_create_args args = { .uuid = sr->uuid,
	    .name = sr->name_label };
	struct xenops_sr_create_result made = { 0 };
	struct ops_call k;
	int type;

	if (sr_ops_type(c, sr->type, pbd->device_config, &type) ||
	    type != XENOPS_SR_TYPE_MEMORY)
		return -1;
	args.type = type;
	memset(&c->err, 0, sizeof c->err);
	ops_prepare(c, &k);
	return ops_sr_create(c->x->ops, &k, &args, &made) ?
	    ops_failed(c, &k, &(struct ops_subject){ .sr = sr->obj.ref }) : 0;
}

struct resume {
	struct call *c;
	unsigned int connection;	/* to xenopsd */
	int rc;				/* -1: to be done again, because of */
	struct error err;
};

/* -1 with c->err set when it is not known whether the SR is attached. */
static int
resume_sr(struct resume *r, const struct pbd *pbd)
{
	struct call *c = r->c;
	struct oplock lock = { 0 };
	struct attached a = { .pbd = pbd->obj.ref };
	const struct sr *sr = sr_lock(c, &lock, &pbd->SR,
	    STORAGE_OPERATIONS_PLUG);
	int rc = sr ? 0 : -1;

	if (rc)
		goto out;
	a.on = sr_attach(c, sr, pbd) == 0 || remake_live_sr(c, sr, pbd) == 0;
	if (!a.on && ops_connection(c->x->ops) != r->connection) {
		rc = -1;
		goto out;
	}
	if (!a.on)
		log_error("cannot attach SR '%s': %s", sr->uuid, c->err.code);
	memset(&c->err, 0, sizeof c->err);
	rc = call_write(c, attached_in, &a);
	if (rc == 0 && a.on && sr_scan(c, sr))
		log_warn("cannot scan SR '%s': %s", sr->uuid, c->err.code);
out:
	oplock_release(c, &lock);
	return rc;
}

static int
resume_pbd(const void *obj, void *arg)
{
	const struct pbd *pbd = obj;
	struct resume *r = arg;

	if (!sr_find(r->c->root, &pbd->SR) ||
	    !ref_equal(&pbd->host, &r->c->x->host))
		return 0;
	if (resume_sr(r, pbd)) {
		r->rc = -1;
		r->err = r->c->err;
	}
	memset(&r->c->err, 0, sizeof r->c->err);
	return 0;
}

struct live {
	struct ref host;
	struct ref sr;			/* result */
	const struct xenops_sr_info *info;
};

/* The small SR of a host that has no disk for one. */
static int
live_in(struct db_txn *t, void *arg)
{
	struct live *l = arg;
	const struct pool *pool = txn_only_pool(t);
	struct sr *sr = sr_txn_new(t);
	struct pbd *pbd = pbd_txn_new(t);

	sr->uuid = l->info->uuid;
	sr->name_label = "Local storage (memory)";
	sr->name_description = "Lost when the host restarts";
	sr->type = "file";
	sr->content_type = "user";
	sr->physical_size = l->info->size;
	pbd->host = l->host;
	pbd->SR = sr->obj.ref;
	pbd->device_config = map_set(txn_arena(t), (struct vec){ 0 },
	    "location", "memory");
	pbd->currently_attached = true;
	if (pool && ref_is_null(&pool->default_SR)) {
		struct pool *p = pool_txn_edit(t, &pool->obj.ref);

		p->default_SR = sr->obj.ref;
	}
	l->sr = sr->obj.ref;
	return 0;
}

static int
make_live_sr(struct call *c)
{
	struct xenops_sr_create_args args = { .type = XENOPS_SR_TYPE_MEMORY,
	    .name = "memory" };
	struct xenops_sr_create_result made = { 0 };
	struct live l = { .host = c->x->host, .info = &made.sr };
	char uuid[UUID_TEXT_LEN + 1];
	struct ops_call k;

	args.uuid = uuid_random(uuid);
	ops_prepare(c, &k);
	if (ops_sr_create(c->x->ops, &k, &args, &made))
		return ops_failed(c, &k,
		    &(struct ops_subject){ .operation = "create" });
	if (call_write(c, live_in, &l))
		return -1;
	sr_refresh_operations(c, &l.sr);
	return 0;
}

int
storage_sync(struct call *c)
{
	struct resume r = { .c = c,
	    .connection = ops_connection(c->x->ops) };

	db_each(c->root, CLASS_PBD, resume_pbd, &r);
	if (r.rc == 0 && db_count(c->root, CLASS_SR) == 0)
		return make_live_sr(c);
	c->err = r.err;
	return r.rc;
}
