#include "api/sync/sync.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api/host/cstate.h"
#include "api/host/packs.h"
#include "api/oplock.h"
#include "api/ops_error.h"
#include "api/storage/sync.h"
#include "api/sync/parts.h"
#include "api/trial.h"
#include "api/vm/actions.h"
#include "api/vm/memory.h"
#include "api/vm/schedule_run.h"
#include "api/vm/state.h"
#include "api/vm/vif_change.h"
#include "api/vm/suspend.h"
#include "api/xapi.h"
#include "base/clock.h"
#include "base/cond.h"
#include "base/log.h"
#include "gen/ops_stubs.h"
#include "gen/store.h"

#define RETRY_MS 2000			/* after a pass that failed */
#define DEFER_MS 100			/* while an operation has the VM */
/* How long SRs that operations have are waited for. */
#define STORAGE_PATIENCE_MS 60000
#define STOP_WAIT_S 5
#define SCHEDULES_MS 15000		/* between looks at what is due */

/* The newest state of one domain that is still to be applied. */
struct item {
	struct item *next;
	struct arena *arena;		/* holds the item as well */
	unsigned int connection;	/* what told it: sync's at that time */
	bool deferred;			/* an operation had the VM: it is old news */
	uint64_t moves;			/* op_moves_count when it was new */
	struct xenops_domain_info domain;
};

struct sync {
	struct xapi *x;
	pthread_mutex_t lock;		/* everything below */
	pthread_cond_t wake;		/* work, or stop */
	pthread_cond_t gone;		/* a thread ended */
	int running;			/* threads */
	bool stop;
	bool full;			/* ask for everything but SRs */
	bool storage;			/* ask for SRs */
	bool looked, attached;		/* since the connection: host and SRs
					 * are known; VMs may start */
	unsigned int connection;	/* counts them */
	struct item *items;
	struct arena *host_arena;	/* NULL: no news of the host */
	struct xenops_host_info *host;
	uint64_t host_moves;		/* op_moves_count when it was new */
};

/* Of a VM that xenopsd lists no domain of. */
static struct xenops_domain_info
no_domain(const char *uuid)
{
	struct xenops_domain_info off = *(const struct xenops_domain_info *)
	    xenops_domain_info_type.dflt;

	off.uuid = uuid;
	off.state = XENOPS_DOMAIN_STATE_HALTED;
	off.domid = -1;
	return off;
}

/* -- the queue -- */

/* With the lock held; an older state of the same domain gives way.  When the
 * new one is only deferred, a newer one may be there already: it stays.  So
 * does the full pass of a newer connection. */
static void
item_put(struct sync *s, struct item *new, bool deferred)
{
	struct item **at = &s->items;

	new->deferred = deferred;
	while (*at && strcmp((*at)->domain.uuid, new->domain.uuid))
		at = &(*at)->next;
	if (deferred && (*at || new->connection != s->connection)) {
		arena_free(new->arena);
		return;
	}
	if (*at) {
		struct item *old = *at;

		new->next = old->next;
		*at = new;
		arena_free(old->arena);
		return;
	}
	new->next = NULL;
	*at = new;
}

/* With the lock held. */
static struct item *
item_new(const struct sync *s, const struct xenops_domain_info *d)
{
	struct arena *a = arena_new();
	struct item *it = arena_alloc(a, sizeof(*it));

	it->arena = a;
	it->connection = s->connection;
	it->moves = op_moves_count(&s->x->moves);
	record_copy(&xenops_domain_info_type, &it->domain, d, a);
	if (!it->domain.uuid)
		it->domain.uuid = "";
	return it;
}

static void
items_free(struct item *it)
{
	while (it) {
		struct item *next = it->next;

		arena_free(it->arena);
		it = next;
	}
}

void
sync_connected(void *arg)
{
	struct sync *s = arg;

	pthread_mutex_lock(&s->lock);
	/* what the old connection told is older than what the pass will see */
	items_free(s->items);
	s->items = NULL;
	s->connection++;
	s->full = true;
	s->storage = true;
	s->looked = s->attached = false;
	pthread_cond_broadcast(&s->wake);
	pthread_mutex_unlock(&s->lock);
}

