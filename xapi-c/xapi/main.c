/*
 * xapi: the XenAPI of this host.  Starts everything in the order in which the
 * parts need each other, then waits for a signal.
 */
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/access/audit.h"
#include "api/access/ticket.h"
#include "api/blob.h"
#include "api/event_sub.h"
#include "api/host/user_agents.h"
#include "api/metrics/sampler.h"
#include "api/sync/sync.h"
#include "api/task_run.h"
#include "api/trial.h"
#include "base/arena.h"
#include "base/atomic_file.h"
#include "base/clock.h"
#include "base/confine.h"
#include "base/guesses.h"
#include "base/installation.h"
#include "base/log.h"
#include "base/zone.h"
#include "db/backup.h"
#include "db/db.h"
#include "db/tools.h"
#include "gen/methods.h"
#include "gen/types.h"
#include "http/limits.h"
#include "http/server.h"
#include "http/site.h"
#include "metrics/store.h"
#include "net/tls.h"
#include "ops/ops.h"
#include "xapi/backup_command.h"
#include "xapi/db_command.h"
#include "xapi/drop.h"
#include "xapi/fetch_command.h"
#include "xapi/keeper.h"
#include "xapi/options.h"
#include "xapi/pack_command.h"
#include "xapi/reserve.h"
#include "xapi/syslog_command.h"
#include "xapi/update_command.h"
#include "xe/command.h"

#define USER "xapi"
#define CONFIRMED "confirmed"		/* in the folder of slots */
/* Between a database that cannot be opened and the end: the supervisor starts
 * us again at once, and each time it would be looked through. */
#define PAUSE_S 30
#define ANSWER_S 1		/* for the last answer to get out */

struct daemon {
	struct xapi x;
	struct arena *arena;		/* texts that live as long as we do */
	struct site *site;
	struct sync *sync;
	struct keeper *keeper;
	struct sampler *sampler;
	struct slot_copy slot;		/* which of them runs */
	pthread_t self;			/* that waits for signals */
	bool pause;			/* before the end */
	pthread_mutex_t fingerprint_lock;	/* of its file */
	_Atomic bool restarting;	/* a client waits for the answer */
	pthread_mutex_t lock;		/* writer and sync thread read these */
	struct http *http;
	struct sync *told;		/* sync, while it can be told */
	int http_fd;
	int https_fd;
	int local_fd;
	uid_t local_uid;		/* that it was made by */
};

static int
fail(const char *what, int rc)
{
	log_error("cannot %s: %s", what, strerror(-rc));
	return rc;
}

static void
published(void *arg)
{
	struct daemon *d = arg;

	pthread_mutex_lock(&d->lock);
	http_published(d->http);
	pthread_mutex_unlock(&d->lock);
}

static void
disk(void *arg, int rc)
{
	struct daemon *d = arg;

	keeper_disk(d->keeper, rc);
	pthread_mutex_lock(&d->lock);
	if (rc == 0 && d->told)
		sync_disk_works(d->told);
	pthread_mutex_unlock(&d->lock);
}

static void
publish_to(struct daemon *d, struct http *http)
{
	pthread_mutex_lock(&d->lock);
	d->http = http;
	pthread_mutex_unlock(&d->lock);
}

static void
tell(struct daemon *d, struct sync *s)
{
	pthread_mutex_lock(&d->lock);
	d->told = s;
	pthread_mutex_unlock(&d->lock);
}

/* On all addresses, if that is asked for. */
static int
listen_on(const struct daemon *d, int port, int *fd)
{
	int rc;

	if (!port || !d->x.cfg.listen_all)
		return 0;
	rc = http_listen(port, fd);
	if (rc)
		log_error("cannot listen on port %d: %s", port, strerror(-rc));
	return rc;
}

static int
listen_local(struct daemon *d)
{
	const char *path = d->x.cfg.local_socket;
	int rc;

	d->local_uid = geteuid();
	rc = *path ? http_listen_local(path, &d->local_fd) : 0;
	if (rc)
		log_error("cannot listen at '%s': %s", path, strerror(-rc));
	return rc;
}

static const char *
folder_of(struct daemon *d, const char *path)
{
	return dirname(arena_strdup(d->arena, path));
}

