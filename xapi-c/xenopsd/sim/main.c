/*
 * xenopsd-sim: see sim.h.  Options:
 *     --state DIR --socket PATH [--secret FILE] [--number N] [--address IP]
 *     [--peer-uid UID] [--update PROGRAM] [--pack PROGRAM] [--picture PROGRAM]
 *     [--image PROGRAM]
 * or, for one request on a domain, --worker --state DIR (worker.h).
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "xenopsd/core/request_key.h"
#include "xenopsd/core/server.h"
#include "xenopsd/domains/console.h"
#include "xenopsd/domains/domain.h"
#include "xenopsd/domains/image.h"
#include "xenopsd/domains/kept.h"
#include "xenopsd/domains/vms.h"
#include "xenopsd/machine/plugin.h"
#include "xenopsd/machine/secret_change.h"
#include "xenopsd/sim/calls.h"
#include "xenopsd/sim/plain.h"
#include "xenopsd/sim/samples.h"
#include "xenopsd/sim/sim.h"
#include "xenopsd/storage/handle.h"
#include "xenopsd/storage/lease.h"

#define TICK_MS 200

/* A request that is made to take its time. */
struct slow {
	struct request *rq;
	struct timer *timer;
	void *result;
	int64_t start_mono;
	int64_t end_mono;
};

static int
lease_request(struct request *rq, const void *args, void *result)
{
	return lease_handle(rq, &((struct sim *)rq->daemon)->storage, args,
	    result);
}

static void
end_lease(void *daemon, const struct xenops_vdi_close_args *a)
{
	server_submit(((struct daemon *)daemon)->server, XENOPS_VDI_CLOSE, a,
	    NULL, NULL);
}

/* Storage is done here: its files are as quick as its worker would be. */
static request_handler *const handlers[XENOPS_N] = {
	[XENOPS_HOST_GET] = sim_host_get,
	[XENOPS_SAMPLES_GET] = sim_samples_get,
	[XENOPS_HOST_SET_HOSTNAME] = sim_host_set_hostname,
	[XENOPS_HOST_SET_NTP_MODE] = sim_host_set_ntp_mode,
	[XENOPS_HOST_SET_NTP_SERVERS] = sim_host_set_ntp_servers,
	[XENOPS_HOST_SET_TIMEZONE] = sim_host_set_timezone,
	[XENOPS_HOST_SET_TIME] = sim_host_set_time,
	[XENOPS_HOST_TIME_GET] = sim_host_time_get,
	[XENOPS_HOST_SET_MAX_CSTATE] = sim_set_max_cstate,
	[XENOPS_DEBUG_KEYS] = sim_debug_keys,
	[XENOPS_LOG_READ] = sim_log_read,
	[XENOPS_XEN_LOG_READ] = sim_xen_log_read,
	[XENOPS_SYSLOG_SET] = sim_syslog_set,
	[XENOPS_SSH_SET] = sim_ssh_set,
	[XENOPS_CRASH_DESTROY] = sim_crash_destroy,
	[XENOPS_HOST_POWER] = sim_host_power,
	[XENOPS_SECRET_SET] = sim_secret_set,
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
	[XENOPS_VDI_OPEN] = lease_vdi_open,
	[XENOPS_VDI_CLOSE] = lease_vdi_close,
	[XENOPS_BRIDGE_CREATE] = sim_bridge_create,
	[XENOPS_BRIDGE_DESTROY] = sim_bridge_destroy,
	[XENOPS_BRIDGE_FIND] = sim_bridge_find,
	[XENOPS_VLAN_DESTROY] = sim_vlan_destroy,
	[XENOPS_UPDATE_OPEN] = sim_update_open,
	[XENOPS_PACK_OPEN] = sim_pack_open,
	[XENOPS_PACKS_GET] = worker_request,
	[XENOPS_PACK_REMOVE] = worker_request,
	[XENOPS_PLUGIN_RUN] = worker_request,
	[XENOPS_BACKUP_OPEN] = sim_backup_open,
	[XENOPS_RESTORE_OPEN] = sim_restore_open,
};

