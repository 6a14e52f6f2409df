#include "xenopsd/domains/hv_xl.h"

#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "xenopsd/domains/config.h"
#include "xenopsd/domains/group.h"
#include "xenopsd/domains/model.h"
#include "xenopsd/domains/spec.h"
#include "xenopsd/domains/xl.h"
#include "xenopsd/machine/bridge.h"
#include "xenopsd/machine/netdev.h"
#include "xenopsd/network/lock.h"

/* what watches are told by; those of guests have their VM's uuid */
#define TOKEN_DOMAINS "domains"
#define TOKEN_WAIT "wait"
#define WAIT_STEP_MS 60000

#define GUEST_MAX_ENTRIES 128
#define GUEST_MAX_VALUE 512
#define GUEST_MAX_DEPTH 5
#define GUEST_MAX_PATH 200

static struct xl *
xl_of(struct hv *hv)
{
	return (struct xl *)hv;
}

static const char *
error(struct hv *hv)
{
	return xl_error(xl_of(hv));
}

static void
forget_errors(struct hv *hv)
{
	xl_forget_errors(xl_of(hv));
}

static enum hv_end
end_of(const libxl_dominfo *info)
{
	switch (info->shutdown_reason) {
	case LIBXL_SHUTDOWN_REASON_REBOOT:
	case LIBXL_SHUTDOWN_REASON_SOFT_RESET:
		return HV_END_REBOOT;
	case LIBXL_SHUTDOWN_REASON_CRASH:
	case LIBXL_SHUTDOWN_REASON_WATCHDOG:
		return HV_END_CRASH;
	case LIBXL_SHUTDOWN_REASON_SUSPEND:
		return HV_END_SUSPEND;
	default:
		return HV_END_SHUTDOWN;
	}
}

static int
type_of(const libxl_dominfo *info)
{
	switch (info->domain_type) {
	case LIBXL_DOMAIN_TYPE_HVM:
		return XENOPS_DOMAIN_TYPE_HVM;
	case LIBXL_DOMAIN_TYPE_PVH:
		return XENOPS_DOMAIN_TYPE_PVH;
	default:
		return XENOPS_DOMAIN_TYPE_PV;
	}
}

static struct hv_domain
convert(const libxl_dominfo *info)
{
	struct hv_domain d = {
		.domid = info->domid,
		.paused = info->paused,
		.shutdown = info->shutdown,
		.type = type_of(info),
		.vcpus = info->vcpu_online,
		.memory = (int64_t)(info->current_memkb +
		    info->outstanding_memkb) << 10,
	};

	if (d.shutdown)
		d.end = end_of(info);
	uuid_text(info->uuid.uuid, d.uuid);
	return d;
}

static int
list(struct hv *hv, struct arena *a, struct hv_domain **v_out,
    uint32_t *n_out)
{
	libxl_dominfo *all;
	uint32_t n = 0;
	int found;

	all = libxl_list_domain(xl_of(hv)->ctx, &found);
	if (!all)
		return -EIO;
	*v_out = arena_alloc(a, ((size_t)found + 1) * sizeof(**v_out));
	for (int i = 0; i < found; i++) {
		if (all[i].domid != 0 && !all[i].dying)
			(*v_out)[n++] = convert(&all[i]);
	}
	libxl_dominfo_list_free(all, found);
	*n_out = n;
	return 0;
}

static int
get(struct hv *hv, uint32_t domid, struct hv_domain *d_out)
{
	libxl_dominfo info;
	int rc = -ENOENT;

	libxl_dominfo_init(&info);
	if (!libxl_domain_info(xl_of(hv)->ctx, &info, domid) && !info.dying) {
		*d_out = convert(&info);
		rc = 0;
	}
	libxl_dominfo_dispose(&info);
	return rc;
}

static bool
find(struct hv *hv, const char *uuid, bool dying, uint32_t *domid_out)
{
	uint8_t want[16];
	libxl_dominfo *all;
	bool found = false;
	int n;

	if (!uuid_from_text(uuid, want))
		return false;
	all = libxl_list_domain(xl_of(hv)->ctx, &n);
	if (!all)
		return false;
	for (int i = 0; i < n && !found; i++) {
		if (all[i].domid == 0 || (all[i].dying && !dying) ||
		    memcmp(all[i].uuid.uuid, want, 16) != 0)
			continue;
		*domid_out = all[i].domid;
		found = true;
	}
	libxl_dominfo_list_free(all, n);
	return found;
}

