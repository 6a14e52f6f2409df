/*
 * Plugins and extensions of the API: programs of extension packs, which xenopsd
 * runs in a cell (xenopsd/machine/cell.h).  They get no session: what they may
 * do is what a user of dom0 without rights may.
 */
#include <string.h>

#include "api/host/packs.h"
#include "api/host/plugin_call.h"
#include "api/ops_error.h"
#include "api/xapi.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/ops_stubs.h"
#include "gen/types.h"
#include "wire/json.h"

/* Of an empty text nothing is sent. */
static void
make_texts(struct xenops_plugin_run_result *out)
{
	out->out = out->out ? out->out : "";
	out->err = out->err ? out->err : "";
}

static int
run(struct call *c, const struct xenops_plugin_run_args *args,
    struct xenops_plugin_run_result *out)
{
	struct ops_call k;

	if (strlen(args->input) > PLUGIN_CALL_MAX)
		return err_value_not_supported(c, "args", "",
		    "more than a plugin can be given");
	ops_prepare(c, &k);
	if (ops_plugin_run(c->x->ops, &k, args, out) == 0) {
		make_texts(out);
		return 0;
	}
	if (k.err.code == XENOPS_CODE_NO_SUCH_PLUGIN)
		return args->kind == XENOPS_PLUGIN_KIND_PLUGIN ?
		    err_xenapi_missing_plugin(c, args->name) :
		    err_message_method_unknown(c, args->name);
	return ops_failed(c, &k, &(struct ops_subject){
	    .operation = "plugin_run" });
}

static int
call_plugin(struct call *c, const char *plugin, const char *fn,
    struct vec args, const char **result)
{
	const struct xenops_plugin_run_args run_args = {
		.kind = XENOPS_PLUGIN_KIND_PLUGIN,
		.name = plugin ? plugin : "",
		.input = plugin_call_text(c->arena, fn, args),
	};
	struct xenops_plugin_run_result out = { 0 };

	if (run(c, &run_args, &out))
		return -1;
	return plugin_call_result(c, &out, result);
}

int
api_host_call_plugin(struct call *c, const struct host_call_plugin_args *a,
    const char **result)
{
	if (!call_find(c, CLASS_HOST, &a->host))
		return -1;
	return call_plugin(c, a->plugin, a->fn, a->args, result);
}

int
api_vm_call_host_plugin(struct call *c,
    const struct vm_call_host_plugin_args *a, const char **result)
{
	if (!call_find(c, CLASS_VM, &a->vm))
		return -1;
	return call_plugin(c, a->plugin, a->fn, a->args, result);
}

/* Plugins of the host's own: there are none. */
int
api_vm_call_plugin(struct call *c, const struct vm_call_plugin_args *a,
    const char **result)
{
	(void)result;
	if (!call_find(c, CLASS_VM, &a->vm))
		return -1;
	return err_xenapi_missing_plugin(c, a->plugin);
}

/* -- extensions -- */

static int
has_extension(struct call *c, const char *name, bool *result)
{
	struct xenops_packs_get_result r = { 0 };
	const struct xenops_pack_info *v;

	if (packs_ask(c, &r))
		return -1;
	v = r.packs.v;
	*result = false;
	for (uint32_t i = 0; i < r.packs.n; i++)
		*result |= set_has_string(v[i].extensions, name ? name : "");
	return 0;
}

int
api_host_has_extension(struct call *c, const struct host_has_extension_args *a,
    bool *result)
{
	return call_find(c, CLASS_HOST, &a->host) ?
	    has_extension(c, a->name, result) : -1;
}

/* Every host of the pool has it: there is this one. */
int
api_pool_has_extension(struct call *c, const struct pool_has_extension_args *a,
    bool *result)
{
	return call_find(c, CLASS_POOL, &a->self) ?
	    has_extension(c, a->name, result) : -1;
}

int
api_host_call_extension(struct call *c,
    const struct host_call_extension_args *a, const char **result)
{
	const char *text = a->call ? a->call : "";
	struct xenops_plugin_run_args args = {
		.kind = XENOPS_PLUGIN_KIND_EXTENSION };
	struct xenops_plugin_run_result out = { 0 };
	struct json_request call;

	if (!call_find(c, CLASS_HOST, &a->host))
		return -1;
	if (json_parse(c->arena, text, strlen(text), &call))
		return err_invalid_value(c, "call", text);
	args.name = call.call.method;
	args.input = extension_call_text(c->arena, &call.call);
	return run(c, &args, &out) ? -1 :
	    extension_call_result(c, &out, result);
}

/* No VM drives storage or networks for others. */
int
api_vm_query_services(struct call *c, const struct vm_query_services_args *a,
    struct vec *result)
{
	(void)result;
	if (!call_find(c, CLASS_VM, &a->self))
		return -1;
	return err_not_system_domain(c, call_ref_text(c, &a->self));
}
