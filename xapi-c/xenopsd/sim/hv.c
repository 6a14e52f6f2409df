#include "xenopsd/sim/hv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/vm_memory.h"
#include "xenopsd/domains/spec.h"
#include "xenopsd/sim/calls.h"

static struct sim_hv *
sim_of(struct hv *hv)
{
	return (struct sim_hv *)hv;
}

/* The call's rc. */
static int
call(struct hv *hv, const struct sim_call *c, struct sim_answer *out)
{
	struct sim_hv *h = sim_of(hv);

	if (h->machine)
		sim_machine_call(h->machine, c, out);
	else
		sim_calls_do(h->fd, c, out, &h->noticed);
	return out->rc;
}

/* A call that is to change something: its failure is kept for error(). */
static int
change(struct hv *hv, const struct sim_call *c)
{
	struct sim_answer out;
	int rc = call(hv, c, &out);

	if (rc && !sim_of(hv)->failure)
		sim_of(hv)->failure = rc;
	return rc;
}

static const char *
error(struct hv *hv)
{
	int failure = sim_of(hv)->failure;

	return failure ? strerror(-failure) : "";
}

static void
forget_errors(struct hv *hv)
{
	sim_of(hv)->failure = 0;
}

static int
list(struct hv *hv, struct arena *a, struct hv_domain **v_out,
    uint32_t *n_out)
{
	sim_machine_list(sim_of(hv)->machine, a, v_out, n_out);
	return 0;
}

static int
get(struct hv *hv, uint32_t domid, struct hv_domain *d_out)
{
	struct sim_call c = { .kind = SIM_GET, .domid = domid };
	struct sim_answer out;
	int rc = call(hv, &c, &out);

	if (rc == 0)
		*d_out = out.domain;
	return rc;
}

/* None takes time to be torn down. */
static bool
find(struct hv *hv, const char *uuid, bool dying, uint32_t *domid_out)
{
	struct sim_call c = { .kind = SIM_FIND };
	struct sim_answer out;

	(void)dying;
	snprintf(c.domain.uuid, sizeof(c.domain.uuid), "%s", uuid);
	if (call(hv, &c, &out))
		return false;
	*domid_out = out.domain.domid;
	return true;
}

/* What a Linux guest with tools would show. */
static struct vec
guest_data(struct hv *hv, struct arena *a, uint32_t domid)
{
	struct sim_call c = { .kind = SIM_GUEST_DATA, .domid = domid };
	struct sim_answer out;
	struct vec v = { 0 };

	if (call(hv, &c, &out) || !out.booted)
		return v;
	v = map_set(a, v, "control/feature-shutdown", "1");
	v = map_set(a, v, "control/feature-reboot", "1");
	v = map_set(a, v, "control/feature-suspend", "1");
	v = map_set(a, v, "attr/os/name", "Simulated Linux 1.0");
	v = map_set(a, v, "attr/PVAddons/Installed", "1");
	for (uint32_t i = 0; i < VM_MAX_NICS; i++)
		if (out.nics & 1u << i)
			v = map_set(a, v, arena_printf(a,
			    "attr/vif/%u/ipv4/0", i), arena_printf(a,
			    "192.0.2.%u", domid % 250 + 4));
	return v;
}

static bool
has_device(struct hv *hv, int kind, uint32_t domid, int64_t device)
{
	struct sim_call c = { .kind = kind, .domid = domid, .device = device };
	struct sim_answer out;

	return call(hv, &c, &out) == 0;
}

static bool
has_disk(struct hv *hv, uint32_t domid, int64_t device)
{
	return has_device(hv, SIM_HAS_DISK, domid, device);
}

static bool
has_nic(struct hv *hv, uint32_t domid, int64_t device)
{
	return has_device(hv, SIM_HAS_NIC, domid, device);
}

static const char *
console(struct hv *hv, struct arena *a, uint32_t domid)
{
	(void)a;
	return sim_machine_console(sim_of(hv)->machine, domid);
}

/* All of its guests have text alone. */
static int
screen(struct hv *hv, const struct hv_domain *d)
{
	(void)hv;
	(void)d;
	return -ENOENT;
}

static bool
has_bridge(struct hv *hv, const char *name)
{
	struct sim_call c = { .kind = SIM_HAS_BRIDGE };
	struct sim_answer out;

	snprintf(c.key, sizeof(c.key), "%s", name);
	return call(hv, &c, &out) == 0;
}

static int
free_memory(struct hv *hv, int64_t *bytes_out)
{
	struct sim_answer out;
	int rc = call(hv, &(struct sim_call){ .kind = SIM_FREE_MEMORY }, &out);

	*bytes_out = out.domain.memory;
	return rc;
}

static int
set_memory(struct hv *hv, uint32_t domid, int64_t bytes)
{
	return change(hv, &(struct sim_call){ .kind = SIM_SET_MEMORY,
	    .domid = domid, .device = bytes });
}

