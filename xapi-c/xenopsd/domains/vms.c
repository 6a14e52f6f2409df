#include "xenopsd/domains/vms.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "xenopsd/core/loop.h"
#include "xenopsd/core/server.h"
#include "xenopsd/core/worker.h"
#include "xenopsd/domains/console.h"
#include "xenopsd/domains/domain.h"
#include "xenopsd/domains/vms_private.h"

#define BUCKETS 256
#define EVENTS_BATCH 64		/* then others have their turn */

/* VMs in the order in which they are due. */
struct queue {
	struct turn *first, **last;
	struct timer *timer;
	void (*run)(void *arg);
};

struct vms {
	struct daemon *d;
	struct vm *buckets[BUCKETS];
	struct watch *watch;
	struct timer *list_timer;
	int64_t listed;			/* when we last asked for all */
	struct queue now, later;
	int listings;			/* domain_list that run */
};

static void list_due(void *arg);

static int64_t
now_of(const struct vms *v)
{
	return loop_now(v->d->loop);
}

static struct vm **
bucket(struct vms *v, const char *uuid)
{
	unsigned int h = 0;

	while (*uuid)
		h = h * 31 + (unsigned char)*uuid++;
	return &v->buckets[h % BUCKETS];
}

struct vm *
vms_find(struct vms *v, const char *uuid)
{
	struct vm *vm = *bucket(v, uuid);

	while (vm && strcmp(vm->uuid, uuid) != 0)
		vm = vm->next;
	return vm;
}

static struct vm *
vm_get(struct vms *v, const char *uuid)
{
	struct vm **at = bucket(v, uuid);
	struct vm *vm = vms_find(v, uuid);

	if (vm)
		return vm;
	vm = mem_zalloc(sizeof(*vm));
	vm->vms = v;
	memcpy(vm->uuid, uuid, strnlen(uuid, UUID_TEXT_LEN));
	vm->now.vm = vm->later.vm = vm;
	vm->watched = -1;
	vm->told_domid = -1;
	vm->state = -1;
	vm->next = *at;
	*at = vm;
	return vm;
}

static void
vm_free(struct vm *vm)
{
	struct vm **at = bucket(vm->vms, vm->uuid);

	while (*at != vm)
		at = &(*at)->next;
	*at = vm->next;
	timer_cancel(vm->retry);
	free(vm);
}

static void
queue_wait(struct vms *v, struct queue *q, int64_t due)
{
	if (q->first && !q->timer)
		q->timer = loop_timer(v->d->loop, due, q->run, v);
}

/* due is never before that of one that is queued already. */
static void
queue_add(struct vms *v, struct queue *q, struct turn *t, int64_t due)
{
	if (t->queued)
		return;
	t->queued = true;
	t->due = due;
	t->next = NULL;
	*q->last = t;
	q->last = &t->next;
	queue_wait(v, q, q->first->due);
}

/* NULL: nobody is due. */
static struct vm *
queue_take(struct vms *v, struct queue *q)
{
	struct turn *t = q->first;

	if (!t || t->due > now_of(v))
		return NULL;
	q->first = t->next;
	if (!q->first)
		q->last = &q->first;
	t->queued = false;
	return t->vm;
}

static void
look_soon(struct vm *vm)
{
	queue_add(vm->vms, &vm->vms->now, &vm->now, 0);
}

static void
list_at(struct vms *v, int64_t due)
{
	if (!v->list_timer)
		v->list_timer = loop_timer(v->d->loop, due, list_due, v);
}

/* Tells xapi, if it is news. */
static void
tell(struct vms *v, struct vm *vm, const struct xenops_domain_info *info)
{
	struct xenops_domain_changed a = { .domain = *info };

	if (!vm->dirty && vm->state == info->state &&
	    vm->told_domid == info->domid)
		return;
	vm->dirty = false;
	vm->state = info->state;
	vm->told_domid = info->domid;
	vm->retell = v->listings > 0;
	server_event(v->d->server, XENOPS_DOMAIN_CHANGED, &a);
}

