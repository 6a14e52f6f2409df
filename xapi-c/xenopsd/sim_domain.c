/*
 * Simulated domains.  A guest boots for m->boot_ms, then answers shutdown and
 * reboot requests within m->stop_ms, unless its xenstore data says otherwise:
 *     vm-data/sim/shutdown = ignore      it never reacts to a clean shutdown
 *     vm-data/sim/boot = fail            the build fails with boot_failed
 *     vm-data/sim/console = deaf         its console takes no input
 *     vm-data/sim/exit = shutdown|reboot|crash   it does so once booted
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "xenopsd/console.h"
#include "xenopsd/domain_spec.h"
#include "xenopsd/sim.h"

#define MAX_MEMORY ((int64_t)64 << 30)

struct sim_domain {
	struct sim_domain *next;
	struct sim *m;
	struct arena *arena;		/* of spec; one per start */
	struct xenops_vm_spec spec;
	struct xenops_disk_spec disks[VM_MAX_DISKS];	/* attached now */
	struct xenops_nic_spec nics[VM_MAX_NICS];
	uint32_t n_disks, n_nics;
	int64_t domid;
	int state;			/* enum xenops_domain_state */
	time_t started;
	bool booted;
	struct timer *boot;		/* until booted */
	struct timer *stop;		/* reacts to a request */
	struct timer *limit;		/* of that request */
	struct request *waiting;	/* shutdown or reboot under way */
	struct sim_console *guest;	/* its end of the console */
	struct console *console;
};

/* Texts may be NULL, which is empty. */
static bool
same(const char *a, const char *b)
{
	return !strcmp(a ? a : "", b ? b : "");
}

static struct sim_domain *
find(struct sim *m, const char *uuid)
{
	struct sim_domain *d = m->domains;

	while (d && !same(d->spec.uuid, uuid))
		d = d->next;
	return d;
}

static const char *
told(const struct sim_domain *d, const char *key)
{
	char name[64];
	const char *v;

	snprintf(name, sizeof(name), "vm-data/sim/%s", key);
	v = map_get(d->spec.xenstore_data, name);
	return v ? v : "";
}

int64_t
sim_domains_memory(const struct sim *m)
{
	int64_t sum = 0;

	for (const struct sim_domain *d = m->domains; d; d = d->next)
		sum += d->spec.memory_target;
	return sum;
}

bool
sim_domains_use_bridge(const struct sim *m, const char *bridge)
{
	for (const struct sim_domain *d = m->domains; d; d = d->next)
		for (uint32_t i = 0; i < d->n_nics; i++)
			if (same(d->nics[i].bridge, bridge))
				return true;
	return false;
}

/* What a Linux guest with tools would show. */
static struct vec
guest_data(const struct sim_domain *d, struct arena *a)
{
	struct vec v = { 0 };

	if (!d->booted)
		return v;
	v = map_set(a, v, "control/feature-shutdown", "1");
	v = map_set(a, v, "control/feature-reboot", "1");
	v = map_set(a, v, "attr/os/name", "Simulated Linux 1.0");
	v = map_set(a, v, "attr/PVAddons/Installed", "1");
	for (uint32_t i = 0; i < d->n_nics; i++)
		v = map_set(a, v, arena_printf(a, "attr/vif/%d/ipv4/0",
		    (int)d->nics[i].device), arena_printf(a,
		    "192.0.2.%d", (int)(d->domid % 250 + 4)));
	return v;
}

static void
describe(const struct sim_domain *d, struct arena *a,
    struct xenops_domain_info *out)
{
	struct xenops_device_state *disks, *nics;

	*out = *(const struct xenops_domain_info *)
	    xenops_domain_info_type.dflt;
	out->uuid = d->spec.uuid;
	out->domid = d->domid;
	out->state = d->state;
	out->type = d->spec.type;
	out->vcpus = d->spec.vcpus;
	out->memory = d->spec.memory_target;
	out->started = d->started;
	out->shutdown_feature = d->booted;
	out->guest = guest_data(d, a);
	disks = arena_alloc(a, sizeof(*disks) * (d->n_disks + 1));
	for (uint32_t i = 0; i < d->n_disks; i++) {
		disks[i].uuid = d->disks[i].vbd;
		disks[i].attached = true;
	}
	nics = arena_alloc(a, sizeof(*nics) * (d->n_nics + 1));
	for (uint32_t i = 0; i < d->n_nics; i++) {
		nics[i].uuid = d->nics[i].vif;
		nics[i].attached = true;
	}
	out->disks = (struct vec){ disks, d->n_disks };
	out->nics = (struct vec){ nics, d->n_nics };
}