static int
event_fd(struct hv *hv)
{
	return sim_machine_event_fd(sim_of(hv)->machine);
}

static bool
event(struct hv *hv, struct hv_event *e_out)
{
	return sim_machine_event(sim_of(hv)->machine, e_out);
}

static void
watch_guest(struct hv *hv, uint32_t domid, const char *uuid, bool on)
{
	(void)uuid;
	sim_machine_watch(sim_of(hv)->machine, domid, on);
}

static int
pause_domain(struct hv *hv, uint32_t domid, bool on)
{
	return change(hv, &(struct sim_call){ .kind = SIM_PAUSE,
	    .domid = domid, .on = on });
}

static int
sysrq(struct hv *hv, uint32_t domid, char key)
{
	return change(hv, &(struct sim_call){ .kind = SIM_SYSRQ,
	    .domid = domid, .key = { key } });
}

static int
trigger(struct hv *hv, uint32_t domid, enum xenops_trigger which)
{
	return change(hv, &(struct sim_call){ .kind = SIM_TRIGGER,
	    .domid = domid, .device = which });
}

static int
disk_add(struct hv *hv, struct arena *a, uint32_t domid,
    const struct xenops_disk_spec *d, const char *device)
{
	(void)a;
	(void)device;
	return change(hv, &(struct sim_call){ .kind = SIM_DISK,
	    .domid = domid, .device = d->device, .on = true });
}

static int
disk_remove(struct hv *hv, struct arena *a, uint32_t domid, int64_t device,
    bool force)
{
	(void)a;
	(void)force;
	return change(hv, &(struct sim_call){ .kind = SIM_DISK,
	    .domid = domid, .device = device });
}

static int
disk_change(struct hv *hv, struct arena *a, uint32_t domid,
    const struct xenops_disk_spec *d, const char *device)
{
	(void)a;
	(void)device;
	return change(hv, &(struct sim_call){ .kind = SIM_HAS_DISK,
	    .domid = domid, .device = d->device });
}

static int
nic_add(struct hv *hv, uint32_t domid, const struct xenops_nic_spec *n)
{
	struct sim_call c = { .kind = SIM_NIC, .domid = domid,
		.device = n->device, .on = true };

	snprintf(c.key, sizeof(c.key), "%s", n->bridge);
	return change(hv, &c);
}

static int
nic_remove(struct hv *hv, uint32_t domid, int64_t device, bool force)
{
	(void)force;
	return change(hv, &(struct sim_call){ .kind = SIM_NIC,
	    .domid = domid, .device = device });
}

static const char *
joined(struct arena *a, struct vec set)
{
	const char *const *v = set.v;
	const char *text = "";

	for (uint32_t i = 0; i < set.n; i++)
		text = arena_printf(a, "%s%s%s", text, i ? "," : "", v[i]);
	return set.n ? text : "-";
}

/* What the kernel would be told, in one line. */
static int
nic_set(struct hv *hv, uint32_t domid, const struct xenops_nic_spec *n)
{
	struct sim_call c = { .kind = SIM_NIC_SET, .domid = domid,
		.device = n->device };
	struct arena *a = arena_new();
	int rc;

	snprintf(c.key, sizeof(c.key), "%s", n->bridge);
	snprintf(c.value, sizeof(c.value), "%s %s %s %lld %s",
	    enum_xenops_vif_lock.names[n->lock], joined(a, n->ipv4_allowed),
	    joined(a, n->ipv6_allowed), (long long)n->rate, n->bridge);
	rc = change(hv, &c);
	arena_free(a);
	return rc;
}

/* It goes with the nic. */
static void
nic_clear(struct hv *hv, const struct xenops_nic_spec *n)
{
	(void)hv;
	(void)n;
}

static int
add_devices(struct hv *hv, struct arena *a, uint32_t domid,
    const struct xenops_vm_spec *vm, const char *const *devices)
{
	const struct xenops_disk_spec *d = vm->disks.v;
	const struct xenops_nic_spec *n = vm->nics.v;
	int rc = 0;

	for (uint32_t i = 0; i < vm->disks.n && rc == 0; i++)
		if (devices[i] || spec_is_drive(vm, &d[i]))
			rc = disk_add(hv, a, domid, &d[i], devices[i]);
	for (uint32_t i = 0; i < vm->nics.n && rc == 0; i++)
		rc = nic_add(hv, domid, &n[i]);
	return rc;
}

/* All that a simulated guest remembers is that it is up. */
#define MEMORY "a simulated guest, which is up\n"

static int
suspend(struct hv *hv, uint32_t domid, int image)
{
	int rc = change(hv, &(struct sim_call){ .kind = SIM_SUSPEND,
	    .domid = domid });

	return rc ? rc : fdio_write_all(image, MEMORY, sizeof(MEMORY));
}

static int
wake(struct hv *hv, uint32_t domid)
{
	return change(hv, &(struct sim_call){ .kind = SIM_WAKE,
	    .domid = domid });
}

