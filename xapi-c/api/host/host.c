#include "api/host/host.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

#include "api/ops_error.h"
#include "api/xapi.h"
#include "base/hostname.h"
#include "base/clock.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/ops_stubs.h"
#include "gen/store.h"
#include "net/tls.h"


void
host_refresh_operations(struct db_txn *t, struct host *host)
{
	static const int on[] = {
		HOST_ALLOWED_OPERATIONS_PROVISION,
		HOST_ALLOWED_OPERATIONS_VM_START,
	};
	static const int off[] = {
		HOST_ALLOWED_OPERATIONS_SHUTDOWN,
		HOST_ALLOWED_OPERATIONS_REBOOT,
		HOST_ALLOWED_OPERATIONS_ENABLE,
	};

	host->allowed_operations = host->enabled ?
	    vec_enums(txn_arena(t), on, sizeof(on) / sizeof(on[0])) :
	    vec_enums(txn_arena(t), off, sizeof(off) / sizeof(off[0]));
}

/* -- names, certificate -- */

int
api_host_get_server_certificate(struct call *c,
    const struct host_get_server_certificate_args *a, const char **result)
{
	if (!call_find(c, CLASS_HOST, &a->host))
		return -1;
	*result = tls_certificate(c->x->tls, c->arena);
	return 0;
}

int
api_host_list_methods(struct call *c, struct vec *result)
{
	const char **names = arena_alloc(c->arena,
	    (size_t)(n_methods + 1) * sizeof(*names));
	uint32_t n = 0;

	for (int i = 0; i < n_methods; i++)
		if (!(methods[i].flags &
		    (METHOD_HIDDEN | METHOD_LATER | METHOD_REMOVED)))
			names[n++] = methods[i].name;
	*result = (struct vec){ .v = names, .n = n };
	return 0;
}

struct change {
	struct call *c;
	struct ref host;
	const char *hostname;
	bool enabled;
};

static int
hostname_in(struct db_txn *t, void *arg)
{
	const struct change *ch = arg;
	struct host *host = call_txn_edit(ch->c, t, CLASS_HOST, &ch->host);

	if (!host)
		return -1;
	host->hostname = ch->hostname;
	host->software_version = map_set(txn_arena(t),
	    host->software_version, "hostname", ch->hostname);
	return 0;
}

int
api_host_set_hostname_live(struct call *c,
    const struct host_set_hostname_live_args *a)
{
	const char *name = a->hostname ? a->hostname : "";
	const char *problem = hostname_problem(name);
	struct xenops_host_set_hostname_args set = { .hostname = name };
	struct change ch = { .c = c, .host = a->host, .hostname = name };
	struct ops_call k;

	if (!call_find(c, CLASS_HOST, &a->host))
		return -1;
	if (problem)
		return err_host_name_invalid(c, problem);
	ops_prepare(c, &k);
	if (ops_host_set_hostname(c->x->ops, &k, &set))
		return ops_failed(c, &k, &(struct ops_subject){
		    .operation = "set_hostname" });
	return call_write(c, hostname_in, &ch);
}

/* -- settings -- */

static int
https_only_in(struct db_txn *t, void *arg)
{
	const struct change *ch = arg;
	struct host *host = call_txn_edit(ch->c, t, CLASS_HOST, &ch->host);

	if (!host)
		return -1;
	host->https_only = ch->enabled;
	return 0;
}

int
api_host_set_https_only(struct call *c,
    const struct host_set_https_only_args *a)
{
	struct change ch = { .c = c, .host = a->self, .enabled = a->value };

	return call_write(c, https_only_in, &ch);
}

/* TLS 1.2 is the oldest version, whatever is asked for. */
int
api_host_set_ssl_legacy(struct call *c,
    const struct host_set_ssl_legacy_args *a)
{
	if (!call_find(c, CLASS_HOST, &a->self))
		return -1;
	return a->value ? err_value_not_supported(c, "host.ssl_legacy", "true",
	    "versions of TLS before 1.2 are not there") : 0;
}

int
host_ask(struct call *c, const char *operation,
    struct xenops_host_get_result *out)
{
	struct ops_call k;

	ops_prepare(c, &k);
	return ops_host_get(c->x->ops, &k, out) ? ops_failed(c, &k,
	    &(struct ops_subject){ .operation = operation }) : 0;
}

int
api_host_compute_free_memory(struct call *c,
    const struct host_compute_free_memory_args *a, int64_t *result)
{
	struct xenops_host_get_result now = { 0 };

	if (!call_find(c, CLASS_HOST, &a->host) ||
	    host_ask(c, "host_get", &now))
		return -1;
	*result = now.host.memory_free;
	return 0;
}

struct guests {
	const struct db_root *root;
	struct ref host;
	int64_t memory;
};

static int
add_guest(const void *obj, void *arg)
{
	const struct vm *vm = obj;
	struct guests *g = arg;
	const struct vm_metrics *m = vm_metrics_find(g->root, &vm->metrics);

	if (m && vm->domid > 0 && ref_equal(&vm->resident_on, &g->host))
		g->memory += m->memory_actual + vm->memory_overhead;
	return 0;
}

/* What neither guests have nor is free. */
int
api_host_compute_memory_overhead(struct call *c,
    const struct host_compute_memory_overhead_args *a, int64_t *result)
{
	struct xenops_host_get_result now = { 0 };
	struct guests g = { .root = c->root, .host = a->host };

	if (!call_find(c, CLASS_HOST, &a->host) ||
	    host_ask(c, "host_get", &now))
		return -1;
	db_each(c->root, CLASS_VM, add_guest, &g);
	*result = now.host.memory_total - now.host.memory_free - g.memory;
	if (*result < 0)
		*result = 0;
	return 0;
}

/* -- enabling -- */

static int
enabled_in(struct db_txn *t, void *arg)
{
	const struct change *ch = arg;
	struct host *host = call_txn_edit(ch->c, t, CLASS_HOST, &ch->host);

	if (!host)
		return -1;
	host->enabled = ch->enabled;
	host_refresh_operations(t, host);
	return 0;
}

/* It stays disabled until host.enable or the machine's next boot. */
int
api_host_disable(struct call *c, const struct host_disable_args *a)
{
	struct change ch = { .c = c, .host = a->host, .enabled = false };

	return call_write(c, enabled_in, &ch);
}

int
api_host_enable(struct call *c, const struct host_enable_args *a)
{
	struct change ch = { .c = c, .host = a->host, .enabled = true };

	return call_write(c, enabled_in, &ch);
}
