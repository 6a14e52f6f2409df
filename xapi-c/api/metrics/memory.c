#include "api/metrics/memory.h"

#include "api/xapi.h"
#include "base/clock.h"
#include "db/db.h"
#include "gen/store.h"

#define NOTED (1ll << 20)		/* free memory differs by that, bytes */

struct memory {
	struct xapi *x;
	const struct xenops_samples_get_result *s;
};

/* One that is known to run, and as that domain. */
static bool
differs(const struct vm *vm, const struct vm_metrics *m,
    const struct xenops_domain_sample *d)
{
	return vm && m && d->domid > 0 && vm->domid == d->domid &&
	    m->memory_actual != d->memory;
}

static bool
free_differs(const struct host_metrics *m, const struct memory *r)
{
	int64_t by = m ? r->s->host.memory_free - m->memory_free : 0;

	return by >= NOTED || by <= -NOTED;
}

static bool
any_differs(const struct db_root *root, const struct memory *r)
{
	const struct host *host = host_find(root, &r->x->host);
	const struct xenops_domain_sample *d = r->s->domains.v;

	if (host && free_differs(host_metrics_find(root, &host->metrics), r))
		return true;
	for (uint32_t i = 0; i < r->s->domains.n; i++) {
		const struct vm *vm = d[i].uuid ?
		    vm_find_uuid(root, d[i].uuid) : NULL;

		if (vm && differs(vm, vm_metrics_find(root, &vm->metrics),
		    &d[i]))
			return true;
	}
	return false;
}

static void
store_one(struct db_txn *t, const struct xenops_domain_sample *d)
{
	const struct vm *vm = d->uuid ?
	    txn_find_uuid(t, CLASS_VM, d->uuid) : NULL;
	struct vm_metrics *m;

	if (!vm || !differs(vm, vm_metrics_txn_get(t, &vm->metrics), d))
		return;
	m = vm_metrics_txn_edit(t, &vm->metrics);
	m->memory_actual = d->memory;
	m->last_updated = clock_wall_s();
}

static int
store_in(struct db_txn *t, void *arg)
{
	const struct memory *r = arg;
	const struct host *host = host_txn_get(t, &r->x->host);
	const struct xenops_domain_sample *d = r->s->domains.v;

	if (host && free_differs(host_metrics_txn_get(t, &host->metrics), r))
		host_metrics_txn_edit(t, &host->metrics)->memory_free =
		    r->s->host.memory_free;
	for (uint32_t i = 0; i < r->s->domains.n; i++)
		store_one(t, &d[i]);
	return 0;
}

/* What the disk refuses comes with the next sample. */
void
memory_store(struct xapi *x, const struct db_root *root,
    const struct xenops_samples_get_result *s)
{
	struct memory r = { .x = x, .s = s };

	if (any_differs(root, &r))
		(void)db_write(x->db, store_in, &r);
}
