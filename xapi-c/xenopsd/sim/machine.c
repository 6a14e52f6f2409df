#include "xenopsd/sim/machine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "xenopsd/sim/console.h"

struct nic {
	bool there;
	char bridge[64];
	char set[VM_MAX_DATA_VALUE + 1];
};

/*
 * A domain and its guest:  paused -> running -> booted -> shutdown.
 * set_paused makes the first step (and back), guest_booted the second, and
 * guest_end the last, from any state but paused; destroy takes it away.
 */
struct guest {
	struct guest *next;
	struct sim_machine *m;
	struct hv_domain d;
	char name[VM_MAX_TEXT + 1];
	bool disks[VM_MAX_DISKS];
	struct nic nics[VM_MAX_NICS];
	char asked[16];			/* to do; "" if nothing */
	char exit[16];			/* what it does once booted */
	bool ignores, stays, deaf, heavy;
	int64_t overhead, target;	/* bytes; 0: as it was made */
	bool ran, booted;
	bool watched, wrote;		/* wrote: an event waits */
	struct timer *boot, *stop;
	struct sim_console *console;
};

struct sim_machine {
	struct sim_machine_config cfg;
	struct guest *guests;
	uint32_t next_domid;
	int events;			/* eventfd */
	bool changed;			/* an HV_EVENT_DOMAINS waits */
	uint32_t n_wrote;
	void (*ended)(void *arg);
	void *ended_arg;
};

static struct guest *
guest_of(const struct sim_machine *m, uint32_t domid)
{
	struct guest *g = m->guests;

	while (g && g->d.domid != domid)
		g = g->next;
	return g;
}

static struct guest *
guest_by_uuid(const struct sim_machine *m, const char *uuid)
{
	struct guest *g = m->guests;

	while (g && strcmp(g->d.uuid, uuid) != 0)
		g = g->next;
	return g;
}

/* -- events ---------------------------------------------------------------- */

static void
poke(struct sim_machine *m)
{
	(void)eventfd_write(m->events, 1);
}

static void
domains_changed(struct sim_machine *m)
{
	m->changed = true;
	poke(m);
}

static void
guest_wrote(struct guest *g)
{
	if (!g->watched || g->wrote)
		return;
	g->wrote = true;
	g->m->n_wrote++;
	poke(g->m);
}

static void
guest_read(struct guest *g)
{
	if (g->wrote)
		g->m->n_wrote--;
	g->wrote = false;
}

int
sim_machine_event_fd(struct sim_machine *m)
{
	return m->events;
}

bool
sim_machine_event(struct sim_machine *m, struct hv_event *e_out)
{
	struct guest *g = m->guests;
	eventfd_t n;

	*e_out = (struct hv_event){ .kind = HV_EVENT_DOMAINS };
	if (m->changed) {
		m->changed = false;
		return true;
	}
	if (m->n_wrote == 0) {
		(void)eventfd_read(m->events, &n);
		return false;
	}
	while (!g->wrote)
		g = g->next;
	guest_read(g);
	e_out->kind = HV_EVENT_GUEST;
	memcpy(e_out->uuid, g->d.uuid, sizeof(e_out->uuid));
	return true;
}

void
sim_machine_watch(struct sim_machine *m, uint32_t domid, bool on)
{
	struct guest *g = guest_of(m, domid);

	if (!g)
		return;
	g->watched = on;
	if (on)
		guest_wrote(g);
	else
		guest_read(g);
}

void
sim_machine_on_end(struct sim_machine *m, void (*ended)(void *arg), void *arg)
{
	m->ended = ended;
	m->ended_arg = arg;
}

static void
tell_ended(struct sim_machine *m)
{
	domains_changed(m);
	if (m->ended)
		m->ended(m->ended_arg);
}

/* -- what guests do -------------------------------------------------------- */

static void
stop_timers(struct guest *g)
{
	timer_cancel(g->boot);
	timer_cancel(g->stop);
	g->boot = g->stop = NULL;
}

static void
guest_end(struct guest *g, enum hv_end end)
{
	stop_timers(g);
	g->d.shutdown = true;
	g->d.end = end;
	tell_ended(g->m);
}

bool
sim_machine_guest(struct sim_machine *m, const char *uuid, const char *action)
{
	static const struct {
		const char *action;
		enum hv_end end;
	} ends[] = {
		{ "shutdown", HV_END_SHUTDOWN }, { "reboot", HV_END_REBOOT },
		{ "crash", HV_END_CRASH },
	};
	struct guest *g = guest_by_uuid(m, uuid);

	if (!g || g->d.paused || g->d.shutdown)
		return false;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		if (strcmp(ends[i].action, action) != 0)
			continue;
		guest_end(g, ends[i].end);
		return true;
	}
	return false;
}

