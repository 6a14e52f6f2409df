#include "xenopsd/machine/packs.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/fdio.h"
#include "base/log.h"
#include "base/packs.h"
#include "xenopsd/core/daemon.h"

static struct vec
extensions_of(struct arena *a, const char *packs, const char *name)
{
	const char **names = arena_alloc(a, PACK_FILES_MAX * sizeof(*names));
	const char *folder = arena_printf(a, "%s/%s/extensions", packs, name);
	int n = packs_names(folder, a, names, PACK_FILES_MAX);

	return (struct vec){ .v = names, .n = (uint32_t)n };
}

static bool
fill(struct arena *a, const char *packs, const char *name,
    struct xenops_pack_info *out)
{
	struct pack_about about;
	int rc = packs_about(packs, name, &about);

	if (rc || strcmp(about.name, name)) {
		log_warn("'%s/%s' is no pack: %s", packs, name,
		    strerror(rc ? -rc : EBADMSG));
		return false;
	}
	*out = (struct xenops_pack_info){
		.name = name, .vendor = arena_strdup(a, about.vendor),
		.version = arena_strdup(a, about.version),
		.description = arena_strdup(a, about.description),
		.uuid = arena_strdup(a, about.uuid), .size = about.size,
		.signer = arena_strdup(a, about.signer),
		.extensions = extensions_of(a, packs, name),
	};
	return true;
}

int
packs_get(struct request *rq, const void *args, void *result)
{
	const char *packs = ((struct daemon *)rq->daemon)->packs->folder;
	struct xenops_packs_get_result *out = result;
	struct xenops_pack_info *v = arena_alloc(rq->arena,
	    PACKS_MAX * sizeof(*v));
	const char *names[PACKS_MAX];
	int n = packs_names(packs, rq->arena, names, PACKS_MAX);
	uint32_t found = 0;

	(void)args;
	for (int i = 0; i < n; i++)
		found += fill(rq->arena, packs, names[i], &v[found]);
	out->packs = (struct vec){ .v = v, .n = found };
	return 0;
}

int
packs_remove_one(struct request *rq, const void *args, void *result)
{
	const char *packs = ((struct daemon *)rq->daemon)->packs->folder;
	const struct xenops_pack_remove_args *a = args;
	int lock = packs_lock(packs), rc;

	(void)result;
	rc = lock < 0 ? lock : packs_remove(packs, a->name ? a->name : "");
	if (lock >= 0)
		fdio_close(&lock);
	if (rc == -EBUSY)
		return request_fail(rq, XENOPS_CODE_IN_USE,
		    "programs of packs that were removed still run");
	return !rc || rc == -ENOENT ? 0 : request_fail(rq, XENOPS_CODE_IO,
	    "cannot remove pack '%.40s': %s", a->name, strerror(-rc));
}
