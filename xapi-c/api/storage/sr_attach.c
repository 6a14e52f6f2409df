#include "api/storage/sr_attach.h"

#include <string.h>

#include "api/oplock.h"
#include "api/ops_error.h"
#include "api/xapi.h"
#include "gen/errors.h"
#include "gen/ops_stubs.h"
#include "gen/store.h"

static const char *
get(struct vec device_config, const char *key)
{
	const char *v = map_get(device_config, key);

	return v ? v : "";
}

static int
check_version(struct call *c, struct vec device_config)
{
	static const char *const known[] = { "", "3", "4", "4.0", "4.1",
		"4.2" };
	const char *v = get(device_config, "nfsversion");

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(v, known[i]) == 0)
			return 0;
	return err_invalid_value(c, "device_config:nfsversion", v);
}

/* The host's own library, at the location "state", or SERVER:/PATH. */
static int
library_type(struct call *c, struct vec device_config, int *out)
{
	const char *location = get(device_config, "location");
	const char *type = get(device_config, "type");

	if (strcmp(type, "cifs") == 0 || strcmp(type, "smb") == 0)
		return err_value_not_supported(c, "device_config:type", type,
		    "there are no SMB shares here yet");
	if (strcmp(type, "") && strcmp(type, "nfs_iso"))
		return err_invalid_value(c, "device_config:type", type);
	if (!*location)
		return err_invalid_value(c, "device_config:location", "");
	*out = XENOPS_SR_TYPE_ISO;
	if (strcmp(location, "state") == 0)
		return 0;
	*out = XENOPS_SR_TYPE_NFS_ISO;
	if (location[0] != '/' && strstr(location, ":/"))
		return check_version(c, device_config);
	return err_value_not_supported(c, "device_config:location", location,
	    "it is state, for a library of this host, or SERVER:/PATH");
}

static int
nfs_type(struct call *c, struct vec device_config, int *out)
{
	const char *server = get(device_config, "server");
	const char *path = get(device_config, "serverpath");

	if (!*server || strchr(server, '/'))
		return err_invalid_value(c, "device_config:server", server);
	if (*path != '/')
		return err_invalid_value(c, "device_config:serverpath", path);
	*out = XENOPS_SR_TYPE_NFS;
	return check_version(c, device_config);
}

const char *
sr_ops_device(struct call *c, int type, struct vec device_config)
{
	const char *version = get(device_config, "nfsversion");
	const char *server = get(device_config, "server");

	if (!*version)
		version = "any";
	if (type == XENOPS_SR_TYPE_NFS_ISO)
		return arena_printf(c->arena, "%s,%s", version,
		    get(device_config, "location"));
	if (type == XENOPS_SR_TYPE_NFS)
		return arena_printf(c->arena, strchr(server, ':') &&
		    server[0] != '[' ? "%s,[%s]:%s" : "%s,%s:%s", version,
		    server, get(device_config, "serverpath"));
	return map_get(device_config, "device");
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
	else if (strcmp(type, "nfs") == 0)
		return nfs_type(c, device_config, out);
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
	args.device = sr_ops_device(c, type, pbd->device_config);
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