/* The API is there without it. */
static void
load_site(struct daemon *d)
{
	const char *dir = d->x.cfg.site_dir;
	int rc = site_load(dir, &d->site);

	if (rc)
		log_warn("no pages from '%s': %s", dir, strerror(-rc));
}

/* Before the root is another: there is no /proc in it. */
static void
find_slot(struct daemon *d)
{
	char line[INSTALLATION_CMDLINE], id[INSTALLATION_ID_SIZE];
	const struct xapi_config *cfg = &d->x.cfg;
	const char *text = cfg->cmdline, *slot;
	const char *confirmed = arena_printf(d->arena, "%s/" CONFIRMED,
	    cfg->slot_dir);
	size_t len = 0;

	if (!text) {
		installation_cmdline("", line);
		text = line;
	}
	d->slot = (struct slot_copy){
		.path = arena_printf(d->arena, "%s/state.db", cfg->state_dir),
		.classes = classes, .n_classes = CLASS_N,
	};
	slot = installation_option(text, "bedplate.slot", &len);
	if (!installation_id(text, id) || len != 1 ||
	    (*slot != 'a' && *slot != 'b'))
		return;
	d->slot.running = *slot;
	d->slot.on_trial = installation_option(text, "bedplate.trial", &len) &&
	    access(confirmed, F_OK) == -1;
	d->x.trial = trial_new(&d->slot, confirmed);
}

static int
drop(struct daemon *d)
{
	const struct xapi_config *cfg = &d->x.cfg;
	const char *const keep[] = {
		folder_of(d, cfg->secret_path), cfg->state_dir,
		folder_of(d, cfg->ops_socket),
		d->slot.on_trial ? cfg->slot_dir : NULL, NULL,
	};
	const struct drop how = {
		.user = USER, .state_dir = cfg->state_dir, .keep = keep,
	};

	umask(022);
	/* xenopsd may come later, but in a folder that we see. */
	if (mkdir(keep[2], 0755) == -1 && errno != EEXIST)
		return fail("make xenopsd's folder", -errno);
	return drop_privileges(&how);
}

static int
open_database(struct daemon *d)
{
	const char *why = "";
	const struct db_config cfg = {
		.path = d->slot.path,
		.classes = classes, .n_classes = CLASS_N,
		.published = published, .published_arg = d,
		.disk = disk, .disk_arg = d,
	};
	const struct backup_tables tables = { classes, CLASS_N };
	int rc = backup_settle(cfg.path, &tables, &why);

	if (!rc)
		rc = slot_copy_settle(&d->slot, &why);
	if (!rc)
		rc = db_open(&cfg, &d->x.db, &why);
	if (!rc)
		return 0;
	log_error("cannot open the database '%s': %s (%s)", cfg.path,
	    why ? why : "", strerror(-rc));
	if (why && *tool_way_out(why))
		log_error("the way out: %s", tool_way_out(why));
	d->pause = true;
	return rc;
}

/* For the console screen, which people compare with what clients show. */
static int
write_fingerprint(struct daemon *d)
{
	const struct atomic_file how = { .mode = 0600 };
	char line[TLS_FINGERPRINT_LEN + 2];
	char path[PATH_MAX];
	int rc;

	snprintf(path, sizeof(path), "%s/fingerprint", d->x.cfg.state_dir);
	pthread_mutex_lock(&d->fingerprint_lock);
	tls_fingerprint(d->x.tls, line);
	log_info("certificate %s", line);
	memcpy(line + TLS_FINGERPRINT_LEN, "\n", 2);
	rc = atomic_file_write(path, line, strlen(line), &how);
	pthread_mutex_unlock(&d->fingerprint_lock);
	return rc ? fail("write the fingerprint", rc) : 0;
}

/* On any thread. */
static void
certified(void *arg)
{
	write_fingerprint(arg);
}

static int
start_tls(struct daemon *d)
{
	char name[256] = "bedplate";
	const char *why = "";
	int rc;

	if (gethostname(name, sizeof(name) - 1) == -1)
		log_warn("the host has no name");
	rc = tls_new(d->x.cfg.state_dir, name, &d->x.tls, &why);
	if (rc) {
		log_error("cannot set up TLS: %s (%s)", why, strerror(-rc));
		return rc;
	}
	return write_fingerprint(d);
}

/* Clients that check names find the one they used.  Without an address, a
 * cable may be out: what was known is still right. */
