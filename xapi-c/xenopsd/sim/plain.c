#include "xenopsd/sim/plain.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "xenopsd/storage/dir.h"
#include "xenopsd/storage/iso.h"

#define PLAIN_SIZE ((int64_t)8 << 40)

static const char *
device_path(struct storage *s, const char *uuid)
{
	return arena_printf(s->arena, "%s/sr/%s/device", s->env->run_dir, uuid);
}

static int
plain_create(struct storage *s, struct sr *sr, const char *name)
{
	const char *text = arena_printf(s->arena, "%d %s", sr->type,
	    sr->device);
	int rc;

	(void)name;
	if (mkdir(sr->dir, 0700) == -1)
		return storage_fail_errno(s, errno, "cannot make '%s'",
		    sr->dir);
	rc = file_write(device_path(s, sr->uuid), text, strlen(text), false);
	return rc ? storage_fail_errno(s, -rc, "cannot write to '%s'",
	    sr->dir) : 0;
}

static bool
plays(struct storage *s, const char *uuid, const struct sr *sr)
{
	const char *want = arena_printf(s->arena, "%d %s", sr->type,
	    sr->device);
	struct buf b = { 0 };
	bool yes = file_read(device_path(s, uuid), SMALL_FILE, &b) == 0 &&
	    !strcmp(b.data, want);

	buf_release(&b);
	return yes;
}

static enum sr_found
plain_identify(struct storage *s, struct sr *sr)
{
	DIR *d = opendir(arena_printf(s->arena, "%s/sr", s->env->run_dir));
	enum sr_found found = SR_NONE;
	struct dirent *e;

	while (d && found == SR_NONE && (e = readdir(d))) {
		if (strlen(e->d_name) != UUID_TEXT_LEN ||
		    !plays(s, e->d_name, sr))
			continue;
		memcpy(sr->uuid, e->d_name, UUID_TEXT_LEN + 1);
		found = SR_WHOLE;
	}
	if (d)
		closedir(d);
	return found;
}

/* Which disk it plays, as create noted. */
static int
plain_attach(struct storage *s, struct sr *sr)
{
	struct buf b = { 0 };
	const char *device;

	if (file_read(device_path(s, sr->uuid), SMALL_FILE, &b))
		return storage_fail(s, XENOPS_CODE_NO_SUCH_SR,
		    "no SR '%s' here", sr->uuid);
	device = strchr(b.data, ' ');
	snprintf(sr->device, sizeof(sr->device), "%s",
	    device ? device + 1 : "");
	buf_release(&b);
	return 0;
}

static int
plain_detach(struct storage *s, struct sr *sr)
{
	(void)s;
	(void)sr;
	return 0;
}

static int
plain_destroy(struct storage *s, struct sr *sr)
{
	const struct xenops_vdi_info *v;
	struct vec vdis = { 0 };

	if (sr->drv->list(s, sr, &vdis))
		return -1;
	v = vdis.v;
	for (uint32_t i = 0; i < vdis.n; i++)
		if (sr->drv->vdi_destroy(s, sr, v[i].uuid))
			return -1;
	sr->drv->reap(s, sr);
	unlink(device_path(s, sr->uuid));
	if (rmdir(sr->dir) == -1)
		return storage_fail_errno(s, errno, "cannot remove '%s'",
		    sr->dir);
	return 0;
}

static int
plain_undo(struct storage *s, struct sr *sr)
{
	return access(sr->dir, F_OK) == -1 ? 0 : plain_destroy(s, sr);
}

/* A terabyte, whatever this machine has. */
static int
plain_space(struct storage *s, struct sr *sr, int64_t *size_out,
    int64_t *used_out)
{
	const struct xenops_vdi_info *v;
	struct vec vdis = { 0 };

	if (sr->drv->list(s, sr, &vdis))
		return -1;
	*size_out = PLAIN_SIZE;
	*used_out = 0;
	v = vdis.v;
	for (uint32_t i = 0; i < vdis.n; i++)
		*used_out += v[i].used;
	return 0;
}

static int
plain_map(struct storage *s, struct sr *sr, const char *vdi, bool writable,
    const char **device_out)
{
	(void)writable;
	*device_out = dir_path(s, sr, vdi, ".raw");
	if (strlen(*device_out) >= DEVICE_MAX)
		*device_out = "file";
	return 0;
}

static int
plain_unmap(struct storage *s, struct sr *sr, const char *vdi,
    const char *device, bool last)
{
	(void)s;
	(void)sr;
	(void)vdi;
	(void)device;
	(void)last;
	return 0;
}

const struct sr_driver sr_driver_plain = {
	.create = plain_create,
	.undo = plain_undo,
	.identify = plain_identify,
	.attach = plain_attach,
	.detach = plain_detach,
	.destroy = plain_destroy,
	.space = plain_space,
	.list = dir_list,
	.find = dir_find,
	.vdi_create = dir_vdi_create,
	.vdi_clone = dir_vdi_clone,
	.vdi_destroy = dir_vdi_destroy,
	.vdi_resize = dir_vdi_resize,
	.vdi_set_name = dir_vdi_set_name,
	.map = plain_map,
	.unmap = plain_unmap,
	.open = dir_open,
	.reap = dir_reap,
};

const struct sr_driver sr_driver_plain_iso = {
	.create = plain_create,
	.undo = plain_undo,
	.attach = plain_attach,
	.detach = plain_detach,
	.destroy = plain_destroy,
	.space = plain_space,
	.list = iso_list,
	.find = iso_find,
	.vdi_uuid = iso_vdi_uuid,
	.vdi_create = iso_vdi_create,
	.vdi_destroy = iso_vdi_destroy,
	.map = plain_map,
	.unmap = plain_unmap,
	.open = iso_open,
	.reap = iso_reap,
	.uploads = true,
};

const struct sr_driver sr_driver_plain_share = {
	.create = plain_create,
	.undo = plain_undo,
	.attach = plain_attach,
	.detach = plain_detach,
	.space = plain_space,
	.list = iso_list,
	.find = iso_find,
	.map = plain_map,
	.unmap = plain_unmap,
	.open = iso_open,
	.reap = iso_reap,
};
