/*
 * xenopsd: the privileged half of the toolstack.  Main process: event loop,
 * socket, short requests, the domains' ends.  `xenopsd --worker`: one long
 * request (worker.h).
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/packs.h"
#include "xenopsd/core/cgroup.h"
#include "xenopsd/core/daemon.h"
#include "xenopsd/core/request_key.h"
#include "xenopsd/core/sampler.h"
#include "xenopsd/core/server.h"
#include "xenopsd/core/worker.h"
#include "xenopsd/domains/console.h"
#include "xenopsd/domains/domain.h"
#include "xenopsd/domains/picture.h"
#include "xenopsd/domains/hv_xl.h"
#include "xenopsd/domains/image.h"
#include "xenopsd/domains/vms.h"
#include "xenopsd/domains/xen_log.h"
#include "xenopsd/domains/xl.h"
#include "xenopsd/machine/crashes.h"
#include "xenopsd/machine/cstate.h"
#include "xenopsd/machine/host.h"
#include "xenopsd/machine/hostinfo.h"
#include "xenopsd/machine/logs.h"
#include "xenopsd/machine/plugin.h"
#include "xenopsd/machine/sample.h"
#include "xenopsd/machine/secret_change.h"
#include "xenopsd/machine/ssh.h"
#include "xenopsd/machine/timekeeper.h"
#include "xenopsd/storage/disk_image.h"
#include "xenopsd/storage/handle.h"
#include "xenopsd/storage/lease.h"
#include "xenopsd/storage/look.h"

/* Hashes and writes to the disk: not in this loop. */
static int
secret_set(struct request *rq, const void *args, void *result)
{
	struct daemon *d = rq->daemon;
	int rc;

	if (secret_change_admit(rq, d->secret_guard, d->workers))
		return -1;
	rc = worker_request(rq, args, result);
	if (rc != REQUEST_PENDING)
		secret_change_ended(d->secret_guard, false);
	return rc;
}

static int
samples_get(struct request *rq, const void *args, void *result)
{
	struct daemon *d = rq->daemon;

	(void)args;
	(void)result;
	return sampler_request(d->sampler, rq);
}

static request_handler *const main_handlers[XENOPS_N] = {
	[XENOPS_HOST_GET] = hostinfo_get,
	[XENOPS_SAMPLES_GET] = samples_get,
	[XENOPS_HOST_SET_HOSTNAME] = worker_request,
	[XENOPS_HOST_SET_NTP_MODE] = worker_request,
	[XENOPS_HOST_SET_NTP_SERVERS] = worker_request,
	[XENOPS_HOST_SET_TIMEZONE] = worker_request,
	[XENOPS_HOST_SET_TIME] = worker_request,
	[XENOPS_HOST_TIME_GET] = host_time_get,
	[XENOPS_DEBUG_KEYS] = worker_request,
	[XENOPS_LOG_READ] = worker_request,
	[XENOPS_XEN_LOG_READ] = worker_request,
	[XENOPS_SYSLOG_SET] = worker_request,
	[XENOPS_SSH_SET] = worker_request,
	[XENOPS_HOST_POWER] = host_power,
	[XENOPS_SECRET_SET] = secret_set,
	[XENOPS_DOMAIN_LIST] = vms_domain_list,
	[XENOPS_VM_START] = worker_request,
	[XENOPS_VM_SHUTDOWN] = worker_request,
	[XENOPS_VM_REBOOT] = worker_request,
	[XENOPS_VM_SUSPEND] = worker_request,
	[XENOPS_VM_RESUME] = worker_request,
	[XENOPS_VM_IMAGE_CHECK] = worker_request,
	[XENOPS_VM_WAKE] = worker_request,
	[XENOPS_VM_SET_MEMORY] = worker_request,
	[XENOPS_VM_PAUSE] = vms_vm_pause,
	[XENOPS_VM_UNPAUSE] = vms_vm_unpause,
	[XENOPS_VM_SYSRQ] = vms_vm_sysrq,
	[XENOPS_VM_TRIGGER] = vms_vm_trigger,
	[XENOPS_VM_SET_ACTIONS] = vms_vm_set_actions,
	[XENOPS_VBD_PLUG] = worker_request,
	[XENOPS_VBD_UNPLUG] = worker_request,
	[XENOPS_VIF_PLUG] = worker_request,
	[XENOPS_VIF_UNPLUG] = worker_request,
	[XENOPS_VIF_CHANGE] = worker_request,
	[XENOPS_CONSOLE_OPEN] = vms_console_open,
	[XENOPS_SR_CREATE] = worker_request,
	[XENOPS_SR_ATTACH] = worker_request,
	[XENOPS_SR_LOCAL] = worker_request,
	[XENOPS_SR_DETACH] = worker_request,
	[XENOPS_SR_DESTROY] = worker_request,
	[XENOPS_SR_SCAN] = worker_request,
	[XENOPS_VDI_CREATE] = worker_request,
	[XENOPS_VDI_CLONE] = worker_request,
	[XENOPS_VDI_DESTROY] = worker_request,
	[XENOPS_VDI_RESIZE] = worker_request,
	[XENOPS_VDI_SET_NAME] = worker_request,
	[XENOPS_STORAGE_REAP] = worker_request,
	[XENOPS_DISKS_LOOK] = worker_request,
	[XENOPS_VDI_OPEN] = lease_vdi_open,
	[XENOPS_VDI_CLOSE] = lease_vdi_close,
	[XENOPS_BRIDGE_CREATE] = host_bridge_create,
	[XENOPS_BRIDGE_DESTROY] = host_bridge_destroy,
	[XENOPS_BRIDGE_FIND] = host_bridge_find,
	[XENOPS_VLAN_DESTROY] = host_vlan_destroy,
	[XENOPS_UPDATE_OPEN] = host_update_open,
	[XENOPS_PACK_OPEN] = host_pack_open,
	[XENOPS_PACKS_GET] = worker_request,
	[XENOPS_PACK_REMOVE] = worker_request,
	[XENOPS_PLUGIN_RUN] = worker_request,
	[XENOPS_BACKUP_OPEN] = host_backup_open,
	[XENOPS_RESTORE_OPEN] = host_restore_open,
};