static void
host_put(struct sync *s, const struct xenops_host_info *h)
{
	struct arena *a = arena_new();
	struct xenops_host_info *copy = arena_alloc(a, sizeof(*copy));

	record_copy(&xenops_host_info_type, copy, h, a);
	arena_free(s->host_arena);
	s->host_arena = a;
	s->host = copy;
	s->host_moves = op_moves_count(&s->x->moves);
}

void
sync_event(void *arg, uint16_t message, const void *record)
{
	struct sync *s = arg;

	pthread_mutex_lock(&s->lock);
	if (message == XENOPS_DOMAIN_CHANGED) {
		const struct xenops_domain_changed *e = record;

		item_put(s, item_new(s, &e->domain), false);
	} else if (message == XENOPS_HOST_CHANGED) {
		const struct xenops_host_changed *e = record;

		host_put(s, &e->host);
	}
	pthread_cond_broadcast(&s->wake);
	pthread_mutex_unlock(&s->lock);
}

void
sync_disk_works(struct sync *s)
{
	pthread_mutex_lock(&s->lock);
	s->full = true;
	pthread_cond_broadcast(&s->wake);
	pthread_mutex_unlock(&s->lock);
}

/* -- applying -- */

/*
 * Operations that move the VM or its devices record their own outcome; news
 * of the domain from meanwhile waits for them, lest an old state overtakes.
 */
static bool
is_busy(struct db_txn *t, const struct vm *vm)
{
	const struct ref *refs = vm->VBDs.v;

	if (op_is_under_way(t, &vm_op_class, vm))
		return true;
	for (uint32_t i = 0; i < vm->VBDs.n; i++) {
		const struct vbd *vbd = vbd_txn_get(t, &refs[i]);

		if (vbd && op_is_under_way(t, &vbd_op_class, vbd))
			return true;
	}
	refs = vm->VIFs.v;
	for (uint32_t i = 0; i < vm->VIFs.n; i++) {
		const struct vif *vif = vif_txn_get(t, &refs[i]);

		if (vif && op_is_under_way(t, &vif_op_class, vif))
			return true;
	}
	return false;
}

/* The VM is not busy.  Locks that are left on it are of operations whose
 * outcome the disk refused: this is it. */
static void
settle(struct db_txn *t, const struct xapi *x, const struct vm *vm,
    const struct xenops_domain_info *d)
{
	const struct ref *refs = vm->VBDs.v;

	for (uint32_t i = 0; i < vm->VBDs.n; i++)
		op_settle(t, &vbd_op_class, &refs[i]);
	refs = vm->VIFs.v;
	for (uint32_t i = 0; i < vm->VIFs.n; i++)
		op_settle(t, &vif_op_class, &refs[i]);
	op_settle(t, &vm_op_class, &vm->obj.ref);
	vm_state_apply(t, x, &vm->obj.ref, d);
}

struct apply {
	struct xapi *x;
	const struct xenops_domain_info *domain;
	bool old;		/* domain is from before an operation */
	bool sure;		/* xenopsd was asked for it just now */
	uint64_t moves;		/* domain is not from before that count */
	bool busy;		/* out: an operation has the VM, or had it
				 * since xenopsd was asked */
	bool ask;		/* out: it has none, but domain is old */
	bool differs;		/* out: vm's domain would do something else */
	bool moves_memory;	/* out: it keeps to another range of memory */
	struct ref vm;
	struct ref image;	/* out: a disk with memory that it has no more */
};

/* The VM runs, and its suspend_VDI still names a disk. */
static bool
has_stale_image(const struct vm *vm, const struct xenops_domain_info *d)
{
	return d && d->domid >= 0 &&
	    d->state != XENOPS_DOMAIN_STATE_HALTED && !d->suspending &&
	    !ref_is_null(&vm->suspend_VDI);
}