/* What the guest says of itself is watched as long as the domain is there. */
static void
watch_guest(struct vm *vm, int64_t domid)
{
	struct hv *hv = vm->vms->d->hv;

	if (vm->watched == domid)
		return;
	if (vm->watched >= 0)
		hv->ops->watch_guest(hv, (uint32_t)vm->watched, vm->uuid,
		    false);
	if (domid >= 0)
		hv->ops->watch_guest(hv, (uint32_t)domid, vm->uuid, true);
	vm->watched = domid;
}

static void
retry(void *arg)
{
	struct vm *vm = arg;

	vm->retry = NULL;
	look_soon(vm);
}

/* A request of our own; at most one per VM in VMS_RETRY_MS. */
static bool
submit(struct vms *v, struct vm *vm, enum xenops_message message)
{
	struct xenops_vm_shutdown_args off = { .vm = vm->uuid, .force = true };
	struct xenops_vm_reboot_args again = { .vm = vm->uuid, .force = true };
	struct xenops_vm_wake_args wake = { .vm = vm->uuid };
	int64_t now = now_of(v);

	if (now < vm->not_before) {
		if (!vm->retry)
			vm->retry = loop_timer(v->d->loop, vm->not_before,
			    retry, vm);
		return false;
	}
	vm->not_before = now + VMS_RETRY_MS;
	log_info("'%s': %s", vm->uuid, xenops_messages[message].name);
	server_submit(v->d->server, message, message == XENOPS_VM_REBOOT ?
	    (const void *)&again : message == XENOPS_VM_WAKE ?
	    (const void *)&wake : &off, NULL, NULL);
	return true;
}

struct console *
vms_console(struct vm *vm)
{
	if (!vm->console)
		vm->console = console_new(vm->vms->d->consoles);
	return vm->console;
}

/* Reads the console as soon as its terminal is there; that of a domain which is
 * not ours, only for who asked. */
static void
look_at_console(struct vms *v, struct vm *vm, bool ours, struct arena *a)
{
	uint32_t domid = vm->domain.domid;
	const char *path;
	int fd;

	if (!vm->exists) {
		if (vm->console && vm->state == XENOPS_DOMAIN_STATE_HALTED) {
			console_end(vm->console);
			vm->console = NULL;
		}
		return;
	}
	if ((!ours && !vm->console) || console_reads(vms_console(vm), domid))
		return;
	path = v->d->hv->ops->console(v->d->hv, a, domid);
	fd = path && path[0] ? console_open_terminal(path) : -1;
	if (fd >= 0)
		console_attach(vm->console, domid, fd);
}

/* The domain may be another one, or gone, since all were listed. */
static void
look_again(struct vms *v, struct vm *vm)
{
	struct hv_domain d;

	if (!vm->exists)
		return;
	vm->exists = !v->d->hv->ops->get(v->d->hv, vm->domain.domid, &d) &&
	    !strcmp(d.uuid, vm->uuid);
	if (vm->exists)
		vm->domain = d;
}

/* Whether one of ours has no domain: the last list may be from before a worker
 * made it. */
static void
look_for(struct vms *v, struct vm *vm)
{
	struct hv *hv = v->d->hv;
	struct hv_domain d;
	uint32_t domid;

	if (vm->exists || !hv->ops->find(hv, vm->uuid, false, &domid) ||
	    hv->ops->get(hv, domid, &d))
		return;
	vm->exists = true;
	vm->domain = d;
}

int
vms_keep_actions(struct vms *v, struct vm *vm, struct kept *k)
{
	k->spec.actions = vm->actions;
	return kept_write(v->d->kept_dir, k);
}

/* k NULL: it has none any more.  xapi compares what it hears of the VM with its
 * record, and asks again. */
static void
take_actions(struct vms *v, struct vm *vm, struct kept *k)
{
	int rc = vm->new_actions && k ? vms_keep_actions(v, vm, k) : 0;

	vm->new_actions = false;
	if (rc)
		log_error("cannot keep '%s': %s", vm->uuid, strerror(-rc));
}

