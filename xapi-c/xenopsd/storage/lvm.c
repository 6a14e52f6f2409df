/*
 * SRs as LVM volume groups of one disk: a thin pool and, for each disk, a thin
 * volume named by its uuid, with what else is known in tags; see STORAGE.md.
 * Volumes are active only while they are used.  Every command is told the one
 * disk it may look at, so that guests' own volumes are never scanned.
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/log.h"
#include "xenopsd/storage/child.h"
#include "xenopsd/storage/disk.h"
#include "xenopsd/storage/dm.h"
#include "xenopsd/storage/driver.h"
#include "xenopsd/storage/look.h"
#include "xenopsd/storage/lvm_layout.h"
#include "xenopsd/storage/lvm_list.h"
#include "xenopsd/storage/lvm_tags.h"

#define POOL LVM_POOL
#define FIRST "first"			/* the volume that a pool is made with */
#define VG_PREFIX "bedplate-"
#define FORMAT_TAG "bedplate.format.1"
#define MAKING_TAG "bedplate.making"	/* on a group that is not whole yet */
#define ARGS_MAX 40
#define QUICK_MS 120000
#define SLOW_MS 900000		/* thin_check of a large pool */
#define FULL 99.99		/* percent: LVM rounds to hundredths */
#define BUSY_MS 10000		/* a volume's last user may be closing it */

static const char *
vg_name(struct storage *s, const struct sr *sr)
{
	return arena_printf(s->arena, VG_PREFIX "%s", sr->uuid);
}

static const char *
lv_path(struct storage *s, const struct sr *sr, const char *lv)
{
	return arena_printf(s->arena, VG_PREFIX "%s/%s", sr->uuid, lv);
}

/* Settings of every command, which sees this device only. */
static const char *
settings(struct storage *s, const char *device)
{
	return arena_printf(s->arena,
	    "devices{filter=[\"a|^%s$|\",\"r|.*|\"] use_devicesfile=0 scan_lvs=0 "
	    "obtain_device_list_from_udev=0 hints=\"none\"} "
	    "activation{udev_sync=0 udev_rules=0 monitoring=0 "
	    "error_when_full=1} "
	    /* a description that is larger than what LVM reads at once is
	     * not to be relied on */
	    "global{use_lvmpolld=0 io_memory_size=%lld "
	    "thin_check_executable=\"%s\"} "
	    "backup{backup=0 archive=0} log{level=0}",
	    device, (long long)(LVM_AREA >> 10), s->env->thin_check ? s->env->thin_check : "");
}

/*
 * Runs one LVM command; words are its own arguments, ended by NULL.  The
 * listing kept from before is void then.
 */
static int
lvm(struct storage *s, struct sr *sr, int64_t limit_ms, struct buf *out,
    const char *const *words)
{
	const char *argv[ARGS_MAX + 4] = { s->env->lvm, words[0], "--config",
		settings(s, sr->device) };
	int n = 4;

	for (int i = 1; words[i] && n < ARGS_MAX; i++)
		argv[n++] = words[i];
	sr->listing = NULL;
	return storage_run(s, argv, CHILD_FINISHES, limit_ms, out);
}

#define LVM(s, sr, ...) lvm(s, sr, QUICK_MS, NULL, \
	(const char *const[]){ __VA_ARGS__, NULL })
#define LVM_SLOW(s, sr, ...) lvm(s, sr, SLOW_MS, NULL, \
	(const char *const[]){ __VA_ARGS__, NULL })

/*
 * The volumes of the SR, asked once per operation; fresh: with what is active
 * and how much is used, which may have changed without LVM.
 */
