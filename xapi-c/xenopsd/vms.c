#include "xenopsd/vms.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "xenopsd/domain.h"
#include "xenopsd/loop.h"
#include "xenopsd/server.h"
#include "xenopsd/worker.h"
#include "xenopsd/xl.h"

/* Guests write to xenstore as often as they like; we look at most so often. */
#define GUEST_DELAY_MS 1000
/* Between two requests of our own on one VM: a guest that reboots at once, or
 * something that cannot be cleared away. */
#define RETRY_MS 10000

struct vm {
	struct vm *next;
	char uuid[UUID_TEXT_LEN + 1];
	int64_t domid;			/* -1: none */
	int state;			/* as told last; -1: nothing yet */
	bool seen;			/* in the scan that runs */
	bool dirty;			/* to be told in any case */
	int64_t not_before;		/* for the next request of our own */
};

struct vms {
	struct daemon *d;
	struct vm *list;
	struct watch *watch;
	struct timer *timer;
	int64_t timer_due;
};

static void scan(void *arg);

static void
scan_at(struct vms *v, int64_t due)
{
	if (v->timer && v->timer_due <= due)
		return;
	timer_cancel(v->timer);
	v->timer_due = due;
	v->timer = loop_timer(v->d->loop, due, scan, v);
}

static struct vm *
vm_find(struct vms *v, const char *uuid)
{
	struct vm *vm = v->list;

	while (vm && strcmp(vm->uuid, uuid) != 0)
		vm = vm->next;
	return vm;
}

static struct vm *
vm_get(struct vms *v, const char *uuid)
{
	struct vm *vm = vm_find(v, uuid);

	if (vm)
		return vm;
	vm = mem_zalloc(sizeof(*vm));
	memcpy(vm->uuid, uuid, strnlen(uuid, UUID_TEXT_LEN));
	vm->domid = -1;
	vm->state = -1;
	vm->next = v->list;
	v->list = vm;
	return vm;
}

/* Tells xapi, if it is news. */
static void
tell(struct vms *v, struct vm *vm, const struct xenops_domain_info *info)
{
	struct xenops_domain_changed a = { .domain = *info };

	if (!vm->dirty && vm->state == info->state && vm->domid == info->domid)
		return;
	vm->dirty = false;
	vm->state = info->state;
	server_event(v->d->server, XENOPS_DOMAIN_CHANGED, &a);
}

/* What the guest says of itself is watched as long as the domain is there. */
static void
watch_guest(struct vms *v, const struct vm *vm, int64_t domid, bool on)
{
	static const char *const parts[] = { "attr", "data", "control" };
	char path[64];

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		snprintf(path, sizeof(path), "/local/domain/%lld/%s",
		    (long long)domid, parts[i]);
		if (on)
			xs_watch(v->d->xl->xs, path, vm->uuid);
		else
			xs_unwatch(v->d->xl->xs, path, vm->uuid);
	}
}

static void
set_domid(struct vms *v, struct vm *vm, int64_t domid)
{
	if (vm->domid == domid)
		return;
	if (vm->domid >= 0)
		watch_guest(v, vm, vm->domid, false);
	if (domid >= 0)
		watch_guest(v, vm, domid, true);
	vm->domid = domid;
	vm->dirty = true;
}

/* A request of our own; at most one per VM in RETRY_MS. */
static bool
submit(struct vms *v, struct vm *vm, enum xenops_message message)
{
	struct xenops_vm_shutdown_args off = { .vm = vm->uuid, .force = true };
	struct xenops_vm_reboot_args again = { .vm = vm->uuid, .force = true };
	int64_t now = clock_mono_ms();

	if (now < vm->not_before) {
		scan_at(v, vm->not_before);
		return false;
	}
	vm->not_before = now + RETRY_MS;
	log_info("'%s': %s", vm->uuid, xenops_messages[message].name);
	server_submit(v->d->server, message, message == XENOPS_VM_REBOOT ?
	    (const void *)&again : &off, NULL, NULL);
	return true;
}

/* What its specification wants after an end by the guest. */
static int
after(const libxl_dominfo *info, const struct kept *k)
{
	switch (info->shutdown_reason) {
	case LIBXL_SHUTDOWN_REASON_REBOOT:
	case LIBXL_SHUTDOWN_REASON_SOFT_RESET:
		return k->spec.after_reboot;
	case LIBXL_SHUTDOWN_REASON_CRASH:
	case LIBXL_SHUTDOWN_REASON_WATCHDOG:
		return k->spec.after_crash;
	case LIBXL_SHUTDOWN_REASON_SUSPEND:
		return XENOPS_AFTER_PRESERVE;
	default:
		return k->spec.after_shutdown;
	}
}