/* What a process that was killed did not come to. */
static void
set_nics(struct vms *v, struct vm *vm, const struct kept *k)
{
	const struct xenops_nic_spec *n = k->spec.nics.v;
	const struct hv_ops *ops = v->d->hv->ops;
	int rc;

	if (vm->nics_set || k->phase != KEPT_RUNNING)
		return;
	vm->nics_set = true;
	for (uint32_t i = 0; i < k->spec.nics.n; i++) {
		rc = ops->has_nic(v->d->hv, vm->domain.domid, n[i].device) ?
		    ops->nic_set(v->d->hv, vm->domain.domid, &n[i]) : 0;
		if (rc)
			log_error("cannot lock the nic '%s': %s", n[i].vif,
			    strerror(-rc));
	}
}

static void
look_at(struct vms *v, struct vm *vm)
{
	struct xenops_domain_info di;
	enum xenops_message message;
	const struct hv_domain *d;
	struct arena *a;
	struct kept k;
	bool kept;

	/* a worker is on it: its end brings us back */
	if (workers_busy(v->d->workers, vm->uuid))
		return;
	a = arena_new();
	look_again(v, vm);
	kept = !kept_read(v->d->kept_dir, vm->uuid, a, &k);
	if (kept)
		look_for(v, vm);
	take_actions(v, vm, kept ? &k : NULL);
	d = vm->exists ? &vm->domain : NULL;
	if (kept && d)
		set_nics(v, vm, &k);
	vm->wrote = false;
	vm->events = 0;
	watch_guest(vm, d ? (int64_t)d->domid : -1);
	message = kept ? domain_remedy(d, &k) : XENOPS_N;
	domain_info_fill(v->d->hv, a, vm->uuid, d, kept ? &k : NULL, &di);
	if (message == XENOPS_N)
		tell(v, vm, &di);
	else if (submit(v, vm, message) && message == XENOPS_VM_REBOOT) {
		di.state = XENOPS_DOMAIN_STATE_REBOOTING;
		tell(v, vm, &di);
	}
	look_at_console(v, vm, kept, a);
	arena_free(a);
}

/* A VM that is no more; it may be needed again for not_before. */
static void
forget_halted(struct vms *v, struct vm *vm)
{
	if (vm->exists || vm->dirty || vm->now.queued || vm->later.queued ||
	    vm->state != XENOPS_DOMAIN_STATE_HALTED ||
	    workers_busy(v->d->workers, vm->uuid))
		return;
	if (now_of(v) >= vm->not_before)
		vm_free(vm);
	else if (!vm->retry)
		vm->retry = loop_timer(v->d->loop, vm->not_before, retry, vm);
}

static void
run_now(void *arg)
{
	struct vms *v = arg;
	struct vm *vm;

	v->now.timer = NULL;
	vm = queue_take(v, &v->now);
	if (vm) {
		look_at(v, vm);
		forget_halted(v, vm);
	}
	queue_wait(v, &v->now, 0);
}

static void
run_later(void *arg)
{
	struct vms *v = arg;
	struct vm *vm;

	v->later.timer = NULL;
	for (int i = 0; i < VMS_GUEST_TURN; i++) {
		vm = queue_take(v, &v->later);
		if (!vm)
			break;
		/* it may have been looked at meanwhile */
		if (vm->wrote) {
			vm->dirty = true;
			look_at(v, vm);
		}
		forget_halted(v, vm);
	}
	if (v->later.first && v->later.first->due <= now_of(v))
		queue_wait(v, &v->later, now_of(v) + VMS_GUEST_TURN_MS);
	else if (v->later.first)
		queue_wait(v, &v->later, v->later.first->due);
}

/* What is not as it was, is looked at. */
static void
compare(struct vm *vm, const struct hv_domain *d)
{
	const struct hv_domain *was = &vm->domain;

	if (vm->dirty || vm->exists != (d != NULL) || (d &&
	    (was->domid != d->domid || was->paused != d->paused ||
	    was->shutdown != d->shutdown || was->end != d->end)))
		look_soon(vm);
	vm->exists = d != NULL;
	if (d)
		vm->domain = *d;
	vm->seen = d != NULL;
}