static int
apply_in(struct db_txn *t, void *arg)
{
	struct apply *a = arg;
	const struct vm *vm = txn_find_uuid(t, CLASS_VM, a->domain->uuid);
	bool moved;

	a->busy = a->ask = a->differs = a->moves_memory = false;
	a->image = REF_NULL;
	if (!vm)
		return 0;
	/* News may have waited here while an operation began and ended. */
	moved = op_moves_since(&a->x->moves, &vm->obj.ref, a->moves);
	a->busy = is_busy(t, vm) || (a->sure && moved);
	a->ask = !a->busy && !a->sure &&
	    (a->old || moved || a->domain->domid != vm->domid);
	if (a->busy || a->ask)
		return 0;
	a->differs = vm_actions_differ(vm, a->domain);
	a->moves_memory = vm_memory_differs(vm, a->domain);
	a->vm = vm->obj.ref;
	if (has_stale_image(vm, a->domain))
		a->image = vm->suspend_VDI;
	settle(t, a->x, vm, a->domain);
	return 0;
}

/* What the disk refuses comes again with the pass after sync_disk_works. */
static void
apply(struct sync *s, struct apply *a)
{
	if (db_write(s->x->db, apply_in, a))
		log_error("cannot record the state of domain '%s'",
		    a->domain->uuid);
}

/* What the domain is now, into the item; false if xenopsd does not answer. */
static bool
ask_again(struct sync *s, struct item *it)
{
	struct xenops_domain_list_result r = { 0 };
	struct ops_call k = { .arena = it->arena };
	const struct xenops_domain_info *d;
	const char *uuid = it->domain.uuid;

	it->moves = op_moves_count(&s->x->moves);
	if (ops_domain_list(s->x->ops, &k, &r))
		return false;
	d = r.domains.v;
	it->domain = no_domain(uuid);
	for (uint32_t i = 0; i < r.domains.n; i++)
		if (d[i].uuid && strcmp(d[i].uuid, uuid) == 0)
			it->domain = d[i];
	return true;
}

static struct call
call_open(struct sync *s)
{
	return (struct call){
		.x = s->x, .arena = arena_new(),
		.root = db_root_get(s->x->db), .superuser = true,
	};
}

static void
call_shut(struct call *c)
{
	call_close(c);
	arena_free(c->arena);
}

static void
tell(struct sync *s, const struct ref *vm,
    void (*fn)(struct call *c, const struct ref *vm))
{
	struct call c = call_open(s);

	fn(&c, vm);
	call_shut(&c);
}

/* As after a kill of this process while the VM started. */
static void
tell_vifs(struct sync *s, const struct xenops_domain_info *d)
{
	struct call c = call_open(s);

	vifs_agree(&c, (struct vec){ d, 1 });
	call_shut(&c);
}

static void
remove_image(struct sync *s, const struct ref *vdi)
{
	struct call c = call_open(s);

	vm_image_remove(&c, vdi);
	call_shut(&c);
}

/* Frees the items or queues them again. */
static void
items_apply(struct sync *s, struct item *it)
{
	while (it) {
		struct item *next = it->next;
		struct apply a = { .x = s->x, .domain = &it->domain,
		    .old = it->deferred, .moves = it->moves };
		bool later;

		apply(s, &a);
		later = a.busy || (a.ask && !ask_again(s, it));
		if (a.ask && !later) {
			a.sure = true;
			a.moves = it->moves;
			apply(s, &a);
			later = a.busy;
		}
		if (a.differs)
			tell(s, &a.vm, vm_actions_tell);
		if (a.moves_memory)
			tell(s, &a.vm, vm_memory_tell);
		if (!ref_is_null(&a.image))
			remove_image(s, &a.image);
		if (!later && it->domain.nics.n)
			tell_vifs(s, &it->domain);
		if (later) {
			pthread_mutex_lock(&s->lock);
			item_put(s, it, true);
			pthread_mutex_unlock(&s->lock);
		} else {
			arena_free(it->arena);
		}
		it = next;
	}
}