static void
tell(const struct sim_domain *d)
{
	struct xenops_domain_changed ev;
	struct arena *a = arena_new();

	describe(d, a, &ev.domain);
	server_event(d->m->server, XENOPS_DOMAIN_CHANGED, &ev);
	arena_free(a);
}

static int
storage_error(struct request *rq, const struct storage *s)
{
	return request_fail(rq, (enum xenops_code)s->code, "%s", s->text);
}

static int
attach_disk(struct sim_domain *d, struct request *rq,
    const struct xenops_disk_spec *disk)
{
	struct storage s = { .env = &d->m->storage, .arena = rq->arena };
	struct xenops_disk_spec *mine = &d->disks[d->n_disks];
	const char *device;

	if (d->n_disks == VM_MAX_DISKS)
		return request_fail(rq, XENOPS_CODE_BAD_REQUEST,
		    "too many disks");
	for (uint32_t i = 0; i < d->n_disks; i++)
		if (same(d->disks[i].vbd, disk->vbd))
			return request_fail(rq, XENOPS_CODE_EXISTS,
			    "VBD '%s' is attached", disk->vbd);
	if (disk->vdi && *disk->vdi && storage_attach(&s, disk->sr, disk->vdi,
	    !disk->read_only, disk->vbd, &device))
		return storage_error(rq, &s);
	record_copy(&xenops_disk_spec_type, mine, disk, d->arena);
	d->n_disks++;
	return 0;
}

static void
detach_disk(struct sim_domain *d, uint32_t i)
{
	struct storage s = { .env = &d->m->storage, .arena = arena_new() };

	if (d->disks[i].vdi && *d->disks[i].vdi &&
	    storage_detach(&s, d->disks[i].vdi, d->disks[i].vbd))
		log_error("cannot detach VDI: %s", s.text);
	arena_free(s.arena);
	d->disks[i] = d->disks[--d->n_disks];
}

static int
attach_nic(struct sim_domain *d, struct request *rq,
    const struct xenops_nic_spec *nic)
{
	if (d->n_nics == VM_MAX_NICS)
		return request_fail(rq, XENOPS_CODE_BAD_REQUEST,
		    "too many NICs");
	for (uint32_t i = 0; i < d->n_nics; i++)
		if (same(d->nics[i].vif, nic->vif))
			return request_fail(rq, XENOPS_CODE_EXISTS,
			    "VIF '%s' is attached", nic->vif);
	if (!sim_bridge_exists(d->m, nic->bridge))
		return request_fail(rq, XENOPS_CODE_NO_SUCH_BRIDGE, "%s",
		    nic->bridge);
	record_copy(&xenops_nic_spec_type, &d->nics[d->n_nics], nic, d->arena);
	d->n_nics++;
	return 0;
}

static void
detach_all(struct sim_domain *d)
{
	while (d->n_disks)
		detach_disk(d, d->n_disks - 1);
	d->n_nics = 0;
}

static int
attach_all(struct sim_domain *d, struct request *rq)
{
	const struct xenops_disk_spec *disks = d->spec.disks.v;
	const struct xenops_nic_spec *nics = d->spec.nics.v;

	for (uint32_t i = 0; i < d->spec.disks.n; i++)
		if (attach_disk(d, rq, &disks[i]))
			return -1;
	for (uint32_t i = 0; i < d->spec.nics.n; i++)
		if (attach_nic(d, rq, &nics[i]))
			return -1;
	return 0;
}

static void
stop_timers(struct sim_domain *d)
{
	timer_cancel(d->boot);
	timer_cancel(d->stop);
	timer_cancel(d->limit);
	d->boot = d->stop = d->limit = NULL;
}

static void
domain_gone(struct sim_domain *d)
{
	struct sim_domain **at = &d->m->domains;

	while (*at && *at != d)
		at = &(*at)->next;
	if (*at)
		*at = d->next;
	d->state = XENOPS_DOMAIN_STATE_HALTED;
	tell(d);
}

/* It must not be among m->domains any more. */
static void
domain_free(struct sim_domain *d)
{
	stop_timers(d);
	detach_all(d);
	sim_console_free(d->guest);
	if (d->console)
		console_end(d->console);
	arena_free(d->arena);
	free(d);
}

