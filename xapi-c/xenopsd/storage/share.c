/*
 * The kinds whose files are on an NFS server: nfs (disks as those of a file SR,
 * in the folder <SR uuid> of the export) and nfs_iso (an export, or a folder in
 * one, full of images, which is only read).
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "xenopsd/storage/dir.h"
#include "xenopsd/storage/driver.h"
#include "xenopsd/storage/file.h"
#include "xenopsd/storage/iso.h"
#include "xenopsd/storage/mark.h"
#include "xenopsd/storage/mounts.h"
#include "xenopsd/storage/nfs.h"

/* Of a server that does not answer nothing has to be noted and undone. */
static int
share_claim(struct storage *s, struct sr *sr, int *fd_out)
{
	struct nfs_place place;

	(void)fd_out;
	return nfs_parse(s, sr->device, &place) || nfs_reach(s, &place) ?
	    -1 : 0;
}

/* Mounts the export itself, or the SR's folder in it. */
static int
mount_it(struct storage *s, struct sr *sr, bool whole, bool read_only)
{
	struct nfs_place place;

	if (nfs_parse(s, sr->device, &place))
		return -1;
	if (!whole)
		place.path = arena_printf(s->arena, "%s/%s",
		    strcmp(place.path, "/") ? place.path : "", sr->uuid);
	return nfs_mount(s, sr, &place, read_only);
}

static const char *
folder(struct storage *s, const struct sr *sr)
{
	return arena_printf(s->arena, "%s/%s", sr->dir, sr->uuid);
}

static int
nfs_attach(struct storage *s, struct sr *sr)
{
	if (mount_it(s, sr, false, false)) {
		if (s->code == XENOPS_CODE_NO_SUCH_DEVICE)
			s->code = XENOPS_CODE_NO_SUCH_SR;
		return -1;
	}
	if (mark_check(s, sr, sr->dir) || mark_own(s, sr, sr->dir)) {
		struct storage op = { .env = s->env, .arena = s->arena };

		sr_unmount(&op, sr);
		return -1;
	}
	return 0;
}

static int
nfs_create(struct storage *s, struct sr *sr, const char *name)
{
	const char *path = folder(s, sr);
	int rc = 0;

	if (mount_it(s, sr, true, false))
		return -1;
	if (mkdir(path, 0700) == -1)
		rc = storage_fail_errno(s, errno, "cannot write to '%s'",
		    sr->device);
	if (rc == 0)
		rc = mark_write(s, path, name);
	if (sr_unmount(s, sr))
		rc = -1;
	return rc ? -1 : nfs_attach(s, sr);
}

static int
nfs_detach(struct storage *s, struct sr *sr)
{
	mark_disown(s, sr->dir);
	return sr_unmount(s, sr);
}

/* Of a disk of this SR that another host has, nothing is taken away. */
static int
nfs_destroy(struct storage *s, struct sr *sr)
{
	struct storage op = { .env = s->env, .arena = s->arena };
	int rc;

	if (mount_it(s, sr, true, false))
		return -1;
	rc = mark_remove(s, sr, folder(s, sr));
	return sr_unmount(rc ? &op : s, sr) || rc ? -1 : 0;
}

/* A folder without disks may stay on a server that is gone: under a new uuid
 * that nobody knows, it is in nobody's way. */
static int
nfs_undo(struct storage *s, struct sr *sr)
{
	struct storage op = { .env = s->env, .arena = s->arena };

	mark_disown(s, sr->dir);
	if (sr_unmount(s, sr))
		return -1;
	if (nfs_destroy(&op, sr))
		log_warn("nothing to undo of SR '%s': %s", sr->uuid, op.text);
	return 0;
}

static int
images_attach(struct storage *s, struct sr *sr)
{
	return mount_it(s, sr, true, true);
}

static int
images_create(struct storage *s, struct sr *sr, const char *name)
{
	(void)name;
	return images_attach(s, sr);
}

const struct sr_driver sr_driver_nfs = {
	.claim = share_claim,
	.create = nfs_create,
	.undo = nfs_undo,
	.attach = nfs_attach,
	.detach = nfs_detach,
	.destroy = nfs_destroy,
	.space = dir_space,
	.list = dir_list,
	.find = dir_find,
	.vdi_create = dir_vdi_create,
	.vdi_clone = dir_vdi_clone,
	.vdi_destroy = dir_vdi_destroy,
	.vdi_resize = dir_vdi_resize,
	.vdi_set_name = dir_vdi_set_name,
	.map = file_map,
	.unmap = file_unmap,
	.open = dir_open,
	.reap = file_reap,
};

const struct sr_driver sr_driver_nfs_iso = {
	.claim = share_claim,
	.create = images_create,
	.undo = sr_unmount,
	.attach = images_attach,
	.detach = sr_unmount,
	.space = dir_space,
	.list = iso_list,
	.find = iso_find,
	.map = iso_map,
	.unmap = iso_unmap,
	.open = iso_open,
	.reap = iso_reap,
};
