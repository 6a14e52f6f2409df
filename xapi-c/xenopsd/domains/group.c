#include "xenopsd/domains/group.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "xenopsd/core/cgroup.h"

int
group_join(const char *folder, const char *domid)
{
	static const struct cgroup_limits limits = { GROUP_MEMORY, GROUP_CPU };
	char path[PATH_MAX];
	size_t digits = domid ? strspn(domid, "0123456789") : 0;
	int n;

	if (digits == 0 || domid[digits]) {
		errno = EINVAL;
		return -1;
	}
	n = snprintf(path, sizeof(path), "%s/qemu-%s", folder, domid);
	if (n < 0 || (size_t)n >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return cgroup_enter(path, &limits);
}

/* Until somebody has left it. */
static bool
await_news(int events, int64_t deadline)
{
	struct pollfd p = { .fd = events, .events = POLLPRI };
	int64_t left = deadline - clock_mono_ms();

	return left > 0 && (poll(&p, 1, (int)left) > 0 || errno == EINTR);
}

static int
remove_once_empty(int events, const char *path)
{
	int64_t deadline = clock_mono_ms() + GROUP_WAIT_MS;
	char text[128];

	do {
		/* news is what comes after it was read */
		if (pread(events, text, sizeof(text), 0) == -1)
			return rmdir(path);
		if (rmdir(path) == 0)
			return 0;
	} while (errno == EBUSY && await_news(events, deadline));
	return -1;
}

void
group_remove(const char *folder, uint32_t domid)
{
	char path[PATH_MAX - 16], events[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/qemu-%u", folder, domid);
	snprintf(events, sizeof(events), "%s/cgroup.events", path);
	fd = open(events, O_RDONLY | O_CLOEXEC);
	if (remove_once_empty(fd, path) == -1 && errno != ENOENT)
		log_warn("cannot remove '%s': %s", path, strerror(errno));
	if (fd != -1)
		close(fd);
}
