#include "xapi/reserve.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/log.h"

#define RESERVE_BYTES (1 << 20)
#define RESERVE_STEP (1 << 17)
#define LOW_BYTES (1u << 19)		/* a start needs less */
#define PLENTY_BYTES (4u << 20)

static void
path_of(const char *state_dir, char path[static PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/reserve", state_dir);
}

static uint64_t
free_bytes(const char *state_dir)
{
	struct statvfs fs;

	if (statvfs(state_dir, &fs) == -1)
		return 0;
	return (uint64_t)fs.f_bavail * fs.f_frsize;
}

void
reserve_release(const char *state_dir)
{
	char path[PATH_MAX];

	if (free_bytes(state_dir) >= LOW_BYTES)
		return;
	path_of(state_dir, path);
	log_warn("the disk of '%s' is full", state_dir);
	if (unlink(path) == -1 && errno != ENOENT)
		log_warn("cannot remove '%s': %s", path, strerror(errno));
}

void
reserve_take(const char *state_dir, bool spare)
{
	char path[PATH_MAX];
	struct stat st;
	off_t size;
	int fd;

	path_of(state_dir, path);
	if ((stat(path, &st) == 0 && st.st_size >= RESERVE_BYTES) ||
	    (spare && free_bytes(state_dir) < PLENTY_BYTES))
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd == -1)
		return;
	for (size = RESERVE_BYTES; size > 0; size -= RESERVE_STEP) {
		if (posix_fallocate(fd, 0, size) == 0)
			break;
	}
	close(fd);
}
