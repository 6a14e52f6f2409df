#include "xenopsd/domains/model.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>
#include <xenctrl.h>

#include "base/fdio.h"
#include "base/log.h"
#include "base/mem.h"

#define BATCH 16
#define PAUSED_S 2			/* between two looks at a paused domain */
#define LAST_WORDS 512			/* bytes of a log that are told */

struct model {
	struct model *next;
	uint32_t domid;
	/* of the process; when that has ended, a clock while the domain is
	 * paused, then -1 */
	int fd;
};

struct models {
	libxl_ctx *ctx;
	xentoollog_logger *logger;
	int fd;
	struct model *list;
};

struct models *
models_new(libxl_ctx *ctx, xentoollog_logger *logger, int other, int *fd_out)
{
	struct epoll_event e = { .events = EPOLLIN };
	struct models *m = mem_zalloc(sizeof(*m));

	m->ctx = ctx;
	m->logger = logger;
	m->fd = epoll_create1(EPOLL_CLOEXEC);
	if (m->fd == -1 || epoll_ctl(m->fd, EPOLL_CTL_ADD, other, &e) == -1) {
		models_free(m);
		return NULL;
	}
	*fd_out = m->fd;
	return m;
}

void
models_free(struct models *m)
{
	if (!m)
		return;
	while (m->list)
		models_remove(m, m->list->domid);
	fdio_close(&m->fd);
	free(m);
}

/* The number in the line of file that begins so; -1: none. */
static long long
number_after(const char *file, const char *begin)
{
	FILE *f = fopen(file, "re");
	long long n = -1;
	char line[256];

	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, begin, strlen(begin)) != 0)
			continue;
		if (sscanf(line + strlen(begin), "%lld", &n) != 1)
			n = -1;
		break;
	}
	if (f)
		fclose(f);
	return n;
}

/* By its user: after a restart of xenopsd the number may be another's. */
static bool
is_model(uint32_t domid, pid_t pid)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/%ld/status", (long)pid);
	return number_after(path, "Uid:") == (uid_t)(MODEL_UID_BASE + domid);
}

enum life { GONE, PAUSED, RUNS };

static enum life
life_of(struct models *m, uint32_t domid)
{
	libxl_dominfo info;
	enum life life;

	libxl_dominfo_init(&info);
	if (libxl_domain_info(m->ctx, &info, domid) || info.dying ||
	    info.shutdown)
		life = GONE;
	else
		life = info.paused ? PAUSED : RUNS;
	libxl_dominfo_dispose(&info);
	return life;
}

static void
crash(struct models *m, uint32_t domid)
{
	xc_interface *xc;

	log_warn("domain %u: its device model has ended: crashed", domid);
	xc = xc_interface_open(m->logger, m->logger, 0);
	if (!xc || xc_domain_shutdown(xc, domid, SHUTDOWN_crash))
		log_error("cannot end domain %u: %s", domid, strerror(errno));
	if (xc)
		xc_interface_close(xc);
}

static void
watch(struct models *m, struct model *model)
{
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = model };

	if (model->fd == -1 ||
	    epoll_ctl(m->fd, EPOLL_CTL_ADD, model->fd, &e) == -1)
		log_error("cannot watch the device model of domain %u: %s",
		    model->domid, strerror(errno));
}

static void
watch_clock(struct models *m, struct model *model)
{
	struct itimerspec when = { .it_value.tv_sec = PAUSED_S };

	model->fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (model->fd != -1)
		timerfd_settime(model->fd, 0, &when, NULL);
	watch(m, model);
}

/*
 * The process is no more.  libxl pauses a domain that it destroys, and ends the
 * process first: while a domain is paused it is not known to miss anything.
 */
static void
missed(struct models *m, struct model *model)
{
	enum life life = life_of(m, model->domid);

	fdio_close(&model->fd);		/* its end would stay readable */
	if (life == RUNS)
		crash(m, model->domid);
	else if (life == PAUSED)
		watch_clock(m, model);
}

void
models_add(struct models *m, uint32_t domid, pid_t pid)
{
	struct model *model = mem_zalloc(sizeof(*model));

	models_remove(m, domid);
	model->domid = domid;
	model->fd = (int)syscall(SYS_pidfd_open, pid, 0);
	model->next = m->list;
	m->list = model;
	if (model->fd == -1 || !is_model(domid, pid))
		missed(m, model);
	else
		watch(m, model);
}

void
models_remove(struct models *m, uint32_t domid)
{
	for (struct model **at = &m->list; *at; at = &(*at)->next) {
		struct model *model = *at;

		if (model->domid != domid)
			continue;
		*at = model->next;
		fdio_close(&model->fd);
		free(model);
		return;
	}
}

void
models_look(struct models *m)
{
	struct epoll_event e[BATCH];
	int n = epoll_wait(m->fd, e, BATCH, 0);

	for (int i = 0; i < n; i++) {
		if (e[i].data.ptr)
			missed(m, e[i].data.ptr);
	}
}

void
model_screen_path(char path[static MODEL_PATH], const char *folder,
    const char *uuid)
{
	snprintf(path, MODEL_PATH, "%s/screen-%.36s", folder, uuid);
}

int
model_screen(const char *folder, const char *uuid)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd == -1)
		return -errno;
	model_screen_path(a.sun_path, folder, uuid);
	/* a QEMU that accepts nobody holds up nobody */
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == -1) {
		int rc = -errno;

		close(fd);
		return rc;
	}
	return fd;
}

static void
remove_left(const char *path)
{
	if (remove(path) == -1 && errno != ENOENT)
		log_warn("cannot remove '%s': %s", path, strerror(errno));
}

void
model_clean(const char *folder, uint32_t domid, const char *name)
{
	static const char *const names[] = { "qemu-root-", "qmp-libxl-",
		"qmp-libxenstat-" };
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s%u", folder, names[i],
		    domid);
		remove_left(path);
	}
	if (!name || strchr(name, '/'))
		return;
	model_screen_path(path, folder, name);
	remove_left(path);
}

/* The last line. */
static void
tell_last_words(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char text[LAST_WORDS], *line;
	ssize_t n;

	if (fd == -1)
		return;
	if (lseek(fd, 1 - LAST_WORDS, SEEK_END) == -1)
		lseek(fd, 0, SEEK_SET);
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	while (n > 0 && text[n - 1] == '\n')
		n--;
	if (n <= 0)
		return;
	text[n] = '\0';
	line = strrchr(text, '\n');
	log_info("'%s' ended with: %s", path, line ? line + 1 : text);
}

void
model_remove_logs(const char *folder, const char *name)
{
	char pattern[PATH_MAX];
	glob_t found = { .gl_pathc = 0 };
	int n = snprintf(pattern, sizeof(pattern), "%s/qemu-*%s.log*", folder,
	    name);

	if (n < 0 || (size_t)n >= sizeof(pattern) ||
	    strpbrk(name, "*?[/") || glob(pattern, 0, NULL, &found))
		return;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		tell_last_words(found.gl_pathv[i]);
		if (unlink(found.gl_pathv[i]) == -1)
			log_warn("cannot remove '%s': %s", found.gl_pathv[i],
			    strerror(errno));
	}
	globfree(&found);
}

int64_t
model_room(const char *meminfo)
{
	long long kib = number_after(meminfo, "MemAvailable:");

	return kib < 0 ? -1 : kib << 10;
}
