/* What xenopsd keeps of the host's crashes; sync/crashes.c makes the records. */
#include "api/ops_error.h"
#include "api/xapi.h"
#include "gen/methods.h"
#include "gen/ops_stubs.h"
#include "gen/types.h"

struct deletion {
	struct call *c;
	struct ref dump;
};

/* What xenopsd said before does not bring it back. */
static int
delete_in(struct db_txn *t, void *arg)
{
	const struct deletion *d = arg;

	if (!call_txn_get(d->c, t, CLASS_HOST_CRASHDUMP, &d->dump))
		return -1;
	txn_delete(t, CLASS_HOST_CRASHDUMP, &d->dump);
	op_moves_note(&d->c->x->moves, &d->c->x->host);
	return 0;
}

int
api_host_crashdump_destroy(struct call *c,
    const struct host_crashdump_destroy_args *a)
{
	const struct host_crashdump *d =
	    call_find(c, CLASS_HOST_CRASHDUMP, &a->self);
	struct xenops_crash_destroy_args args;
	struct ops_call k;

	if (!d)
		return -1;
	args.uuid = d->uuid;
	ops_prepare(c, &k);
	if (ops_crash_destroy(c->x->ops, &k, &args))
		return ops_failed(c, &k, &(struct ops_subject){
		    .operation = "crash_destroy" });
	return call_write(c, delete_in, &(struct deletion){ .c = c,
	    .dump = a->self });
}