static int
storage_request(struct request *rq, const void *args, void *result)
{
	return storage_handle(rq, &storage_real, args, result);
}

static int
lease_request(struct request *rq, const void *args, void *result)
{
	return lease_handle(rq, &storage_real, args, result);
}

/* The users of disks that count: VBDs of the VMs that are kept. */
struct users {
	const char *user;
	bool found;
};

static void
look_for_user(void *arg, const char *uuid)
{
	struct users *u = arg;
	struct arena *a = arena_new();
	const struct xenops_disk_spec *d;
	struct kept k;

	if (!u->found && !kept_read(KEPT_DIR, uuid, a, &k)) {
		d = k.spec.disks.v;
		for (uint32_t i = 0; i < k.spec.disks.n; i++)
			u->found |= !strcmp(d[i].vbd, u->user);
		/* its image's, which has no VBD */
		u->found |= k.image_vdi[0] && !strcmp(uuid, u->user);
	}
	arena_free(a);
}

static bool
user_alive(void *arg, const char *user)
{
	struct users u = { .user = user };

	(void)arg;
	if (lease_is_user(user))
		return true;
	kept_each(KEPT_DIR, look_for_user, &u);
	return u.found;
}

static int
reap_storage(struct request *rq, const void *args, void *result)
{
	struct storage s = { .env = &storage_real, .arena = rq->arena };

	(void)result;
	storage_undo(&storage_real, rq->message, args);
	storage_reap(&s, user_alive, NULL);
	return 0;
}

static int
look_at_disks(struct request *rq, const void *args, void *result)
{
	(void)rq;
	(void)args;
	(void)result;
	disks_look(&storage_real, LOOK_LIMIT_MS);
	return 0;
}

static int
reap_lease(struct request *rq, const void *args, void *result)
{
	(void)args;
	(void)result;
	return lease_reap(rq, &storage_real);
}

