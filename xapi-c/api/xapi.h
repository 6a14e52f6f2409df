/*
 * The daemon: what main.c builds and every call can reach.  Set up before the
 * first request, then constant but for what its members protect themselves.
 */
#ifndef API_XAPI_H
#define API_XAPI_H

#include <pthread.h>
#include <stdatomic.h>

#include "api/op_moves.h"
#include "base/type.h"

struct xapi_config {
	const char *state_dir;		/* database, certificate */
	const char *secret_path;	/* root's sha512crypt hash */
	const char *ops_socket;
	const char *local_socket;	/* of this host's root; "": none */
	const char *version_path;	/* product version file, key=value */
	const char *product_path;	/* the same, said at the installation */
	const char *site_dir;		/* files for browsers */
	const char *cmdline;		/* of the kernel; NULL: ask it */
	const char *slot_dir;		/* where bedplate-slot tells us things */
	int http_port;
	int https_port;
	bool unprivileged_ok;		/* simulator: no chroot, no uid change */
	bool listen_all;		/* not only on management addresses */
};

/* Where this host is to be met. */
struct presence {
	const char *hostname;		/* "": not known */
	struct vec addresses;		/* strings: of the management interface */
};

struct xapi {
	struct xapi_config cfg;
	struct db *db;
	struct ops *ops;
	struct tasks *tasks;		/* api/task_run.h */
	struct guesses *guesses;	/* base/guesses.h: at logins */
	/* monotonic: when the log may hear again of a bad secret file */
	_Atomic int64_t secret_quiet_ms;
	_Atomic bool restoring;		/* the database from a backup */
	_Atomic int vm_helpers;		/* threads of api/vm/order.h */
	struct audit *audit;		/* api/access/audit.h */
	struct blobs *blobs;		/* api/blob.h */
	struct event_subs *event_subs;	/* api/event_sub.h */
	struct user_agents *user_agents;	/* api/host/user_agents.h */
	struct tickets *tickets;	/* api/access/ticket.h */
	struct tls *tls;		/* net/tls.h: the certificate */
	struct trial *trial;		/* api/trial.h: of this system */
	struct op_moves moves;		/* begun and ended lately */
	pthread_mutex_t packs_lock;	/* api/host/packs.h: one look at a time */
	struct metrics *metrics;	/* metrics/store.h */
	_Atomic int64_t archives_due_ms;	/* monotonic: when they are to
					 * be written; 0: as ever */
	_Atomic uint64_t *calls;	/* of each message, by its place in
					 * methods[]; NULL: not counted */
	struct vec version;		/* of the version file: a string map */
	struct vec product;		/* of the product file, likewise */
	int64_t started;		/* when this process did, wall clock */
	struct ref pool;		/* set by sync_new */
	struct ref host;
	/* The sync thread tells each time it has looked; may be NULL. */
	void (*presence)(void *arg, const struct presence *p);
	void *presence_arg;
	/* The certificate is another one; any thread; may be NULL. */
	void (*certified)(void *arg);	/* presence_arg */
	/* Ends this process in order; its supervisor starts another. */
	void (*restart)(void *arg);
	void *restart_arg;
};

#endif
