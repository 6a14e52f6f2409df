#include "rpc/system.h"

#include <string.h>

#include "gen/errors.h"
#include "gen/methods.h"

#define LIST "system.listMethods"
#define ALIVE "system.isAlive:"

bool
system_handles(const char *method)
{
	return strcmp(method, LIST) == 0 ||
	    strncmp(method, ALIVE, strlen(ALIVE)) == 0;
}

static void
list_methods(struct call *c, struct answer *out)
{
	const char **names = arena_alloc(c->arena,
	    sizeof(*names) * (2 * (size_t)n_methods + 1));
	struct vec *set = arena_alloc(c->arena, sizeof(*set));
	uint32_t n = 0;
	int i;

	for (i = 0; i < n_methods; i++) {
		if (methods[i].flags & (METHOD_HIDDEN | METHOD_POOL_INTERNAL |
		    METHOD_LATER | METHOD_REMOVED))
			continue;
		names[n++] = methods[i].name;
		if (methods[i].flags & METHOD_ASYNC)
			names[n++] = arena_printf(c->arena, "Async.%s",
			    methods[i].name);
	}
	names[n++] = LIST;
	set->v = names;
	set->n = n;
	out->type = &type_string_set;
	out->value = set;
}

static int
echo(struct call *c, const struct request *req, struct answer *out)
{
	const char **text = arena_alloc(c->arena, sizeof(*text));

	if (req->n_params == 0 || req->params[0].kind != VALUE_STRING)
		return err_internal_error(c, "expected a string");
	*text = req->params[0].s;
	out->type = &type_string;
	out->value = text;
	return 0;
}

int
system_run(struct call *c, const struct request *req, struct answer *out)
{
	if (strncmp(req->method, ALIVE, strlen(ALIVE)) == 0)
		return echo(c, req, out);
	list_methods(c, out);
	return 0;
}
