#include "xenopsd/storage/dir.h"

/*
 * A disk is <vdi>.raw with the bytes and <vdi>.meta with what else is known; see
 * STORAGE.md.  It exists if its .raw does.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/below.h"
#include "base/codec.h"
#include "base/fdio.h"
#include "base/log.h"

#define META_MAGIC "BPVDI1\n"
#define META_MAGIC_LEN 7
#define UNIT ((int64_t)1 << 20)
#define COPY_STEP ((size_t)16 << 20)

const char *
dir_path(struct storage *s, const struct sr *sr, const char *vdi,
    const char *suffix)
{
	return arena_printf(s->arena, "%s/%s%s", sr->dir, vdi, suffix);
}

static int64_t
round_up(int64_t size)
{
	return (size + UNIT - 1) / UNIT * UNIT;
}

int
dir_space(struct storage *s, struct sr *sr, int64_t *size_out,
    int64_t *used_out)
{
	struct statvfs v;

	if (statvfs(sr->dir, &v) == -1)
		return storage_fail_errno(s, errno, "cannot stat '%s'",
		    sr->dir);
	*size_out = (int64_t)(v.f_blocks * v.f_frsize);
	*used_out = (int64_t)((v.f_blocks - v.f_bfree) * v.f_frsize);
	return 0;
}

/* Files of that folder have come or gone: so it stays. */
static int
keep_names(struct storage *s, const char *path)
{
	int rc = fdio_sync_folder(path);

	return rc ? storage_fail_errno(s, -rc, "cannot sync the folder of '%s'",
	    path) : 0;
}

static int
write_meta(struct storage *s, struct sr *sr,
    const struct xenops_vdi_info *vdi)
{
	struct xenops_vdi_info kept = *vdi;
	struct buf b = { 0 };
	int rc;

	kept.size = 0;			/* the file tells these two */
	kept.used = 0;
	buf_add(&b, META_MAGIC, META_MAGIC_LEN);
	codec_encode(&b, &xenops_vdi_info_type, &kept, 0);
	rc = file_write(dir_path(s, sr, vdi->uuid, ".meta"), b.data, b.len,
	    true);
	buf_release(&b);
	return rc ? storage_fail_errno(s, -rc, "cannot keep names of VDI '%s'",
	    vdi->uuid) : 0;
}

/* Missing or damaged names do not hide a disk. */
static void
read_meta(struct storage *s, struct sr *sr, const char *vdi,
    struct xenops_vdi_info *out)
{
	struct buf b = { 0 };
	int rc;

	*out = *(const struct xenops_vdi_info *)xenops_vdi_info_type.dflt;
	rc = file_read(dir_path(s, sr, vdi, ".meta"), SMALL_FILE, &b);
	if (rc == 0 && (b.len < META_MAGIC_LEN ||
	    memcmp(b.data, META_MAGIC, META_MAGIC_LEN)))
		rc = -EBADMSG;
	if (rc == 0)
		rc = codec_decode(s->arena, &xenops_vdi_info_type, out,
		    b.data + META_MAGIC_LEN, b.len - META_MAGIC_LEN, NULL);
	if (rc)
		log_warn("cannot read names of VDI '%s': %s", vdi,
		    strerror(-rc));
	out->uuid = arena_strdup(s->arena, vdi);
	buf_release(&b);
}

int
dir_find(struct storage *s, struct sr *sr, const char *vdi,
    struct xenops_vdi_info *out)
{
	struct stat st;

	if (lstat(dir_path(s, sr, vdi, ".raw"), &st) == -1 ||
	    !S_ISREG(st.st_mode))
		return storage_fail(s, XENOPS_CODE_NO_SUCH_VDI,
		    "no VDI '%s' in SR '%s'", vdi, sr->uuid);
	read_meta(s, sr, vdi, out);
	out->size = st.st_size;
	out->used = (int64_t)st.st_blocks * 512;
	return 0;
}

/* The uuid of a file named <uuid><suffix>; false if it is not one. */
static bool
name_is(const char *name, const char *suffix,
    char vdi[static UUID_TEXT_LEN + 1])
{
	uint8_t b[16];

	if (strlen(name) != UUID_TEXT_LEN + strlen(suffix) ||
	    strcmp(name + UUID_TEXT_LEN, suffix))
		return false;
	memcpy(vdi, name, UUID_TEXT_LEN);
	vdi[UUID_TEXT_LEN] = '\0';
	return uuid_from_text(vdi, b);
}

