/*
 * VMs that start with the host: after a boot of the machine, those that are
 * off and whose other_config says auto_poweron, if the pool's says it too.
 */
#include <string.h>

#include "api/sync/parts.h"
#include "api/task.h"
#include "api/vm/order.h"
#include "api/xapi.h"
#include "base/log.h"
#include "gen/methods.h"
#include "gen/store.h"

#define KEY "auto_poweron"

static bool
is_set(struct vec other_config)
{
	const char *value = map_get(other_config, KEY);

	return value && strcmp(value, "true") == 0;
}

struct find {
	struct ref *vms;
	uint32_t n;
};

static int
find_vm(const void *obj, void *arg)
{
	const struct vm *vm = obj;
	struct find *f = arg;

	if (is_set(vm->other_config) && !vm->is_a_template &&
	    !vm->is_a_snapshot && !vm->is_control_domain &&
	    vm->power_state == VM_POWER_STATE_HALTED)
		f->vms[f->n++] = vm->obj.ref;
	return 0;
}

static int
start(struct call *c, const struct ref *vm, void *arg)
{
	(void)arg;
	return api_vm_start(c, &(struct vm_start_args){ .vm = *vm });
}

/* Under a task, as every operation that has a VM. */
static int
start_all(struct call *c, bool (*is_over)(void *arg), void *arg)
{
	const struct task_new n = { .label = "VMs that start with the host" };
	const struct vm_order order = {
		.up = true, .run = start, .is_over = is_over, .arg = arg,
	};
	struct find f = { .vms = arena_alloc(c->arena, sizeof(struct ref) *
	    (db_count(c->root, CLASS_VM) + 1u)) };

	db_each(c->root, CLASS_VM, find_vm, &f);
	if (!f.n)
		return 0;
	if (task_make(c, &n, &c->task))
		return -1;
	log_info("starting %u VMs with the host", f.n);
	vm_order_run(c, &order, (struct vec){ .v = f.vms, .n = f.n });
	task_end(c, 0, NULL, NULL);
	return 0;
}

struct done {
	struct call *c;
	const char *boot_id;
};

static int
done_in(struct db_txn *t, void *arg)
{
	const struct done *d = arg;
	struct host *host = host_txn_edit(t, &d->c->x->host);

	if (host)
		host->started_boot_id = d->boot_id;
	return 0;
}

int
sync_autostart(struct call *c, bool (*is_over)(void *arg), void *arg)
{
	const struct host *host = host_find(c->root, &c->x->host);
	const struct pool *pool = pool_find(c->root, &c->x->pool);
	struct done d = { .c = c };

	if (!host || !pool || !host->boot_id ||
	    strcmp(host->boot_id, host->started_boot_id) == 0)
		return 0;
	d.boot_id = host->boot_id;
	if (is_set(pool->other_config) && start_all(c, is_over, arg))
		return -1;
	return is_over(arg) ? 0 : call_write(c, done_in, &d);
}
