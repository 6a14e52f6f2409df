/* See storage.h: the books that all kinds of SRs share. */
#include "xenopsd/storage/storage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <linux/fs.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/log.h"
#include "base/vm_limits.h"
#include "xenopsd/storage/driver.h"

/* uuids become file names: only their one canonical spelling is let in. */
static int
check_uuid(struct storage *s, const char *text, const char *what)
{
	char canonical[UUID_TEXT_LEN + 1];
	uint8_t b[16];

	if (text && uuid_from_text(text, b) &&
	    !strcmp(uuid_text(b, canonical), text))
		return 0;
	return storage_fail(s, XENOPS_CODE_BAD_REQUEST, "bad uuid of %s", what);
}

static int
check_user(struct storage *s, const char *user)
{
	if (user && *user && strlen(user) < sizeof(((struct use *)0)->user) &&
	    strspn(user, "abcdefghijklmnopqrstuvwxyz0123456789-") ==
	    strlen(user))
		return 0;
	return storage_fail(s, XENOPS_CODE_BAD_REQUEST, "bad user of a disk");
}

/* sr/ and use/ below the run folder. */
static int
make_folders(struct storage *s)
{
	static const char *const names[] = { "", "/sr", "/use" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *path = arena_printf(s->arena, "%s%s",
		    s->env->run_dir, names[i]);

		if (mkdir(path, i ? 0700 : 0755) == -1 && errno != EEXIST)
			return storage_fail_errno(s, errno,
			    "cannot make '%s'", path);
	}
	return 0;
}

/* Whether the SR is attached: then it is as sr_remember wrote it. */
static bool
sr_recall(struct storage *s, struct sr *sr)
{
	return sr_read(s, sr) && !sr->creating;
}

/* Locks the SR named uuid, attached or not.  On failure nothing is locked. */
static int
sr_take(struct storage *s, const char *uuid, struct sr *sr)
{
	memset(sr, 0, sizeof(*sr));
	sr->lock_fd = -1;
	if (check_uuid(s, uuid, "SR") || make_folders(s))
		return -1;
	memcpy(sr->uuid, uuid, UUID_TEXT_LEN);
	sr->dir = arena_printf(s->arena, "%s/sr/%s", s->env->run_dir, uuid);
	if (storage_lock(s, sr)) {
		storage_unlock(sr);
		return -1;
	}
	return 0;
}

/* Locks an attached SR. */
static int
sr_get(struct storage *s, const char *uuid, struct sr *sr)
{
	if (sr_take(s, uuid, sr))
		return -1;
	if (sr_recall(s, sr))
		return 0;
	storage_unlock(sr);
	return storage_fail(s, XENOPS_CODE_NO_SUCH_SR,
	    "SR '%s' is not attached", uuid);
}

static int
not_supported(struct storage *s, const struct sr *sr)
{
	return storage_fail(s, XENOPS_CODE_NOT_SUPPORTED,
	    "SR '%s' cannot do that", sr->uuid);
}

static void
sr_put(struct sr *sr)
{
	storage_unlock(sr);
}

/*
 * Fails with in_use if the disk has a user other than `user` that a new one
 * (writing or not) would disturb.  others_out: how many there are.
 */
static int
check_use(struct storage *s, const struct sr *sr, const char *vdi,
    const char *user, bool writable, int *others_out)
{
	struct use *uses;
	int n = use_list(s, sr->uuid, &uses);

	*others_out = 0;
	for (int i = 0; i < n; i++) {
		if (strcmp(uses[i].vdi, vdi) || !strcmp(uses[i].user, user))
			continue;
		(*others_out)++;
		if (writable || uses[i].writable)
			return storage_fail(s, XENOPS_CODE_IN_USE,
			    "VDI '%s' is in use by '%s'", vdi, uses[i].user);
	}
	return 0;
}

static int
fill_sr(struct storage *s, struct sr *sr, const struct vec *vdis,
    struct xenops_sr_info *out)
{
	const struct xenops_vdi_info *v = vdis->v;

	*out = *(const struct xenops_sr_info *)xenops_sr_info_type.dflt;
	out->uuid = arena_strdup(s->arena, sr->uuid);
	out->type = sr->type;
	out->device = arena_strdup(s->arena, sr->device);
	for (uint32_t i = 0; i < vdis->n; i++)
		out->allocated += v[i].size;
	return sr->drv->space(s, sr, &out->size, &out->used);
}

static int
sr_report(struct storage *s, struct sr *sr, struct xenops_sr_info *out,
    struct vec *vdis_out)
{
	*vdis_out = (struct vec){ 0 };
	if (sr->drv->list(s, sr, vdis_out))
		return -1;
	return fill_sr(s, sr, vdis_out, out);
}