static struct lvm_listing *
list_lvs(struct storage *s, struct sr *sr, bool fresh)
{
	struct lvm_listing *l = sr->listing;
	struct lvm_head head;
	struct buf out = { 0 };

	if (l && (l->fresh || !fresh))
		return l;
	l = fresh ? NULL : lvm_listing_kept(s, sr);
	if (l)
		goto out;
	lvm_head_read(sr, &head);
	if (lvm(s, sr, QUICK_MS, &out, (const char *const[]){ "lvs",
	    "--noheadings", "--nosuffix", "--units", "b", "--separator", "|",
	    "-o", LVM_LISTING_FIELDS, vg_name(s, sr), NULL }) == 0)
		l = lvm_listing_take(s, sr, &head, &out);
	buf_release(&out);
out:
	sr->listing = l;
	return l;
}

/* LVM ends with 5 whatever it was, and its words are not for programs: a failed
 * command wanted room that the group does not have, or it did not. */
static int
explain_room(struct storage *s, struct sr *sr)
{
	struct storage op = { .env = s->env, .arena = s->arena };
	const struct lvm_listing *l;

	if (s->code != XENOPS_CODE_IO)
		return -1;
	l = list_lvs(&op, sr, true);
	if (l && (l->pool.percent >= FULL || l->pool.metadata_percent >= FULL ||
	    l->area_free < LVM_DISK_TEXT))
		s->code = XENOPS_CODE_NO_SPACE;
	return -1;
}

/* Likewise, of volumes that were to go: vdi, or (NULL) all. */
static int
explain_use(struct storage *s, struct sr *sr, const char *vdi)
{
	struct storage op = { .env = s->env, .arena = s->arena };
	const struct lvm_listing *l;

	if (s->code != XENOPS_CODE_IO)
		return -1;
	l = list_lvs(&op, sr, true);
	for (uint32_t i = 0; l && i < l->n; i++)
		if (l->v[i].open && (!vdi || !strcmp(l->v[i].name, vdi)))
			s->code = XENOPS_CODE_IN_USE;
	return -1;
}

/* Before a new disk: whether the group can describe it. */
static int
check_room(struct storage *s, struct sr *sr)
{
	const struct lvm_listing *l = list_lvs(s, sr, false);

	if (!l)
		return -1;
	if (l->n >= LVM_DISKS_MAX)
		return storage_fail(s, XENOPS_CODE_TOO_MANY,
		    "SR '%s' holds %u disks, as many as it can", sr->uuid,
		    l->n);
	if (l->area_free < LVM_DISK_TEXT)
		return storage_fail(s, XENOPS_CODE_TOO_MANY,
		    "SR '%s' has no room to describe one more disk than %u",
		    sr->uuid, l->n);
	return 0;
}

static void
fill_vdi(struct storage *s, const struct lvm_volume *lv,
    struct xenops_vdi_info *out)
{
	*out = *(const struct xenops_vdi_info *)xenops_vdi_info_type.dflt;
	lvm_tags_decode(s->arena, lv->tags, out);
	out->uuid = lv->name;
	out->size = lv->size;
	/* only the kernel's device tells */
	out->used = lv->active ?
	    (int64_t)((double)lv->size * lv->percent / 100) : -1;
}

static const struct lvm_volume *
find_lv(struct storage *s, struct sr *sr, const char *vdi)
{
	struct lvm_listing *l = list_lvs(s, sr, false);

	if (!l)
		return NULL;
	for (uint32_t i = 0; i < l->n; i++)
		if (!strcmp(l->v[i].name, vdi))
			return &l->v[i];
	storage_fail(s, XENOPS_CODE_NO_SUCH_VDI, "no VDI '%s' in SR '%s'",
	    vdi, sr->uuid);
	return NULL;
}

static int
lvm_find(struct storage *s, struct sr *sr, const char *vdi,
    struct xenops_vdi_info *out)
{
	const struct lvm_volume *lv = find_lv(s, sr, vdi);

	if (!lv)
		return -1;
	fill_vdi(s, lv, out);
	return 0;
}

