#include <string.h>

#include "api/call.h"
#include "api/event_sub.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/store.h"

struct inject {
	struct call *c;
	const struct event_inject_args *a;
	int class_id;
	struct ref ref;
	uint64_t before;
};

static int
inject_in(struct db_txn *t, void *arg)
{
	struct inject *in = arg;

	in->before = txn_generation(t) - 1;
	if (txn_touch(t, in->class_id, &in->ref))
		return 0;
	return err_handle_invalid(in->c, in->a->class, in->a->ref);
}

/* A `mod` of the object follows; the token is from just before it. */
int
api_event_inject(struct call *c, const struct event_inject_args *a,
    const char **result)
{
	const char *name = a->class ? a->class : "";
	const char *text = a->ref ? a->ref : "";
	struct inject in = {
		.c = c, .a = a, .class_id = event_class(name, strlen(name)),
	};

	if (in.class_id == -1 || !ref_parse(text, &in.ref))
		return err_handle_invalid(c, name, text);
	if (call_write(c, inject_in, &in))
		return -1;
	*result = arena_printf(c->arena, "%020llu,%020llu",
	    (unsigned long long)in.before, 0ULL);
	return 0;
}

/* The ids of events are the generations of their changes. */
int
api_event_get_current_id(struct call *c, int64_t *result)
{
	*result = (int64_t)db_generation(c->root);
	return 0;
}
