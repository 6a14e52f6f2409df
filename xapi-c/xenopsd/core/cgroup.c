#include "xenopsd/core/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int
set(int group, const char *name, const char *value)
{
	int fd = openat(group, name, O_WRONLY | O_CLOEXEC);
	int rc = fd == -1 || write(fd, value, strlen(value)) == -1 ? -1 : 0;
	int saved = errno;

	if (fd != -1)
		close(fd);
	errno = saved;
	return rc;
}

int
cgroup_enter(const char *path, const struct cgroup_limits *l)
{
	int fd, rc, saved;

	if (mkdir(path, 0755) == -1 && errno != EEXIST)
		return -1;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return -1;
	rc = set(fd, "memory.max", l->memory) || set(fd, "cpu.max", l->cpu) ||
	    set(fd, "cgroup.procs", "0") ? -1 : 0;
	saved = errno;
	close(fd);
	errno = saved;
	return rc;
}