/* -- a full pass -- */

struct pass {
	struct sync *s;
	struct db_txn *t;
	uint64_t moves;			/* domains are not from before that */
	struct vec domains;
};

static const struct xenops_domain_info *
domain_of(const struct pass *p, const char *uuid)
{
	const struct xenops_domain_info *d = p->domains.v;

	for (uint32_t i = 0; i < p->domains.n; i++)
		if (strcmp(d[i].uuid ? d[i].uuid : "", uuid) == 0)
			return &d[i];
	return NULL;
}

static int
pass_vm(const void *obj, void *arg)
{
	const struct vm *vm = obj;
	struct pass *p = arg;
	const struct xenops_domain_info *d = domain_of(p, vm->uuid);
	bool differs = d && (vm_actions_differ(vm, d) ||
	    vm_memory_differs(vm, d) || has_stale_image(vm, d));
	struct xenops_domain_info off = no_domain(vm->uuid);

	if (vm->is_control_domain)
		return 0;
	if (!is_busy(p->t, vm) && !has_stale_image(vm, d) &&
	    !op_moves_since(&p->s->x->moves, &vm->obj.ref, p->moves)) {
		settle(p->t, p->s->x, vm, d);
		if (!differs)
			return 0;
	}
	pthread_mutex_lock(&p->s->lock);
	item_put(p->s, item_new(p->s, d ? d : &off), true);
	pthread_mutex_unlock(&p->s->lock);
	return 0;
}

static int
pass_in(struct db_txn *t, void *arg)
{
	struct pass *p = arg;
	const struct xenops_domain_info *d = p->domains.v;

	p->t = t;
	for (uint32_t i = 0; i < p->domains.n; i++)
		if (!txn_find_uuid(t, CLASS_VM, d[i].uuid ? d[i].uuid : ""))
			log_warn("domain '%s' belongs to no VM", d[i].uuid);
	return txn_each(t, CLASS_VM, pass_vm, p);
}

static int
pass_domains(struct sync *s, struct call *c)
{
	struct xenops_domain_list_result r = { 0 };
	struct pass p = { .s = s,
	    .moves = op_moves_count(&s->x->moves) };
	struct ops_call k;

	ops_prepare(c, &k);
	if (ops_domain_list(s->x->ops, &k, &r))
		return ops_failed(c, &k, &(struct ops_subject){
		    .operation = "domain_list" });
	p.domains = r.domains;
	if (call_write(c, pass_in, &p))
		return -1;
	call_refresh(c);
	vifs_agree(c, r.domains);
	return 0;
}

static int
pass_host(struct sync *s, struct call *c)
{
	const uint64_t moves = op_moves_count(&s->x->moves);
	struct xenops_host_get_result r = { 0 };
	struct ops_call k;

	ops_prepare(c, &k);
	if (ops_host_get(s->x->ops, &k, &r))
		return ops_failed(c, &k, &(struct ops_subject){
		    .operation = "host_get" });
	sync_presence(s->x, &r.host);
	if (sync_host(c, &r.host) || sync_devices(c, &r.host) ||
	    sync_crashes(c, &r.host, moves) || cstate_again(c) ||
	    packs_refresh(c))
		return -1;
	return sync_networks(c, &r.host);
}

static void
log_pass(const char *what, const struct call *c, int rc)
{
	if (rc)
		log_warn("cannot read the state of the %s: %s: %s", what,
		    c->err.code ? c->err.code : "?",
		    c->err.n ? c->err.params[0] : "");
	else
		log_info("the state of the %s is up to date", what);
}

static bool
pass(struct sync *s)
{
	struct call c = call_open(s);
	int rc;

	rc = pass_host(s, &c);
	if (rc == 0) {
		call_refresh(&c);
		rc = pass_domains(s, &c);
	}
	log_pass("host", &c, rc);
	call_shut(&c);
	return rc == 0;
}