/* One question, and no other on any domain. */
static void
list_all(struct vms *v)
{
	struct arena *a = arena_new();
	struct hv_domain *list;
	uint32_t n;

	v->listed = now_of(v);
	if (v->d->hv->ops->list(v->d->hv, a, &list, &n)) {
		list_at(v, v->listed + VMS_RETRY_MS);
		goto out;
	}
	for (uint32_t i = 0; i < n; i++)
		compare(vm_get(v, list[i].uuid), &list[i]);
	for (int i = 0; i < BUCKETS; i++) {
		for (struct vm *vm = v->buckets[i]; vm; vm = vm->next) {
			if (!vm->seen)
				compare(vm, NULL);
			vm->seen = false;
		}
	}
out:
	arena_free(a);
}

static void
list_due(void *arg)
{
	struct vms *v = arg;

	v->list_timer = NULL;
	list_all(v);
}

struct vm *
vms_find_domain(struct vms *v, const char *uuid)
{
	struct vm *vm = vms_find(v, uuid);

	if (vm)
		look_again(v, vm);
	if (!vm || !vm->exists) {
		list_all(v);
		vm = vms_find(v, uuid);
	}
	return vm && vm->exists ? vm : NULL;
}

void
vms_listing(struct vms *v, bool begins)
{
	v->listings += begins ? 1 : -1;
	for (int i = 0; i < BUCKETS && v->listings == 0; i++) {
		for (struct vm *vm = v->buckets[i]; vm; vm = vm->next) {
			if (!vm->retell)
				continue;
			vm->retell = false;
			vm->dirty = true;
			look_soon(vm);
		}
	}
}

static void
guest_wrote(struct vms *v, struct vm *vm)
{
	if (!vm)
		return;
	vm->wrote = true;
	queue_add(v, &v->later, &vm->later, now_of(v) + VMS_GUEST_DELAY_MS);
	/* its next look watches it again */
	if (++vm->events >= VMS_GUEST_EVENTS)
		watch_guest(vm, -1);
}

static void
events_ready(void *arg, uint32_t events)
{
	struct vms *v = arg;
	struct hv_event e;

	(void)events;
	for (int i = 0; i < EVENTS_BATCH &&
	    v->d->hv->ops->event(v->d->hv, &e); i++) {
		if (e.kind == HV_EVENT_GUEST)
			guest_wrote(v, vms_find(v, e.uuid));
		else
			list_at(v, v->listed + VMS_LIST_GAP_MS);
	}
}

void
vms_touched(struct vms *v, const char *uuid)
{
	vm_get(v, uuid)->dirty = true;
	list_at(v, v->listed + VMS_LIST_GAP_MS);
}

static void
found_kept(void *arg, const char *uuid)
{
	vm_get(arg, uuid)->dirty = true;
}

struct vms *
vms_new(struct daemon *d)
{
	struct vms *v = mem_zalloc(sizeof(*v));
	int fd = d->hv->ops->event_fd(d->hv);

	if (fd == -1) {
		log_error("cannot watch the domains: %s",
		    d->hv->ops->error(d->hv));
		free(v);
		return NULL;
	}
	v->d = d;
	v->now.last = &v->now.first;
	v->now.run = run_now;
	v->later.last = &v->later.first;
	v->later.run = run_later;
	kept_each(d->kept_dir, found_kept, v);
	v->watch = loop_watch(d->loop, fd, EPOLLIN, events_ready, v);
	list_at(v, 0);
	return v;
}

void
vms_free(struct vms *v)
{
	if (!v)
		return;
	watch_free(v->watch);
	timer_cancel(v->list_timer);
	timer_cancel(v->now.timer);
	timer_cancel(v->later.timer);
	for (int i = 0; i < BUCKETS; i++) {
		while (v->buckets[i])
			vm_free(v->buckets[i]);
	}
	free(v);
}
