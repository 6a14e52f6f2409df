/* NICs as interfaces of a host. */
#include "api/ops_error.h"
#include "api/sync/parts.h"
#include "api/xapi.h"
#include "gen/methods.h"
#include "gen/ops_stubs.h"

/* Asked of the machine, not of the last event. */
int
api_pif_scan(struct call *c, const struct pif_scan_args *a)
{
	struct xenops_host_get_result now = { 0 };
	struct ops_call k;

	if (!call_find(c, CLASS_HOST, &a->host))
		return -1;
	ops_prepare(c, &k);
	if (ops_host_get(c->x->ops, &k, &now))
		return ops_failed(c, &k, &(struct ops_subject){
		    .operation = "scan" });
	return sync_new_nics(c, &now.host);
}
