/* NICs as interfaces of a host. */
#include "api/host/host.h"
#include "api/sync/parts.h"
#include "gen/methods.h"

int
api_pif_scan(struct call *c, const struct pif_scan_args *a)
{
	struct xenops_host_get_result now = { 0 };

	if (!call_find(c, CLASS_HOST, &a->host) || host_ask(c, "scan", &now))
		return -1;
	return sync_new_nics(c, &now.host);
}
