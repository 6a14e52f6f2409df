/* What the host has written down: xapi's log, and the hypervisor's, which can be
 * asked by keys; and where lines of all logs are sent to. */
#include "api/ops_error.h"
#include "api/xapi.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/ops_stubs.h"
#include "gen/store.h"

#define SYSLOG_KEY "syslog_destination"

int
api_host_get_log(struct call *c, const struct host_get_log_args *a,
    const char **result)
{
	struct xenops_log_read_result r = { 0 };
	struct ops_call k;

	if (!call_find(c, CLASS_HOST, &a->host))
		return -1;
	ops_prepare(c, &k);
	if (ops_log_read(c->x->ops, &k, &r))
		return ops_failed(c, &k, &(struct ops_subject){
		    .operation = "get_log" });
	*result = r.text;
	return 0;
}

static int
read_ring(struct call *c, const struct ref *host, bool clear,
    const char **result)
{
	struct xenops_xen_log_read_result r = { 0 };
	struct ops_call k;

	if (!call_find(c, CLASS_HOST, host))
		return -1;
	ops_prepare(c, &k);
	if (ops_xen_log_read(c->x->ops, &k,
	    &(struct xenops_xen_log_read_args){ .clear = clear }, &r))
		return ops_failed(c, &k, &(struct ops_subject){
		    .operation = "dmesg" });
	*result = r.text;
	return 0;
}

int
api_host_dmesg(struct call *c, const struct host_dmesg_args *a,
    const char **result)
{
	return read_ring(c, &a->host, false, result);
}

int
api_host_dmesg_clear(struct call *c, const struct host_dmesg_clear_args *a,
    const char **result)
{
	return read_ring(c, &a->host, true, result);
}

int
api_host_send_debug_keys(struct call *c,
    const struct host_send_debug_keys_args *a)
{
	const struct xenops_debug_keys_args args = { .keys = a->keys };
	struct ops_call k;

	if (!call_find(c, CLASS_HOST, &a->host))
		return -1;
	ops_prepare(c, &k);
	if (ops_debug_keys(c->x->ops, &k, &args))
		return k.err.code == XENOPS_CODE_BAD_REQUEST ?
		    err_invalid_value(c, "keys", k.err.text) :
		    ops_failed(c, &k, &(struct ops_subject){
		    .operation = "debug_keys" });
	return 0;
}

/* As the record says it now. */
int
api_host_syslog_reconfigure(struct call *c,
    const struct host_syslog_reconfigure_args *a)
{
	const struct host *host = call_find(c, CLASS_HOST, &a->host);
	struct xenops_syslog_set_args set = { 0 };
	struct ops_call k;

	if (!host)
		return -1;
	set.destination = map_get(host->logging, SYSLOG_KEY);
	ops_prepare(c, &k);
	if (ops_syslog_set(c->x->ops, &k, &set))
		return k.err.code == XENOPS_CODE_BAD_REQUEST ?
		    err_invalid_value(c, "logging:" SYSLOG_KEY, k.err.text) :
		    ops_failed(c, &k, &(struct ops_subject){
		    .operation = "syslog_reconfigure" });
	return 0;
}
