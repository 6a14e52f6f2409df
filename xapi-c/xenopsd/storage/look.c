#include "xenopsd/storage/look.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fdio.h"
#include "base/log.h"
#include "xenopsd/storage/books.h"
#include "xenopsd/storage/disk.h"

#define DISKS_MAX 256

/* What a disk's process ends with. */
enum answer { UNUSED, USED, STILL_ASKED };

struct asker {
	const char *device;
	pid_t pid;
	int pidfd;
};

static const char *
note_path(const struct storage_env *env, struct arena *a)
{
	return arena_printf(a, "%s/disks.unused", env->run_dir);
}

/* The disk's own process.  None of the worker's descriptors must outlive the
 * worker in it: they would tell the main process that the worker lives. */
static enum answer
ask(const struct storage_env *env, const char *device, look_fn *fn)
{
	struct arena *a = arena_new();
	const char *path = arena_printf(a, "%s/disk-%s.lock", env->run_dir,
	    strrchr(device, '/') + 1);
	int fd;

	syscall(SYS_close_range, 3u, ~0u, 0u);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd == -1 || flock(fd, LOCK_EX | LOCK_NB) == -1)
		return STILL_ASKED;
	return fn(env, a, device) ? UNUSED : USED;
}

static void
asker_start(struct asker *k, const struct storage_env *env,
    const char *device, look_fn *fn)
{
	*k = (struct asker){ .device = device, .pidfd = -1, .pid = fork() };
	if (k->pid == 0)
		_exit(ask(env, device, fn));
	if (k->pid != -1)
		k->pidfd = (int)syscall(SYS_pidfd_open, k->pid, 0);
}

/* Whether the disk is unused; false also if it does not say in time. */
static bool
asker_end(struct asker *k, int64_t end)
{
	struct pollfd p = { .fd = k->pidfd, .events = POLLIN };
	int64_t left = end - clock_mono_ms();
	int status;

	if (k->pidfd == -1)
		return false;
	while (poll(&p, 1, left > 0 ? (int)left : 0) == -1 && errno == EINTR)
		left = end - clock_mono_ms();
	fdio_close(&k->pidfd);
	if (waitpid(k->pid, &status, WNOHANG) != k->pid) {
		log_warn("disk '%s' does not answer", k->device);
		kill(k->pid, SIGKILL);		/* which may take long */
		return false;
	}
	return WIFEXITED(status) && WEXITSTATUS(status) == UNUSED;
}

void
disks_look_at(const struct storage_env *env, const char *const *devices,
    int n, look_fn *fn, int64_t limit_ms)
{
	int64_t end = clock_mono_ms() + limit_ms;
	struct arena *a = arena_new();
	struct asker *k = arena_alloc(a, sizeof(*k) * (size_t)(n + 1));
	struct buf note = { 0 };
	int rc;

	for (int i = 0; i < n; i++)
		asker_start(&k[i], env, devices[i], fn);
	for (int i = 0; i < n; i++)
		if (asker_end(&k[i], end))
			buf_addf(&note, "%s=\n", devices[i]);
	rc = file_write(note_path(env, a), note.data ? note.data : "",
	    note.len, false);
	if (rc)
		log_warn("cannot note the unused disks: %s", strerror(-rc));
	buf_release(&note);
	arena_free(a);
}

void
disks_look(const struct storage_env *env, int64_t limit_ms)
{
	const char *devices[DISKS_MAX];
	struct arena *a = arena_new();
	DIR *d = opendir("/sys/block");
	struct dirent *e;
	int n = 0;

	while (d && n < DISKS_MAX && (e = readdir(d)))
		if (e->d_name[0] != '.' && disk_is_disk(env, e->d_name))
			devices[n++] = arena_printf(a, "/dev/%s", e->d_name);
	if (d)
		closedir(d);
	disks_look_at(env, devices, n, disk_looks_unused, limit_ms);
	arena_free(a);
}

bool
disk_noted_unused(const struct storage_env *env, struct arena *a,
    const char *device)
{
	struct buf b = { 0 };
	char value[1];
	bool unused;

	unused = file_read(note_path(env, a), SMALL_FILE, &b) == 0 &&
	    file_value(b.data, device, value, sizeof(value));
	buf_release(&b);
	return unused;
}
