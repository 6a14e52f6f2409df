#include "xenopsd/core/holder.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fdio.h"

#define PID_SIZE 16

static int
try_lock(int file)
{
	if (flock(file, LOCK_EX | LOCK_NB) == 0)
		return 0;
	return errno == EWOULDBLOCK ? -EBUSY : -errno;
}

/* Only to be read: what the program has of it does not change the pid. */
int
holder_lock(const char *path)
{
	int file = open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int rc = file == -1 ? -errno : try_lock(file);

	if (rc)
		fdio_close(&file);
	return rc ? rc : file;
}

int
holder_sign(int lock)
{
	char path[32], pid[PID_SIZE];
	int fd, rc;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", lock);
	snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
	fd = open(path, O_WRONLY | O_CLOEXEC);
	rc = fd == -1 ? -errno : fdio_write_all(fd, pid, strlen(pid));
	fdio_close(&fd);
	return rc;
}

/* The process whose pid the file has, or -1. */
static int
open_holder(int file)
{
	char text[PID_SIZE] = "";
	ssize_t n = pread(file, text, sizeof(text) - 1, 0);
	pid_t pid = n > 0 ? (pid_t)strtol(text, NULL, 10) : 0;

	return pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
}

static void
kill_holder(int process)
{
	struct pollfd p = { .fd = process, .events = POLLIN };

	if (syscall(SYS_pidfd_send_signal, process, SIGKILL, NULL, 0) == 0)
		poll(&p, 1, HOLDER_WAIT_MS);
}

int
holder_end(const char *path)
{
	int file = open(path, O_RDONLY | O_CLOEXEC), process, rc;

	if (file == -1)
		return errno == ENOENT ? 0 : -errno;
	process = open_holder(file);
	rc = try_lock(file);
	/* it lived when it was opened, so it is nobody else */
	if (rc == -EBUSY && process != -1) {
		kill_holder(process);
		rc = try_lock(file);
	}
	if (!rc)
		unlink(path);
	fdio_close(&process);
	fdio_close(&file);
	return rc;
}