static void
guest_stops(void *arg)
{
	struct guest *g = arg;

	g->stop = NULL;
	guest_end(g, !strcmp(g->asked, "reboot") ? HV_END_REBOOT :
	    HV_END_SHUTDOWN);
}

/* Only a guest that is up hears what it is asked. */
static void
listen_to_host(struct guest *g)
{
	struct loop *l = g->m->cfg.loop;

	if (*g->asked && g->booted && !g->ignores && !g->stop &&
	    !g->d.paused && !g->d.shutdown)
		g->stop = loop_timer(l, loop_now(l) + g->m->cfg.times->stop_ms,
		    guest_stops, g);
}

/* A guest that is up takes or gives memory when it is told to. */
static void
follow_target(struct guest *g)
{
	const struct sim_machine *m = g->m;
	int64_t most = g->d.memory + m->cfg.memory - sim_machine_memory(m);
	int64_t to = g->target < most ? g->target : most;

	if (!g->target || !g->booted || g->heavy || g->d.paused ||
	    g->d.shutdown || g->d.memory == to)
		return;
	g->d.memory = to;
	guest_wrote(g);
}

static void
guest_booted(void *arg)
{
	struct guest *g = arg;

	g->boot = NULL;
	g->booted = true;
	if (!g->deaf)
		sim_console_print(g->console, "I am up\n");
	guest_wrote(g);
	follow_target(g);
	if (!*g->exit || !sim_machine_guest(g->m, g->d.uuid, g->exit))
		listen_to_host(g);
}

static void
greet(struct guest *g)
{
	g->ran = true;
	if (g->deaf) {
		sim_console_deafen(g->console);
		return;
	}
	sim_console_print(g->console, "\nsimulated guest ");
	sim_console_print(g->console, g->name);
	sim_console_print(g->console, "\nbooting\n");
}

static void
set_paused(struct guest *g, bool on)
{
	struct loop *l = g->m->cfg.loop;

	g->d.paused = on;
	domains_changed(g->m);
	stop_timers(g);
	if (on || g->d.shutdown)
		return;
	if (!g->ran)
		greet(g);
	if (!g->booted)
		g->boot = loop_timer(l, loop_now(l) + g->m->cfg.times->boot_ms,
		    guest_booted, g);
	follow_target(g);
	listen_to_host(g);
}

static void
guest_free(struct guest *g)
{
	stop_timers(g);
	guest_read(g);
	sim_console_free(g->console);
	free(g);
}

/* -- calls ----------------------------------------------------------------- */

static int
call_get(struct guest *g, const struct sim_call *c, struct sim_answer *out)
{
	(void)c;
	out->domain = g->d;
	return 0;
}

static int
call_guest_data(struct guest *g, const struct sim_call *c,
    struct sim_answer *out)
{
	(void)c;
	out->booted = g->booted;
	for (uint32_t i = 0; i < VM_MAX_NICS; i++)
		out->nics |= g->nics[i].there ? 1u << i : 0;
	return 0;
}

static int
call_has_disk(struct guest *g, const struct sim_call *c,
    struct sim_answer *out)
{
	(void)out;
	return c->device >= 0 && c->device < VM_MAX_DISKS &&
	    g->disks[c->device] ? 0 : -ENOENT;
}

static int
call_has_nic(struct guest *g, const struct sim_call *c, struct sim_answer *out)
{
	(void)out;
	return c->device >= 0 && c->device < VM_MAX_NICS &&
	    g->nics[c->device].there ? 0 : -ENOENT;
}

static int
call_pause(struct guest *g, const struct sim_call *c, struct sim_answer *out)
{
	(void)out;
	if (g->d.paused != c->on)
		set_paused(g, c->on);
	return 0;
}

static int
call_ask(struct guest *g, const struct sim_call *c, struct sim_answer *out)
{
	(void)out;
	snprintf(g->asked, sizeof(g->asked), "%.15s", c->key);
	listen_to_host(g);
	return 0;
}

/* What Linux does with those that end it. */
static int
call_sysrq(struct guest *g, const struct sim_call *c, struct sim_answer *out)
{
	const char *action = *c->key == 'b' ? "reboot" :
	    *c->key == 'c' ? "crash" : *c->key == 'o' ? "shutdown" : NULL;

	(void)out;
	if (g->booted && action)
		sim_machine_guest(g->m, g->d.uuid, action);
	return 0;
}

