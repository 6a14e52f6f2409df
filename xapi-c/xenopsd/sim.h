/*
 * The simulated host: the socket protocol of xenopsd with domains, bridges and
 * a machine that are only records, and SRs that are folders of sparse files.
 * One process, one thread; times and faults can be set from outside
 * (sim_fault.c), so that tests meet every outcome.
 */
#ifndef XENOPSD_SIM_H
#define XENOPSD_SIM_H

#include "xenopsd/loop.h"
#include "xenopsd/request.h"
#include "xenopsd/server.h"
#include "xenopsd/storage.h"
#include "xenopsd/storage_lease.h"

struct sim_domain;
struct sim_faults;
struct sim_bridge;

struct sim_config {
	const char *state_dir;		/* disks, host's name and uuid */
	const char *socket_path;
	const char *secret_path;	/* where secret_set writes, or NULL */
	const char *address;		/* what the host says its own is */
	int number;			/* of the host: names, addresses, MACs */
	uid_t peer_uid;
};

enum sim_power { SIM_ON, SIM_OFF, SIM_REBOOT };

struct sim {
	struct sim_config cfg;
	struct loop *loop;
	struct server *server;
	struct storage_env storage;
	struct leases *leases;
	struct consoles *consoles;
	struct guesses *guesses;	/* at root's old password */
	struct sim_faults *faults;
	struct sim_domain *domains;
	struct sim_bridge *bridges;
	int64_t next_domid;
	int64_t boot_time;		/* wall clock */
	char boot_id[UUID_TEXT_LEN + 1];
	char hostname[256];
	char address[46];		/* one that was set later */
	char uuid[UUID_TEXT_LEN + 1];
	char dom0_uuid[UUID_TEXT_LEN + 1];
	enum sim_power powered;		/* why the loop ended */
	int64_t boot_ms;		/* guest: from start to answering */
	int64_t stop_ms;		/* guest: from being asked to gone */
};

/* sim_host.c */
int sim_host_init(struct sim *m);		/* 0 or -errno */
void sim_host_release(struct sim *m);
void sim_host_fill(struct sim *m, struct arena *a,
    struct xenops_host_info *out);
/* Tells all connections of a change. */
void sim_host_changed(struct sim *m);
bool sim_bridge_exists(struct sim *m, const char *name);
request_handler sim_host_get, sim_host_set_hostname, sim_host_power,
    sim_secret_set, sim_bridge_create, sim_bridge_destroy,
    sim_bridge_find;

/* sim_domain.c */
void sim_domains_release(struct sim *m);
int64_t sim_domains_memory(const struct sim *m);	/* bytes */
bool sim_domains_use_bridge(const struct sim *m, const char *bridge);
/* What a guest does by itself: "shutdown", "reboot" or "crash". */
bool sim_domain_guest(struct sim *m, const char *uuid, const char *action);
request_handler sim_domain_list, sim_vm_start, sim_vm_shutdown,
    sim_vm_reboot, sim_vm_pause, sim_vm_unpause, sim_vbd_plug,
    sim_vbd_unplug, sim_vif_plug, sim_vif_unplug, sim_console_open;

/* sim_console.c: the guest's end of a console, which prints and echoes; the
 * other end is read by console.h, as a real one is. */
struct sim_console;
/* A deaf one neither reads nor prints.  The terminal is the caller's; NULL,
 * logged. */
struct sim_console *sim_console_new(struct loop *l, bool deaf,
    int *terminal_out);
void sim_console_free(struct sim_console *c);
void sim_console_print(struct sim_console *c, const char *text);

/*
 * sim_fault.c: rules about requests.  Lines, from the environment (SIM_FAULTS,
 * separated by ';') or the control socket (state_dir/control.sock; one line
 * per connection, the answer is "ok" or "error: ..."):
 *     fail MESSAGE CODE [AFTER [COUNT]]   after AFTER good ones (0), the next
 *                                         COUNT (1; 0: all) fail with CODE
 *     delay MESSAGE MS                    they take that long
 *     die MESSAGE [AFTER]                 the process exits when one comes
 *     boot MS | stop MS                   how long guests take
 *     guest UUID shutdown|reboot|crash    a guest does it by itself
 *     address IP                          the host has another one
 *     event                               host_changed is sent
 *     clear                               forgets all rules
 * MESSAGE may be *.
 */
int sim_faults_init(struct sim *m);		/* 0 or -errno */
void sim_faults_release(struct sim *m);
/* What becomes of a request that has come: -1 after request_fail, or its
 * delay in milliseconds. */
int64_t sim_fault_apply(struct sim *m, struct request *rq);

#endif