void
sim_domains_release(struct sim *m)
{
	while (m->domains) {
		struct sim_domain *d = m->domains;

		m->domains = d->next;
		domain_free(d);
	}
}

static void guest_booted(void *arg);

/* Each domain has a terminal of its own. */
static void
plug_console(struct sim_domain *d)
{
	struct sim_console *old = d->guest;
	int fd;

	if (!d->console)
		d->console = console_new(d->m->consoles);
	d->guest = sim_console_new(d->m->loop, !strcmp(told(d, "console"),
	    "deaf"), &fd);
	if (d->guest)
		console_attach(d->console, d->domid, fd);
	sim_console_free(old);
	sim_console_print(d->guest, "\nsimulated guest ");
	sim_console_print(d->guest, d->spec.name ? d->spec.name : "");
	sim_console_print(d->guest, "\nbooting\n");
}

/* Powers the domain on, or on again. */
static void
power_on(struct sim_domain *d, bool paused)
{
	d->domid = d->m->next_domid++;
	plug_console(d);
	d->state = paused ? XENOPS_DOMAIN_STATE_PAUSED :
	    XENOPS_DOMAIN_STATE_RUNNING;
	d->started = clock_wall_s();
	d->booted = false;
	if (!paused)
		d->boot = loop_timer(d->m->loop,
		    clock_mono_ms() + d->m->boot_ms, guest_booted, d);
}

/* Ends the request that waits for this domain. */
static void
answer(struct sim_domain *d)
{
	struct request *rq = d->waiting;
	struct xenops_vm_reboot_result result;

	d->waiting = NULL;
	if (!rq)
		return;
	rq->cancel = NULL;
	if (rq->message != XENOPS_VM_REBOOT) {
		request_finish(rq, rq->state);
		return;
	}
	describe(d, rq->arena, &result.domain);
	request_finish(rq, &result);
}

static void
answer_error(struct sim_domain *d, enum xenops_code code, const char *text)
{
	struct request *rq = d->waiting;

	d->waiting = NULL;
	if (!rq)
		return;
	rq->cancel = NULL;
	request_finish_error(rq, code, "%s", text);
}

static void
power_off(struct sim_domain *d)
{
	stop_timers(d);
	detach_all(d);
	domain_gone(d);
	answer(d);
	domain_free(d);
}

/* The guest restarts: a new domain with the same specification. */
static void
restart(struct sim_domain *d)
{
	stop_timers(d);
	power_on(d, false);
	tell(d);
	answer(d);
}

/* What happens after the guest ended by itself, or by request. */
static void
guest_ended(struct sim_domain *d, int after)
{
	switch (after) {
	case XENOPS_AFTER_RESTART:
		restart(d);
		break;
	case XENOPS_AFTER_PRESERVE:
		stop_timers(d);
		tell(d);
		answer(d);
		break;
	default:
		power_off(d);
	}
}

bool
sim_domain_guest(struct sim *m, const char *uuid, const char *action)
{
	struct sim_domain *d = find(m, uuid);

	if (!d || d->state != XENOPS_DOMAIN_STATE_RUNNING)
		return false;
	if (!strcmp(action, "shutdown")) {
		guest_ended(d, d->spec.after_shutdown);
	} else if (!strcmp(action, "reboot")) {
		guest_ended(d, d->spec.after_reboot);
	} else if (!strcmp(action, "crash")) {
		d->state = XENOPS_DOMAIN_STATE_CRASHED;
		guest_ended(d, d->spec.after_crash);
	} else {
		return false;
	}
	return true;
}

static void
guest_booted(void *arg)
{
	struct sim_domain *d = arg;
	const char *action = told(d, "exit");

	d->boot = NULL;
	d->booted = true;
	sim_console_print(d->guest, "I am up\n");
	tell(d);
	if (*action)
		sim_domain_guest(d->m, d->spec.uuid, action);
}

int
sim_domain_list(struct request *rq, const void *args, void *result)
{
	struct sim *m = rq->daemon;
	struct xenops_domain_list_result *r = result;
	struct xenops_domain_info *v;
	uint32_t n = 0;

	(void)args;
	for (struct sim_domain *d = m->domains; d; d = d->next)
		n++;
	v = arena_alloc(rq->arena, sizeof(*v) * (n + 1));
	r->domains = (struct vec){ v, n };
	for (struct sim_domain *d = m->domains; d; d = d->next)
		describe(d, rq->arena, v++);
	return 0;
}