static int
call_trigger(struct guest *g, const struct sim_call *c, struct sim_answer *out)
{
	if (c->device == XENOPS_TRIGGER_POWER)
		return call_ask(g, &(struct sim_call){ .key = "poweroff" },
		    out);
	if (c->device == XENOPS_TRIGGER_NMI && g->booted)
		sim_machine_guest(g->m, g->d.uuid, "crash");
	return 0;
}

static int
call_set_memory(struct guest *g, const struct sim_call *c,
    struct sim_answer *out)
{
	(void)out;
	g->target = c->device;
	follow_target(g);
	return 0;
}

static int
call_write(struct guest *g, const struct sim_call *c, struct sim_answer *out)
{
	(void)out;
	if (!strcmp(c->key, SIM_DATA "shutdown"))
		g->ignores = !strcmp(c->value, "ignore");
	else if (!strcmp(c->key, SIM_DATA "suspend"))
		g->stays = !strcmp(c->value, "ignore");
	else if (!strcmp(c->key, SIM_DATA "balloon"))
		g->heavy = !strcmp(c->value, "ignore");
	else if (!strcmp(c->key, SIM_DATA "console"))
		g->deaf = !strcmp(c->value, "deaf");
	else if (!strcmp(c->key, SIM_DATA "exit"))
		snprintf(g->exit, sizeof(g->exit), "%.15s", c->value);
	return 0;
}

static int
call_destroy(struct guest *g, const struct sim_call *c, struct sim_answer *out)
{
	struct sim_machine *m = g->m;
	struct guest **at = &m->guests;

	(void)c;
	(void)out;
	while (*at != g)
		at = &(*at)->next;
	*at = g->next;
	guest_free(g);
	tell_ended(m);
	return 0;
}

static int
call_disk(struct guest *g, const struct sim_call *c, struct sim_answer *out)
{
	(void)out;
	if (c->device < 0 || c->device >= VM_MAX_DISKS)
		return -EINVAL;
	if (g->disks[c->device] == c->on)
		return c->on ? -EEXIST : -ENOENT;
	g->disks[c->device] = c->on;
	return 0;
}

static int
call_suspend(struct guest *g, const struct sim_call *c, struct sim_answer *out)
{
	(void)c;
	(void)out;
	if (!g->booted || g->stays || g->d.paused || g->d.shutdown)
		return -ETIMEDOUT;
	guest_end(g, HV_END_SUSPEND);
	return 0;
}

static int
call_wake(struct guest *g, const struct sim_call *c, struct sim_answer *out)
{
	(void)c;
	(void)out;
	if (!g->d.shutdown || g->d.end != HV_END_SUSPEND)
		return -EINVAL;
	g->d.shutdown = false;
	domains_changed(g->m);
	listen_to_host(g);
	return 0;
}

static int
call_nic(struct guest *g, const struct sim_call *c, struct sim_answer *out)
{
	struct nic *n;

	(void)out;
	if (c->device < 0 || c->device >= VM_MAX_NICS)
		return -EINVAL;
	n = &g->nics[c->device];
	if (n->there == c->on)
		return c->on ? -EEXIST : -ENOENT;
	if (c->on && !g->m->cfg.has_bridge(g->m->cfg.arg, c->key))
		return -ENODEV;
	n->there = c->on;
	snprintf(n->bridge, sizeof(n->bridge), "%s", c->key);
	snprintf(n->set, sizeof(n->set), "closed");
	return 0;
}

static struct nic *
nic_of(struct guest *g, int64_t device)
{
	return g && device >= 0 && device < VM_MAX_NICS &&
	    g->nics[device].there ? &g->nics[device] : NULL;
}

static int
call_nic_set(struct guest *g, const struct sim_call *c, struct sim_answer *out)
{
	struct nic *n = nic_of(g, c->device);

	(void)out;
	if (!n || !g->m->cfg.has_bridge(g->m->cfg.arg, c->key))
		return -ENODEV;
	snprintf(n->bridge, sizeof(n->bridge), "%s", c->key);
	snprintf(n->set, sizeof(n->set), "%s", c->value);
	return 0;
}

const char *
sim_machine_nic(const struct sim_machine *m, const char *uuid, int64_t device)
{
	struct nic *n = nic_of(guest_by_uuid(m, uuid), device);

	return n ? n->set : NULL;
}

typedef int guest_call(struct guest *g, const struct sim_call *c,
    struct sim_answer *out);

