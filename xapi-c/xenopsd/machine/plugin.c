#include "xenopsd/machine/plugin.h"

#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "base/packs.h"
#include "xenopsd/core/daemon.h"
#include "xenopsd/machine/cell.h"
#include "xenopsd/machine/packs.h"

#define NOBODY 65534			/* where there is no such user */

static uid_t
user_id(const char *name)
{
	const struct passwd *pw = getpwnam(name);

	return pw ? pw->pw_uid : NOBODY;
}

static const char *
text(struct arena *a, struct buf *b)
{
	const char *s = arena_strdup(a, b->data ? b->data : "");

	buf_release(b);
	return s;
}

/* What it has said is in the result. */
static int
answer(struct request *rq, enum cell_end how,
    struct xenops_plugin_run_result *out)
{
	switch (how) {
	case CELL_EXITED:
		out->end = XENOPS_PLUGIN_END_EXITED;
		return 0;
	case CELL_SIGNALLED:
		out->end = XENOPS_PLUGIN_END_SIGNALLED;
		return 0;
	case CELL_OUT_OF_TIME:
		out->end = XENOPS_PLUGIN_END_OUT_OF_TIME;
		return 0;
	case CELL_SAID_TOO_MUCH:
		out->end = XENOPS_PLUGIN_END_SAID_TOO_MUCH;
		return 0;
	case CELL_CANCELLED:
		return request_fail(rq, XENOPS_CODE_CANCELLED, "cancelled");
	default:
		return request_fail(rq, XENOPS_CODE_INTERNAL,
		    "no cell for a plugin: %s", out->err);
	}
}

static int
run(struct request *rq, const struct cell *c,
    struct xenops_plugin_run_result *result)
{
	struct buf out = { 0 }, err = { 0 };
	int status;
	enum cell_end how = cell_run(c, &out, &err, &status);

	result->status = status;
	result->out = text(rq->arena, &out);
	result->err = text(rq->arena, &err);
	return answer(rq, how, result);
}

/* What was found stays there until it has ended. */
static int
find_and_run(struct request *rq, const struct xenops_plugin_run_args *a,
    const char *packs, struct cell *c, void *result)
{
	bool plugin = a->kind == XENOPS_PLUGIN_KIND_PLUGIN;
	const char *folder = plugin ? "plugins" : "extensions";
	struct pack_about about;

	if (!packs_find(packs, folder, a->name ? a->name : "", &about))
		return request_fail(rq, XENOPS_CODE_NO_SUCH_PLUGIN,
		    "no '%.64s'", a->name ? a->name : "");
	c->pack = arena_printf(rq->arena, "%s/%s", packs, about.name);
	c->program = arena_printf(rq->arena, "%s/%s", folder, a->name);
	c->limit_ms = about.limit_s * 1000;
	return run(rq, c, result);
}

int
plugin_run(struct request *rq, const void *args, void *result)
{
	const struct packs_place *p = ((struct daemon *)rq->daemon)->packs;
	const struct xenops_plugin_run_args *a = args;
	const char *input = a->input ? a->input : "";
	bool plugin = a->kind == XENOPS_PLUGIN_KIND_PLUGIN;
	struct cell c = { .user = user_id(p->user), .cgroup = p->cgroup,
		.argument = plugin ? input : "--xmlrpc",
		.input = plugin ? NULL : input };
	int use, rc;

	if (strlen(input) > PLUGIN_INPUT_MAX)
		return request_fail(rq, XENOPS_CODE_BAD_REQUEST,
		    "more than %d bytes for a plugin", PLUGIN_INPUT_MAX);
	use = packs_use(p->folder);
	rc = find_and_run(rq, a, p->folder, &c, result);
	if (use >= 0)
		close(use);
	return rc;
}
