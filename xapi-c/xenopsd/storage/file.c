/*
 * The kinds that keep disks as files and hand them to domains by loop devices:
 * memory (a tmpfs, gone with the power) and file (ext4 on a disk of its own,
 * whose file system uuid is the SR's).
 */
#include <stdio.h>
#include <string.h>

#include "xenopsd/storage/child.h"
#include "xenopsd/storage/dir.h"
#include "xenopsd/storage/disk.h"
#include "xenopsd/storage/driver.h"
#include "xenopsd/storage/file.h"
#include "xenopsd/storage/look.h"
#include "xenopsd/storage/mounts.h"
#include "xenopsd/storage/strays.h"

#define MKFS_LIMIT_MS 1800000

static int
memory_attach(struct storage *s, struct sr *sr)
{
	const char *size = s->env->memory_limit > 0 ?
	    arena_printf(s->arena, "size=%lld,mode=0700",
	    (long long)s->env->memory_limit) : "size=50%,mode=0700";

	return sr_mount(s, sr, "bedplate-sr", "tmpfs", size);
}

static int
memory_claim(struct storage *s, struct sr *sr, int *fd_out)
{
	(void)fd_out;
	return *sr->device ? storage_fail(s, XENOPS_CODE_DEVICE_NOT_USABLE,
	    "a memory SR has no device") : 0;
}

static int
memory_create(struct storage *s, struct sr *sr, const char *name)
{
	(void)name;
	return memory_attach(s, sr);
}

static int
memory_destroy(struct storage *s, struct sr *sr)
{
	(void)s;
	(void)sr;
	return 0;			/* unmounting was the end of it */
}

static int
file_attach(struct storage *s, struct sr *sr)
{
	if (disks_find(s, sr, FIND_LIMIT_MS))
		return -1;
	return sr_mount(s, sr, sr->device, "ext4", "errors=remount-ro");
}

static enum sr_found
file_identify(struct storage *s, struct sr *sr)
{
	uint8_t uuid[16];

	(void)s;
	if (!disk_is_ext4(sr->device, uuid))
		return SR_NONE;
	uuid_text(uuid, sr->uuid);
	return SR_WHOLE;
}

static int
file_claim(struct storage *s, struct sr *sr, int *fd_out)
{
	return disk_claim(s, sr->device, fd_out);
}

static int
file_create(struct storage *s, struct sr *sr, const char *name)
{
	const char *const argv[] = { s->env->mkfs, "-t", "ext4", "-q", "-F", "-m", "0",
		"-L", DISK_EXT4_LABEL, "-U", sr->uuid,
		"-E", "lazy_itable_init=1,lazy_journal_init=1", sr->device,
		NULL };
	const char *text;
	int rc;

	if (storage_run(s, argv, CHILD_DIES, MKFS_LIMIT_MS, NULL) ||
	    sr_mount(s, sr, sr->device, "ext4", "errors=remount-ro"))
		return -1;
	text = arena_printf(s->arena, "format=1\nname=%s\n", name);
	rc = file_write(arena_printf(s->arena, "%s/bedplate-sr", sr->dir),
	    text, strlen(text), true);
	return rc ? storage_fail_errno(s, -rc, "cannot write to '%s'",
	    sr->device) : 0;
}

static int
file_undo(struct storage *s, struct sr *sr)
{
	return sr_unmount(s, sr) ? -1 : disk_wipe(s, sr->device);
}

/* By now another disk may have the name. */
static int
file_destroy(struct storage *s, struct sr *sr)
{
	return disks_find(s, sr, FIND_LIMIT_MS) ? -1 :
	    disk_wipe(s, sr->device);
}

int
file_map(struct storage *s, struct sr *sr, const char *vdi, bool writable,
    const char **device_out)
{
	return loop_attach(s, dir_path(s, sr, vdi, ".raw"), writable, vdi,
	    device_out);
}

static bool
vdi_of(struct storage *s, const struct sr *sr, const char *name,
    char vdi[UUID_TEXT_LEN + 1])
{
	(void)s;
	(void)sr;
	if (strlen(name) < UUID_TEXT_LEN)
		return false;
	memcpy(vdi, name, UUID_TEXT_LEN);
	return true;
}

int
file_unmap(struct storage *s, struct sr *sr, const char *vdi,
    const char *device, bool last)
{
	(void)last;
	return strays_unmap(s, sr, vdi, device, vdi_of);
}

void
file_reap(struct storage *s, struct sr *sr)
{
	strays_free(s, sr, NULL, vdi_of);
	dir_reap(s, sr);
}

const struct sr_driver sr_driver_memory = {
	.claim = memory_claim,
	.create = memory_create,
	.undo = sr_unmount,
	.attach = memory_attach,
	.detach = sr_unmount,
	.destroy = memory_destroy,
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

const struct sr_driver sr_driver_file = {
	.claim = file_claim,
	.create = file_create,
	.undo = file_undo,
	.identify = file_identify,
	.attach = file_attach,
	.detach = sr_unmount,
	.destroy = file_destroy,
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