/* A new SR that cannot be used: its disk is to be unused again.  If that fails,
 * its note stays, and storage_reap tries again. */
static void
undo_create(struct storage *s, struct sr *sr)
{
	struct storage op = { .env = s->env, .arena = s->arena };

	if (sr->drv->undo(&op, sr))
		log_warn("cannot undo SR '%s': %s", sr->uuid, op.text);
	else
		sr_forget(s, sr);
}

/* Notes the SR before anything of it exists, so that its disk can be freed
 * whatever happens, and nobody else takes it. */
static int
begin_create(struct storage *s, struct sr *sr)
{
	int fd = -1, rc;

	if (sr->drv->claim && sr->drv->claim(s, sr, &fd))
		return -1;
	sr->creating = true;
	rc = sr_remember(s, sr);
	fdio_close(&fd);
	return rc;
}

/* From the note on it is there to stay, so that comes last. */
static int
end_create(struct storage *s, struct sr *sr, struct xenops_sr_info *sr_out)
{
	struct vec vdis;

	if (sr_report(s, sr, sr_out, &vdis))
		return -1;
	sr->creating = false;
	return sr_remember(s, sr);
}

int
storage_sr_create(struct storage *s, const struct xenops_sr_create_args *a,
    struct xenops_sr_info *sr_out)
{
	struct sr sr, other;
	int rc = -1;

	if (sr_take(s, a->uuid, &sr))
		return -1;
	other = sr;
	if (sr_read(s, &other)) {
		storage_fail(s, XENOPS_CODE_EXISTS, "SR '%s' exists", a->uuid);
		goto out;
	}
	sr.type = a->type;
	sr.drv = s->env->drivers[sr.type];
	if (strlen(a->device ? a->device : "") >= sizeof(sr.device)) {
		storage_fail(s, XENOPS_CODE_DEVICE_NOT_USABLE,
		    "device name too long");
		goto out;
	}
	snprintf(sr.device, sizeof(sr.device), "%s",
	    a->device ? a->device : "");
	rc = begin_create(s, &sr);
	if (rc)
		goto out;
	rc = sr.drv->create(s, &sr, a->name ? a->name : "");
	if (rc == 0)
		rc = end_create(s, &sr, sr_out);
	if (rc)
		undo_create(s, &sr);
out:
	sr_put(&sr);
	return rc;
}

int
storage_sr_attach(struct storage *s, const char *uuid, int type,
    const char *device, struct xenops_sr_info *sr_out)
{
	struct vec vdis;
	struct sr sr;
	int rc = 0;

	if (sr_take(s, uuid, &sr))
		return -1;
	if (!sr_recall(s, &sr)) {
		sr.type = type;
		sr.drv = s->env->drivers[type];
		snprintf(sr.device, sizeof(sr.device), "%s",
		    device && strlen(device) < sizeof(sr.device) ? device : "");
		rc = sr.drv->attach(s, &sr);
		if (rc == 0)
			rc = sr_remember(s, &sr);
	} else if (sr.type != type) {
		rc = storage_fail(s, XENOPS_CODE_NO_SUCH_SR,
		    "SR '%s' is of another type", uuid);
	}
	if (rc == 0)
		rc = sr_report(s, &sr, sr_out, &vdis);
	sr_put(&sr);
	return rc;
}

/* Detaches; the lock stays. */
static int
sr_release(struct storage *s, struct sr *sr)
{
	struct use *uses;

	if (use_list(s, sr->uuid, &uses))
		return storage_fail(s, XENOPS_CODE_IN_USE,
		    "VDI '%s' is in use by '%s'", uses[0].vdi, uses[0].user);
	if (sr->drv->detach(s, sr))
		return -1;
	sr_forget(s, sr);
	return 0;
}

int
storage_sr_detach(struct storage *s, const char *uuid)
{
	struct sr sr;
	int rc = 0;

	if (sr_take(s, uuid, &sr))
		return -1;
	if (sr_recall(s, &sr))
		rc = sr_release(s, &sr);
	sr_put(&sr);
	return rc;
}

int
storage_sr_destroy(struct storage *s, const char *uuid)
{
	struct sr sr;
	int rc;

	if (sr_get(s, uuid, &sr))
		return -1;
	rc = sr.drv->destroy ? sr_release(s, &sr) : not_supported(s, &sr);
	if (rc == 0)
		rc = sr.drv->destroy(s, &sr);
	sr_put(&sr);
	return rc;
}

int
storage_sr_scan(struct storage *s, const char *uuid,
    struct xenops_sr_info *sr_out, struct vec *vdis_out)
{
	struct sr sr;
	int rc;

