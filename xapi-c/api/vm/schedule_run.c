#include "api/vm/schedule_run.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api/message.h"
#include "api/storage/vdi_make.h"
#include "api/task.h"
#include "api/vm/schedule_due.h"
#include "api/vm/snapshot.h"
#include "api/xapi.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/zone.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/store.h"

struct run {
	struct call *c;
	const struct vmss *schedule;	/* of the root when it began */
	const struct vm *vm;
	int64_t started;
};

/* -- away with the oldest -- */

static int
by_time(const void *x, const void *y)
{
	const struct vm *const *a = x, *const *b = y;

	return ((*a)->snapshot_time > (*b)->snapshot_time) -
	    ((*a)->snapshot_time < (*b)->snapshot_time);
}

/* All of them that can go; -1 with the first error. */
static int
destroy_disks(struct call *c, const struct ref *disks, uint32_t n)
{
	struct error first = { 0 };

	for (uint32_t i = 0; i < n; i++) {
		if (vdi_remove(c, &disks[i]) && !first.code)
			first = c->err;
		c->err = (struct error){ 0 };
	}
	c->err = first;
	return first.code ? -1 : 0;
}

/* Its disks go with it; what somebody else uses stays. */
static int
destroy_snapshot(struct call *c, const struct vm *snapshot)
{
	const struct ref *vbds = snapshot->VBDs.v;
	struct ref *disks = arena_alloc(c->arena,
	    (snapshot->VBDs.n + 1u) * sizeof(*disks));
	uint32_t n = 0;

	for (uint32_t i = 0; i < snapshot->VBDs.n; i++) {
		const struct vbd *vbd = vbd_find(c->root, &vbds[i]);

		if (vbd && vbd->type == VBD_TYPE_DISK &&
		    !ref_is_null(&vbd->VDI))
			disks[n++] = vbd->VDI;
	}
	return api_vm_destroy(c, &(struct vm_destroy_args){
	    .self = snapshot->obj.ref }) ? -1 : destroy_disks(c, disks, n);
}

static int
keep_newest(struct run *r)
{
	struct call *c = r->c;
	const struct vm *vm, *snapshot, **own;
	const struct ref *refs;
	uint32_t n = 0;

	call_refresh(c);
	vm = vm_find(c->root, &r->vm->obj.ref);
	if (!vm)
		return 0;
	refs = vm->snapshots.v;
	own = arena_alloc(c->arena, (vm->snapshots.n + 1u) * sizeof(*own));
	for (uint32_t i = 0; i < vm->snapshots.n; i++) {
		snapshot = vm_find(c->root, &refs[i]);
		if (snapshot && snapshot->is_vmss_snapshot)
			own[n++] = snapshot;
	}
	qsort(own, n, sizeof(*own), by_time);
	for (uint32_t i = 0; i + r->schedule->retained_snapshots < n; i++)
		if (destroy_snapshot(c, own[i]))
			return -1;
	return 0;
}

/* -- one VM -- */

