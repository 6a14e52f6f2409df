/* Users in the old way: records that clients may keep; nobody logs in by them. */
#include "api/call.h"
#include "gen/methods.h"
#include "gen/store.h"

struct create {
	const struct user *in;
	struct ref ref;
};

static int
create_in(struct db_txn *t, void *arg)
{
	struct create *cr = arg;
	struct user *u = user_txn_new(t);

	u->short_name = cr->in->short_name;
	u->fullname = cr->in->fullname;
	u->other_config = cr->in->other_config;
	cr->ref = u->obj.ref;
	return 0;
}

int
api_user_create(struct call *c, const struct user_create_args *a,
    struct ref *result)
{
	struct create cr = { .in = &a->args };

	if (call_write(c, create_in, &cr))
		return -1;
	*result = cr.ref;
	return 0;
}

int
api_user_destroy(struct call *c, const struct user_destroy_args *a)
{
	return call_delete(c, CLASS_USER, &a->self);
}