	if (sr_get(s, uuid, &sr))
		return -1;
	rc = sr_report(s, &sr, sr_out, vdis_out);
	sr_put(&sr);
	return rc;
}

/* A new disk's uuid must be good and unused, its names text of some length. */
static int
check_new_vdi(struct storage *s, struct sr *sr,
    const struct xenops_vdi_info *vdi)
{
	struct storage probe = { .env = s->env, .arena = s->arena };
	struct xenops_vdi_info found;

	if (check_uuid(s, vdi->uuid, "VDI"))
		return -1;
	if (sr->drv->find(&probe, sr, vdi->uuid, &found) == 0)
		return storage_fail(s, XENOPS_CODE_EXISTS, "VDI '%s' exists",
		    vdi->uuid);
	return 0;
}

static int
check_size(struct storage *s, struct sr *sr, int64_t size)
{
	int64_t total, used;

	if (size <= 0 || size > VDI_MAX_BYTES)
		return storage_fail(s, XENOPS_CODE_BAD_REQUEST,
		    "bad size %" PRId64, size);
	if (sr->drv->space(s, sr, &total, &used))
		return -1;
	if (size > total)
		return storage_fail(s, XENOPS_CODE_NO_SPACE,
		    "%" PRId64 " bytes do not fit SR '%s'", size, sr->uuid);
	return 0;
}

static int
create_vdi(struct storage *s, struct sr *sr, struct xenops_vdi_info *vdi)
{
	if (!sr->drv->vdi_create)
		return not_supported(s, sr);
	if (sr->drv->vdi_uuid &&
	    sr->drv->vdi_uuid(s, sr, vdi, &vdi->uuid))
		return -1;
	return check_new_vdi(s, sr, vdi) || check_size(s, sr, vdi->size) ?
	    -1 : sr->drv->vdi_create(s, sr, vdi);
}

int
storage_vdi_create(struct storage *s, const char *sr_uuid,
    const struct xenops_vdi_info *vdi, struct xenops_vdi_info *vdi_out)
{
	struct xenops_vdi_info made = *vdi;
	struct sr sr;
	int rc;

	if (sr_get(s, sr_uuid, &sr))
		return -1;
	rc = create_vdi(s, &sr, &made);
	if (rc == 0)
		rc = sr.drv->find(s, &sr, made.uuid, vdi_out);
	sr_put(&sr);
	return rc;
}

int
storage_vdi_clone(struct storage *s, const char *sr_uuid, const char *source,
    const struct xenops_vdi_info *vdi, struct xenops_vdi_info *vdi_out)
{
	struct xenops_vdi_info from, to = *vdi;
	struct sr sr;
	int others, rc = -1;

	if (check_uuid(s, source, "VDI") || sr_get(s, sr_uuid, &sr))
		return -1;
	if (!sr.drv->vdi_clone) {
		not_supported(s, &sr);
		goto out;
	}
	if (check_new_vdi(s, &sr, vdi) ||
	    sr.drv->find(s, &sr, source, &from))
		goto out;
	if (!sr.drv->clone_in_use &&
	    check_use(s, &sr, source, "", false, &others))
		goto out;
	to.size = from.size;
	to.parent = source;
	rc = sr.drv->vdi_clone(s, &sr, source, &to);
	if (rc == 0)
		rc = sr.drv->find(s, &sr, vdi->uuid, vdi_out);
out:
	sr_put(&sr);
	return rc;
}

int
storage_vdi_destroy(struct storage *s, const char *sr_uuid, const char *vdi)
{
	struct xenops_vdi_info found;
	struct sr sr;
	int others, rc = -1;

	if (check_uuid(s, vdi, "VDI") || sr_get(s, sr_uuid, &sr))
		return -1;
	if (sr.drv->find(s, &sr, vdi, &found) == 0 &&
	    check_use(s, &sr, vdi, "", true, &others) == 0)
		rc = sr.drv->vdi_destroy ? sr.drv->vdi_destroy(s, &sr, vdi) :
		    not_supported(s, &sr);
	sr_put(&sr);
	return rc;
}

