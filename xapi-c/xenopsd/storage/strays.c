#include "xenopsd/storage/strays.h"

#include <string.h>

#include "base/log.h"
#include "xenopsd/storage/disk.h"

struct search {
	struct storage *s;
	const struct sr *sr;
	const char *vdi;
	stray_vdi_fn *vdi_of;
};

static bool
is_named(struct storage *s, const struct sr *sr, const char *device)
{
	struct use *uses;
	int n = use_list(s, sr->uuid, &uses);

	for (int i = 0; i < n; i++)
		if (!strcmp(uses[i].device, device))
			return true;
	return false;
}

static void
free_stray(void *arg, const char *device, const char *file)
{
	const struct search *f = arg;
	struct storage op = { .env = f->s->env, .arena = f->s->arena };
	char vdi[UUID_TEXT_LEN + 1] = "";

	if (!f->vdi_of(&op, f->sr, file + strlen(f->sr->dir) + 1, vdi) ||
	    (f->vdi && strcmp(vdi, f->vdi)) || is_named(&op, f->sr, device))
		return;
	log_warn("reaping '%s' of VDI '%s'", device, vdi);
	if (loop_detach(&op, device, vdi))
		log_error("cannot reap: %s", op.text);
}

void
strays_free(struct storage *s, const struct sr *sr, const char *vdi,
    stray_vdi_fn *vdi_of)
{
	struct search f = { s, sr, vdi, vdi_of };

	loop_each(sr->dir, free_stray, &f);
}

int
strays_unmap(struct storage *s, const struct sr *sr, const char *vdi,
    const char *device, stray_vdi_fn *vdi_of)
{
	if (*device)
		return loop_detach(s, device, vdi);
	strays_free(s, sr, vdi, vdi_of);
	return 0;
}