/* Before anything is read or kept of them. */
static int
check_number(struct storage *s, const struct sr *sr, DIR *d)
{
	char uuid[UUID_TEXT_LEN + 1];
	struct dirent *e;
	int n = 0;

	while ((e = readdir(d)))
		n += name_is(e->d_name, ".raw", uuid);
	rewinddir(d);
	return n <= DIR_DISKS_MAX ? 0 : storage_fail(s, XENOPS_CODE_IO,
	    "SR '%s' has %d disks, more than %d", sr->uuid, n, DIR_DISKS_MAX);
}

int
dir_list(struct storage *s, struct sr *sr, struct vec *vdis_out)
{
	struct buf found = { 0 };
	struct dirent *e;
	uint32_t n = 0;
	DIR *d;

	d = opendir(sr->dir);
	if (!d)
		return storage_fail_errno(s, errno, "cannot list '%s'",
		    sr->dir);
	if (check_number(s, sr, d)) {
		closedir(d);
		return -1;
	}
	while ((e = readdir(d))) {
		struct storage op = { .env = s->env, .arena = s->arena };
		struct xenops_vdi_info vdi;
		char uuid[UUID_TEXT_LEN + 1];

		if (!name_is(e->d_name, ".raw", uuid))
			continue;
		if (dir_find(&op, sr, uuid, &vdi)) {
			log_warn("SR '%s': '%s' is no file and no disk",
			    sr->uuid, e->d_name);
			continue;
		}
		buf_add(&found, &vdi, sizeof(vdi));
		n++;
	}
	closedir(d);
	vdis_out->v = n ? arena_memdup(s->arena, found.data, found.len) : NULL;
	vdis_out->n = n;
	buf_release(&found);
	return 0;
}

int
dir_vdi_create(struct storage *s, struct sr *sr,
    const struct xenops_vdi_info *vdi)
{
	const char *raw = dir_path(s, sr, vdi->uuid, ".raw");
	int fd, rc;

	if (write_meta(s, sr, vdi))
		return -1;
	rc = below_open(raw, O_RDWR | O_CREAT | O_EXCL, 0600, &fd);
	if (rc) {
		rc = storage_fail_errno(s, -rc, "cannot make '%s'", raw);
		unlink(dir_path(s, sr, vdi->uuid, ".meta"));
		return rc;
	}
	if (ftruncate(fd, round_up(vdi->size)) == -1 || fsync(fd) == -1)
		rc = storage_fail_errno(s, errno, "cannot size '%s'", raw);
	else
		rc = keep_names(s, raw);
	if (rc) {
		unlink(raw);
		unlink(dir_path(s, sr, vdi->uuid, ".meta"));
	}
	fdio_close(&fd);
	return rc;
}

/* Copies len bytes at the same place of both files. */
static int
copy_range(int from, int to, off_t at, off_t end)
{
	off_t in = at, out = at;

	while (in < end) {
		size_t want = (size_t)(end - in) < COPY_STEP ?
		    (size_t)(end - in) : COPY_STEP;
		ssize_t r = copy_file_range(from, &in, to, &out, want, 0);

		if (r == -1 && errno == EINTR)
			continue;
		if (r == -1)
			return -errno;
		if (r == 0)
			return -EIO;	/* the source became shorter */
	}
	return 0;
}

/* Copies the parts of the file that are not holes. */
static int
copy_sparse(struct storage *s, int from, int to, off_t size)
{
	off_t at = 0, hole;
	int rc;

	if (ftruncate(to, size) == -1)
		return -errno;
	while (at < size) {
		off_t data = lseek(from, at, SEEK_DATA);

		if (data == -1 && errno == ENXIO)
			break;
		if (data == -1)
			return -errno;
		hole = lseek(from, data, SEEK_HOLE);
		if (hole == -1)
			return -errno;
		if (hole > data + ((off_t)64 << 20))
			hole = data + ((off_t)64 << 20);
		rc = copy_range(from, to, data, hole);
		if (rc)
			return rc;
		at = hole;
		if (s->progress)
			s->progress(s->progress_arg,
			    (double)at / (double)size);
	}
	return fsync(to) == -1 ? -errno : 0;
}

/* The copy itself, without the SR's lock; `to` is locked while it is made. */
static int
copy_disk(struct storage *s, const char *from_path, int to)
{
	struct stat st;
	int from, rc;

	rc = below_open(from_path, O_RDONLY, 0, &from);
	if (!rc && fstat(from, &st) == -1)
		rc = -errno;
	if (!rc)
		rc = copy_sparse(s, from, to, st.st_size);
	fdio_close(&from);
	return rc ? storage_fail_errno(s, -rc, "cannot copy '%s'", from_path) :
	    0;
}