/* Those on one domain, named by its domid. */
static guest_call *const guest_calls[SIM_CALLS] = {
	[SIM_GET] = call_get,
	[SIM_GUEST_DATA] = call_guest_data,
	[SIM_HAS_DISK] = call_has_disk,
	[SIM_HAS_NIC] = call_has_nic,
	[SIM_PAUSE] = call_pause,
	[SIM_SYSRQ] = call_sysrq,
	[SIM_TRIGGER] = call_trigger,
	[SIM_SET_MEMORY] = call_set_memory,
	[SIM_WRITE] = call_write,
	[SIM_DESTROY] = call_destroy,
	[SIM_ASK] = call_ask,
	[SIM_DISK] = call_disk,
	[SIM_NIC] = call_nic,
	[SIM_NIC_SET] = call_nic_set,
	[SIM_SUSPEND] = call_suspend,
	[SIM_WAKE] = call_wake,
};

static int
create(struct sim_machine *m, const struct sim_call *c, struct sim_answer *out)
{
	struct guest *g;

	if (sim_machine_memory(m) + c->domain.memory + c->device >
	    m->cfg.memory)
		return -ENOMEM;
	if (guest_by_uuid(m, c->domain.uuid))
		return -EEXIST;
	g = mem_zalloc(sizeof(*g));
	g->m = m;
	g->d = c->domain;
	g->overhead = c->device;
	g->d.domid = m->next_domid++;
	g->d.paused = true;
	g->booted = g->ran = c->on;
	snprintf(g->name, sizeof(g->name), "%.1024s", c->value);
	g->console = sim_console_new(m->cfg.loop);
	g->next = m->guests;
	m->guests = g;
	out->domain = g->d;
	domains_changed(m);
	return 0;
}

static int
find(const struct sim_machine *m, const struct sim_call *c,
    struct sim_answer *out)
{
	const struct guest *g = guest_by_uuid(m, c->domain.uuid);

	if (!g)
		return -ENOENT;
	out->domain = g->d;
	return 0;
}

static int
on_guest(struct sim_machine *m, const struct sim_call *c,
    struct sim_answer *out)
{
	struct guest *g = guest_of(m, c->domid);

	if (c->kind < 0 || c->kind >= SIM_CALLS || !guest_calls[c->kind])
		return -EINVAL;
	return g ? guest_calls[c->kind](g, c, out) : -ENOENT;
}

void
sim_machine_call(struct sim_machine *m, const struct sim_call *c,
    struct sim_answer *out)
{
	*out = (struct sim_answer){ 0 };
	switch (c->kind) {
	case SIM_CREATE:
		out->rc = create(m, c, out);
		break;
	case SIM_FIND:
		out->rc = find(m, c, out);
		break;
	case SIM_HAS_BRIDGE:
		out->rc = m->cfg.has_bridge(m->cfg.arg, c->key) ? 0 : -ENOENT;
		break;
	case SIM_FREE_MEMORY:
		out->domain.memory = m->cfg.memory - sim_machine_memory(m);
		break;
	default:
		out->rc = on_guest(m, c, out);
	}
}

/* -- the whole ------------------------------------------------------------- */

void
sim_machine_list(struct sim_machine *m, struct arena *a,
    struct hv_domain **v_out, uint32_t *n_out)
{
	uint32_t n = 0;

	for (const struct guest *g = m->guests; g; g = g->next)
		n++;
	*v_out = arena_alloc(a, (n + 1) * sizeof(**v_out));
	*n_out = n;
	for (const struct guest *g = m->guests; g; g = g->next)
		(*v_out)[--n] = g->d;
}

const char *
sim_machine_console(struct sim_machine *m, uint32_t domid)
{
	const struct guest *g = guest_of(m, domid);

	return g ? sim_console_path(g->console) : NULL;
}

int64_t
sim_machine_memory(const struct sim_machine *m)
{
	int64_t sum = 0;

	for (const struct guest *g = m->guests; g; g = g->next)
		sum += g->d.memory + g->overhead;
	return sum;
}

bool
sim_machine_uses_bridge(const struct sim_machine *m, const char *bridge)
{
	for (const struct guest *g = m->guests; g; g = g->next)
		for (uint32_t i = 0; i < VM_MAX_NICS; i++)
			if (g->nics[i].there &&
			    !strcmp(g->nics[i].bridge, bridge))
				return true;
	return false;
}

struct sim_machine *
sim_machine_new(const struct sim_machine_config *cfg)
{
	struct sim_machine *m = mem_zalloc(sizeof(*m));

	m->cfg = *cfg;
	m->next_domid = 1;
	m->events = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (m->events == -1)
		log_error("cannot make an eventfd: %s", strerror(errno));
	return m;
}

void
sim_machine_free(struct sim_machine *m)
{
	if (!m)
		return;
	while (m->guests) {
		struct guest *g = m->guests;

		m->guests = g->next;
		guest_free(g);
	}
	if (m->events != -1)
		close(m->events);
	free(m);
}
