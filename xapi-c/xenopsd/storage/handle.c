#include "xenopsd/storage/handle.h"

#include "base/log.h"

static int
sr_create(struct storage *s, const void *args, void *result)
{
	struct xenops_sr_create_result *r = result;

	return storage_sr_create(s, args, &r->sr);
}

static int
sr_attach(struct storage *s, const void *args, void *result)
{
	const struct xenops_sr_attach_args *a = args;
	struct xenops_sr_attach_result *r = result;

	return storage_sr_attach(s, a->uuid, a->type, a->device,
	    &r->sr);
}

static int
sr_local(struct storage *s, const void *args, void *result)
{
	const struct xenops_sr_local_args *a = args;
	struct xenops_sr_local_result *r = result;

	return storage_sr_local(s, a->uuid, a->name, &r->sr);
}

static int
sr_detach(struct storage *s, const void *args, void *result)
{
	const struct xenops_sr_detach_args *a = args;

	(void)result;
	return storage_sr_detach(s, a->uuid);
}

static int
sr_destroy(struct storage *s, const void *args, void *result)
{
	const struct xenops_sr_destroy_args *a = args;

	(void)result;
	return storage_sr_destroy(s, a->uuid);
}

static int
sr_scan(struct storage *s, const void *args, void *result)
{
	const struct xenops_sr_scan_args *a = args;
	struct xenops_sr_scan_result *r = result;

	return storage_sr_scan(s, a->uuid, &r->sr, &r->vdis);
}

static int
vdi_create(struct storage *s, const void *args, void *result)
{
	const struct xenops_vdi_create_args *a = args;
	struct xenops_vdi_create_result *r = result;

	return storage_vdi_create(s, a->sr, &a->vdi, &r->vdi);
}

static int
vdi_clone(struct storage *s, const void *args, void *result)
{
	const struct xenops_vdi_clone_args *a = args;
	struct xenops_vdi_clone_result *r = result;

	return storage_vdi_clone(s, a->sr, a->source, &a->vdi, &r->vdi);
}

static int
vdi_destroy(struct storage *s, const void *args, void *result)
{
	const struct xenops_vdi_destroy_args *a = args;

	(void)result;
	return storage_vdi_destroy(s, a->sr, a->vdi);
}

static int
vdi_resize(struct storage *s, const void *args, void *result)
{
	const struct xenops_vdi_resize_args *a = args;
	struct xenops_vdi_resize_result *r = result;

	return storage_vdi_resize(s, a->sr, a->vdi, a->size, &r->vdi);
}

static int
vdi_set_name(struct storage *s, const void *args, void *result)
{
	const struct xenops_vdi_set_name_args *a = args;

	(void)result;
	return storage_vdi_set_name(s, a->sr, &a->vdi);
}

typedef int handle_fn(struct storage *s, const void *args, void *result);

static handle_fn *const handlers[XENOPS_N] = {
	[XENOPS_SR_CREATE] = sr_create,
	[XENOPS_SR_ATTACH] = sr_attach,
	[XENOPS_SR_LOCAL] = sr_local,
	[XENOPS_SR_DETACH] = sr_detach,
	[XENOPS_SR_DESTROY] = sr_destroy,
	[XENOPS_SR_SCAN] = sr_scan,
	[XENOPS_VDI_CREATE] = vdi_create,
	[XENOPS_VDI_CLONE] = vdi_clone,
	[XENOPS_VDI_DESTROY] = vdi_destroy,
	[XENOPS_VDI_RESIZE] = vdi_resize,
	[XENOPS_VDI_SET_NAME] = vdi_set_name,
};

static void
progress(void *arg, double fraction)
{
	request_progress(arg, fraction);
}

int
storage_handle(struct request *rq, const struct storage_env *env,
    const void *args, void *result)
{
	struct storage s = { .env = env, .arena = rq->arena,
		.progress = progress, .progress_arg = rq };

	if (handlers[rq->message](&s, args, result) == 0)
		return 0;
	return request_fail(rq, (enum xenops_code)s.code, "%s",
	    s.text ? s.text : "no reason given");
}

bool
storage_handles(uint16_t message)
{
	return message < XENOPS_N && handlers[message];
}

void
storage_undo(const struct storage_env *env, uint16_t message,
    const void *args)
{
	const struct xenops_vdi_create_args *create = args;
	const struct xenops_vdi_clone_args *clone = args;
	struct storage s = { .env = env };
	const char *sr, *vdi;

	if (message == XENOPS_VDI_CREATE) {
		sr = create->sr;
		vdi = create->vdi.uuid;
	} else if (message == XENOPS_VDI_CLONE) {
		sr = clone->sr;
		vdi = clone->vdi.uuid;
	} else {
		return;
	}
	s.arena = arena_new();
	if (storage_vdi_destroy(&s, sr, vdi) &&
	    s.code != XENOPS_CODE_NO_SUCH_VDI)
		log_warn("cannot remove VDI '%s' of a killed worker: %s", vdi,
		    s.text);
	arena_free(s.arena);
}
