/* Xen's word for no limit is the largest number. */
#include <errno.h>
#include <string.h>
#include <xenctrl.h>

#include "xenopsd/machine/cstate.h"

static uint32_t
limit(int64_t state)
{
	return state == -1 ? UINT32_MAX : (uint32_t)state;
}

int
xen_set_max_cstate(struct request *rq, const void *args, void *result)
{
	const struct xenops_host_set_max_cstate_args *a = args;
	xc_interface *xc;
	int rc = 0;

	(void)result;
	if (max_cstate_check(rq, a))
		return -1;
	xc = xc_interface_open(NULL, NULL, 0);
	if (!xc || xc_set_cpuidle_max_cstate(xc, limit(a->cstate)) ||
	    xc_set_cpuidle_max_csubstate(xc, limit(a->csubstate)))
		rc = request_fail(rq, XENOPS_CODE_INTERNAL,
		    "the hypervisor does not set the states of CPUs: %s",
		    strerror(errno));
	if (xc)
		xc_interface_close(xc);
	return rc;
}