static int
lvm_list(struct storage *s, struct sr *sr, struct vec *vdis_out)
{
	struct lvm_listing *l = list_lvs(s, sr, true);
	struct xenops_vdi_info *v;

	if (!l)
		return -1;
	v = arena_alloc(s->arena, sizeof(*v) * (l->n + 1));
	for (uint32_t i = 0; i < l->n; i++)
		fill_vdi(s, &l->v[i], &v[i]);
	*vdis_out = (struct vec){ v, l->n };
	return 0;
}

static int
lvm_space(struct storage *s, struct sr *sr, int64_t *size_out,
    int64_t *used_out)
{
	struct lvm_listing *l = list_lvs(s, sr, true);

	if (!l)
		return -1;
	*size_out = l->pool.size;
	*used_out = (int64_t)((double)l->pool.size * l->pool.percent / 100);
	return 0;
}

static int
lvm_claim(struct storage *s, struct sr *sr, int *fd_out)
{
	struct lvm_layout layout;
	int64_t size;

	if (disk_claim(s, sr->device, fd_out))
		return -1;
	if (disk_size(s, sr->device, &size) == 0) {
		if (lvm_layout(size, &layout))
			return 0;
		storage_fail(s, XENOPS_CODE_DEVICE_NOT_USABLE,
		    "'%s' is too small", sr->device);
	}
	fdio_close(fd_out);
	return -1;
}

static const char *
bytes_text(struct storage *s, int64_t size)
{
	return arena_printf(s->arena, "%" PRId64 "b", size);
}

/* LVM takes whole extents. */
static const char *
extents_text(struct storage *s, int64_t size)
{
	return bytes_text(s, (size + LVM_EXTENT - 1) / LVM_EXTENT *
	    LVM_EXTENT);
}

/*
 * The pool, with a first volume that goes at once.  LVM takes a pool that never
 * had one for new, and to see that it is, deactivates it before its first
 * volume: whoever has the pool's metadata open just then, for no more than a
 * look, makes LVM leave that device behind, by which it then refuses to
 * activate the pool.
 */
static int
make_pool(struct storage *s, struct sr *sr, const struct lvm_layout *l)
{
	if (LVM_SLOW(s, sr, "lvcreate", "-y", "-an", "-Wn", "--type", "thin",
	    "--extents", "100%FREE", "--zero", "y",
	    "--chunksize", bytes_text(s, l->chunk),
	    "--poolmetadatasize", bytes_text(s, l->pool_metadata),
	    "--poolmetadataspare", "y", "--errorwhenfull", "y",
	    "--thinpool", POOL,
	    "--virtualsize", bytes_text(s, LVM_EXTENT), "--name", FIRST,
	    vg_name(s, sr)))
		return -1;
	return LVM(s, sr, "lvremove", "-f", lv_path(s, sr, FIRST));
}

static int
lvm_create(struct storage *s, struct sr *sr, const char *name)
{
	const char *vg = vg_name(s, sr);
	struct lvm_layout layout;
	int64_t size;

	(void)name;
	if (disk_size(s, sr->device, &size))
		return -1;
	if (!lvm_layout(size, &layout))
		return storage_fail(s, XENOPS_CODE_DEVICE_NOT_USABLE,
		    "'%s' is too small", sr->device);
	if (LVM(s, sr, "pvcreate", "-ff", "-y", "--metadatasize",
	    bytes_text(s, LVM_AREA), sr->device) ||
	    LVM(s, sr, "vgcreate", "--addtag", FORMAT_TAG,
	    "--addtag", MAKING_TAG, "--physicalextentsize", bytes_text(s, LVM_EXTENT), vg,
	    sr->device))
		return -1;
	if (make_pool(s, sr, &layout))
		return -1;
	return LVM(s, sr, "vgchange", "--deltag", MAKING_TAG, vg);
}

/* LVM makes links to volumes that it finds active, and leaves those that were
 * unmapped without it; then the group's name is taken. */