static bool
remembers(int image)
{
	char text[sizeof(MEMORY)];

	return image != -1 && !fdio_read_all(image, text, sizeof(text)) &&
	    !memcmp(text, MEMORY, sizeof(text));
}

static int
create(struct hv *hv, struct request *rq, const struct xenops_vm_spec *vm,
    const char *const *devices, int image, uint32_t *domid_out)
{
	const char *boot = map_get(vm->xenstore_data, SIM_DATA "boot");
	struct sim_call c = { .kind = SIM_CREATE,
		.device = vm_memory_overhead(
		    vm->type == XENOPS_DOMAIN_TYPE_PV, vm->memory_max,
		    vm->vcpus_max),
		.domain = { .type = vm->type, .vcpus = vm->vcpus,
		.memory = vm->memory_target } };
	struct sim_answer out;
	int rc;

	if (boot && !strcmp(boot, "fail"))
		return request_fail(rq, XENOPS_CODE_BOOT_FAILED,
		    "told not to boot");
	c.on = remembers(image);
	if (image != -1 && !c.on)
		return request_fail(rq, XENOPS_CODE_BOOT_FAILED,
		    "no memory to go on from");
	snprintf(c.domain.uuid, sizeof(c.domain.uuid), "%s", vm->uuid);
	snprintf(c.value, sizeof(c.value), "%s", vm->name ? vm->name : "");
	rc = call(hv, &c, &out);
	if (rc == 0) {
		*domid_out = out.domain.domid;
		rc = add_devices(hv, rq->arena, *domid_out, vm, devices);
	}
	if (rc)
		return request_fail(rq, rc == -ENOMEM ? XENOPS_CODE_NO_MEMORY :
		    XENOPS_CODE_BOOT_FAILED, "cannot create the domain: %s",
		    strerror(-rc));
	return 0;
}

/* The machine knows only what concerns itself. */
static int
write_data(struct hv *hv, uint32_t domid, const char *key, const char *value)
{
	struct sim_call c = { .kind = SIM_WRITE, .domid = domid };

	if (strncmp(key, SIM_DATA, strlen(SIM_DATA)) != 0)
		return 0;
	snprintf(c.key, sizeof(c.key), "%s", key);
	snprintf(c.value, sizeof(c.value), "%s", value);
	return change(hv, &c);
}

static int
destroy(struct hv *hv, uint32_t domid)
{
	return change(hv, &(struct sim_call){ .kind = SIM_DESTROY,
	    .domid = domid });
}

static int
ask(struct hv *hv, uint32_t domid, const char *what)
{
	struct sim_call c = { .kind = SIM_ASK, .domid = domid };

	snprintf(c.key, sizeof(c.key), "%s", what);
	return change(hv, &c);
}

static int
wait_begin(struct hv *hv)
{
	sim_of(hv)->noticed = false;
	return change(hv, &(struct sim_call){ .kind = SIM_WAIT, .on = true });
}

static bool
wait_end_of_one(struct hv *hv, int64_t deadline_mono)
{
	struct sim_hv *h = sim_of(hv);
	bool noticed = h->noticed;

	h->noticed = false;
	return noticed || sim_calls_wait(h->fd, deadline_mono);
}

static void
wait_end(struct hv *hv)
{
	(void)change(hv, &(struct sim_call){ .kind = SIM_WAIT });
}

static const struct hv_ops hv_sim = {
	.list = list,
	.get = get,
	.find = find,
	.guest_data = guest_data,
	.has_disk = has_disk,
	.has_nic = has_nic,
	.console = console,
	.screen = screen,
	.has_bridge = has_bridge,
	.event_fd = event_fd,
	.event = event,
	.watch_guest = watch_guest,
	.pause = pause_domain,
	.sysrq = sysrq,
	.trigger = trigger,
	.free_memory = free_memory,
	.set_memory = set_memory,
	.create = create,
	.suspend = suspend,
	.wake = wake,
	.write_data = write_data,
	.destroy = destroy,
	.ask = ask,
	.wait_begin = wait_begin,
	.wait = wait_end_of_one,
	.wait_end = wait_end,
	.disk_add = disk_add,
	.disk_remove = disk_remove,
	.disk_change = disk_change,
	.nic_add = nic_add,
	.nic_remove = nic_remove,
	.nic_set = nic_set,
	.nic_clear = nic_clear,
	.error = error,
	.forget_errors = forget_errors,
};

void
sim_hv_init(struct sim_hv *h, struct sim_machine *m)
{
	*h = (struct sim_hv){ .hv.ops = &hv_sim, .machine = m, .fd = -1 };
}

int
sim_hv_connect(struct sim_hv *h, const char *state_dir)
{
	sim_hv_init(h, NULL);
	h->fd = sim_calls_connect(state_dir);
	return h->fd < 0 ? h->fd : 0;
}

void
sim_hv_release(struct sim_hv *h)
{
	if (h->fd >= 0)
		close(h->fd);
	h->fd = -1;
}
