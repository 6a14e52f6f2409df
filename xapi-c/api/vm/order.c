#include "api/vm/order.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "api/task.h"
#include "api/xapi.h"
#include "base/clock.h"
#include "base/log.h"
#include "gen/store.h"

#define HELPER_STACK (256 * 1024)
#define DELAY_STEP_MS 200
#define DELAY_MAX_S (24 * 3600)

struct member {
	struct ref vm;
	int64_t order;
	int64_t delay_s;
};

/* All of a run, and the part of it whose order has come. */
struct batch {
	struct call *c;
	const struct vm_order *o;
	pthread_mutex_t lock;		/* next, done */
	const struct member *m;
	uint32_t next, end;
	uint32_t done, all;		/* of all batches */
};

static bool
is_over(const struct batch *b)
{
	return task_is_cancelled(b->c) ||
	    (b->o->is_over && b->o->is_over(b->o->arg));
}

static void
run_one(struct batch *b, const struct ref *vm)
{
	struct call c = {
		.x = b->c->x, .arena = arena_new(),
		.root = db_root_get(b->c->x->db), .session = b->c->session,
		.task = b->c->task, .part = true, .from = b->c->from,
		.superuser = b->c->superuser,
		.patience_ms = b->c->patience_ms,
	};

	if (b->o->run(&c, vm, b->o->arg))
		log_info("a VM of many: %s: %s", call_ref_text(&c, vm),
		    c.err.code ? c.err.code : "?");
	call_close(&c);
	arena_free(c.arena);
}

/* One after the other, until there are no more. */
static void *
work(void *arg)
{
	struct batch *b = arg;

	pthread_mutex_lock(&b->lock);
	while (b->next < b->end && !is_over(b)) {
		const struct ref *vm = &b->m[b->next++].vm;

		pthread_mutex_unlock(&b->lock);
		run_one(b, vm);
		pthread_mutex_lock(&b->lock);
		b->done++;
	}
	pthread_mutex_unlock(&b->lock);
	return NULL;
}

/* A helper, if there may be one more. */
static bool
helper_start(struct batch *b, pthread_t *thread)
{
	_Atomic int *n = &b->c->x->vm_helpers;
	pthread_attr_t attr;
	bool ok;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, HELPER_STACK);
	ok = ++*n <= VM_ORDER_HELPERS &&
	    pthread_create(thread, &attr, work, b) == 0;
	if (!ok)
		--*n;
	pthread_attr_destroy(&attr);
	return ok;
}

static void
run_batch(struct batch *b)
{
	pthread_t helpers[VM_ORDER_HELPERS_RUN];
	uint32_t most = b->end - b->next - 1, n = 0;
	int64_t last_ms = 0;

	if (most > VM_ORDER_HELPERS_RUN)
		most = VM_ORDER_HELPERS_RUN;
	while (n < most && helper_start(b, &helpers[n]))
		n++;
	work(b);
	for (uint32_t i = 0; i < n; i++) {
		pthread_join(helpers[i], NULL);
		--b->c->x->vm_helpers;
	}
	task_progress(b->c, (double)b->done / b->all, &last_ms);
}

static void
wait_delay(const struct batch *b, int64_t delay_s)
{
	const struct timespec step = { .tv_nsec = DELAY_STEP_MS * 1000000L };
	int64_t until;

	if (delay_s > DELAY_MAX_S)
		delay_s = DELAY_MAX_S;
	until = clock_mono_ms() + delay_s * 1000;
	while (clock_mono_ms() < until && !is_over(b))
		nanosleep(&step, NULL);
}

static int
compare(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	return x->order < y->order ? -1 : x->order > y->order;
}

static int
compare_down(const void *a, const void *b)
{
	return compare(b, a);
}

static uint32_t
members_take(struct call *c, bool up, struct vec vms, struct member *m)
{
	const struct ref *refs = vms.v;
	uint32_t n = 0;

	for (uint32_t i = 0; i < vms.n; i++) {
		const struct vm *vm = vm_find(c->root, &refs[i]);

		if (vm)
			m[n++] = (struct member){ refs[i], vm->order, up ?
			    vm->start_delay : vm->shutdown_delay };
	}
	return n;
}

void
vm_order_run(struct call *c, const struct vm_order *o, struct vec vms)
{
	struct member *m = arena_alloc(c->arena,
	    (vms.n + 1) * sizeof(*m));
	struct batch b = { .c = c, .o = o, .m = m };
	int64_t delay_s;

	b.all = members_take(c, o->up, vms, m);
	qsort(m, b.all, sizeof(*m), o->up ? compare : compare_down);
	pthread_mutex_init(&b.lock, NULL);
	while (b.end < b.all && !is_over(&b)) {
		delay_s = 0;
		for (; b.end < b.all && m[b.end].order == m[b.next].order;
		    b.end++)
			if (m[b.end].delay_s > delay_s)
				delay_s = m[b.end].delay_s;
		run_batch(&b);
		if (b.end < b.all)
			wait_delay(&b, delay_s);
	}
	pthread_mutex_destroy(&b.lock);
}