static void
remove_links(struct storage *s, struct sr *sr)
{
	const char *dir = arena_printf(s->arena, "/dev/%s", vg_name(s, sr));
	DIR *d = opendir(dir);
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (e->d_type == DT_LNK)
			unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
	rmdir(dir);
}

/* LVM's own lock makes it wait for a command that still runs. */
static int
lvm_undo(struct storage *s, struct sr *sr)
{
	struct storage op = { .env = s->env, .arena = s->arena };

	if (sr->uuid[0]) {
		if (LVM(&op, sr, "vgremove", "-ff", "-y", vg_name(s, sr)))
			log_info("no volume group to undo: %s", op.text);
		remove_links(s, sr);
	}
	return disk_wipe(s, sr->device);
}

/* Of a line "GROUP|TAG,TAG": whether it is an SR's, and which one's. */
static enum sr_found
read_group(const char *line, struct sr *sr)
{
	const char *name = line + strspn(line, " ");
	const char *tags = strchr(name, '|');
	char uuid[UUID_TEXT_LEN + 1] = "";
	uint8_t b[16];

	if (!tags || strncmp(name, VG_PREFIX, strlen(VG_PREFIX)) ||
	    (size_t)(tags - name) != strlen(VG_PREFIX) + UUID_TEXT_LEN ||
	    !strstr(tags, FORMAT_TAG))
		return SR_NONE;
	memcpy(uuid, name + strlen(VG_PREFIX), UUID_TEXT_LEN);
	if (!uuid_from_text(uuid, b))
		return SR_NONE;
	memcpy(sr->uuid, uuid, sizeof(uuid));
	return strstr(tags, MAKING_TAG) ? SR_HALF : SR_WHOLE;
}

/* A metadata area in which no group was ever written is all that pvcreate
 * leaves. */
static enum sr_found
lvm_identify(struct storage *s, struct sr *sr)
{
	struct storage op = { .env = s->env, .arena = s->arena };
	enum sr_found found = SR_NONE;
	struct buf out = { 0 };
	struct lvm_head head;

	lvm_head_read(sr, &head);
	if (!head.read)
		return SR_NONE;
	sr->uuid[0] = '\0';
	if (lvm_head_is_new(&head))
		return SR_HALF;
	if (lvm(&op, sr, QUICK_MS, &out, (const char *const[]){ "pvs",
	    "--noheadings", "--separator", "|", "-o", "vg_name,vg_tags",
	    sr->device, NULL }) == 0 && out.data)
		found = read_group(out.data, sr);
	buf_release(&out);
	return found;
}

/*
 * The pool, which is active while the SR is attached.  A command that was
 * killed while it made or removed the pool's devices, or that met one open,
 * leaves some of them, with which LVM refuses.  They are cleared only when it
 * has refused, as then no other command was still at work on them.
 */
static int
activate_pool(struct storage *s, struct sr *sr)
{
	struct storage op = { .env = s->env, .arena = s->arena };
	bool found = false;

	if (LVM_SLOW(&op, sr, "lvchange", "-ay", lv_path(s, sr, POOL)) == 0)
		return 0;
	if (op.code == XENOPS_CODE_IO && dm_clear_pool(s, vg_name(s, sr), POOL,
	    BUSY_MS, &found))
		return -1;
	if (!found)
		return storage_fail(s, op.code, "%s", op.text);
	log_warn("SR '%s' had half of a pool: %s", sr->uuid, op.text);
	return LVM_SLOW(s, sr, "lvchange", "-ay", lv_path(s, sr, POOL));
}

/* For a command that needs it: an earlier one may have lost it. */
static int
have_pool(struct storage *s, struct sr *sr)
{
	return dm_pool_is_gone(s, vg_name(s, sr), POOL) ?
	    activate_pool(s, sr) : 0;
}