/* SR.create may only name a disk that the host lists and nobody uses. */
static int
check_device(struct request *rq, const struct xenops_sr_create_args *a)
{
	const char *device = a->device ? a->device : "";
	const char *own = sim_own_partition(
	    &((struct sim *)rq->daemon)->storage, rq->arena);
	const struct xenops_disk_info *v;
	struct xenops_host_info host;

	if (a->type == XENOPS_SR_TYPE_NFS || a->type == XENOPS_SR_TYPE_NFS_ISO)
		return 0;
	if (a->type == XENOPS_SR_TYPE_MEMORY || a->type == XENOPS_SR_TYPE_ISO)
		return *device ? request_fail(rq,
		    XENOPS_CODE_DEVICE_NOT_USABLE,
		    "such an SR has no device") : 0;
	if (own && !strcmp(device, own) && !storage_owns_device(
	    &((struct sim *)rq->daemon)->storage, own))
		return 0;
	sim_host_fill(rq->daemon, rq->arena, &host);
	v = host.disks.v;
	for (uint32_t i = 0; i < host.disks.n; i++)
		if (!strcmp(v[i].device, device) && !v[i].in_use)
			return 0;
	return request_fail(rq, XENOPS_CODE_DEVICE_NOT_USABLE,
	    "'%s' is not an unused disk", device);
}

static int
run(struct request *rq, void *result)
{
	struct sim *m = rq->daemon;

	if (handlers[rq->message])
		return handlers[rq->message](rq, rq->args, result);
	if (rq->message == XENOPS_SR_CREATE && check_device(rq, rq->args))
		return -1;
	if (storage_handles(rq->message))
		return storage_handle(rq, &m->storage, rq->args, result);
	return request_fail(rq, XENOPS_CODE_NOT_SUPPORTED, "not supported");
}

static void
slow_tick(void *arg)
{
	struct slow *w = arg;
	struct request *rq = w->rq;
	struct sim *m = rq->daemon;
	int64_t now = clock_mono_ms();

	if (now < w->end_mono) {
		request_progress(rq, (double)(now - w->start_mono) /
		    (double)(w->end_mono - w->start_mono));
		w->timer = loop_timer(m->d.loop,
		    now + TICK_MS < w->end_mono ? now + TICK_MS : w->end_mono,
		    slow_tick, w);
		return;
	}
	rq->cancel = NULL;
	switch (run(rq, w->result)) {
	case 0:
		request_finish(rq, w->result);
		break;
	case -1:
		request_finish_error(rq, XENOPS_CODE_INTERNAL,
		    "no reason given");
		break;
	}
}

static void
slow_cancel(struct request *rq)
{
	struct slow *w = rq->state;

	timer_cancel(w->timer);
	request_finish_error(rq, XENOPS_CODE_CANCELLED, "cancelled");
}

/* All requests come here first: faults, delays, then the handler. */
static int
dispatch(struct request *rq, const void *args, void *result)
{
	struct sim *m = rq->daemon;
	int64_t delay_ms = sim_fault_apply(m, rq);
	struct slow *w;

	(void)args;
	if (delay_ms < 0)
		return -1;
	if (delay_ms == 0)
		return run(rq, result);
	w = arena_alloc(rq->arena, sizeof(*w));
	w->rq = rq;
	w->result = result;
	w->start_mono = clock_mono_ms();
	w->end_mono = w->start_mono + delay_ms;
	w->timer = loop_timer(m->d.loop, w->start_mono +
	    (delay_ms < TICK_MS ? delay_ms : TICK_MS), slow_tick, w);
	rq->state = w;
	rq->cancel = slow_cancel;
	return REQUEST_PENDING;
}

static void
disconnected(void *daemon, uint32_t connection)
{
	leases_disconnected(((struct daemon *)daemon)->leases, connection);
}

static bool
nobody(void *arg, const char *user)
{
	(void)arg;
	(void)user;
	return false;
}