int
storage_vdi_resize(struct storage *s, const char *sr_uuid, const char *vdi,
    int64_t size, struct xenops_vdi_info *vdi_out)
{
	struct xenops_vdi_info found;
	struct sr sr;
	int others, rc = -1;

	if (check_uuid(s, vdi, "VDI") || sr_get(s, sr_uuid, &sr))
		return -1;
	if (!sr.drv->vdi_resize) {
		not_supported(s, &sr);
		goto out;
	}
	if (sr.drv->find(s, &sr, vdi, &found) ||
	    check_use(s, &sr, vdi, "", true, &others) ||
	    check_size(s, &sr, size))
		goto out;
	if (size < found.size) {
		storage_fail(s, XENOPS_CODE_BAD_REQUEST,
		    "VDI '%s' cannot shrink", vdi);
		goto out;
	}
	rc = sr.drv->vdi_resize(s, &sr, vdi, size);
	if (rc == 0)
		rc = sr.drv->find(s, &sr, vdi, vdi_out);
out:
	sr_put(&sr);
	return rc;
}

int
storage_vdi_set_name(struct storage *s, const char *sr_uuid,
    const struct xenops_vdi_info *vdi)
{
	struct xenops_vdi_info found;
	struct sr sr;
	int rc = -1;

	if (check_uuid(s, vdi->uuid, "VDI") || sr_get(s, sr_uuid, &sr))
		return -1;
	if (sr.drv->find(s, &sr, vdi->uuid, &found) == 0) {
		found.name = vdi->name;
		found.description = vdi->description;
		rc = sr.drv->vdi_set_name ?
		    sr.drv->vdi_set_name(s, &sr, &found) :
		    not_supported(s, &sr);
	}
	sr_put(&sr);
	return rc;
}

/* Notes a new use, before anything of it exists.  upload: by xapi, for what a
 * client sends. */
static int
use_begin(struct storage *s, struct sr *sr, const char *vdi, bool writable,
    bool upload, const char *user, struct use *u)
{
	struct xenops_vdi_info info;
	int others;

	if (sr->drv->find(s, sr, vdi, &info) ||
	    check_use(s, sr, vdi, user, writable, &others))
		return -1;
	if (writable && info.read_only && !(upload && sr->drv->uploads))
		return storage_fail(s, XENOPS_CODE_READ_ONLY,
		    "VDI '%s' is read-only", vdi);
	memset(u, 0, sizeof(*u));
	memcpy(u->vdi, vdi, UUID_TEXT_LEN);
	memcpy(u->sr, sr->uuid, UUID_TEXT_LEN);
	snprintf(u->user, sizeof(u->user), "%s", user);
	u->writable = writable;
	return use_write(s, u);
}

/* Ends a use; a failure to unmap keeps it noted, for storage_reap. */
static int
use_end(struct storage *s, struct sr *sr, const struct use *u)
{
	struct use *uses;
	int n = use_list(s, sr->uuid, &uses);
	int same = 0;

	for (int i = 0; i < n; i++)
		same += !strcmp(uses[i].vdi, u->vdi);
	if (sr->drv->unmap(s, sr, u->vdi, u->device, same <= 1))
		return -1;
	use_remove(s, u->vdi, u->user);
	return 0;
}

int
storage_attach(struct storage *s, const char *sr_uuid, const char *vdi,
    bool writable, const char *user, const char **device_out)
{
	struct sr sr;
	struct use u;
	int rc = 0;

	if (check_uuid(s, vdi, "VDI") || check_user(s, user) ||
	    sr_get(s, sr_uuid, &sr))
		return -1;
	if (use_read(s, vdi, user, &u) && u.device[0] &&
	    u.writable == writable)
		goto out;
	rc = use_begin(s, &sr, vdi, writable, false, user, &u);
	if (rc == 0) {
		const char *device = NULL;

		rc = sr.drv->map(s, &sr, vdi, writable, &device);
		if (rc == 0) {
			snprintf(u.device, sizeof(u.device), "%s", device);
			rc = use_write(s, &u);
		}
		if (rc)
			use_end(s, &sr, &u);
	}
out:
	if (rc == 0)
		*device_out = arena_strdup(s->arena, u.device);
	sr_put(&sr);
	return rc;
}

int
storage_detach(struct storage *s, const char *vdi, const char *user)
{
	struct sr sr;
	struct use u;
	int rc = 0;

	if (check_uuid(s, vdi, "VDI") || check_user(s, user))
		return -1;
	if (!use_read(s, vdi, user, &u))
		return 0;
	if (sr_get(s, u.sr, &sr))
		return -1;
	if (use_read(s, vdi, user, &u))
		rc = use_end(s, &sr, &u);
	sr_put(&sr);
	return rc;
}

/* Bytes of an open file or block device. */
static int
open_size(struct storage *s, int fd, int64_t *size_out)
{
	struct stat st;
	uint64_t n;

	if (fstat(fd, &st) == -1)
		return storage_fail_errno(s, errno, "cannot stat disk");
	*size_out = st.st_size;
	if (!S_ISBLK(st.st_mode))
		return 0;
	if (ioctl(fd, BLKGETSIZE64, &n) == -1)
		return storage_fail_errno(s, errno, "cannot size disk");
	*size_out = (int64_t)n;
	return 0;
}

