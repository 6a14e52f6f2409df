#include "xenopsd/storage/look.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
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
#include "xenopsd/storage/driver.h"

#define DISKS_MAX 256

/* What a disk's process ends with. */
enum answer { UNUSED, USED, STILL_ASKED, HOLDS_IT, HOLDS_NOTHING };

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
asker_watch(struct asker *k)
{
	if (k->pid != -1)
		k->pidfd = (int)syscall(SYS_pidfd_open, k->pid, 0);
}

/* Its answer is not waited for any more. */
static void
asker_abandon(struct asker *k)
{
	fdio_close(&k->pidfd);
	kill(k->pid, SIGKILL);			/* which may take long */
}

static void
asker_start(struct asker *k, const struct storage_env *env,
    const char *device, look_fn *fn)
{
	*k = (struct asker){ .device = device, .pidfd = -1, .pid = fork() };
	if (k->pid == 0)
		_exit(ask(env, device, fn));
	asker_watch(k);
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

/* The disks of the machine; their number. */
static int
list_disks(const struct storage_env *env, struct arena *a,
    const char *devices[static DISKS_MAX])
{
	DIR *d = opendir("/sys/block");
	struct dirent *e;
	int n = 0;

	while (d && n < DISKS_MAX && (e = readdir(d)))
		if (e->d_name[0] != '.' && disk_is_disk(env, e->d_name))
			devices[n++] = arena_printf(a, "/dev/%s", e->d_name);
	if (d)
		closedir(d);
	return n;
}

void
disks_look(const struct storage_env *env, int64_t limit_ms)
{
	const char *devices[DISKS_MAX];
	struct arena *a = arena_new();
	int n = list_disks(env, a, devices);

	disks_look_at(env, devices, n, disk_looks_unused, limit_ms);
	arena_free(a);
}

/* -- the search for an SR -- */

/* A disk's own process. */
static enum answer
ask_for_sr(struct storage *s, const struct sr *sr, const char *device)
{
	struct storage op = { .env = s->env, .arena = s->arena };
	const char *path = arena_printf(s->arena, "%s/find-%s.lock",
	    s->env->run_dir, strrchr(device, '/') + 1);
	struct sr found = { .type = sr->type, .drv = sr->drv, .lock_fd = -1,
		.dir = sr->dir };
	int fd;

	syscall(SYS_close_range, 3u, ~0u, 0u);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	while (fd != -1 && flock(fd, LOCK_EX) == -1 && errno == EINTR)
		;
	snprintf(found.device, sizeof(found.device), "%s", device);
	return sr->drv->identify(&op, &found) == SR_WHOLE &&
	    !strcmp(found.uuid, sr->uuid) ? HOLDS_IT : HOLDS_NOTHING;
}

/* The disk's answer if it has one by now. */
static bool
asker_holds(struct asker *k)
{
	int status;

	if (k->pidfd == -1 || waitpid(k->pid, &status, WNOHANG) != k->pid)
		return false;
	fdio_close(&k->pidfd);
	return WIFEXITED(status) && WEXITSTATUS(status) == HOLDS_IT;
}

/* Until one of them has it, all have answered, or the time is up. */
static const struct asker *
await_one(struct storage *s, struct asker *k, int n, int64_t end)
{
	struct pollfd *p = arena_alloc(s->arena, sizeof(*p) * (size_t)(n + 1));

	for (;;) {
		int64_t left = end - clock_mono_ms();
		int waiting = 0;

		for (int i = 0; i < n; i++) {
			if (asker_holds(&k[i]))
				return &k[i];
			p[i] = (struct pollfd){ k[i].pidfd, POLLIN, 0 };
			waiting += k[i].pidfd != -1;
		}
		if (!waiting || left <= 0)
			return NULL;
		(void)poll(p, (nfds_t)n, (int)left);
	}
}

static bool
find_among(struct storage *s, struct sr *sr, const char *const *devices, int n,
    int64_t limit_ms)
{
	struct asker *k = arena_alloc(s->arena, sizeof(*k) * (size_t)(n + 1));
	int64_t end = clock_mono_ms() + limit_ms;
	const struct asker *found;

	for (int i = 0; i < n; i++) {
		k[i] = (struct asker){ .device = devices[i], .pidfd = -1,
			.pid = fork() };
		if (k[i].pid == 0)
			_exit(ask_for_sr(s, sr, devices[i]));
		asker_watch(&k[i]);
	}
	found = await_one(s, k, n, end);
	if (found)
		snprintf(sr->device, sizeof(sr->device), "%s", found->device);
	for (int i = 0; i < n; i++) {
		if (k[i].pidfd == -1)
			continue;
		if (!found)
			log_warn("disk '%s' does not answer", k[i].device);
		asker_abandon(&k[i]);
	}
	return found != NULL;
}

int
disks_find(struct storage *s, struct sr *sr, int64_t limit_ms)
{
	const char *devices[DISKS_MAX + 1];
	const char *own = s->env->own ? s->env->own(s->env, s->arena) : NULL;
	const char *last = arena_strdup(s->arena, sr->device);
	int n;

	if (disk_is_named(s->env, s->arena, last) &&
	    find_among(s, sr, &last, 1, limit_ms))
		return 0;
	n = list_disks(s->env, s->arena, devices);
	if (own)
		devices[n++] = own;
	if (find_among(s, sr, devices, n, limit_ms))
		return 0;
	return storage_fail(s, XENOPS_CODE_NO_SUCH_SR,
	    "no disk holds SR '%s'", sr->uuid);
}

/* -- the note -- */

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
