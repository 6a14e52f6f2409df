/*
 * xenopsd-sim: see sim.h.  Options:
 *     --state DIR --socket PATH [--secret FILE] [--number N] [--address IP]
 *     [--peer-uid UID]
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
#include "base/guesses.h"
#include "base/log.h"
#include "xenopsd/console.h"
#include "xenopsd/sim.h"
#include "xenopsd/storage_driver.h"
#include "xenopsd/storage_handle.h"

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
vdi_open(struct request *rq, const void *args, void *result)
{
	struct sim *m = rq->daemon;

	return leases_open(m->leases, rq, args, result);
}

static int
vdi_close(struct request *rq, const void *args, void *result)
{
	struct sim *m = rq->daemon;

	(void)result;
	return leases_close(m->leases, rq, args);
}

static int
lease_request(struct request *rq, const void *args, void *result)
{
	return lease_handle(rq, &((struct sim *)rq->daemon)->storage, args,
	    result);
}

static void
end_lease(void *daemon, const struct xenops_vdi_close_args *a)
{
	server_submit(((struct sim *)daemon)->server, XENOPS_VDI_CLOSE, a,
	    NULL, NULL);
}

static request_handler *const handlers[XENOPS_N] = {
	[XENOPS_HOST_GET] = sim_host_get,
	[XENOPS_HOST_SET_HOSTNAME] = sim_host_set_hostname,
	[XENOPS_HOST_POWER] = sim_host_power,
	[XENOPS_SECRET_SET] = sim_secret_set,
	[XENOPS_DOMAIN_LIST] = sim_domain_list,
	[XENOPS_VM_START] = sim_vm_start,
	[XENOPS_VM_SHUTDOWN] = sim_vm_shutdown,
	[XENOPS_VM_REBOOT] = sim_vm_reboot,
	[XENOPS_VM_PAUSE] = sim_vm_pause,
	[XENOPS_VM_UNPAUSE] = sim_vm_unpause,
	[XENOPS_VBD_PLUG] = sim_vbd_plug,
	[XENOPS_VBD_UNPLUG] = sim_vbd_unplug,
	[XENOPS_VIF_PLUG] = sim_vif_plug,
	[XENOPS_VIF_UNPLUG] = sim_vif_unplug,
	[XENOPS_CONSOLE_OPEN] = sim_console_open,
	[XENOPS_VDI_OPEN] = vdi_open,
	[XENOPS_VDI_CLOSE] = vdi_close,
	[XENOPS_BRIDGE_CREATE] = sim_bridge_create,
	[XENOPS_BRIDGE_DESTROY] = sim_bridge_destroy,
	[XENOPS_BRIDGE_FIND] = sim_bridge_find,
};

/* SR.create may only name a disk that the host lists and nobody uses. */
static int
check_device(struct request *rq, const struct xenops_sr_create_args *a)
{
	const char *device = a->device ? a->device : "";
	const struct xenops_disk_info *v;
	struct xenops_host_info host;

	if (a->type == XENOPS_SR_TYPE_MEMORY)
		return *device ? request_fail(rq,
		    XENOPS_CODE_DEVICE_NOT_USABLE,
		    "a memory SR has no device") : 0;
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
		w->timer = loop_timer(m->loop,
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
	w->timer = loop_timer(m->loop, w->start_mono +
	    (delay_ms < TICK_MS ? delay_ms : TICK_MS), slow_tick, w);
	rq->state = w;
	rq->cancel = slow_cancel;
	return REQUEST_PENDING;
}

static void
disconnected(void *daemon, uint32_t connection)
{
	struct sim *m = daemon;

	leases_disconnected(m->leases, connection);
}

static bool
nobody(void *arg, const char *user)
{
	(void)arg;
	(void)user;
	return false;
}

/* A freshly booted host: no disk is in use, no SR attached. */
static int
init_storage(struct sim *m)
{
	struct storage s = { .env = &m->storage };
	struct leases_config lc = { .env = &m->storage, .loop = m->loop,
		.retry_ms = LEASE_RETRY_MS, .run = lease_request,
		.submit = end_lease, .daemon = m };

	m->storage.run_dir = m->cfg.state_dir;
	for (int i = 0; i < STORAGE_SR_TYPES; i++)
		m->storage.drivers[i] = &sr_driver_plain;
	if (mkdir(m->cfg.state_dir, 0700) == -1 && errno != EEXIST)
		return -errno;
	s.arena = arena_new();
	storage_reap(&s, nobody, NULL);
	storage_forget(&s);
	arena_free(s.arena);
	m->leases = leases_new(&lc);
	return 0;
}

static void
signalled(void *arg, uint32_t events)
{
	struct sim *m = arg;

	(void)events;
	m->powered = SIM_OFF;
	loop_stop(m->loop);
}

/* One life of the host, from power on to off. */
static int
run_host(struct sim *m, int signals)
{
	request_handler *table[XENOPS_N];
	struct server_config cfg = {
		.socket_path = m->cfg.socket_path,
		.socket_gid = getgid(),
		.peer_uid = m->cfg.peer_uid,
		.handlers = table,
		.disconnected = disconnected,
		.daemon = m,
	};
	struct watch *watch;
	int rc;

	for (int i = 0; i < XENOPS_N; i++)
		table[i] = dispatch;
	m->loop = loop_new();
	m->consoles = consoles_new(m->loop);
	m->guesses = guesses_new("to change root's password", clock_mono_ms);
	watch = loop_watch(m->loop, signals, EPOLLIN, signalled, m);
	rc = init_storage(m);
	if (rc == 0)
		rc = sim_host_init(m);
	if (rc == 0)
		rc = sim_faults_init(m);
	if (rc == 0)
		rc = server_new(m->loop, &cfg, &m->server);
	if (rc == 0) {
		log_info("simulated host '%s' on '%s'", m->hostname,
		    m->cfg.socket_path);
		rc = loop_run(m->loop);
	} else {
		log_error("cannot start: %s", strerror(-rc));
	}
	server_free(m->server);
	m->server = NULL;
	sim_domains_release(m);
	consoles_free(m->consoles);
	sim_faults_release(m);
	sim_host_release(m);
	leases_free(m->leases);
	m->leases = NULL;
	guesses_free(m->guesses);
	m->guesses = NULL;
	watch_free(watch);
	loop_free(m->loop);
	return rc;
}

static const struct option options[] = {
	{ "state", required_argument, NULL, 's' },
	{ "socket", required_argument, NULL, 'k' },
	{ "secret", required_argument, NULL, 'p' },
	{ "number", required_argument, NULL, 'n' },
	{ "address", required_argument, NULL, 'a' },
	{ "peer-uid", required_argument, NULL, 'u' },
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
		default:
			return false;
		}
	}
	return cfg->state_dir && cfg->socket_path && optind == argc;
}

int
main(int argc, char **argv)
{
	struct sim m = { .cfg = { .address = "127.0.0.1",
	    .peer_uid = getuid() }, .boot_ms = 200, .stop_ms = 200 };
	sigset_t set;
	int signals, rc;

	if (!parse_options(argc, argv, &m.cfg)) {
		fprintf(stderr, "usage: %s --state DIR --socket PATH "
		    "[--secret FILE] [--number N] [--address IP] "
		    "[--peer-uid UID]\n", argv[0]);
		return 2;
	}
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