static int
open_device(struct storage *s, struct sr *sr, struct use *u, int *fd_out)
{
	const char *device = NULL;

	if (sr->drv->open)
		return sr->drv->open(s, sr, u->vdi, u->writable, fd_out);
	if (sr->drv->map(s, sr, u->vdi, u->writable, &device))
		return -1;
	snprintf(u->device, sizeof(u->device), "%s", device);
	if (use_write(s, u))
		return -1;
	*fd_out = open(device, (u->writable ? O_RDWR : O_RDONLY) | O_CLOEXEC);
	if (*fd_out == -1)
		return storage_fail_errno(s, errno, "cannot open '%s'", device);
	return 0;
}

int
storage_open(struct storage *s, const char *sr_uuid, const char *vdi,
    bool writable, const char *user, int *fd_out, int64_t *size_out)
{
	struct sr sr;
	struct use u;
	int rc;

	*fd_out = -1;
	if (check_uuid(s, vdi, "VDI") || check_user(s, user) ||
	    sr_get(s, sr_uuid, &sr))
		return -1;
	rc = use_begin(s, &sr, vdi, writable, true, user, &u);
	if (rc == 0) {
		rc = open_device(s, &sr, &u, fd_out);
		if (rc == 0)
			rc = open_size(s, *fd_out, size_out);
		if (rc) {
			fdio_close(fd_out);
			use_end(s, &sr, &u);
		}
	}
	sr_put(&sr);
	return rc;
}

/* A new SR is locked as long as somebody makes it. */
static void
reap_new(struct storage *s, struct sr *sr)
{
	sr->dir = arena_printf(s->arena, "%s/sr/%s", s->env->run_dir, sr->uuid);
	if (!storage_try_lock(s, sr))
		return;
	if (sr_read(s, sr) && sr->creating) {
		log_warn("reaping the half-made SR '%s'", sr->uuid);
		undo_create(s, sr);
	}
	sr_put(sr);
}

/* Ends dead uses of one SR and lets its driver look for the rest. */
static void
reap_sr(struct storage *s, const char *uuid,
    bool (*alive)(void *arg, const char *user), void *arg)
{
	struct use *uses;
	struct sr sr;
	int n;

	if (sr_get(s, uuid, &sr))
		return;
	n = use_list(s, uuid, &uses);
	for (int i = 0; i < n; i++) {
		struct storage op = { .env = s->env, .arena = s->arena };

		/* copies are reaped by the driver that makes them */
		if (!strncmp(uses[i].user, "copy-", 5) ||
		    alive(arg, uses[i].user))
			continue;
		log_warn("reaping use of VDI '%s' by '%s'", uses[i].vdi,
		    uses[i].user);
		if (use_end(&op, &sr, &uses[i]))
			log_error("cannot reap: %s", op.text);
	}
	if (sr.drv->reap)
		sr.drv->reap(s, &sr);
	sr_put(&sr);
}

void
storage_reap(struct storage *s, bool (*alive)(void *arg, const char *user),
    void *arg)
{
	const char *path = arena_printf(s->arena, "%s/sr", s->env->run_dir);
	DIR *d = opendir(path);
	struct dirent *e;

	if (!d)
		return;
	while ((e = readdir(d))) {
		struct storage op = { .env = s->env, .arena = s->arena };
		struct sr sr = { .lock_fd = -1 };

		if (strlen(e->d_name) != UUID_TEXT_LEN + 3 ||
		    strcmp(e->d_name + UUID_TEXT_LEN, ".sr"))
			continue;
		memcpy(sr.uuid, e->d_name, UUID_TEXT_LEN);
		if (sr_read(&op, &sr) && sr.creating)
			reap_new(&op, &sr);
		else
			reap_sr(&op, sr.uuid, alive, arg);
	}
	closedir(d);
}

void
storage_forget(struct storage *s)
{
	static const char *const folders[] = { "sr", "use" };

	for (int i = 0; i < 2; i++) {
		const char *path = arena_printf(s->arena, "%s/%s",
		    s->env->run_dir, folders[i]);
		DIR *d = opendir(path);
		struct dirent *e;

		while (d && (e = readdir(d))) {
			const char *dot = strrchr(e->d_name, '.');

			if (e->d_name[0] != '.' && dot &&
			    (i == 1 || !strcmp(dot, ".sr")))
				unlink(arena_printf(s->arena, "%s/%s", path,
				    e->d_name));
		}
		if (d)
			closedir(d);
	}
}
