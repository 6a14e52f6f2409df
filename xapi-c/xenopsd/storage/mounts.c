#include "xenopsd/storage/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define KILL_MS 2000

#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256		/* Linux 5.10 */
#endif
#ifndef STATX_ATTR_MOUNT_ROOT
#define STATX_ATTR_MOUNT_ROOT 0x2000	/* Linux 5.8 */
#endif
#define MOUNT_FLAGS (MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | \
	MS_NOSYMFOLLOW)

/* A server or disk that is gone is not asked. */
static bool
is_mounted(const struct sr *sr)
{
	struct statx st;

	return statx(AT_FDCWD, sr->dir, AT_SYMLINK_NOFOLLOW |
	    AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_TYPE, &st) == 0 &&
	    (st.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

static int
make_folder(struct storage *s, const struct sr *sr)
{
	if (mkdir(sr->dir, 0700) == -1 && errno != EEXIST)
		return storage_fail_errno(s, errno, "cannot make '%s'",
		    sr->dir);
	return 0;
}

static int
failed(struct storage *s, const struct sr *sr, int err)
{
	rmdir(sr->dir);
	return storage_fail_errno(s, err, "cannot mount SR '%s'", sr->uuid);
}

int
sr_mount(struct storage *s, struct sr *sr, const char *source,
    const char *type, const char *options)
{
	if (make_folder(s, sr))
		return -1;
	if (!is_mounted(sr) &&
	    mount(source, sr->dir, type, MOUNT_FLAGS, options) == -1)
		return failed(s, sr, errno);
	return 0;
}

int
sr_bind(struct storage *s, struct sr *sr, const char *folder)
{
	int err;

	if (make_folder(s, sr))
		return -1;
	if (is_mounted(sr))
		return 0;
	if (mount(folder, sr->dir, NULL, MS_BIND, NULL) == -1)
		return failed(s, sr, errno);
	if (mount(NULL, sr->dir, NULL, MS_REMOUNT | MS_BIND | MOUNT_FLAGS,
	    NULL) == 0)
		return 0;
	err = errno;
	umount2(sr->dir, UMOUNT_NOFOLLOW);
	return failed(s, sr, err);
}

/* Its status is what mount(2) said. */
static void
mount_and_exit(const struct sr *sr, const struct remote_mount *m, pid_t parent)
{
	unsigned long flags = MOUNT_FLAGS | (m->read_only ? MS_RDONLY : 0);

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1 || getppid() != parent)
		_exit(EINTR);
	_exit(mount(m->source, sr->dir, m->type, flags, m->options) == -1 ?
	    errno & 0xff : 0);
}

/* Whether the process ended by then; what it has locked up in the kernel may
 * keep it there. */
static bool
wait_until(pid_t pid, int64_t end_mono, int *status_out)
{
	const struct timespec step = { .tv_nsec = 20000000 };

	for (;;) {
		pid_t r = waitpid(pid, status_out, WNOHANG);

		if (r == pid)
			return true;
		if ((r == -1 && errno != EINTR) || clock_mono_ms() >= end_mono)
			return false;
		nanosleep(&step, NULL);
	}
}

int
sr_mount_remote(struct storage *s, struct sr *sr,
    const struct remote_mount *m, int *err_out)
{
	pid_t parent = getpid(), pid;
	int status = 0;

	*err_out = 0;
	if (make_folder(s, sr))
		return -1;
	if (is_mounted(sr))
		return 0;
	pid = fork();
	if (pid == 0)
		mount_and_exit(sr, m, parent);
	if (pid == -1)
		return failed(s, sr, errno);
	if (!wait_until(pid, clock_mono_ms() + m->limit_ms, &status)) {
		kill(pid, SIGKILL);
		wait_until(pid, clock_mono_ms() + KILL_MS, &status);
		status = 0;
		*err_out = ETIMEDOUT;
	} else if (!WIFEXITED(status)) {
		*err_out = EINTR;
	} else {
		*err_out = WEXITSTATUS(status);
	}
	if (*err_out)
		rmdir(sr->dir);
	return 0;
}

/* A file system whose disk is gone may not tell any more that it is mounted;
 * unmounting it needs no disk. */
int
sr_unmount(struct storage *s, struct sr *sr)
{
	if (umount2(sr->dir, UMOUNT_NOFOLLOW) == -1 && errno != EINVAL &&
	    errno != ENOENT) {
		if (errno == EBUSY)
			return storage_fail(s, XENOPS_CODE_IN_USE,
			    "SR '%s' is in use", sr->uuid);
		return storage_fail_errno(s, errno, "cannot unmount '%s'",
		    sr->dir);
	}
	rmdir(sr->dir);
	return 0;
}
