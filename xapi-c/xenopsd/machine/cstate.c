#include "xenopsd/machine/cstate.h"

int
max_cstate_check(struct request *rq,
    const struct xenops_host_set_max_cstate_args *a)
{
	if (a->cstate >= -1 && a->cstate <= CSTATE_MAX && a->csubstate >= -1 &&
	    a->csubstate <= CSTATE_MAX &&
	    (a->cstate != -1 || a->csubstate == -1))
		return 0;
	return request_fail(rq, XENOPS_CODE_BAD_REQUEST,
	    "there is no such state of a CPU");
}
