#include "api/storage/sr_attach.h"

#include <string.h>

#include "api/oplock.h"
#include "api/ops_error.h"
#include "api/xapi.h"
#include "gen/errors.h"
#include "gen/ops_stubs.h"
#include "gen/store.h"

/* The host's own library, at the location "state". */
static int
library_type(struct call *c, struct vec device_config, int *out)
{
	const char *location = map_get(device_config, "location");
	const char *type = map_get(device_config, "type");

	if (type && (strcmp(type, "cifs") == 0 || strcmp(type, "smb") == 0))
		return err_value_not_supported(c, "device_config:type", type,
		    "there are no SMB shares here yet");
	if (!location || !*location)
		return err_invalid_value(c, "device_config:location", "");
	if (strcmp(location, "state"))
		return err_value_not_supported(c, "device_config:location",
		    location, "a library of this host has the location state");
	*out = XENOPS_SR_TYPE_ISO;
	return 0;
}

int
sr_ops_type(struct call *c, const char *type, struct vec device_config,
    int *out)
{
	const char *location = map_get(device_config, "location");

	if (strcmp(type, "lvm") == 0)
		*out = XENOPS_SR_TYPE_LVM;
	else if (strcmp(type, "file") == 0 && location &&
	    strcmp(location, "memory") == 0)
		*out = XENOPS_SR_TYPE_MEMORY;
	else if (strcmp(type, "ext") == 0 || strcmp(type, "file") == 0)
		*out = XENOPS_SR_TYPE_FILE;
	else if (strcmp(type, "iso") == 0)
		return library_type(c, device_config, out);
	else
		return err_sr_unknown_driver(c, type);
	return 0;
}

int
sr_attach(struct call *c, const struct sr *sr, const struct pbd *pbd)
{
	struct xenops_sr_attach_args args = { .uuid = sr->uuid };
	struct xenops_sr_attach_result done = { 0 };
	struct ops_call k;
	int type;

	if (sr_ops_type(c, sr->type, pbd->device_config, &type))
		return -1;
	args.type = type;
	args.device = map_get(pbd->device_config, "device");
	ops_prepare(c, &k);
	if (ops_sr_attach(c->x->ops, &k, &args, &done))
		return ops_failed(c, &k, &(struct ops_subject){
		    .sr = sr->obj.ref, .operation = "attach" });
	return 0;
}

static int
refresh_in(struct db_txn *t, void *arg)
{
	op_refresh(t, &sr_op_class, arg);
	return 0;
}

/* SR.PBDs follows with the commit, so this needs a write of its own. */
void
sr_refresh_operations(struct call *c, const struct ref *ref)
{
	struct error saved = c->err;
	struct ref sr = *ref;

	call_write(c, refresh_in, &sr);
	c->err = saved;
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