/* What main process and workers have in common. */
static void
init_daemon(struct sim *m)
{
	m->storage.run_dir = m->cfg.state_dir;
	m->storage.own = sim_own_partition;
	for (int i = 0; i < STORAGE_SR_TYPES; i++)
		m->storage.drivers[i] = &sr_driver_plain;
	m->storage.drivers[XENOPS_SR_TYPE_ISO] = &sr_driver_plain_iso;
	m->storage.drivers[XENOPS_SR_TYPE_NFS_ISO] = &sr_driver_plain_share;
	snprintf(m->kept_dir, sizeof(m->kept_dir), "%s/domains",
	    m->cfg.state_dir);
	m->worker_argv[0] = "xenopsd-sim";
	m->worker_argv[1] = "--worker";
	m->worker_argv[2] = "--state";
	m->worker_argv[3] = m->cfg.state_dir;
	m->d.storage = &m->storage;
	m->d.kept_dir = m->kept_dir;
	snprintf(m->image_key, sizeof(m->image_key), "%s/image-key",
	    m->cfg.state_dir);
	m->d.image_key = m->image_key;
	m->d.hv = &m->hv.hv;
	snprintf(m->packs_dir, sizeof(m->packs_dir), "%s/packs",
	    m->cfg.state_dir);
	m->packs = (struct packs_place){ m->packs_dir, PLUGIN_USER,
		NULL };
	m->d.packs = &m->packs;
}

static void
forget_domain(void *arg, const char *uuid)
{
	kept_remove(((struct sim *)arg)->kept_dir, uuid);
}

/* A freshly booted host: no domain, no disk in use, no SR attached. */
static int
init_folders(struct sim *m)
{
	struct storage s = { .env = &m->storage };
	int rc;

	if (mkdir(m->cfg.state_dir, 0700) == -1 && errno != EEXIST)
		return -errno;
	if (mkdir(m->kept_dir, 0700) == -1 && errno != EEXIST)
		return -errno;
	kept_each(m->kept_dir, forget_domain, m);
	rc = image_make_key(m->image_key);
	if (rc)
		return rc;
	s.arena = arena_new();
	storage_reap(&s, nobody, NULL);
	storage_forget(&s);
	arena_free(s.arena);
	return 0;
}

static bool
has_bridge(void *arg, const char *name)
{
	return sim_bridge_exists(arg, name);
}

/* A request in a worker is over. */
static void
ended(void *daemon, const struct request *rq, const char *name, bool ok)
{
	struct daemon *d = daemon;

	(void)ok;
	if (d->vms && request_vm(rq))
		vms_touched(d->vms, name);
}

static void
signalled(void *arg, uint32_t events)
{
	struct sim *m = arg;

	(void)events;
	m->powered = SIM_OFF;
	loop_stop(m->d.loop);
}

static int
serve(struct sim *m)
{
	static request_handler *const table[XENOPS_N] = {
		[0 ... XENOPS_N - 1] = dispatch };
	const struct server_config cfg = {
		.socket_path = m->cfg.socket_path,
		.socket_gid = getgid(),
		.peer_uid = m->cfg.peer_uid,
		.handlers = table,
		.disconnected = disconnected,
		.daemon = m,
	};
	int rc;

	rc = server_new(m->d.loop, &cfg, &m->d.server);
	if (rc)
		return rc;
	m->d.vms = vms_new(&m->d);
	if (!m->d.vms)
		return -EIO;
	log_info("simulated host '%s' on '%s'", m->hostname,
	    m->cfg.socket_path);
	return loop_run(m->d.loop);
}

static void
power_on(struct sim *m)
{
	struct workers_config wc = { .program = "/proc/self/exe",
		.argv = m->worker_argv, .key = request_key, .ended = ended,
		.daemon = m };
	struct leases_config lc = { .env = &m->storage,
		.retry_ms = LEASE_RETRY_MS, .run = lease_request,
		.submit = end_lease, .daemon = m };
	struct sim_machine_config mc = { .times = &m->times,
		.memory = SIM_MEMORY - SIM_OWN_MEMORY,
		.has_bridge = has_bridge, .arg = m };

	m->d.loop = wc.loop = lc.loop = mc.loop = loop_new();
	m->d.consoles = consoles_new(m->d.loop);
	m->d.picture = &m->cfg.picture;
	m->d.disk_image = &m->cfg.disk_image;
	m->d.secret_guard = secret_guard_new(m->d.loop, clock_mono_ms);
	m->d.workers = workers_new(&wc);
	m->d.leases = leases_new(&lc);
	m->machine = sim_machine_new(&mc);
	sim_hv_init(&m->hv, m->machine);
}

static void
power_off(struct sim *m)
{
	workers_free(m->d.workers);
	server_free(m->d.server);
	vms_free(m->d.vms);
	sim_calls_free(m->calls);
	sim_machine_free(m->machine);
	consoles_free(m->d.consoles);
	sim_faults_release(m);
	sim_host_release(m);
	leases_free(m->d.leases);
	secret_guard_free(m->d.secret_guard);
	loop_free(m->d.loop);
	m->d = (struct daemon){ 0 };
	m->calls = NULL;
	m->machine = NULL;
}

