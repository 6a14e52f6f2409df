#include "xenopsd/storage/disk.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <linux/fs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fdio.h"
#include "base/mem.h"
#include "xenopsd/storage/books.h"

#define EDGE ((size_t)1 << 20)
#define GLANCE ((size_t)64 << 10)
#define BUSY_MS 10000		/* a killed program may still be on it */
#define BUSY_STEP_US 50000
#define EXT4_SUPER 1024
#define EXT4_MAGIC_AT 56
#define EXT4_UUID_AT 104
#define EXT4_LABEL_AT 120
#define EXT4_LABEL_LEN 16

static bool
starts_with(const char *text, const char *beginning)
{
	return !strncmp(text, beginning, strlen(beginning));
}

bool
disk_is_disk(const struct storage_env *env, const char *name)
{
	static const char *const others[] = { "loop", "ram", "zram", "dm-",
		"sr", "fd", "nbd", "md", "mtdblock", "xvd", "drbd", "rbd" };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (starts_with(name, others[i]))
			return env->loop_disks && i == 0;
	return isalpha((unsigned char)*name);
}

static int
not_usable(struct storage *s, const char *device, const char *why)
{
	return storage_fail(s, XENOPS_CODE_DEVICE_NOT_USABLE, "'%s' %s",
	    device, why);
}

/* The name in /sys/class/block of a device that may be named at all, or NULL:
 * a whole disk, or the partition that is kept for this host's SR. */
static const char *
name_of(struct storage *s, const char *device)
{
	const char *own = s->env->own ? s->env->own(s->env, s->arena) : NULL;
	const char *name;
	struct stat st;

	if (!starts_with(device, "/dev/"))
		return NULL;
	name = device + 5;
	if (own && !strcmp(device, own))
		return name;
	if (!*name || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789") !=
	    strlen(name) || !disk_is_disk(s->env, name))
		return NULL;
	if (stat(arena_printf(s->arena, "/sys/block/%s", name), &st) == -1)
		return NULL;
	return name;
}

/* Whether some partition or holder stands below /sys/class/block/<name>. */
static const char *
sys_trouble(struct storage *s, const char *name)
{
	const char *path = arena_printf(s->arena, "/sys/class/block/%s", name);
	const char *why = NULL;
	struct dirent *e;
	DIR *d;

	d = opendir(path);
	while (d && !why && (e = readdir(d))) {
		if (starts_with(e->d_name, name) && access(arena_printf(
		    s->arena, "%s/%s/partition", path, e->d_name), F_OK) == 0)
			why = "has partitions";
	}
	if (d)
		closedir(d);
	d = opendir(arena_printf(s->arena, "%s/holders", path));
	while (d && !why && (e = readdir(d)))
		if (e->d_name[0] != '.')
			why = "is in use";
	if (d)
		closedir(d);
	return why;
}

static const char *
edges_trouble(struct storage *s, int fd, size_t len)
{
	uint8_t *edge = arena_alloc(s->arena, len);
	uint64_t size;

	if (ioctl(fd, BLKGETSIZE64, &size) == -1 || size < 16 * EDGE)
		return "is too small";
	if (fdio_read_at(fd, edge, len, 0))
		return "cannot be read";
	if (!mem_is_zero(edge, len))
		return "is not empty";
	if (fdio_read_at(fd, edge, len, (int64_t)(size - len)))
		return "cannot be read";
	return mem_is_zero(edge, len) ? NULL : "is not empty";
}

static int
check_unused(struct storage *s, const char *device, size_t edge)
{
	const char *name = device ? name_of(s, device) : NULL;
	const char *why;
	int fd, ro = 0;

	if (!name)
		return not_usable(s, device ? device : "", "is not a disk");
	why = sys_trouble(s, name);
	if (!why && storage_owns_device(s->env, device))
		why = "belongs to an SR";
	if (why)
		return not_usable(s, device, why);
	/* O_EXCL: not mounted, not part of anything */
	fd = open(device, O_RDONLY | O_EXCL | O_CLOEXEC);
	if (fd == -1)
		return not_usable(s, device,
		    errno == EBUSY ? "is in use" : "cannot be opened");
	if (ioctl(fd, BLKROGET, &ro) == -1 || ro)
		why = "is read-only";
	else
		why = edges_trouble(s, fd, edge);
	fdio_close(&fd);
	return why ? not_usable(s, device, why) : 0;
}