int
sim_vm_start(struct request *rq, const void *args, void *result)
{
	const struct xenops_vm_start_args *a = args;
	struct xenops_vm_start_result *r = result;
	struct sim *m = rq->daemon;
	struct sim_domain *d;

	if (spec_check_vm(rq, &a->vm))
		return -1;
	if (find(m, a->vm.uuid))
		return request_fail(rq, XENOPS_CODE_EXISTS,
		    "domain '%s' exists", a->vm.uuid);
	if (sim_domains_memory(m) + a->vm.memory_target > MAX_MEMORY)
		return request_fail(rq, XENOPS_CODE_NO_MEMORY,
		    "not enough free memory");
	d = mem_zalloc(sizeof(*d));
	d->m = m;
	d->arena = arena_new();
	record_copy(&xenops_vm_spec_type, &d->spec, &a->vm, d->arena);
	if (!strcmp(told(d, "boot"), "fail")) {
		domain_free(d);
		return request_fail(rq, XENOPS_CODE_BOOT_FAILED,
		    "told not to boot");
	}
	if (attach_all(d, rq)) {
		domain_free(d);
		return -1;
	}
	d->next = m->domains;
	m->domains = d;
	power_on(d, a->paused);
	tell(d);
	describe(d, rq->arena, &r->domain);
	return 0;
}

static struct sim_domain *
find_or_fail(struct request *rq, const char *uuid)
{
	struct sim_domain *d = find(rq->daemon, uuid);

	if (!d)
		request_fail(rq, XENOPS_CODE_NO_SUCH_DOMAIN,
		    "no domain '%s'", uuid);
	return d;
}

static void
guest_stops(void *arg)
{
	struct sim_domain *d = arg;
	bool reboot = d->waiting && d->waiting->message == XENOPS_VM_REBOOT;

	d->stop = NULL;
	if (reboot)
		restart(d);
	else
		power_off(d);
}

static void
guest_too_slow(void *arg)
{
	struct sim_domain *d = arg;

	d->limit = NULL;
	timer_cancel(d->stop);
	d->stop = NULL;
	answer_error(d, XENOPS_CODE_TIMEOUT, "the guest did not react");
}

static void
stop_cancelled(struct request *rq)
{
	struct sim_domain *d = rq->daemon ?
	    ((struct sim *)rq->daemon)->domains : NULL;

	while (d && d->waiting != rq)
		d = d->next;
	if (!d)
		return;
	timer_cancel(d->stop);
	timer_cancel(d->limit);
	d->stop = d->limit = NULL;
	answer_error(d, XENOPS_CODE_CANCELLED, "cancelled");
}

/* Asks the guest, and waits for what it does. */
static int
ask_guest(struct sim_domain *d, struct request *rq, int64_t timeout_s,
    void *result)
{
	int64_t now = clock_mono_ms();

	if (d->waiting)
		return request_fail(rq, XENOPS_CODE_BAD_STATE,
		    "the domain is shutting down");
	if (d->state != XENOPS_DOMAIN_STATE_RUNNING)
		return request_fail(rq, XENOPS_CODE_BAD_STATE,
		    "the domain does not run");
	if (timeout_s <= 0)
		timeout_s = 1200;
	d->waiting = rq;
	rq->state = result;
	rq->cancel = stop_cancelled;
	d->limit = loop_timer(d->m->loop, now + timeout_s * 1000,
	    guest_too_slow, d);
	if (strcmp(told(d, "shutdown"), "ignore"))
		d->stop = loop_timer(d->m->loop, now + d->m->stop_ms,
		    guest_stops, d);
	return REQUEST_PENDING;
}

int
sim_vm_shutdown(struct request *rq, const void *args, void *result)
{
	const struct xenops_vm_shutdown_args *a = args;
	struct sim_domain *d = find_or_fail(rq, a->vm);

	if (!d)
		return -1;
	if (!a->force)
		return ask_guest(d, rq, a->timeout, result);
	answer_error(d, XENOPS_CODE_CANCELLED, "the domain was destroyed");
	power_off(d);
	return 0;
}