static void
rename_certificate(struct daemon *d, const struct presence *p)
{
	const struct tls_names names = {
		.host = p->hostname, .addresses = p->addresses.v,
		.n = (int)p->addresses.n,
	};
	bool renewed;
	int rc;

	if (!*p->hostname || names.n == 0)
		return;
	rc = tls_rename(d->x.tls, &names, &renewed);
	if (rc)
		fail("renew the certificate", rc);
	else if (renewed)
		write_fingerprint(d);
}

/* On any thread. */
static void
restart(void *arg)
{
	struct daemon *d = arg;

	atomic_store(&d->restarting, true);
	pthread_kill(d->self, SIGTERM);
}

/* On the sync thread, which starts later than the server and ends later. */
static void
presence(void *arg, const struct presence *p)
{
	const char *const *addresses = p->addresses.v;
	const char *at[HTTP_MAX_ADDRESSES] = { "127.0.0.1" };
	struct daemon *d = arg;
	int n = 1;

	rename_certificate(d, p);
	if (d->x.cfg.listen_all)
		return;
	for (uint32_t i = 0; i < p->addresses.n && n < HTTP_MAX_ADDRESSES; i++)
		at[n++] = addresses[i];
	pthread_mutex_lock(&d->lock);
	if (d->http)
		http_serve_at(d->http, at, n);
	pthread_mutex_unlock(&d->lock);
}

static int
start_ops(struct daemon *d)
{
	const struct ops_config cfg = {
		.socket_path = d->x.cfg.ops_socket,
		.connected = sync_connected, .event = sync_event,
		.arg = d->sync,
	};
	int rc = ops_start(&cfg, &d->x.ops);

	if (rc)
		return fail("start the client of xenopsd", rc);
	return 0;
}

/* Last: it tells the others what it finds. */
static int
start_sync(struct daemon *d)
{
	int rc;

	tell(d, d->sync);
	rc = sync_start(d->sync);
	return rc ? fail("start the sync", rc) : 0;
}

/* Without a folder for archives there are still samples. */
static int
start_metrics(struct daemon *d)
{
	int rc;

	d->x.metrics = metrics_new(arena_printf(d->arena, "%s/rrd",
	    d->x.cfg.state_dir));
	rc = sampler_start(&d->x, &d->sampler);
	return rc ? fail("start the sampler", rc) : 0;
}

static int
start_http(struct daemon *d)
{
	const struct http_config cfg = {
		.x = &d->x, .tls = d->x.tls, .site = d->site,
		.http_fd = d->http_fd, .https_fd = d->https_fd,
		.local_fd = d->local_fd, .local_uid = d->local_uid,
		.https_port = d->x.cfg.https_port,
	};
	struct http *http;
	int rc = http_start(&cfg, &http);

	if (rc)
		return fail("start the HTTP server", rc);
	publish_to(d, http);
	return 0;
}

/* Before the first thread.  A sanitizer's run time needs more than we do. */
static int
confine_self(struct daemon *d)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	(void)d;
	log_warn("not confined: built with a sanitizer");
	return 0;
#else
	const char *const read[] = {
		folder_of(d, d->x.cfg.secret_path), NULL,
	};
	const struct confine how = { .own = d->x.cfg.state_dir, .read = read };

	return confine(&how);
#endif
}

static int
start(struct daemon *d)
{
	int rc = listen_on(d, d->x.cfg.http_port, &d->http_fd);

	if (rc == 0)
		rc = listen_on(d, d->x.cfg.https_port, &d->https_fd);
	if (rc == 0)
		rc = listen_local(d);
	d->x.version = options_version(d->x.cfg.version_path, d->arena);
	d->x.product = options_version(d->x.cfg.product_path, d->arena);
	load_site(d);
	find_slot(d);
	if (rc == 0 && !d->x.cfg.unprivileged_ok)
		rc = drop(d);
	if (rc == 0)
		rc = confine_self(d);
	umask(077);
	reserve_release(d->x.cfg.state_dir);
	if (rc == 0)
		rc = start_tls(d);
	d->keeper = keeper_new(&d->x);
	if (rc == 0)
		rc = open_database(d);
	if (rc)
		return rc;
	d->x.started = clock_wall_s();
	rc = sync_new(&d->x, &d->sync);
	if (rc)
		return fail("write the first records", rc);
	d->x.guesses = guesses_new("a login", clock_mono_ms);
	d->x.blobs = blobs_new(arena_printf(d->arena, "%s/blobs",
	    d->x.cfg.state_dir));
	/* before the first upload: what is unfinished is an older one */
	blobs_sweep(&d->x);
	d->x.event_subs = event_subs_new();
	d->x.tickets = tickets_new();
	d->x.user_agents = user_agents_new();
	d->x.audit = audit_new(arena_printf(d->arena, "%s/audit",
	    d->x.cfg.state_dir));
	rc = tasks_start(&d->x, &d->x.tasks);
	if (rc)
		return fail("start the task threads", rc);
	reserve_take(d->x.cfg.state_dir, false);
	rc = keeper_start(d->keeper);
	if (rc)
		return fail("start the database's keeper", rc);
	rc = start_ops(d);
	if (rc == 0)
		rc = start_metrics(d);
	if (rc == 0)
		rc = start_http(d);
	return rc ? rc : start_sync(d);
}

