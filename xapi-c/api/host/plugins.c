/*
 * Plugins and extensions of the API: there are none.  What they would do needs
 * a message, and asking for one says that it is not there.
 */
#include "api/call.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/types.h"

int
api_host_call_plugin(struct call *c, const struct host_call_plugin_args *a,
    const char **result)
{
	(void)result;
	if (!call_find(c, CLASS_HOST, &a->host))
		return -1;
	return err_xenapi_missing_plugin(c, a->plugin);
}

int
api_vm_call_plugin(struct call *c, const struct vm_call_plugin_args *a,
    const char **result)
{
	(void)result;
	if (!call_find(c, CLASS_VM, &a->vm))
		return -1;
	return err_xenapi_missing_plugin(c, a->plugin);
}

int
api_vm_call_host_plugin(struct call *c,
    const struct vm_call_host_plugin_args *a, const char **result)
{
	(void)result;
	if (!call_find(c, CLASS_VM, &a->vm))
		return -1;
	return err_xenapi_missing_plugin(c, a->plugin);
}

int
api_host_has_extension(struct call *c, const struct host_has_extension_args *a,
    bool *result)
{
	*result = false;
	return call_find(c, CLASS_HOST, &a->host) ? 0 : -1;
}

int
api_pool_has_extension(struct call *c, const struct pool_has_extension_args *a,
    bool *result)
{
	*result = false;
	return call_find(c, CLASS_POOL, &a->self) ? 0 : -1;
}

int
api_host_call_extension(struct call *c,
    const struct host_call_extension_args *a, const char **result)
{
	(void)result;
	if (!call_find(c, CLASS_HOST, &a->host))
		return -1;
	return err_message_method_unknown(c, a->call);
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
