#include "api/storage/sync.h"

#include <string.h>

#include "api/oplock.h"
#include "api/ops_error.h"
#include "api/storage/local.h"
#include "api/storage/sr_attach.h"
#include "api/storage/sr_scan.h"
#include "api/xapi.h"
#include "base/log.h"
#include "gen/ops_stubs.h"
#include "gen/store.h"

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
	bool kept = false;

	db_each(c->root, CLASS_PBD, resume_pbd, &r);
	if (r.rc) {
		c->err = r.err;
		return -1;
	}
	if (sr_local_sync(c, &kept))
		return -1;
	if (!kept && db_count(c->root, CLASS_SR) == 0)
		return make_live_sr(c);
	return 0;
}