/* False when something still runs: nothing may be freed under it. */
static bool
stop(struct daemon *d)
{
	struct http *http = d->http;

	publish_to(d, NULL);
	tell(d, NULL);
	if (!http_stop(http))
		return false;
	if (!tasks_stop(d->x.tasks) || !sync_free(d->sync))
		return false;
	sampler_stop(d->sampler);
	metrics_free(d->x.metrics);
	ops_stop(d->x.ops);
	keeper_stop(d->keeper);
	db_close(d->x.db);
	keeper_free(d->keeper);
	tls_free(d->x.tls);
	site_free(d->site);
	guesses_free(d->x.guesses);
	audit_free(d->x.audit);
	trial_free(d->x.trial);
	blobs_free(d->x.blobs);
	event_subs_free(d->x.event_subs);
	tickets_free(d->x.tickets);
	user_agents_free(d->x.user_agents);
	arena_free(d->arena);
	return true;
}

int
main(int argc, char **argv)
{
	struct daemon d = {
		.http_fd = -1, .https_fd = -1, .local_fd = -1,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.fingerprint_lock = PTHREAD_MUTEX_INITIALIZER,
	};
	const struct timespec pause = { .tv_sec = PAUSE_S };
	const struct timespec answer = { .tv_sec = ANSWER_S };
	sigset_t ends;
	int rc, sig = 0, skip;

	if (argc > 0 && xe_is_meant(argv[0]))
		return xe_command(argc, argv);
	if (fetch_command_is_meant(argc, argv, &skip))
		return fetch_command(argc - skip, argv + skip);
	if (syslog_command_is_meant(argc, argv, &skip))
		return syslog_command(argc - skip, argv + skip);
	if (update_command_is_meant(argc, argv, &skip))
		return update_command(argc - skip, argv + skip);
	if (pack_command_is_meant(argc, argv, &skip))
		return pack_command(argc - skip, argv + skip);
	if (db_command_is_meant(argc, argv, &skip))
		return db_command(argc - skip, argv + skip);
	if (backup_command_is_meant(argc, argv, &skip))
		return backup_command(argc - skip, argv + skip,
		    backup_command_restores(argv, skip));
	if (options_parse(argc, argv, &d.x.cfg))
		return 2;
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	/* Every thread inherits this: signals come to sigwait alone. */
	pthread_sigmask(SIG_BLOCK, &ends, NULL);
	zone_init();
	d.arena = arena_new();
	d.x.presence = presence;
	d.x.presence_arg = &d;
	d.x.certified = certified;
	d.self = pthread_self();
	d.x.calls = arena_alloc(d.arena,
	    (size_t)n_methods * sizeof(*d.x.calls));
	d.x.restart = restart;
	d.x.restart_arg = &d;
	rc = start(&d);
	if (rc == 0) {
		log_info("xapi is up");
		while (sigwait(&ends, &sig))
			;
		log_info("ending on signal %d", sig);
		if (atomic_load(&d.restarting))
			sigtimedwait(&ends, NULL, &answer);
	}
	if (d.pause)
		sigtimedwait(&ends, NULL, &pause);
	if (!stop(&d)) {
		/* What was acknowledged is on disk. */
		sampler_stop(d.sampler);
		log_warn("operations still run; xenopsd finishes them");
		_exit(0);
	}
	return rc ? 1 : 0;
}