struct guest {
	struct xl *xl;
	struct arena *a;
	uint32_t domid;
	struct string_pair *pairs;
	uint32_t n;
};

/* The guest wrote it: short and printable, whatever it was. */
static const char *
tame(struct arena *a, const char *s)
{
	char *copy = arena_strndup(a, s, strnlen(s, GUEST_MAX_VALUE));

	for (char *p = copy; *p; p++) {
		if (*p < ' ' || *p > '~')
			*p = '?';
	}
	return copy;
}

static void
guest_add(struct guest *g, const char *key)
{
	const char *value;

	if (g->n >= GUEST_MAX_ENTRIES || strlen(key) > GUEST_MAX_PATH)
		return;
	value = xl_read(g->xl, g->a, "/local/domain/%u/%s", g->domid, key);
	if (!value)
		return;
	g->pairs[g->n].key = tame(g->a, key);
	g->pairs[g->n].value = tame(g->a, value);
	g->n++;
}

static void
guest_walk(struct guest *g, const char *key, const char *prefix, int depth)
{
	unsigned int n = 0;
	char **names;
	const char *path;

	if (depth > GUEST_MAX_DEPTH || strlen(key) > GUEST_MAX_PATH)
		return;
	names = xs_directory(g->xl->xs, XBT_NULL, arena_printf(g->a,
	    "/local/domain/%u/%s", g->domid, key), &n);
	for (unsigned int i = 0; names && i < n; i++) {
		if (strncmp(names[i], prefix, strlen(prefix)) != 0 ||
		    g->n >= GUEST_MAX_ENTRIES)
			continue;
		path = arena_printf(g->a, "%s/%s", key, names[i]);
		guest_add(g, path);
		guest_walk(g, path, "", depth + 1);
	}
	free(names);
}

static struct vec
guest_data(struct hv *hv, struct arena *a, uint32_t domid)
{
	struct guest g = { .xl = xl_of(hv), .a = a, .domid = domid,
		.pairs = arena_alloc(a,
		    GUEST_MAX_ENTRIES * sizeof(struct string_pair)) };

	guest_walk(&g, "control", "feature-", 0);
	guest_walk(&g, "attr", "", 0);
	guest_walk(&g, "data", "", 0);
	return (struct vec){ .v = g.pairs, .n = g.n };
}

static bool
has_disk(struct hv *hv, uint32_t domid, int64_t device)
{
	return xl_exists(xl_of(hv), "/libxl/%u/device/vbd/%lld", domid,
	    (long long)spec_disk_devid(device));
}

static bool
has_nic(struct hv *hv, uint32_t domid, int64_t device)
{
	return xl_exists(xl_of(hv), "/libxl/%u/device/vif/%lld", domid,
	    (long long)device);
}

static const char *
console(struct hv *hv, struct arena *a, uint32_t domid)
{
	/* an HVM guest's first serial port, where it has one */
	const char *tty = xl_read(xl_of(hv), a,
	    "/local/domain/%u/serial/0/tty", domid);

	return tty ? tty : xl_read(xl_of(hv), a,
	    "/local/domain/%u/console/tty", domid);
}

static int
screen(struct hv *hv, const struct hv_domain *d)
{
	(void)hv;
	return d->type == XENOPS_DOMAIN_TYPE_HVM ?
	    model_screen(MODEL_RUN, d->uuid) : -ENOENT;
}

static bool
has_bridge(struct hv *hv, const char *name)
{
	(void)hv;
	return bridge_exists(name);
}

static int
event_fd(struct hv *hv)
{
	struct xl *xl = xl_of(hv);
	int fd;

	if (!xs_watch(xl->xs, "@introduceDomain", TOKEN_DOMAINS) ||
	    !xs_watch(xl->xs, "@releaseDomain", TOKEN_DOMAINS))
		return -1;
	xl->models = models_new(xl->ctx, xl->logger, xs_fileno(xl->xs),
	    &fd);
	return xl->models ? fd : -1;
}

