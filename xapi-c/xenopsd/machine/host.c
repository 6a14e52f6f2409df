#include "xenopsd/machine/host.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "base/hostname.h"
#include "base/log.h"
#include "base/vm_limits.h"
#include "xenopsd/core/daemon.h"
#include "xenopsd/domains/kept.h"
#include "xenopsd/machine/bridge.h"
#include "xenopsd/machine/secret_change.h"
#include "xenopsd/machine/update.h"
#include "xenopsd/machine/vlan.h"

#define STATE_DIR "/state"
#define UPDATE "/usr/sbin/bedplate-update"
#define PACK "/usr/sbin/bedplate-pack"
#define BACKUP "/usr/sbin/bedplate-backup"
#define RESTORE "/usr/sbin/bedplate-restore"

int
host_set_hostname(struct request *rq, const void *args, void *result)
{
	const struct xenops_host_set_hostname_args *a = args;
	const char *name = a->hostname ? a->hostname : "";
	const struct atomic_file how = { .mode = 0640 };
	const char *problem = hostname_problem(name), *line;
	int rc;

	(void)result;
	if (problem)
		return request_fail(rq, XENOPS_CODE_BAD_REQUEST,
		    "bad host name '%.80s': %s", name, problem);
	line = arena_printf(rq->arena, "%s\n", name);
	rc = atomic_file_write(STATE_DIR "/hostname", line, strlen(line),
	    &how);
	if (rc)
		return request_fail(rq, XENOPS_CODE_IO,
		    "cannot keep the host's name: %s", strerror(-rc));
	if (sethostname(name, strlen(name)) == -1)
		return request_fail(rq, XENOPS_CODE_INTERNAL,
		    "cannot set the host's name: %s", strerror(errno));
	return 0;
}

static void
count(void *arg, const char *uuid)
{
	(void)uuid;
	++*(int *)arg;
}

int
host_power(struct request *rq, const void *args, void *result)
{
	const struct xenops_host_power_args *a = args;
	int guests = 0;

	(void)result;
	kept_each(KEPT_DIR, count, &guests);
	if (guests > 0)
		return request_fail(rq, XENOPS_CODE_BAD_STATE,
		    "%d guests are running", guests);
	log_info("the host is to %s", a->power == XENOPS_POWER_REBOOT ?
	    "reboot" : "power off");
	/* BusyBox init's language */
	if (kill(1, a->power == XENOPS_POWER_REBOOT ? SIGTERM : SIGUSR2) == -1)
		return request_fail(rq, XENOPS_CODE_INTERNAL,
		    "cannot tell init: %s", strerror(errno));
	return 0;
}

int
host_update_open(struct request *rq, const void *args, void *result)
{
	(void)args;
	(void)result;
	return update_open(rq, UPDATE, NULL);
}

int
host_pack_open(struct request *rq, const void *args, void *result)
{
	const struct xenops_pack_open_args *a = args;

	(void)result;
	return update_open(rq, PACK, a->look ? "--look" : NULL);
}

int
host_backup_open(struct request *rq, const void *args, void *result)
{
	(void)args, (void)result;
	return update_open(rq, BACKUP, NULL);
}

int
host_restore_open(struct request *rq, const void *args, void *result)
{
	const struct xenops_restore_open_args *a = args;

	(void)result;
	return update_open(rq, RESTORE, a->take_identity ?
	    "--take-identity" : NULL);
}

int
host_secret_set(struct request *rq, const void *args, void *result)
{
	(void)result;
	return secret_change(rq, STATE_DIR "/login/secret", daemon_xapi_gid(),
	    args);
}

/* With a VLAN in its port's place, if it is to have one. */
static int
make_bridge(const struct xenops_bridge_create_args *a, const char *port)
{
	char name[IF_NAMESIZE];
	bool made;
	int rc;

	if (!a->vlan)
		return bridge_create(a->bridge, (int)a->mtu, port);
	rc = vlan_create(port, (int)a->vlan, name, &made);
	if (rc)
		return rc;
	rc = bridge_create(a->bridge, (int)a->mtu, name);
	if (rc && made)
		(void)vlan_destroy(port, (int)a->vlan);
	return rc;
}

static bool
bridge_args_ok(const struct xenops_bridge_create_args *a, const char *port)
{
	return bridge_name_ok(a->bridge) && (!*port || bridge_name_ok(port)) &&
	    (!a->vlan || (*port && vlan_tag_ok(a->vlan))) &&
	    (!a->mtu || (a->mtu >= VM_MIN_MTU && a->mtu <= VM_MAX_MTU));
}

int
host_bridge_create(struct request *rq, const void *args, void *result)
{
	const struct xenops_bridge_create_args *a = args;
	const char *port = a->port ? a->port : "";
	int rc;

	(void)result;
	if (!bridge_args_ok(a, port))
		return request_fail(rq, XENOPS_CODE_BAD_REQUEST,
		    "bad bridge '%.80s'", a->bridge ? a->bridge : "");
	rc = make_bridge(a, port);
	if (!rc)
		return 0;
	return request_fail(rq, rc == -EEXIST ? XENOPS_CODE_EXISTS :
	    rc == -EBUSY ? XENOPS_CODE_IN_USE :
	    rc == -ENODEV ? XENOPS_CODE_NO_SUCH_DEVICE : XENOPS_CODE_INTERNAL,
	    "cannot make the bridge '%s': %s", a->bridge, strerror(-rc));
}

int
host_bridge_destroy(struct request *rq, const void *args, void *result)
{
	const struct xenops_bridge_destroy_args *a = args;
	int rc;

	(void)result;
	if (!bridge_name_ok(a->bridge))
		return request_fail(rq, XENOPS_CODE_BAD_REQUEST,
		    "bad bridge '%.80s'", a->bridge ? a->bridge : "");
	rc = bridge_destroy(a->bridge);
	if (!rc)
		return 0;
	return request_fail(rq, rc == -ENOENT ? XENOPS_CODE_NO_SUCH_DEVICE :
	    rc == -EBUSY ? XENOPS_CODE_IN_USE : XENOPS_CODE_INTERNAL,
	    "cannot remove the bridge '%s': %s", a->bridge, strerror(-rc));
}

int
host_bridge_find(struct request *rq, const void *args, void *result)
{
	const struct xenops_bridge_find_args *a = args;

	(void)result;
	return bridge_name_ok(a->bridge) && bridge_exists(a->bridge) ? 0 :
	    request_fail(rq, XENOPS_CODE_NO_SUCH_BRIDGE, "%.80s",
	    a->bridge ? a->bridge : "");
}

int
host_vlan_destroy(struct request *rq, const void *args, void *result)
{
	const struct xenops_vlan_destroy_args *a = args;
	int rc;

	(void)result;
	if (!bridge_name_ok(a->device) || !vlan_tag_ok(a->vlan))
		return request_fail(rq, XENOPS_CODE_BAD_REQUEST,
		    "bad VLAN %lld", (long long)a->vlan);
	rc = vlan_destroy(a->device, (int)a->vlan);
	return rc == 0 ? 0 : request_fail(rq, XENOPS_CODE_INTERNAL,
	    "cannot remove the VLAN %d of '%s': %s", (int)a->vlan, a->device,
	    strerror(-rc));
}