int
sim_vm_reboot(struct request *rq, const void *args, void *result)
{
	const struct xenops_vm_reboot_args *a = args;
	struct xenops_vm_reboot_result *r = result;
	struct sim_domain *d = find_or_fail(rq, a->vm);

	if (!d)
		return -1;
	if (!a->force)
		return ask_guest(d, rq, a->timeout, result);
	answer_error(d, XENOPS_CODE_CANCELLED, "the domain was restarted");
	restart(d);
	describe(d, rq->arena, &r->domain);
	return 0;
}

int
sim_vm_pause(struct request *rq, const void *args, void *result)
{
	const struct xenops_vm_pause_args *a = args;
	struct sim_domain *d = find_or_fail(rq, a->vm);

	(void)result;
	if (!d)
		return -1;
	if (d->state == XENOPS_DOMAIN_STATE_PAUSED)
		return 0;
	if (d->state != XENOPS_DOMAIN_STATE_RUNNING)
		return request_fail(rq, XENOPS_CODE_BAD_STATE,
		    "the domain does not run");
	timer_cancel(d->boot);
	d->boot = NULL;
	d->state = XENOPS_DOMAIN_STATE_PAUSED;
	tell(d);
	return 0;
}

int
sim_vm_unpause(struct request *rq, const void *args, void *result)
{
	const struct xenops_vm_unpause_args *a = args;
	struct sim_domain *d = find_or_fail(rq, a->vm);

	(void)result;
	if (!d)
		return -1;
	if (d->state == XENOPS_DOMAIN_STATE_RUNNING)
		return 0;
	if (d->state != XENOPS_DOMAIN_STATE_PAUSED)
		return request_fail(rq, XENOPS_CODE_BAD_STATE,
		    "the domain is not paused");
	d->state = XENOPS_DOMAIN_STATE_RUNNING;
	if (!d->booted)
		d->boot = loop_timer(d->m->loop,
		    clock_mono_ms() + d->m->boot_ms, guest_booted, d);
	tell(d);
	return 0;
}

int
sim_vbd_plug(struct request *rq, const void *args, void *result)
{
	const struct xenops_vbd_plug_args *a = args;
	struct sim_domain *d = find_or_fail(rq, a->vm);

	(void)result;
	if (!d || attach_disk(d, rq, &a->disk))
		return -1;
	tell(d);
	return 0;
}

int
sim_vbd_unplug(struct request *rq, const void *args, void *result)
{
	const struct xenops_vbd_unplug_args *a = args;
	struct sim_domain *d = find_or_fail(rq, a->vm);

	(void)result;
	if (!d)
		return -1;
	for (uint32_t i = 0; i < d->n_disks; i++) {
		if (!same(d->disks[i].vbd, a->vbd))
			continue;
		detach_disk(d, i);
		tell(d);
		return 0;
	}
	return request_fail(rq, XENOPS_CODE_NO_SUCH_DEVICE,
	    "VBD '%s' is not attached", a->vbd);
}

int
sim_vif_plug(struct request *rq, const void *args, void *result)
{
	const struct xenops_vif_plug_args *a = args;
	struct sim_domain *d = find_or_fail(rq, a->vm);

	(void)result;
	if (!d || attach_nic(d, rq, &a->nic))
		return -1;
	tell(d);
	return 0;
}

int
sim_vif_unplug(struct request *rq, const void *args, void *result)
{
	const struct xenops_vif_unplug_args *a = args;
	struct sim_domain *d = find_or_fail(rq, a->vm);

	(void)result;
	if (!d)
		return -1;
	for (uint32_t i = 0; i < d->n_nics; i++) {
		if (!same(d->nics[i].vif, a->vif))
			continue;
		d->nics[i] = d->nics[--d->n_nics];
		tell(d);
		return 0;
	}
	return request_fail(rq, XENOPS_CODE_NO_SUCH_DEVICE,
	    "VIF '%s' is not attached", a->vif);
}

int
sim_console_open(struct request *rq, const void *args, void *result)
{
	const struct xenops_console_open_args *a = args;
	struct sim_domain *d = find_or_fail(rq, a->vm);
	int fd;

	(void)result;
	if (!d)
		return -1;
	fd = console_view(d->console);
	if (fd == -EMFILE)
		return request_fail(rq, XENOPS_CODE_IN_USE,
		    "the console of '%s' has too many viewers", a->vm);
	if (fd < 0)
		return request_fail(rq, XENOPS_CODE_INTERNAL,
		    "cannot open console: %s", strerror(-fd));
	request_pass_fd(rq, fd);
	return 0;
}