static bool
event(struct hv *hv, struct hv_event *e_out)
{
	const char *token;
	char **ev;

	models_look(xl_of(hv)->models);
	ev = xs_check_watch(xl_of(hv)->xs);
	if (!ev)
		return false;
	token = ev[XS_WATCH_TOKEN];
	*e_out = (struct hv_event){ .kind = HV_EVENT_GUEST };
	if (!strcmp(token, TOKEN_DOMAINS))
		e_out->kind = HV_EVENT_DOMAINS;
	else
		memcpy(e_out->uuid, token, strnlen(token, UUID_TEXT_LEN));
	free(ev);
	return true;
}

static void
watch_model(struct xl *xl, uint32_t domid, bool on)
{
	struct arena *a;
	const char *pid;

	if (!on) {
		models_remove(xl->models, domid);
		return;
	}
	a = arena_new();
	pid = xl_read(xl, a, "/local/domain/%u/image/device-model-pid", domid);
	if (pid)
		models_add(xl->models, domid, (pid_t)strtol(pid, NULL, 10));
	arena_free(a);
}

static void
watch_guest(struct hv *hv, uint32_t domid, const char *uuid, bool on)
{
	static const char *const parts[] = { "attr", "data", "control",
		"console/tty", "serial" };
	struct xs_handle *xs = xl_of(hv)->xs;
	char path[64];

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		snprintf(path, sizeof(path), "/local/domain/%u/%s", domid,
		    parts[i]);
		if (on)
			xs_watch(xs, path, uuid);
		else
			xs_unwatch(xs, path, uuid);
	}
	watch_model(xl_of(hv), domid, on);
}

static int
pause_domain(struct hv *hv, uint32_t domid, bool on)
{
	libxl_ctx *ctx = xl_of(hv)->ctx;

	return (on ? libxl_domain_pause(ctx, domid, NULL) :
	    libxl_domain_unpause(ctx, domid, NULL)) ? -EIO : 0;
}

static int
sysrq(struct hv *hv, uint32_t domid, char key)
{
	return libxl_send_sysrq(xl_of(hv)->ctx, domid, key) ? -EIO : 0;
}

static int
trigger(struct hv *hv, uint32_t domid, enum xenops_trigger which)
{
	static const libxl_trigger triggers[] = {
		[XENOPS_TRIGGER_NMI] = LIBXL_TRIGGER_NMI,
		[XENOPS_TRIGGER_POWER] = LIBXL_TRIGGER_POWER,
		[XENOPS_TRIGGER_SLEEP] = LIBXL_TRIGGER_SLEEP,
		[XENOPS_TRIGGER_S3RESUME] = LIBXL_TRIGGER_S3RESUME,
	};

	return libxl_send_trigger(xl_of(hv)->ctx, domid, triggers[which], 0,
	    NULL) ? -EIO : 0;
}

static int
free_memory(struct hv *hv, int64_t *bytes_out)
{
	uint64_t kib;

	if (libxl_get_free_memory(xl_of(hv)->ctx, &kib))
		return -EIO;
	*bytes_out = (int64_t)kib << 10;
	return 0;
}

static int
set_memory(struct hv *hv, uint32_t domid, int64_t bytes)
{
	return libxl_set_memory_target(xl_of(hv)->ctx, domid, bytes >> 10, 0,
	    1) ? -EIO : 0;
}

static int
check_memory(struct request *rq, struct xl *xl, libxl_domain_config *cfg)
{
	uint64_t need, have;

	if (libxl_domain_need_memory(xl->ctx, cfg, INVALID_DOMID, &need) ||
	    libxl_get_free_memory(xl->ctx, &have))
		return request_fail(rq, XENOPS_CODE_INTERNAL,
		    "cannot ask for free memory: %s", xl_error(xl));
	if (need <= have)
		return 0;
	return request_fail(rq, XENOPS_CODE_NO_MEMORY,
	    "%llu KiB needed, %llu free", (unsigned long long)need,
	    (unsigned long long)have);
}

/* The device model's memory is dom0's own. */
static int
check_dom0_memory(struct request *rq, const struct xenops_vm_spec *vm)
{
	int64_t have;

	if (vm->type != XENOPS_DOMAIN_TYPE_HVM)
		return 0;
	have = model_room("/proc/meminfo");
	if (have >= MODEL_MEMORY)
		return 0;
	return request_fail(rq, XENOPS_CODE_NO_MEMORY,
	    "%lld KiB of the control domain's memory needed, %lld available",
	    MODEL_MEMORY >> 10, (long long)have >> 10);
}

