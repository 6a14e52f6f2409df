#include "xenopsd/storage/iso.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/below.h"
#include "base/fdio.h"
#include "base/iso_name.h"
#include "xenopsd/storage/dir.h"
#include "xenopsd/storage/disk.h"
#include "xenopsd/storage/strays.h"

#define SECTOR 2048			/* of a CD */
#define HALF ".new"			/* ends the name of a half-made file */
#define GONE " (deleted)"		/* so does the kernel say it */

/* FNV-1a: who may write into the library could find two names with one uuid,
 * and would only hide one of his own files. */
void
iso_uuid(const struct sr *sr, const char *name,
    char uuid_out[static UUID_TEXT_LEN + 1])
{
	const unsigned __int128 prime =
	    ((unsigned __int128)1 << 88) + 0x13b;
	unsigned __int128 h = ((unsigned __int128)0x6c62272e07bb0142 << 64) +
	    0x62b821756295c58d;
	uint8_t b[16];

	for (const char *p = sr->uuid; *p; p++)
		h = (h ^ (uint8_t)*p) * prime;
	for (const char *p = name; *p; p++)
		h = (h ^ (uint8_t)*p) * prime;
	for (int i = 15; i >= 0; i--, h >>= 8)
		b[i] = (uint8_t)h;
	b[6] = (uint8_t)(0x80 | (b[6] & 0x0f));	/* version 8: our own way */
	b[8] = (uint8_t)(0x80 | (b[8] & 0x3f));
	uuid_text(b, uuid_out);
}

static const char *
path_of(struct storage *s, const struct sr *sr, const char *name)
{
	return dir_path(s, sr, name, "");
}

int
iso_vdi_uuid(struct storage *s, struct sr *sr,
    const struct xenops_vdi_info *vdi, const char **uuid_out)
{
	const char *name = iso_name_of(s->arena, vdi->name ? vdi->name : "");
	char uuid[UUID_TEXT_LEN + 1];

	if (!name)
		return storage_fail(s, XENOPS_CODE_BAD_REQUEST,
		    "no file of an ISO library can have that name");
	iso_uuid(sr, name, uuid);
	*uuid_out = arena_strdup(s->arena, uuid);
	return 0;
}

/* false: that name is no disk. */
static bool
look_at(struct storage *s, const struct sr *sr, int folder, const char *name,
    struct xenops_vdi_info *out)
{
	char uuid[UUID_TEXT_LEN + 1];
	struct stat st;

	if (!iso_name_ok(name) ||
	    fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    !S_ISREG(st.st_mode))
		return false;
	iso_uuid(sr, name, uuid);
	*out = *(const struct xenops_vdi_info *)xenops_vdi_info_type.dflt;
	out->uuid = arena_strdup(s->arena, uuid);
	out->name = arena_strdup(s->arena, name);
	out->size = st.st_size;
	out->used = (int64_t)st.st_blocks * 512;
	out->read_only = true;
	return true;
}

static int
list_failed(struct storage *s, const struct sr *sr, int err)
{
	return storage_fail_errno(s, err, "cannot list SR '%s'", sr->uuid);
}

int
iso_list(struct storage *s, struct sr *sr, struct vec *vdis_out)
{
	DIR *d = opendir(sr->dir);
	struct buf found = { 0 };
	struct dirent *e;
	uint32_t n = 0;
	int rc = 0;

	if (!d)
		return list_failed(s, sr, errno);
	while (rc == 0 && (errno = 0, e = readdir(d))) {
		struct xenops_vdi_info vdi;

		if (!look_at(s, sr, dirfd(d), e->d_name, &vdi))
			continue;
		if (n++ == DIR_DISKS_MAX)
			rc = storage_fail(s, XENOPS_CODE_IO, "SR '%s' has more "
			    "than %d disks", sr->uuid, DIR_DISKS_MAX);
		buf_add(&found, &vdi, sizeof(vdi));
	}
	if (rc == 0 && errno)
		rc = list_failed(s, sr, errno);
	closedir(d);
	if (rc == 0) {
		vdis_out->v = n ? arena_memdup(s->arena, found.data,
		    found.len) : NULL;
		vdis_out->n = n;
	}
	buf_release(&found);
	return rc;
}

int
iso_find(struct storage *s, struct sr *sr, const char *vdi,
    struct xenops_vdi_info *out)
{
	DIR *d = opendir(sr->dir);
	char uuid[UUID_TEXT_LEN + 1];
	struct dirent *e;
	bool found = false;
	int err;