/* One life of the host, from power on to off. */
static int
run_host(struct sim *m, int signals)
{
	struct watch *watch;
	int rc;

	init_daemon(m);
	rc = init_folders(m);
	power_on(m);
	watch = loop_watch(m->d.loop, signals, EPOLLIN, signalled, m);
	if (rc == 0)
		rc = sim_host_init(m);
	if (rc == 0)
		rc = sim_calls_new(m->d.loop, m->machine, m->cfg.state_dir,
		    &m->calls);
	if (rc == 0)
		rc = sim_faults_init(m);
	if (rc == 0)
		rc = serve(m);
	if (rc)
		log_error("cannot run: %s", strerror(-rc));
	watch_free(watch);
	power_off(m);
	return rc;
}

static int
run_worker(struct sim *m)
{
	static request_handler *const work[XENOPS_N] = { DOMAIN_HANDLERS,
		PACK_HANDLERS };
	static request_handler *const reap[XENOPS_N] = { DOMAIN_REAPERS };
	int rc;

	init_daemon(m);
	rc = sim_hv_connect(&m->hv, m->cfg.state_dir);
	if (rc) {
		log_error("cannot reach the machine: %s", strerror(-rc));
		return 1;
	}
	rc = worker_child(work, reap, m);
	sim_hv_release(&m->hv);
	return rc;
}

static const struct option options[] = {
	{ "state", required_argument, NULL, 's' },
	{ "socket", required_argument, NULL, 'k' },
	{ "secret", required_argument, NULL, 'p' },
	{ "number", required_argument, NULL, 'n' },
	{ "address", required_argument, NULL, 'a' },
	{ "peer-uid", required_argument, NULL, 'u' },
	{ "update", required_argument, NULL, 'U' },
	{ "pack", required_argument, NULL, 'K' },
	{ "backup", required_argument, NULL, 'B' },
	{ "restore", required_argument, NULL, 'R' },
	{ "picture", required_argument, NULL, 'P' },
	{ "image", required_argument, NULL, 'I' },
	{ "worker", no_argument, NULL, 'w' },
	{ NULL, 0, NULL, 0 },
};

static bool
parse_options(int argc, char **argv, struct sim_config *cfg)
{
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 's':
			cfg->state_dir = optarg;
			break;
		case 'k':
			cfg->socket_path = optarg;
			break;
		case 'p':
			cfg->secret_path = optarg;
			break;
		case 'n':
			cfg->number = (int)strtol(optarg, NULL, 10);
			break;
		case 'a':
			cfg->address = optarg;
			break;
		case 'u':
			cfg->peer_uid = (uid_t)strtoul(optarg, NULL, 10);
			break;
		case 'U':
			cfg->update = optarg;
			break;
		case 'K':
			cfg->pack = optarg;
			break;
		case 'B':
			cfg->backup = optarg;
			break;
		case 'R':
			cfg->restore = optarg;
			break;
		case 'P':
			cfg->picture.path = optarg;
			break;
		case 'I':
			cfg->disk_image.path = optarg;
			break;
		case 'w':
			cfg->worker = true;
			break;
		default:
			return false;
		}
	}
	return cfg->state_dir && (cfg->socket_path || cfg->worker) &&
	    optind == argc;
}

int
main(int argc, char **argv)
{
	struct sim m = { .cfg = { .address = "127.0.0.1",
	    .peer_uid = getuid() }, .times = { 200, 200 } };
	sigset_t set;
	int signals, rc;

	if (!parse_options(argc, argv, &m.cfg)) {
		fprintf(stderr, "usage: %s --state DIR --socket PATH "
		    "[--secret FILE] [--number N] [--address IP] "
		    "[--peer-uid UID] [--update PROGRAM] [--pack PROGRAM] "
		    "[--picture PROGRAM] [--image PROGRAM]\n", argv[0]);
		return 2;
	}
	if (m.cfg.worker)
		return run_worker(&m);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	do {
		m.powered = SIM_ON;
		rc = run_host(&m, signals);
	} while (rc == 0 && m.powered == SIM_REBOOT);
	close(signals);
	return rc ? 1 : 0;
}