static request_handler *const worker_handlers[XENOPS_N] = {
	[XENOPS_HOST_SET_HOSTNAME] = host_set_hostname,
	[XENOPS_HOST_SET_NTP_MODE] = host_set_ntp_mode,
	[XENOPS_HOST_SET_NTP_SERVERS] = host_set_ntp_servers,
	[XENOPS_HOST_SET_TIMEZONE] = host_set_timezone,
	[XENOPS_HOST_SET_TIME] = host_set_time,
	[XENOPS_HOST_SET_MAX_CSTATE] = xen_set_max_cstate,
	[XENOPS_DEBUG_KEYS] = xen_debug_keys,
	[XENOPS_LOG_READ] = host_log_read,
	[XENOPS_XEN_LOG_READ] = xen_log_read,
	[XENOPS_SYSLOG_SET] = host_syslog_set,
	[XENOPS_SSH_SET] = host_ssh_set,
	[XENOPS_CRASH_DESTROY] = host_crash_destroy,
	PACK_HANDLERS,
	[XENOPS_SECRET_SET] = host_secret_set,
	DOMAIN_HANDLERS,
	[XENOPS_SR_CREATE] = storage_request,
	[XENOPS_SR_ATTACH] = storage_request,
	[XENOPS_SR_LOCAL] = storage_request,
	[XENOPS_SR_DETACH] = storage_request,
	[XENOPS_SR_DESTROY] = storage_request,
	[XENOPS_SR_SCAN] = storage_request,
	[XENOPS_VDI_CREATE] = storage_request,
	[XENOPS_VDI_CLONE] = storage_request,
	[XENOPS_VDI_DESTROY] = storage_request,
	[XENOPS_VDI_RESIZE] = storage_request,
	[XENOPS_VDI_SET_NAME] = storage_request,
	[XENOPS_VDI_OPEN] = lease_request,
	[XENOPS_VDI_CLOSE] = lease_request,
	[XENOPS_STORAGE_REAP] = reap_storage,
	[XENOPS_DISKS_LOOK] = look_at_disks,
};

static request_handler *const worker_reapers[XENOPS_N] = {
	DOMAIN_REAPERS,
	[XENOPS_SR_CREATE] = reap_storage,
	[XENOPS_SR_ATTACH] = reap_storage,
	[XENOPS_SR_LOCAL] = reap_storage,
	[XENOPS_SR_DETACH] = reap_storage,
	[XENOPS_SR_DESTROY] = reap_storage,
	[XENOPS_VDI_CREATE] = reap_storage,
	[XENOPS_VDI_CLONE] = reap_storage,
	[XENOPS_VDI_DESTROY] = reap_storage,
	[XENOPS_VDI_RESIZE] = reap_storage,
	[XENOPS_VDI_OPEN] = reap_lease,
	[XENOPS_VDI_CLOSE] = reap_lease,
};

static void
ended(void *daemon, const struct request *rq, const char *name, bool ok)
{
	struct daemon *d = daemon;

	if (rq->message == XENOPS_VDI_OPEN || rq->message == XENOPS_VDI_CLOSE) {
		leases_ended(d->leases, rq, ok);
		return;
	}
	if (rq->message == XENOPS_DISKS_LOOK ||	/* hostwatch's own, which knows */
	    rq->message == XENOPS_PLUGIN_RUN || rq->message == XENOPS_PACKS_GET)
		return;
	if (rq->message == XENOPS_SECRET_SET) {
		secret_change_ended(d->secret_guard, ok);
		return;
	}
	if (name && d->vms && request_vm(rq))
		vms_touched(d->vms, name);
	if (storage_handles(rq->message))
		hostwatch_poke_disks(d->hostwatch);
	else
		hostwatch_poke(d->hostwatch);
}

static void
disconnected(void *daemon, uint32_t connection)
{
	leases_disconnected(((struct daemon *)daemon)->leases, connection);
}

static void
signalled(void *arg, uint32_t events)
{
	(void)events;
	loop_stop(((struct daemon *)arg)->loop);
}

static int
watch_signals(struct daemon *d)
{
	sigset_t set;
	int fd;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd == -1)
		return -1;
	loop_watch(d->loop, fd, EPOLLIN, signalled, d);
	return 0;
}

static void
make_dirs(void)
{
	static const struct {
		const char *path;
		mode_t mode;
	} dirs[] = {
		{ XENOPSD_RUN_DIR, 0755 }, { KEPT_DIR, 0700 },
		{ XENOPSD_RUN_DIR "/sr", 0700 }, { XENOPSD_RUN_DIR "/use", 0700 },
		/* libxl's */
		{ "/run/xen", 0755 }, { "/var/lib/xen", 0755 },
	};

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		if (mkdir(dirs[i].path, dirs[i].mode) == -1 && errno != EEXIST)
			log_warn("cannot make '%s': %s", dirs[i].path,
			    strerror(errno));
	}
}

