/*
 * The simulated host: the socket protocol of xenopsd over a machine and
 * domains that are only records (sim/machine.h), bridges, and SRs that are
 * folders of sparse files.  What becomes of domains is decided by xenopsd's own
 * vms.h, worker.h and domain.h, which see them through hv.h.
 *
 * Main process: one thread; times and faults can be set from outside
 * (sim/fault.c), so that tests meet every outcome.  `xenopsd-sim --worker`: one
 * request on a domain (worker.h).
 */
#ifndef XENOPSD_SIM_SIM_H
#define XENOPSD_SIM_SIM_H

#include <limits.h>

#include "xenopsd/core/daemon.h"
#include "xenopsd/core/loop.h"
#include "xenopsd/core/request.h"
#include "xenopsd/domains/picture.h"
#include "xenopsd/machine/packs.h"
#include "xenopsd/machine/ssh.h"
#include "xenopsd/machine/timekeeper.h"
#include "xenopsd/sim/hv.h"
#include "xenopsd/storage/disk_image.h"
#include "xenopsd/sim/machine.h"
#include "xenopsd/storage/storage.h"

struct sim_calls;
struct sim_faults;
struct sim_bridge;

#define SIM_MEMORY ((int64_t)64 << 30)	/* of the host, bytes */
#define SIM_OWN_MEMORY ((int64_t)3 << 28)	/* Xen's and dom0's of it */

struct sim_config {
	char *state_dir;		/* disks, host's name and uuid */
	const char *socket_path;
	const char *secret_path;	/* where secret_set writes, or NULL */
	const char *address;		/* what the host says its own is */
	int number;			/* of the host: names, addresses, MACs */
	uid_t peer_uid;
	const char *update;		/* in bedplate-update's place; NULL:
					 * the host takes none */
	const char *pack, *backup, *restore;	/* likewise */
	struct spawn_program picture;	/* of consoles */
	struct spawn_program disk_image;
	bool worker;			/* of the one with that state_dir */
};

enum sim_power { SIM_ON, SIM_OFF, SIM_REBOOT };

struct sim {
	struct daemon d;		/* first: rq->daemon is both */
	struct sim_config cfg;
	char *worker_argv[5];
	char kept_dir[PATH_MAX];
	char image_key[PATH_MAX];
	char packs_dir[PATH_MAX];
	struct packs_place packs;
	struct storage_env storage;
	struct sim_hv hv;
	struct sim_machine *machine;
	struct sim_calls *calls;	/* of workers */
	struct sim_faults *faults;
	struct sim_bridge *bridges;
	int64_t boot_time;		/* wall clock */
	char boot_id[UUID_TEXT_LEN + 1];
	struct timekeeper time;		/* files of state_dir */
	struct ssh ssh;			/* the same */
	char zones[PATH_MAX];
	char ntp_news[PATH_MAX];
	char clock[PATH_MAX];
	struct xenops_host_set_max_cstate_args cstate;
	char hostname[256];
	char address[46];		/* one that was set later */
	char uuid[UUID_TEXT_LEN + 1];
	char dom0_uuid[UUID_TEXT_LEN + 1];
	enum sim_power powered;		/* why the loop ended */
	struct sim_times times;
};

/* sim/host.c */
int sim_host_init(struct sim *m);		/* 0 or -errno */
void sim_host_release(struct sim *m);
/* For storage_env.own: what the file "installed" in the state folder names. */
const char *sim_own_partition(const struct storage_env *env, struct arena *a);
void sim_host_fill(struct sim *m, struct arena *a,
    struct xenops_host_info *out);
/* sim/bus.c: pcis, usbs. */
bool sim_bus_has(struct sim *m, struct arena *a, const char *name);
void sim_bus_fill(struct sim *m, struct arena *a,
    struct xenops_host_info *h);
/* Tells all connections of a change. */
void sim_host_changed(struct sim *m);
bool sim_bridge_exists(struct sim *m, const char *name);
request_handler sim_host_get, sim_host_set_hostname,
    sim_host_set_ntp_mode, sim_host_set_ntp_servers,
    sim_host_set_timezone, sim_host_time_get, sim_host_power,
    sim_host_set_time, sim_log_read, sim_xen_log_read, sim_debug_keys,
    sim_syslog_set, sim_ssh_set, sim_set_max_cstate, sim_crash_destroy,
    sim_secret_set, sim_update_open, sim_pack_open, sim_backup_open,
    sim_restore_open,
    sim_bridge_create, sim_bridge_destroy, sim_bridge_find,
    sim_vlan_destroy;

/*
 * sim/fault.c: rules about requests.  Lines, from the environment (SIM_FAULTS,
 * separated by ';') or the control socket (state_dir/control.sock; one line
 * per connection, the answer is "ok" or "error: ..."):
 *     fail MESSAGE CODE [AFTER [COUNT]]   after AFTER good ones (0), the next
 *                                         COUNT (1; 0: all) fail with CODE
 *     delay MESSAGE MS [AFTER]            they take that long, but for the first
 *                                         AFTER
 *     die MESSAGE [AFTER]                 the process exits when one comes
 *     boot MS | stop MS                   how long guests take
 *     guest UUID shutdown|reboot|crash    a guest does it by itself
 *     address IP                          the host has another one
 *     nic UUID DEVICE                     what it was given: the answer is
 *                                         "ok LOCK IPV4 IPV6 RATE BRIDGE"
 *     event                               host_changed is sent
 *     clear                               forgets all rules
 * MESSAGE may be *.  Rules are also for what xenopsd asks of itself: vm_reboot
 * and vm_shutdown after a guest's end.
 */
int sim_faults_init(struct sim *m);		/* 0 or -errno */
void sim_faults_release(struct sim *m);
/* What becomes of a request that has come: -1 after request_fail, or its
 * delay in milliseconds. */
int64_t sim_fault_apply(struct sim *m, struct request *rq);

#endif