int
disk_check_unused(struct storage *s, const char *device)
{
	return check_unused(s, device, EDGE);
}

int
disk_claim(struct storage *s, const char *device, int *fd_out)
{
	if (!device || !name_of(s, device))
		return not_usable(s, device ? device : "", "is not a disk");
	*fd_out = open(device, O_RDONLY | O_CLOEXEC);
	if (*fd_out == -1)
		return not_usable(s, device, "cannot be opened");
	while (flock(*fd_out, LOCK_EX) == -1 && errno == EINTR)
		;
	if (disk_check_unused(s, device) == 0)
		return 0;
	fdio_close(fd_out);
	return -1;
}

bool
disk_is_named(const struct storage_env *env, struct arena *a,
    const char *device)
{
	struct storage s = { .env = env, .arena = a };

	return name_of(&s, device) != NULL;
}

bool
disk_is_taken(const struct storage_env *env, struct arena *a,
    const char *device)
{
	struct storage s = { .env = env, .arena = a };
	const char *name = name_of(&s, device);

	return !name || sys_trouble(&s, name) ||
	    storage_owns_device(env, device);
}

bool
disk_looks_unused(const struct storage_env *env, struct arena *a,
    const char *device)
{
	struct storage s = { .env = env, .arena = a };

	return check_unused(&s, device, GLANCE) == 0;
}

int
disk_size(struct storage *s, const char *device, int64_t *size_out)
{
	int fd = open(device, O_RDONLY | O_CLOEXEC);
	uint64_t size = 0;
	int rc = 0;

	if (fd == -1 || ioctl(fd, BLKGETSIZE64, &size) == -1)
		rc = storage_fail_errno(s, errno, "cannot size '%s'", device);
	fdio_close(&fd);
	*size_out = (int64_t)size;
	return rc;
}

static int
open_alone(const char *device)
{
	int64_t end = clock_mono_ms() + BUSY_MS;
	int fd;

	while ((fd = open(device, O_RDWR | O_EXCL | O_CLOEXEC)) == -1 &&
	    errno == EBUSY && clock_mono_ms() < end)
		usleep(BUSY_STEP_US);
	return fd;
}

/* 0 or -errno. */
static int
wipe_edges(int fd, const uint8_t zeros[static EDGE])
{
	uint64_t size;
	int rc;

	if (ioctl(fd, BLKGETSIZE64, &size) == -1)
		return -errno;
	if (size < EDGE)
		return -EIO;		/* what is left of a disk that is gone */
	rc = fdio_write_at(fd, zeros, EDGE, 0);
	if (!rc)
		rc = fdio_write_at(fd, zeros, EDGE, (int64_t)(size - EDGE));
	if (!rc && fsync(fd) == -1)
		rc = -errno;
	return rc;
}

int
disk_wipe(struct storage *s, const char *device)
{
	uint8_t *zeros = arena_alloc(s->arena, EDGE);
	int fd, rc;

	fd = open_alone(device);
	if (fd == -1)
		return storage_fail_errno(s, errno, "cannot open '%s'",
		    device);
	rc = wipe_edges(fd, zeros);
	fdio_close(&fd);
	return rc ? storage_fail_errno(s, -rc, "cannot wipe '%s'", device) : 0;
}

bool
disk_is_ext4(const char *device, uint8_t uuid[static 16])
{
	uint8_t super[512];
	int fd = open(device, O_RDONLY | O_CLOEXEC);
	bool yes;

	if (fd == -1)
		return false;
	yes = fdio_read_at(fd, super, sizeof(super), EXT4_SUPER) == 0 &&
	    super[EXT4_MAGIC_AT] == 0x53 && super[EXT4_MAGIC_AT + 1] == 0xef &&
	    !strncmp((const char *)super + EXT4_LABEL_AT, DISK_EXT4_LABEL,
	    EXT4_LABEL_LEN);
	memcpy(uuid, super + EXT4_UUID_AT, 16);
	fdio_close(&fd);
	return yes;
}