static int
lvm_attach(struct storage *s, struct sr *sr)
{
	if (disks_find(s, sr, FIND_LIMIT_MS))
		return -1;
	return activate_pool(s, sr);
}

/* Whether the disk that sr->device names now is still the SR's. */
static bool
is_there(struct storage *s, const struct sr *sr)
{
	struct sr found = *sr;

	return lvm_identify(s, &found) == SR_WHOLE &&
	    !strcmp(found.uuid, sr->uuid);
}

/*
 * A disk that was pulled comes back under another name, as the volumes hold the
 * old one: they go without it, so that attach finds the disk again.  And of a
 * pool that LVM found in pieces, or left so, the pieces go.
 */
static int
lvm_detach(struct storage *s, struct sr *sr)
{
	struct storage op = { .env = s->env, .arena = s->arena };

	lvm_listing_forget(s, sr);
	if (LVM(&op, sr, "lvchange", "-an", vg_name(s, sr)) == 0)
		return 0;
	explain_use(&op, sr, NULL);
	if (op.code != XENOPS_CODE_IO || (is_there(s, sr) &&
	    !dm_pool_is_gone(s, vg_name(s, sr), POOL)))
		return storage_fail(s, op.code, "%s", op.text);
	log_warn("SR '%s' is detached without LVM, its disk was '%s': %s",
	    sr->uuid, sr->device, op.text);
	if (dm_remove_group(s, vg_name(s, sr), BUSY_MS))
		return -1;
	remove_links(s, sr);
	return 0;
}

/* By now another disk may have the name. */
static int
lvm_destroy(struct storage *s, struct sr *sr)
{
	if (disks_find(s, sr, FIND_LIMIT_MS))
		return -1;
	if (LVM(s, sr, "vgremove", "-ff", "-y", vg_name(s, sr)))
		return explain_use(s, sr, NULL);
	remove_links(s, sr);
	return disk_wipe(s, sr->device);
}

/* "--addtag TAG" for each tag of vdi, from argv[n] on; the new n. */
static int
add_tags(struct storage *s, const struct xenops_vdi_info *vdi,
    const char **argv, int n, const char *option)
{
	const char *tags[LVM_TAGS_MAX];
	int count = lvm_tags_encode(s->arena, vdi, tags);

	for (int i = 0; i < count && n + 2 < ARGS_MAX; i++) {
		argv[n++] = option;
		argv[n++] = tags[i];
	}
	return n;
}

static int
lvm_vdi_create(struct storage *s, struct sr *sr,
    const struct xenops_vdi_info *vdi)
{
	const char *argv[ARGS_MAX] = { "lvcreate", "-y", "-an", "-Wn",
		"-V", extents_text(s, vdi->size),
		"--thinpool", lv_path(s, sr, POOL), "--name", vdi->uuid };

	if (check_room(s, sr) || have_pool(s, sr))
		return -1;
	add_tags(s, vdi, argv, 10, "--addtag");
	return lvm(s, sr, QUICK_MS, NULL, argv) ? explain_room(s, sr) : 0;
}

static int
lvm_vdi_clone(struct storage *s, struct sr *sr, const char *source,
    const struct xenops_vdi_info *vdi)
{
	const char *argv[ARGS_MAX] = { "lvcreate", "-y", "-an", "-kn", "-s",
		"--name", vdi->uuid };
	int n = add_tags(s, vdi, argv, 7, "--addtag");

	argv[n++] = lv_path(s, sr, source);
	argv[n] = NULL;
	if (check_room(s, sr) || have_pool(s, sr))
		return -1;
	return lvm(s, sr, QUICK_MS, NULL, argv) ? explain_room(s, sr) : 0;
}

static int
lvm_vdi_destroy(struct storage *s, struct sr *sr, const char *vdi)
{
	if (have_pool(s, sr))
		return -1;
	return LVM(s, sr, "lvremove", "-f", lv_path(s, sr, vdi)) ?
	    explain_use(s, sr, vdi) : 0;
}