int
dir_vdi_clone(struct storage *s, struct sr *sr, const char *source,
    const struct xenops_vdi_info *vdi)
{
	const char *half = dir_path(s, sr, vdi->uuid, ".new");
	struct use u = { 0 };
	int rc, to;

	memcpy(u.vdi, source, UUID_TEXT_LEN);
	memcpy(u.sr, sr->uuid, UUID_TEXT_LEN);
	snprintf(u.user, sizeof(u.user), "copy-%s", vdi->uuid);
	rc = below_open(half, O_RDWR | O_CREAT | O_EXCL, 0600, &to);
	if (rc)
		return storage_fail_errno(s, -rc, "cannot make '%s'", half);
	if (flock(to, LOCK_EX | LOCK_NB) == -1 || use_write(s, &u)) {
		rc = storage_fail(s, XENOPS_CODE_IO, "cannot lock '%s'", half);
		goto out;
	}
	storage_unlock(sr);
	rc = copy_disk(s, dir_path(s, sr, source, ".raw"), to);
	if (storage_lock(s, sr))
		rc = -1;
	if (rc == 0)
		rc = write_meta(s, sr, vdi);
	if (rc == 0 && rename(half, dir_path(s, sr, vdi->uuid, ".raw")) == -1)
		rc = storage_fail_errno(s, errno, "cannot rename '%s'", half);
	if (rc == 0)
		rc = keep_names(s, half);
out:
	if (rc)
		unlink(half);
	use_remove(s, source, u.user);
	fdio_close(&to);
	return rc;
}

int
dir_vdi_destroy(struct storage *s, struct sr *sr, const char *vdi)
{
	const char *raw = dir_path(s, sr, vdi, ".raw");

	if (unlink(raw) == -1)
		return storage_fail_errno(s, errno, "cannot remove '%s'", raw);
	unlink(dir_path(s, sr, vdi, ".meta"));
	return keep_names(s, raw);
}

int
dir_vdi_resize(struct storage *s, struct sr *sr, const char *vdi,
    int64_t size)
{
	const char *raw = dir_path(s, sr, vdi, ".raw");
	int fd, rc = below_open(raw, O_RDWR, 0, &fd);

	if (!rc && (ftruncate(fd, round_up(size)) == -1 || fsync(fd) == -1))
		rc = -errno;
	fdio_close(&fd);
	return rc ? storage_fail_errno(s, -rc, "cannot size '%s'", raw) : 0;
}

int
dir_vdi_set_name(struct storage *s, struct sr *sr,
    const struct xenops_vdi_info *vdi)
{
	return write_meta(s, sr, vdi);
}

int
dir_open(struct storage *s, struct sr *sr, const char *vdi, bool writable,
    int *fd_out)
{
	const char *raw = dir_path(s, sr, vdi, ".raw");

	int rc = below_open(raw, writable ? O_RDWR : O_RDONLY, 0, fd_out);

	return rc ? storage_fail_errno(s, -rc, "cannot open '%s'", raw) : 0;
}

/* Removes a copy that nobody makes any more. */
static void
reap_copy(struct storage *s, struct sr *sr, const char *vdi)
{
	const char *half = dir_path(s, sr, vdi, ".new");
	struct use *uses;
	int fd, n;

	if (below_open(half, O_RDWR, 0, &fd))
		return;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
		log_warn("reaping half a copy '%s'", vdi);
		unlink(half);
		n = use_list(s, sr->uuid, &uses);
		for (int i = 0; i < n; i++)
			if (!strncmp(uses[i].user, "copy-", 5) &&
			    !strcmp(uses[i].user + 5, vdi))
				use_remove(s, uses[i].vdi, uses[i].user);
	}
	fdio_close(&fd);
}

void
dir_reap(struct storage *s, struct sr *sr)
{
	DIR *d = opendir(sr->dir);
	struct dirent *e;

	if (!d)
		return;
	while ((e = readdir(d))) {
		char vdi[UUID_TEXT_LEN + 1];

		if (name_is(e->d_name, ".new", vdi))
			reap_copy(s, sr, vdi);
		else if (name_is(e->d_name, ".meta", vdi) &&
		    access(dir_path(s, sr, vdi, ".raw"), F_OK) == -1 &&
		    access(dir_path(s, sr, vdi, ".new"), F_OK) == -1)
			unlink(dir_path(s, sr, vdi, ".meta"));
	}
	closedir(d);
}
