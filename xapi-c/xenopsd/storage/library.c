/*
 * The host's own ISO library: a folder on its state volume, with uploads.  The
 * volume is the database's, too, so some of it is always left.
 */
#include <errno.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "xenopsd/storage/driver.h"
#include "xenopsd/storage/iso.h"
#include "xenopsd/storage/mark.h"
#include "xenopsd/storage/mounts.h"

static const char *
folder(struct storage *s, const struct sr *sr)
{
	return arena_printf(s->arena, "%s/%s", s->env->library, sr->uuid);
}

static int
library_claim(struct storage *s, struct sr *sr, int *fd_out)
{
	(void)fd_out;
	return *sr->device ? storage_fail(s, XENOPS_CODE_DEVICE_NOT_USABLE,
	    "the host's own ISO library has no device") : 0;
}

/* The mark comes last: a folder without it is half a library. */
static int
library_create(struct storage *s, struct sr *sr, const char *name)
{
	const char *path = folder(s, sr);

	if ((mkdir(s->env->library, 0700) == -1 && errno != EEXIST) ||
	    (mkdir(path, 0700) == -1 && errno != EEXIST))
		return storage_fail_errno(s, errno, "cannot make '%s'", path);
	return mark_write(s, path, name) ? -1 : sr_bind(s, sr, path);
}

static int
library_destroy(struct storage *s, struct sr *sr)
{
	return mark_remove(s, sr, folder(s, sr));
}

static int
library_undo(struct storage *s, struct sr *sr)
{
	return sr_unmount(s, sr) ? -1 : library_destroy(s, sr);
}

static int
library_attach(struct storage *s, struct sr *sr)
{
	if (mark_check(s, sr, folder(s, sr)))
		return -1;
	sr->device[0] = '\0';
	return sr_bind(s, sr, folder(s, sr));
}

static int
library_space(struct storage *s, struct sr *sr, int64_t *size_out,
    int64_t *used_out)
{
	const struct xenops_vdi_info *v;
	struct vec vdis = { 0 };
	struct statvfs fs;
	int64_t room;

	if (iso_list(s, sr, &vdis))
		return -1;
	if (statvfs(sr->dir, &fs) == -1)
		return storage_fail_errno(s, errno, "cannot stat '%s'",
		    sr->dir);
	room = (int64_t)(fs.f_bavail * fs.f_frsize) - s->env->library_spare;
	*used_out = 0;
	v = vdis.v;
	for (uint32_t i = 0; i < vdis.n; i++)
		*used_out += v[i].used;
	*size_out = *used_out + (room > 0 ? room : 0);
	return 0;
}

static int
library_vdi_create(struct storage *s, struct sr *sr,
    const struct xenops_vdi_info *vdi)
{
	int64_t size, used;

	if (library_space(s, sr, &size, &used))
		return -1;
	if (vdi->size > size - used)
		return storage_fail(s, XENOPS_CODE_NO_SPACE,
		    "%lld bytes do not fit SR '%s'", (long long)vdi->size,
		    sr->uuid);
	return iso_vdi_create(s, sr, vdi);
}

const struct sr_driver sr_driver_library = {
	.claim = library_claim,
	.create = library_create,
	.undo = library_undo,
	.attach = library_attach,
	.detach = sr_unmount,
	.destroy = library_destroy,
	.space = library_space,
	.list = iso_list,
	.find = iso_find,
	.vdi_uuid = iso_vdi_uuid,
	.vdi_create = library_vdi_create,
	.vdi_destroy = iso_vdi_destroy,
	.map = iso_map,
	.unmap = iso_unmap,
	.open = iso_open,
	.reap = iso_reap,
	.uploads = true,
};