static int
lvm_vdi_resize(struct storage *s, struct sr *sr, const char *vdi,
    int64_t size)
{
	const struct lvm_volume *lv = find_lv(s, sr, vdi);

	if (!lv)
		return -1;
	if (size <= lv->size)
		return 0;		/* LVM calls that an error */
	if (have_pool(s, sr))
		return -1;
	return LVM(s, sr, "lvextend", "-L", extents_text(s, size),
	    lv_path(s, sr, vdi)) ? explain_room(s, sr) : 0;
}

static int
lvm_vdi_set_name(struct storage *s, struct sr *sr,
    const struct xenops_vdi_info *vdi)
{
	const char *argv[ARGS_MAX] = { "lvchange" };
	struct xenops_vdi_info old;
	int n = 1;

	if (lvm_find(s, sr, vdi->uuid, &old))
		return -1;
	lvm_tags_only_names(&old);
	n = add_tags(s, &old, argv, n, "--deltag");
	old = *vdi;
	lvm_tags_only_names(&old);
	n = add_tags(s, &old, argv, n, "--addtag");
	if (n == 1)
		return 0;
	argv[n++] = lv_path(s, sr, vdi->uuid);
	argv[n] = NULL;
	return lvm(s, sr, QUICK_MS, NULL, argv) ? explain_room(s, sr) : 0;
}

static int
lvm_map(struct storage *s, struct sr *sr, const char *vdi, bool writable,
    const char **device_out)
{
	const struct lvm_volume *lv = find_lv(s, sr, vdi);

	(void)writable;
	if (!lv || have_pool(s, sr))
		return -1;
	return dm_thin_map(s, &(const struct dm_thin){
		.vg = vg_name(s, sr), .lv = vdi, .pool = POOL,
		.vg_uuid = lv->vg_uuid, .lv_uuid = lv->uuid,
		.size = lv->size, .id = lv->id }, device_out);
}

static int
lvm_unmap(struct storage *s, struct sr *sr, const char *vdi,
    const char *device, bool last)
{
	(void)device;
	return last ? dm_unmap(s, vg_name(s, sr), vdi, BUSY_MS) : 0;
}

/* Volumes that are active though nobody uses them. */
static void
lvm_reap(struct storage *s, struct sr *sr)
{
	struct lvm_listing *l = list_lvs(s, sr, true);
	struct use *uses;
	int n;

	if (!l) {
		log_warn("cannot list SR '%s': %s", sr->uuid, s->text);
		return;
	}
	n = use_list(s, sr->uuid, &uses);
	for (uint32_t i = 0; i < l->n; i++) {
		struct storage op = { .env = s->env, .arena = s->arena };
		bool used = false;

		for (int j = 0; j < n; j++)
			used |= !strcmp(uses[j].vdi, l->v[i].name);
		if (used || !l->v[i].active)
			continue;
		log_warn("reaping active VDI '%s'", l->v[i].name);
		if (dm_unmap(&op, vg_name(s, sr), l->v[i].name, BUSY_MS))
			log_error("cannot reap: %s", op.text);
	}
}

const struct sr_driver sr_driver_lvm = {
	.claim = lvm_claim,
	.create = lvm_create,
	.undo = lvm_undo,
	.identify = lvm_identify,
	.attach = lvm_attach,
	.detach = lvm_detach,
	.destroy = lvm_destroy,
	.space = lvm_space,
	.list = lvm_list,
	.find = lvm_find,
	.vdi_create = lvm_vdi_create,
	.vdi_clone = lvm_vdi_clone,
	.vdi_destroy = lvm_vdi_destroy,
	.vdi_resize = lvm_vdi_resize,
	.vdi_set_name = lvm_vdi_set_name,
	.map = lvm_map,
	.unmap = lvm_unmap,
	.reap = lvm_reap,
	.clone_in_use = true,
};