static int
build(struct xl *xl, libxl_domain_config *cfg, int image, uint32_t *domid_out)
{
	libxl_domain_restore_params params;
	int rc;

	if (image == -1)
		return libxl_domain_create_new(xl->ctx, cfg, domid_out, NULL,
		    NULL);
	libxl_domain_restore_params_init(&params);
	params.checkpointed_stream = LIBXL_CHECKPOINTED_STREAM_NONE;
	params.stream_version = 2;	/* that of every libxl since 4.6 */
	rc = libxl_domain_create_restore(xl->ctx, cfg, domid_out, image, -1,
	    &params, NULL, NULL);
	libxl_domain_restore_params_dispose(&params);
	return rc;
}

static int
create(struct hv *hv, struct request *rq, const struct xenops_vm_spec *vm,
    const char *const *devices, int image, uint32_t *domid_out)
{
	struct xl *xl = xl_of(hv);
	libxl_domain_config cfg;
	int rc;

	libxl_domain_config_init(&cfg);
	rc = domain_config_fill(rq, xl, vm, devices, &cfg);
	if (!rc)
		rc = check_memory(rq, xl, &cfg);
	if (!rc)
		rc = check_dom0_memory(rq, vm);
	if (rc)
		goto out;
	rc = build(xl, &cfg, image, domid_out);
	if (rc) {
		rc = request_fail(rq, rc == ERROR_NOMEM ?
		    XENOPS_CODE_NO_MEMORY : XENOPS_CODE_BOOT_FAILED,
		    "cannot create the domain: %s", xl_error(xl));
		group_remove(GROUP_DIR, *domid_out);
		model_clean(MODEL_RUN, *domid_out, vm->uuid);
		model_remove_logs(MODEL_LOGS, vm->uuid);
	}
out:
	libxl_domain_config_dispose(&cfg);
	return rc;
}

static int
suspend(struct hv *hv, uint32_t domid, int image)
{
	int rc = libxl_domain_suspend(xl_of(hv)->ctx, domid, image, 0, NULL);

	return rc == ERROR_GUEST_TIMEDOUT ? -ETIMEDOUT : rc ? -EIO : 0;
}

static int
wake(struct hv *hv, uint32_t domid)
{
	/* by a guest that knows that it was not restored */
	return libxl_domain_resume(xl_of(hv)->ctx, domid, 1, NULL) ? -EIO : 0;
}

static int
write_data(struct hv *hv, uint32_t domid, const char *key, const char *value)
{
	struct xs_permissions perms = { .id = domid, .perms = XS_PERM_NONE };
	struct xl *xl = xl_of(hv);
	char path[512];

	snprintf(path, sizeof(path), "/local/domain/%u/%s", domid, key);
	if (!xs_write(xl->xs, XBT_NULL, path, value,
	    (unsigned int)strlen(value)) ||
	    !xs_set_permissions(xl->xs, XBT_NULL, path, &perms, 1))
		return -errno;
	return 0;
}

static int
destroy(struct hv *hv, uint32_t domid)
{
	struct arena *a = arena_new();
	const char *name = xl_read(xl_of(hv), a, "/local/domain/%u/name",
	    domid);
	int rc = libxl_domain_destroy(xl_of(hv)->ctx, domid, NULL) ? -EIO : 0;

	if (!rc) {
		group_remove(GROUP_DIR, domid);
		model_clean(MODEL_RUN, domid, name);
		if (name)
			model_remove_logs(MODEL_LOGS, name);
	}
	arena_free(a);
	return rc;
}

static int
ask(struct hv *hv, uint32_t domid, const char *what)
{
	return xl_write(xl_of(hv), what, "/local/domain/%u/control/shutdown",
	    domid) ? 0 : -errno;
}

static int
wait_begin(struct hv *hv)
{
	return xs_watch(xl_of(hv)->xs, "@releaseDomain", TOKEN_WAIT) ? 0 :
	    -errno;
}

static bool
wait_release(struct hv *hv, int64_t deadline_mono)
{
	struct xs_handle *xs = xl_of(hv)->xs;
	struct pollfd p = { .fd = xs_fileno(xs), .events = POLLIN };
	int64_t left = deadline_mono - clock_mono_ms();
	char **ev;

	if (left <= 0)
		return false;
	if (poll(&p, 1, left > WAIT_STEP_MS ? WAIT_STEP_MS : (int)left) == -1 &&
	    errno != EINTR)
		return false;
	while ((ev = xs_check_watch(xs)))
		free(ev);
	return true;
}

