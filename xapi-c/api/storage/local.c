#include "api/storage/local.h"

#include <string.h>

#include "api/message.h"
#include "api/ops_error.h"
#include "api/storage/sr_attach.h"
#include "api/storage/sr_scan.h"
#include "api/xapi.h"
#include "base/log.h"
#include "gen/errors.h"
#include "gen/ops_stubs.h"
#include "gen/store.h"

#define NAME "Local storage"
#define DESCRIPTION "The rest of the disk that this host is installed on"
#define FAILURE "LOCAL_SR_FAILED"
#define FAILURE_PRIORITY 3		/* nothing is lost */

struct local {
	struct call *c;
	const struct xenops_sr_info *info;
	struct ref sr;			/* result */
};

static void
point_at(struct ref *to, const struct ref *sr)
{
	if (ref_is_null(to))
		*to = *sr;
}

static struct sr *
new_sr(struct db_txn *t, const struct local *l)
{
	struct sr *sr = sr_txn_new(t);
	struct pbd *pbd = pbd_txn_new(t);

	sr->uuid = l->info->uuid;
	sr->name_label = NAME;
	sr->name_description = DESCRIPTION;
	sr->type = l->info->type == XENOPS_SR_TYPE_LVM ? "lvm" : "ext";
	sr->content_type = "user";
	sr->physical_size = l->info->size;
	sr->physical_utilisation = l->info->used;
	sr->virtual_allocation = l->info->allocated;
	pbd->host = l->c->x->host;
	pbd->SR = sr->obj.ref;
	pbd->device_config = map_set(txn_arena(t), (struct vec){ 0 }, "device",
	    l->info->device ? l->info->device : "");
	pbd->currently_attached = true;
	return sr;
}

/* Somebody may have made its record by hand. */
static int
record_in(struct db_txn *t, void *arg)
{
	struct local *l = arg;
	const struct sr *known = txn_find_uuid(t, CLASS_SR, l->info->uuid);
	const struct pool *only = txn_only_pool(t);
	struct pool *pool = only ? pool_txn_edit(t, &only->obj.ref) : NULL;
	struct host *host = host_txn_edit(t, &l->c->x->host);

	if (!known)
		known = new_sr(t, l);
	l->sr = known->obj.ref;
	host->local_sr = l->info->uuid;
	point_at(&host->suspend_image_sr, &l->sr);
	if (pool) {
		point_at(&pool->default_SR, &l->sr);
		point_at(&pool->suspend_image_SR, &l->sr);
	}
	return 0;
}

static int
is_told(const void *obj, void *arg)
{
	const struct message *m = obj;

	(void)arg;
	return m->name && strcmp(m->name, FAILURE) == 0;
}

struct failure {
	struct call *c;
	const char *why;
};

/* Once, until somebody has taken the message away. */
static int
tell_in(struct db_txn *t, void *arg)
{
	const struct failure *f = arg;
	const struct host *host = host_txn_get(t, &f->c->x->host);

	if (!host || txn_each(t, CLASS_MESSAGE, is_told, NULL))
		return 0;
	message_tell(t, FAILURE, FAILURE_PRIORITY, CLS_HOST, host->uuid,
	    arena_printf(txn_arena(t), "The partition for local storage "
	    "cannot be used: %s. It was left as it is.", f->why));
	return 0;
}

static int
refused(struct call *c, const struct ops_call *k)
{
	struct failure f = { .c = c, .why = k->err.text ? k->err.text : "?" };

	switch (k->err.code) {
	case XENOPS_CODE_DEVICE_NOT_USABLE:
	case XENOPS_CODE_IO:
	case XENOPS_CODE_NO_SPACE:
	case XENOPS_CODE_TIMEOUT:
		log_error("no local SR: %s", f.why);
		return call_write(c, tell_in, &f);
	default:
		return ops_failed(c, k,
		    &(struct ops_subject){ .operation = "create" });
	}
}

int
sr_local_sync(struct call *c, bool *kept_out)
{
	const struct host *host = host_find(c->root, &c->x->host);
	struct xenops_sr_local_args args = { .name = NAME };
	struct xenops_sr_local_result found = { 0 };
	struct local l = { .c = c, .info = &found.sr };
	char uuid[UUID_TEXT_LEN + 1];
	struct ops_call k;

	*kept_out = true;
	if (host->local_sr && *host->local_sr)
		return 0;
	args.uuid = uuid_random(uuid);
	ops_prepare(c, &k);
	if (ops_sr_local(c->x->ops, &k, &args, &found)) {
		*kept_out = k.err.code != XENOPS_CODE_NO_SUCH_DEVICE;
		return *kept_out ? refused(c, &k) : 0;
	}
	if (call_write(c, record_in, &l))
		return -1;
	sr_refresh_operations(c, &l.sr);
	if (sr_scan_locked(c, &l.sr))
		log_warn("cannot scan SR '%s': %s", found.sr.uuid, c->err.code);
	memset(&c->err, 0, sizeof c->err);
	return 0;
}
