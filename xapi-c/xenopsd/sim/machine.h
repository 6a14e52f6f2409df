/*
 * The simulated host's domains and what their guests do: the place of the
 * hypervisor and of xenstore.  It decides nothing: that is for vms.c and
 * domain.h, which see it through sim/hv.h.  Main process of the simulator, one
 * thread; workers reach it by sim/calls.h.
 *
 * A guest boots within times->boot_ms once it runs, and ends stop_ms after it
 * was asked to, unless its xenstore data says otherwise:
 *     vm-data/sim/shutdown = ignore      it never reacts to a clean shutdown
 *     vm-data/sim/suspend = ignore       nor to a suspend
 *     vm-data/sim/balloon = ignore       nor to a new memory target
 *     vm-data/sim/boot = fail            the build fails (sim/hv.c)
 *     vm-data/sim/console = deaf         its console takes no input
 *     vm-data/sim/exit = shutdown|reboot|crash   it does so once booted
 */
#ifndef XENOPSD_SIM_MACHINE_H
#define XENOPSD_SIM_MACHINE_H

#include "base/vm_limits.h"
#include "xenopsd/core/loop.h"
#include "xenopsd/domains/hv.h"

#define SIM_DATA "vm-data/sim/"

struct sim_machine;

struct sim_times {
	int64_t boot_ms;		/* guest: from start to answering */
	int64_t stop_ms;		/* guest: from being asked to gone */
};

struct sim_machine_config {
	struct loop *loop;
	const struct sim_times *times;	/* may change meanwhile */
	int64_t memory;			/* for all domains, bytes */
	bool (*has_bridge)(void *arg, const char *name);
	void *arg;
};

/* What can be asked for from another process too. */
enum sim_call_kind {
	SIM_GET,			/* domid: domain */
	SIM_FIND,			/* domain.uuid: domain */
	SIM_GUEST_DATA,			/* domid: booted, nics */
	SIM_HAS_DISK,			/* domid, device; -ENOENT: no */
	SIM_HAS_NIC,
	SIM_HAS_BRIDGE,			/* key */
	SIM_FREE_MEMORY,		/* domain.memory */
	SIM_SET_MEMORY,			/* domid, device: bytes */
	SIM_PAUSE,			/* domid, on */
	SIM_SYSRQ,			/* domid, key */
	SIM_TRIGGER,			/* domid, device: enum xenops_trigger */
	SIM_CREATE,			/* domain, name in value, device: bytes
					 * beside its memory; on: it is up
					 * already: domain */
	SIM_SUSPEND,			/* domid; -ETIMEDOUT: it does not */
	SIM_WAKE,			/* domid */
	SIM_WRITE,			/* domid, key, value */
	SIM_DESTROY,			/* domid */
	SIM_ASK,			/* domid, key: "poweroff", "reboot" */
	SIM_DISK,			/* domid, device, on: plugged */
	SIM_NIC,			/* and its bridge in key */
	SIM_NIC_SET,			/* domid, device, bridge in key, value */
	SIM_WAIT,			/* on: notices of ends (sim/calls.c) */
	SIM_CALLS
};

struct sim_call {
	int kind;			/* enum sim_call_kind */
	uint32_t domid;
	int64_t device;
	bool on;
	struct hv_domain domain;
	char key[64];
	char value[VM_MAX_DATA_VALUE + 1];
};

struct sim_answer {
	bool notice;			/* no answer: a domain has ended */
	int rc;				/* 0 or -errno */
	struct hv_domain domain;
	bool booted;
	uint32_t nics;			/* a bit for each device */
};

struct sim_machine *sim_machine_new(const struct sim_machine_config *cfg);
void sim_machine_free(struct sim_machine *m);
/* ended: called for each domain that ends or is destroyed. */
void sim_machine_on_end(struct sim_machine *m, void (*ended)(void *arg),
    void *arg);
void sim_machine_call(struct sim_machine *m, const struct sim_call *c,
    struct sim_answer *out);

/* As in hv.h, for the main process alone. */
void sim_machine_list(struct sim_machine *m, struct arena *a,
    struct hv_domain **v_out, uint32_t *n_out);
const char *sim_machine_console(struct sim_machine *m, uint32_t domid);
int sim_machine_event_fd(struct sim_machine *m);
bool sim_machine_event(struct sim_machine *m, struct hv_event *e_out);
void sim_machine_watch(struct sim_machine *m, uint32_t domid, bool on);

int64_t sim_machine_memory(const struct sim_machine *m);	/* used */
bool sim_machine_uses_bridge(const struct sim_machine *m, const char *bridge);
/* What a guest's nic was given last, as sim/hv.c writes it; NULL: there is none. */
const char *sim_machine_nic(const struct sim_machine *m, const char *uuid,
    int64_t device);
/* A guest does it by itself: "shutdown", "reboot" or "crash"; false: there is
 * no such guest or action, or it does not run. */
bool sim_machine_guest(struct sim_machine *m, const char *uuid,
    const char *action);

#endif