static void
wait_end(struct hv *hv)
{
	xs_unwatch(xl_of(hv)->xs, "@releaseDomain", TOKEN_WAIT);
}

static int
disk_add(struct hv *hv, struct arena *a, uint32_t domid,
    const struct xenops_disk_spec *d, const char *device)
{
	libxl_device_disk disk;
	int rc;

	libxl_device_disk_init(&disk);
	domain_config_disk(&disk, d, device, a);
	rc = libxl_device_disk_add(xl_of(hv)->ctx, domid, &disk, NULL);
	libxl_device_disk_dispose(&disk);
	return rc ? -EIO : 0;
}

static int
disk_remove(struct hv *hv, struct arena *a, uint32_t domid, int64_t device,
    bool force)
{
	libxl_ctx *ctx = xl_of(hv)->ctx;
	libxl_device_disk disk;
	int rc;

	libxl_device_disk_init(&disk);
	rc = libxl_vdev_to_device_disk(ctx, domid, spec_disk_name(a, device),
	    &disk);
	if (!rc && force)
		rc = libxl_device_disk_destroy(ctx, domid, &disk, NULL);
	else if (!rc)
		rc = libxl_device_disk_safe_remove(ctx, domid, &disk, NULL);
	libxl_device_disk_dispose(&disk);
	return rc ? -EIO : 0;
}

static int
disk_change(struct hv *hv, struct arena *a, uint32_t domid,
    const struct xenops_disk_spec *d, const char *device)
{
	libxl_device_disk disk;
	int rc;

	libxl_device_disk_init(&disk);
	domain_config_drive(&disk, d, device, a);
	rc = libxl_cdrom_insert(xl_of(hv)->ctx, domid, &disk, NULL);
	libxl_device_disk_dispose(&disk);
	return rc ? -EIO : 0;
}

static int
nic_add(struct hv *hv, uint32_t domid, const struct xenops_nic_spec *n)
{
	libxl_device_nic nic;
	int rc;

	libxl_device_nic_init(&nic);
	domain_config_nic(&nic, n);
	rc = libxl_device_nic_add(xl_of(hv)->ctx, domid, &nic, NULL);
	libxl_device_nic_dispose(&nic);
	return rc ? -EIO : 0;
}

static int
nic_remove(struct hv *hv, uint32_t domid, int64_t device, bool force)
{
	libxl_ctx *ctx = xl_of(hv)->ctx;
	libxl_device_nic nic;
	int rc;

	libxl_device_nic_init(&nic);
	rc = libxl_devid_to_device_nic(ctx, domid, (int)device, &nic);
	if (!rc && force)
		rc = libxl_device_nic_destroy(ctx, domid, &nic, NULL);
	else if (!rc)
		rc = libxl_device_nic_remove(ctx, domid, &nic, NULL);
	libxl_device_nic_dispose(&nic);
	return rc ? -EIO : 0;
}

/* Netback's interface is there from its back end's begin to its end; the tap
 * only as long as the guest uses the emulated NIC. */
static int
nic_set(struct hv *hv, uint32_t domid, const struct xenops_nic_spec *n)
{
	char vif[IF_NAMESIZE], tap[IF_NAMESIZE];
	const char *const devices[] = { vif, tap };
	size_t count;
	struct lock l;
	int rc = 0;

	(void)hv;
	snprintf(vif, sizeof(vif), "vif%u.%d", domid, (int)n->device);
	snprintf(tap, sizeof(tap), "vif%u.%d-emu", domid, (int)n->device);
	count = if_nametoindex(tap) ? 2 : 1;
	for (size_t i = 0; i < count && rc == 0; i++)
		rc = netdev_set_bridge(devices[i], n->bridge);
	spec_lock(n, &l);
	return rc ? rc : lock_set(&l, devices, count);
}

static void
nic_clear(struct hv *hv, const struct xenops_nic_spec *n)
{
	int rc = lock_remove(n->vif);

	(void)hv;
	if (rc)
		log_warn("cannot forget the lock of '%s': %s", n->vif,
		    strerror(-rc));
}

const struct hv_ops hv_xl = {
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
	.wait = wait_release,
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