	if (!d)
		return list_failed(s, sr, errno);
	while (!found && (errno = 0, e = readdir(d))) {
		if (!iso_name_ok(e->d_name))
			continue;
		iso_uuid(sr, e->d_name, uuid);
		found = !strcmp(uuid, vdi) &&
		    look_at(s, sr, dirfd(d), e->d_name, out);
	}
	err = found ? 0 : errno;
	closedir(d);
	if (err)
		return list_failed(s, sr, err);
	return found ? 0 : storage_fail(s, XENOPS_CODE_NO_SUCH_VDI,
	    "no VDI '%s' in SR '%s'", vdi, sr->uuid);
}

/* Not by ftruncate alone: what is promised is there when it is filled. */
static int
take_space(int fd, int64_t size)
{
	int64_t n = (size + SECTOR - 1) / SECTOR * SECTOR;
	int r;

	do
		r = fallocate(fd, 0, 0, n);
	while (r == -1 && errno == EINTR);
	if (r == -1 && errno == EOPNOTSUPP)
		r = ftruncate(fd, n);
	return r == -1 || fsync(fd) == -1 ? -errno : 0;
}

/* The file has its name once it is whole, so that a killed worker leaves none.
 * A name that somebody has taken stays his. */
int
iso_vdi_create(struct storage *s, struct sr *sr,
    const struct xenops_vdi_info *vdi)
{
	const char *name = iso_name_of(s->arena, vdi->name);
	const char *path = path_of(s, sr, name);
	const char *half = path_of(s, sr, arena_printf(s->arena, ".%s" HALF,
	    vdi->uuid));
	int fd, rc;

	unlink(half);
	rc = below_open(half, O_RDWR | O_CREAT | O_EXCL, 0600, &fd);
	if (rc)
		return storage_fail_errno(s, -rc, "cannot make '%s'", name);
	rc = take_space(fd, vdi->size);
	fdio_close(&fd);
	if (rc == 0 && link(half, path) == -1)
		rc = -errno;
	unlink(half);
	if (rc == 0)
		rc = fdio_sync_folder(path);
	if (rc == -EEXIST)
		return storage_fail(s, XENOPS_CODE_EXISTS, "'%s' exists", name);
	return rc ? storage_fail_errno(s, -rc, "cannot make '%s'", name) : 0;
}

int
iso_vdi_destroy(struct storage *s, struct sr *sr, const char *vdi)
{
	struct xenops_vdi_info found;
	const char *path;
	int rc;

	if (iso_find(s, sr, vdi, &found))
		return -1;
	path = path_of(s, sr, found.name);
	if (unlink(path) == -1)
		return storage_fail_errno(s, errno, "cannot remove '%s'",
		    found.name);
	rc = fdio_sync_folder(path);
	return rc ? storage_fail_errno(s, -rc, "cannot sync the folder of '%s'",
	    found.name) : 0;
}

int
iso_map(struct storage *s, struct sr *sr, const char *vdi, bool writable,
    const char **device_out)
{
	struct xenops_vdi_info found;

	(void)writable;
	return iso_find(s, sr, vdi, &found) ? -1 : loop_attach(s,
	    path_of(s, sr, found.name), false, vdi, device_out);
}

static bool
vdi_of(struct storage *s, const struct sr *sr, const char *name,
    char vdi[UUID_TEXT_LEN + 1])
{
	size_t n = strlen(name), gone = strlen(GONE);

	if (n > gone && !strcmp(name + n - gone, GONE))
		n -= gone;
	iso_uuid(sr, arena_strndup(s->arena, name, n), vdi);
	return true;
}

int
iso_unmap(struct storage *s, struct sr *sr, const char *vdi,
    const char *device, bool last)
{
	(void)last;
	return strays_unmap(s, sr, vdi, device, vdi_of);
}

int
iso_open(struct storage *s, struct sr *sr, const char *vdi, bool writable,
    int *fd_out)
{
	struct xenops_vdi_info found;
	int rc;

	if (iso_find(s, sr, vdi, &found))
		return -1;
	rc = below_open(path_of(s, sr, found.name), writable ? O_RDWR :
	    O_RDONLY, 0, fd_out);
	return rc ? storage_fail_errno(s, -rc, "cannot open '%s'",
	    found.name) : 0;
}

void
iso_reap(struct storage *s, struct sr *sr)
{
	struct dirent *e;
	DIR *d;

	strays_free(s, sr, NULL, vdi_of);
	d = opendir(sr->dir);
	while (d && (e = readdir(d))) {
		size_t n = strlen(e->d_name);

		if (n == 1 + UUID_TEXT_LEN + strlen(HALF) &&
		    e->d_name[0] == '.' &&
		    !strcmp(e->d_name + n - strlen(HALF), HALF))
			unlink(path_of(s, sr, e->d_name));
	}
	if (d)
		closedir(d);
}