static void
image_key(void)
{
	int rc = image_make_key(IMAGE_KEY_PATH);

	if (rc)
		log_error("no VM can be suspended: cannot make '%s': %s",
		    IMAGE_KEY_PATH, strerror(-rc));
}

/* A lease that nobody has any more is ended by a request of our own. */
static void
end_lease(void *daemon, const struct xenops_vdi_close_args *a)
{
	server_submit(((struct daemon *)daemon)->server, XENOPS_VDI_CLOSE, a,
	    NULL, NULL);
}

static int
run(struct daemon *d)
{
	static char *const argv[] = { "xenopsd", "--worker", NULL };
	const struct workers_config wc = { .loop = d->loop,
		.program = "/proc/self/exe", .argv = argv, .key = request_key,
		.ended = ended, .daemon = d };
	const struct sampler_config pc = { .loop = d->loop,
		.result = &xenops_samples_get_result_type,
		.take = sample_xen_take, .arg = d->sample };
	const struct server_config sc = {
		.socket_path = XENOPSD_RUN_DIR "/xapi.sock",
		.socket_gid = daemon_xapi_gid(), .peer_uid = daemon_xapi_uid(),
		.handlers = main_handlers, .disconnected = disconnected,
		.daemon = d };

	d->workers = workers_new(&wc);
	d->sampler = sampler_new(&pc);
	if (!d->sampler)
		return -1;
	if (server_new(d->loop, &sc, &d->server))
		return -1;
	d->vms = vms_new(d);
	if (!d->vms)
		return -1;
	d->hostwatch = hostwatch_new(d);
	/* what the workers of a killed predecessor left */
	server_submit(d->server, XENOPS_STORAGE_REAP, NULL, NULL, NULL);
	log_info("ready");
	return loop_run(d->loop);
}

static int
main_process(void)
{
	static const struct spawn_program picture = { PICTURE_PROGRAM,
		PICTURE_USER, NULL };
	struct daemon d = { .kept_dir = KEPT_DIR, .storage = &storage_real,
		.image_key = IMAGE_KEY_PATH, .picture = &picture };
	struct leases_config lc = { .env = &storage_real,
		.retry_ms = LEASE_RETRY_MS, .run = worker_request,
		.submit = end_lease, .daemon = &d };
	int rc = -1;

	umask(022);
	make_dirs();
	image_key();
	d.loop = lc.loop = loop_new();
	d.consoles = consoles_new(d.loop);
	d.secret_guard = secret_guard_new(d.loop, clock_mono_ms);
	d.leases = leases_new(&lc);
	d.sample = sample_xen_new();
	d.xl = xl_new(&hv_xl);
	if (d.xl) {
		d.hv = &d.xl->hv;
		if (!watch_signals(&d))
			rc = run(&d);
	}
	/* guests run on; unfinished work is found at the next start */
	secret_guard_free(d.secret_guard);
	hostwatch_free(d.hostwatch);
	d.hostwatch = NULL;
	workers_free(d.workers);
	server_free(d.server);
	vms_free(d.vms);
	consoles_free(d.consoles);
	leases_free(d.leases);
	sampler_free(d.sampler);
	xl_free(d.xl);
	loop_free(d.loop);
	return rc ? 1 : 0;
}

static int
worker_process(void)
{
	static const struct packs_place packs = { PACKS_DIR, PLUGIN_USER,
		CGROUP_DIR "/packs" };
	static const struct spawn_program image = { DISK_IMAGE_PROGRAM,
		DISK_IMAGE_USER, CGROUP_DIR "/images" };
	struct daemon d = { .kept_dir = KEPT_DIR, .storage = &storage_real,
		.image_key = IMAGE_KEY_PATH, .disk_image = &image,
		.packs = &packs };
	int rc;

	d.xl = xl_new(&hv_xl);
	if (!d.xl)
		return 1;
	d.hv = &d.xl->hv;
	rc = worker_child(worker_handlers, worker_reapers, &d);
	xl_free(d.xl);
	return rc;
}

int
main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--worker"))
		return worker_process();
	if (argc != 1) {
		fprintf(stderr, "usage: xenopsd\n");
		return 2;
	}
	return main_process();
}