static const char *
name_of(const struct run *r)
{
	char text[32];
	struct tm tm;
	time_t t = r->started;

	gmtime_r(&t, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return arena_printf(r->c->arena, "%s %s", r->schedule->name_label, text);
}

static int
take(struct run *r)
{
	const struct ref *vm = &r->vm->obj.ref;
	const char *name = name_of(r);

	switch (r->schedule->type) {
	case VMSS_TYPE_SNAPSHOT:
		return vm_snapshot_scheduled(r->c, &(struct vm_snapshot_args){
		    .vm = *vm, .new_name = name });
	case VMSS_TYPE_CHECKPOINT:
		return vm_checkpoint_scheduled(r->c,
		    &(struct vm_checkpoint_args){ .vm = *vm,
		    .new_name = name });
	default:
		return err_vm_snapshot_with_quiesce_not_supported(r->c,
		    call_ref_text(r->c, vm), "no guest agent offers it");
	}
}

static int
tell_in(struct db_txn *t, void *arg)
{
	const struct run *r = arg;
	const struct error *e = &r->c->err;

	if (e->code)
		(void)message_tell(t, "VMSS_SNAPSHOT_FAILED", 3, CLS_VMSS,
		    r->schedule->uuid, arena_printf(txn_arena(t),
		    "%s: %s", r->vm->uuid, e->code));
	else
		(void)message_tell(t, "VMSS_SNAPSHOT_SUCCEEDED", 5, CLS_VMSS,
		    r->schedule->uuid, r->vm->uuid);
	return 0;
}

static int
run_one(struct run *r)
{
	struct error first;
	int rc;

	call_refresh(r->c);
	rc = task_check(r->c) || take(r) || keep_newest(r) ? -1 : 0;
	first = r->c->err;
	if (db_write(r->c->x->db, tell_in, r))
		log_warn("cannot tell of a snapshot of '%s'", r->vm->uuid);
	r->c->err = first;
	return rc;
}

/* -- the schedule -- */

static int
began_in(struct db_txn *t, void *arg)
{
	const struct run *r = arg;
	struct vmss *s = vmss_txn_edit(t, &r->schedule->obj.ref);

	if (s)
		s->last_run_time = r->started;
	return 0;
}

static int
run_all(struct run *r)
{
	const struct ref *vms = r->schedule->VMs.v;
	struct error first = { 0 };
	int rc = 0;

	if (call_write(r->c, began_in, r))
		return -1;
	for (uint32_t i = 0; i < r->schedule->VMs.n; i++) {
		r->vm = vm_find(r->c->root, &vms[i]);
		if (!r->vm || run_one(r) == 0)
			continue;
		if (!rc)
			first = r->c->err;
		rc = -1;
		r->c->err = (struct error){ 0 };
	}
	r->c->err = first;
	return rc;
}

int
schedule_run(struct call *c, const struct ref *schedule)
{
	const struct task_new n = { .label = "Scheduled snapshots" };
	struct run r = { .c = c, .started = clock_wall_s() };
	int rc;

	r.schedule = call_find(c, CLASS_VMSS, schedule);
	if (!r.schedule || task_make(c, &n, &c->task))
		return -1;
	rc = run_all(&r);
	task_end(c, rc, NULL, NULL);
	return rc;
}

int
api_vmss_snapshot_now(struct call *c, const struct vmss_snapshot_now_args *a,
    const char **result)
{
	*result = "";
	return schedule_run(c, &a->vmss);
}

/* -- when they are due -- */

struct due {
	struct ref *refs;
	uint32_t n;
	int64_t since, now;
};

/* A time that is still to come is none: the clock was wrong when it ran. */
static bool
has_run_since(const struct vmss *s, int64_t at, int64_t now)
{
	return s->last_run_time >= at &&
	    s->last_run_time - now < SCHEDULE_GRACE_S;
}

static int
find_due(const void *obj, void *arg)
{
	const struct vmss *s = obj;
	struct due *d = arg;
	int64_t offset = zone_offset(d->now);
	int64_t at = schedule_due(s, d->now + offset) - offset;

	if (s->enabled && s->VMs.n && at > d->since &&
	    !has_run_since(s, at, d->now) && d->now - at < SCHEDULE_GRACE_S)
		d->refs[d->n++] = s->obj.ref;
	return 0;
}

void
schedules_run_due(struct call *c, int64_t since,
    bool (*is_over)(void *arg), void *arg)
{
	struct due d = { .since = since, .now = clock_wall_s() };

	d.refs = arena_alloc(c->arena,
	    (db_count(c->root, CLASS_VMSS) + 1u) * sizeof(*d.refs));
	db_each(c->root, CLASS_VMSS, find_due, &d);
	for (uint32_t i = 0; i < d.n && !is_over(arg); i++) {
		if (schedule_run(c, &d.refs[i]))
			log_warn("scheduled snapshots: %s",
			    c->err.code ? c->err.code : "?");
		c->err = (struct error){ 0 };
		c->task = REF_NULL;
		call_refresh(c);
	}
}