static bool
pass_storage(struct sync *s)
{
	struct call c = call_open(s);
	int rc;

	c.patience_ms = STORAGE_PATIENCE_MS;
	rc = storage_sync(&c);
	if (rc == 0)
		vm_images_sweep(&c);
	log_pass("storage", &c, rc);
	call_shut(&c);
	return rc == 0;
}

static void
apply_host(struct sync *s, const struct xenops_host_info *h, uint64_t moves)
{
	struct call c = call_open(s);

	sync_presence(s->x, h);
	if (sync_host(&c, h) || sync_devices(&c, h) ||
	    sync_crashes(&c, h, moves) || sync_pifs(&c, h))
		log_warn("cannot record the host's state: %s",
		    c.err.code ? c.err.code : "?");
	call_shut(&c);
}

/* -- the threads -- */

/* With the lock held: until there is work, or for ms if that is not 0. */
static void
wait_work(struct sync *s, int ms)
{
	struct timespec until;

	if (!ms) {
		pthread_cond_wait(&s->wake, &s->lock);
		return;
	}
	until = cond_after_ms(ms);
	pthread_cond_timedwait(&s->wake, &s->lock, &until);
}

/* With the lock held, which it drops: what a thread returns at its end. */
static void *
thread_over(struct sync *s)
{
	s->running--;
	pthread_cond_signal(&s->gone);
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

/* With the lock held, which it drops while it works.  due is what asks for
 * fn, which is tried again if it fails while there is a connection; seen is
 * set when it does not. */
static void
work_pass(struct sync *s, bool *due, bool (*fn)(struct sync *s), bool *seen)
{
	unsigned int connection = s->connection;
	bool ok;

	*due = false;
	pthread_mutex_unlock(&s->lock);
	ok = fn(s);
	pthread_mutex_lock(&s->lock);
	if (ok && connection == s->connection) {
		*seen = true;
		pthread_cond_broadcast(&s->wake);
	}
	if (!ok && !s->stop && !*due && ops_is_connected(s->x->ops)) {
		wait_work(s, RETRY_MS);
		*due = true;
	}
}

static void
work_events(struct sync *s)
{
	struct item *items = s->items;
	struct arena *a = s->host_arena;
	struct xenops_host_info *h = s->host;
	uint64_t moves = s->host_moves;

	s->items = NULL;
	s->host_arena = NULL;
	pthread_mutex_unlock(&s->lock);
	if (a) {
		apply_host(s, h, moves);
		arena_free(a);
	}
	items_apply(s, items);
	pthread_mutex_lock(&s->lock);
}

static void
look_back(struct sync *s)
{
	struct call c = call_open(s);

	sync_presence_known(&c);
	call_shut(&c);
}

static void *
sync_thread(void *arg)
{
	struct sync *s = arg;

	look_back(s);
	pthread_mutex_lock(&s->lock);
	while (!s->stop) {
		if (s->full) {
			work_pass(s, &s->full, pass, &s->looked);
		} else if (s->items || s->host_arena) {
			work_events(s);
			/* What is left was deferred. */
			if (s->items && !s->full && !s->stop)
				wait_work(s, DEFER_MS);
		} else {
			wait_work(s, 0);
		}
	}
	return thread_over(s);
}

static void *
storage_thread(void *arg)
{
	struct sync *s = arg;

	pthread_mutex_lock(&s->lock);
	while (!s->stop) {
		if (s->storage)
			work_pass(s, &s->storage, pass_storage,
			    &s->attached);
		else
			wait_work(s, 0);
	}
	return thread_over(s);
}

static bool
is_stopping(void *arg)
{
	struct sync *s = arg;
	bool stop;

	pthread_mutex_lock(&s->lock);
	stop = s->stop;
	pthread_mutex_unlock(&s->lock);
	return stop;
}

/* Not while the host may go back to another system, which would end them and
 * know nothing of it: tried again a moment later. */
static bool
start_vms(struct sync *s)
{
	struct call c;
	int rc;

	if (trial_is_on(s->x->trial))
		return false;
	c = call_open(s);
	rc = sync_autostart(&c, is_stopping, s);
	if (rc)
		log_warn("cannot start the VMs of the host: %s",
		    c.err.code ? c.err.code : "?");
	call_shut(&c);
	return rc == 0;
}

static void *
autostart_thread(void *arg)
{
	struct sync *s = arg;
	bool done;

	pthread_mutex_lock(&s->lock);
	while (!s->stop) {
		if (s->looked && s->attached)
			work_pass(s, &s->looked, start_vms, &done);
		else
			wait_work(s, 0);
	}
	return thread_over(s);
}

/* Answers from when on the next look counts. */
static int64_t
run_schedules(struct sync *s, int64_t since)
{
	int64_t now = clock_wall_s();
	struct call c = call_open(s);

	schedules_run_due(&c, since, is_stopping, s);
	call_shut(&c);
	return now;
}

/* With the lock held: until the next look, or SRs come or go; other news is no
 * reason to look. */
static void
wait_for_schedules(struct sync *s)
{
	struct timespec until = cond_after_ms(SCHEDULES_MS);
	bool attached = s->attached;

	while (!s->stop && s->attached == attached &&
	    pthread_cond_timedwait(&s->wake, &s->lock, &until) != ETIMEDOUT)
		;
}

/* While SRs are known: without them a schedule would only tell of failures. */
static void *
schedules_thread(void *arg)
{
	struct sync *s = arg;
	int64_t since = 0;

	pthread_mutex_lock(&s->lock);
	while (!s->stop) {
		if (s->attached && !trial_is_on(s->x->trial)) {
			pthread_mutex_unlock(&s->lock);
			since = run_schedules(s, since);
			pthread_mutex_lock(&s->lock);
		}
		wait_for_schedules(s);
	}
	return thread_over(s);
}

int
sync_new(struct xapi *x, struct sync **s_out)
{
	struct sync *s = calloc(1, sizeof(*s));
	int rc;

	if (!s)
		abort();
	s->x = x;
	pthread_mutex_init(&s->lock, NULL);
	cond_init(&s->wake);
	cond_init(&s->gone);
	rc = sync_seed(x);
	if (rc == 0)
		rc = storage_seed(x);
	if (rc) {
		sync_free(s);
		return rc;
	}
	*s_out = s;
	return 0;
}

static int
start_thread(struct sync *s, void *(*fn)(void *arg))
{
	pthread_t thread;
	int r;

	pthread_mutex_lock(&s->lock);
	r = pthread_create(&thread, NULL, fn, s);
	if (r == 0) {
		pthread_detach(thread);
		s->running++;
	}
	pthread_mutex_unlock(&s->lock);
	return -r;
}

int
sync_start(struct sync *s)
{
	int rc = start_thread(s, sync_thread);

	rc = rc ? rc : start_thread(s, storage_thread);
	rc = rc ? rc : start_thread(s, autostart_thread);
	return rc ? rc : start_thread(s, schedules_thread);
}

static bool
sync_stop(struct sync *s)
{
	struct timespec until = cond_after_ms(STOP_WAIT_S * 1000);
	bool gone;
	int r = 0;

	pthread_mutex_lock(&s->lock);
	s->stop = true;
	pthread_cond_broadcast(&s->wake);
	while (s->running && r != ETIMEDOUT)
		r = pthread_cond_timedwait(&s->gone, &s->lock, &until);
	gone = !s->running;
	pthread_mutex_unlock(&s->lock);
	return gone;
}

bool
sync_free(struct sync *s)
{
	if (!s)
		return true;
	if (!sync_stop(s))
		return false;
	items_free(s->items);
	arena_free(s->host_arena);
	pthread_cond_destroy(&s->wake);
	pthread_cond_destroy(&s->gone);
	pthread_mutex_destroy(&s->lock);
	free(s);
	return true;
}