/* One of ours on which nobody works: what is to be done?  XENOPS_N: nothing. */
static enum xenops_message
remedy(const libxl_dominfo *info, const struct kept *k)
{
	if (k->phase == KEPT_REBOOTING)
		return XENOPS_VM_REBOOT;
	if (k->phase != KEPT_RUNNING || !info)
		return XENOPS_VM_SHUTDOWN;
	if (info->shutdown) {
		switch (after(info, k)) {
		case XENOPS_AFTER_RESTART:
			return XENOPS_VM_REBOOT;
		case XENOPS_AFTER_DESTROY:
			return XENOPS_VM_SHUTDOWN;
		default:
			break;
		}
	}
	return XENOPS_N;
}

/* info NULL: the VM has no domain (any more). */
static void
look_at(struct vms *v, struct vm *vm, const libxl_dominfo *info)
{
	struct arena *a;
	struct xenops_domain_info di;
	enum xenops_message message;
	struct kept k;
	bool kept;

	/* a worker is on it: its end brings us back */
	if (workers_busy(v->d->workers, vm->uuid))
		return;
	a = arena_new();
	kept = !kept_read(KEPT_DIR, vm->uuid, a, &k);
	message = kept ? remedy(info, &k) : XENOPS_N;
	set_domid(v, vm, info ? (int64_t)info->domid : -1);
	domain_info_fill(v->d->xl, a, vm->uuid, info, kept ? &k : NULL, &di);
	if (message == XENOPS_N)
		tell(v, vm, &di);
	else if (submit(v, vm, message) && message == XENOPS_VM_REBOOT) {
		di.state = XENOPS_DOMAIN_STATE_REBOOTING;
		tell(v, vm, &di);
	}
	arena_free(a);
}

static void
scan(void *arg)
{
	struct vms *v = arg;
	struct vm **p, *vm;
	libxl_dominfo *list;
	char uuid[37];
	int n = 0;

	v->timer = NULL;
	list = libxl_list_domain(v->d->xl->ctx, &n);
	if (!list) {
		scan_at(v, clock_mono_ms() + RETRY_MS);
		return;
	}
	for (vm = v->list; vm; vm = vm->next)
		vm->seen = false;
	for (int i = 0; i < n; i++) {
		if (list[i].domid == 0 || list[i].dying)
			continue;
		vm = vm_get(v, xl_uuid(&list[i], uuid));
		vm->seen = true;
		look_at(v, vm, &list[i]);
	}
	libxl_dominfo_list_free(list, n);
	for (p = &v->list; (vm = *p);) {
		if (!vm->seen)
			look_at(v, vm, NULL);
		/* it may be needed again for not_before */
		if (!vm->seen && vm->state == XENOPS_DOMAIN_STATE_HALTED &&
		    !vm->dirty && clock_mono_ms() >= vm->not_before &&
		    !workers_busy(v->d->workers, vm->uuid)) {
			*p = vm->next;
			free(vm);
			continue;
		}
		p = &vm->next;
	}
}

static void
xenstore_ready(void *arg, uint32_t events)
{
	struct vms *v = arg;
	struct vm *vm;
	char **ev;

	(void)events;
	while ((ev = xs_check_watch(v->d->xl->xs))) {
		vm = vm_find(v, ev[XS_WATCH_TOKEN]);
		if (vm) {
			vm->dirty = true;
			scan_at(v, clock_mono_ms() + GUEST_DELAY_MS);
		} else {
			scan_at(v, clock_mono_ms());
		}
		free(ev);
	}
}

void
vms_touched(struct vms *v, const char *uuid)
{
	vm_get(v, uuid)->dirty = true;
	scan_at(v, clock_mono_ms());
}

static void
found_kept(void *arg, const char *uuid)
{
	(void)vm_get(arg, uuid);
}

struct vms *
vms_new(struct daemon *d)
{
	struct vms *v = mem_zalloc(sizeof(*v));

	v->d = d;
	if (!xs_watch(d->xl->xs, "@introduceDomain", "domains") ||
	    !xs_watch(d->xl->xs, "@releaseDomain", "domains")) {
		log_error("cannot watch xenstore");
		free(v);
		return NULL;
	}
	kept_each(KEPT_DIR, found_kept, v);
	v->watch = loop_watch(d->loop, xs_fileno(d->xl->xs), EPOLLIN,
	    xenstore_ready, v);
	scan_at(v, clock_mono_ms());
	return v;
}

void
vms_free(struct vms *v)
{
	struct vm *vm;

	if (!v)
		return;
	watch_free(v->watch);
	timer_cancel(v->timer);
	while ((vm = v->list)) {
		v->list = vm->next;
		free(vm);
	}
	free(v);
}
