#include "base/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/below.h"
#include "base/fdio.h"
#include "base/mem.h"

struct lines {
	char *folder;
	size_t max;			/* bytes of a file */
	pthread_mutex_t lock;
	int fd;				/* of the newest */
	size_t size;
	bool dirty;
};

/* 0 is the newest. */
static char *
name_of(const struct lines *l, int i, char out[static PATH_MAX])
{
	snprintf(out, PATH_MAX, "%s/%d", l->folder, i);
	return out;
}

/* What a power cut left unfinished is a line of its own. */
static int
end_torn(struct lines *l)
{
	char last;
	int rc = fdio_read_at(l->fd, &last, 1, (int64_t)l->size - 1);

	if (rc || last == '\n')
		return rc;
	rc = fdio_write_all(l->fd, "\n", 1);
	l->size++;
	return rc;
}

static int
open_newest(struct lines *l)
{
	char path[PATH_MAX];
	struct stat st;
	int rc = below_open(name_of(l, 0, path),
	    O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600, &l->fd);

	if (rc)
		return rc;
	if (fstat(l->fd, &st) == -1)
		return -errno;
	l->size = (size_t)st.st_size;
	return l->size ? end_torn(l) : 0;
}

int
lines_open(const char *folder, size_t file_max, struct lines **out)
{
	struct lines *l;
	int rc;

	if (mkdir(folder, 0700) == -1 && errno != EEXIST)
		return -errno;
	l = mem_zalloc(sizeof(*l));
	l->folder = mem_strdup(folder);
	l->max = file_max;
	l->fd = -1;
	pthread_mutex_init(&l->lock, NULL);
	rc = open_newest(l);
	if (rc) {
		lines_close(l);
		return rc;
	}
	*out = l;
	return 0;
}

void
lines_close(struct lines *l)
{
	if (!l)
		return;
	fdio_close(&l->fd);
	pthread_mutex_destroy(&l->lock);
	free(l->folder);
	free(l);
}

static int
turn(struct lines *l)
{
	char from[PATH_MAX], to[PATH_MAX];

	for (int i = LINES_FILES - 1; i > 0; i--)
		if (rename(name_of(l, i - 1, from), name_of(l, i, to)) == -1 &&
		    errno != ENOENT)
			return -errno;
	fdio_close(&l->fd);
	return open_newest(l);
}

static int
append(struct lines *l, const char *line, size_t len)
{
	int rc = l->fd == -1 ? open_newest(l) :
	    l->size + len > l->max ? turn(l) : 0;

	if (rc == 0)
		rc = fdio_write_all(l->fd, line, len);
	if (rc) {
		/* no half of a line */
		if (l->fd != -1 && ftruncate(l->fd, (off_t)l->size) == -1)
			fdio_close(&l->fd);
		return rc;
	}
	l->size += len;
	l->dirty = true;
	return 0;
}

int
lines_add(struct lines *l, const char *line, size_t len)
{
	int rc;

	if (len == 0 || len > LINES_LEN || line[len - 1] != '\n')
		return -EINVAL;
	pthread_mutex_lock(&l->lock);
	rc = append(l, line, len);
	pthread_mutex_unlock(&l->lock);
	return rc;
}

int
lines_sync(struct lines *l)
{
	int fd = -1, rc = 0;

	pthread_mutex_lock(&l->lock);
	if (l->dirty && l->fd != -1)
		fd = dup(l->fd);
	l->dirty = false;
	pthread_mutex_unlock(&l->lock);
	if (fd == -1)
		return 0;
	if (fdatasync(fd) == -1)
		rc = -errno;
	fdio_close(&fd);
	return rc;
}

/* -- reading -- */

/* Of all files, oldest first; -1: there is none. */
static void
open_all(struct lines *l, int fds[static LINES_FILES])
{
	char path[PATH_MAX];

	pthread_mutex_lock(&l->lock);
	for (int i = 0; i < LINES_FILES; i++)
		if (below_open(name_of(l, LINES_FILES - 1 - i, path),
		    O_RDONLY | O_CLOEXEC, 0, &fds[i]))
			fds[i] = -1;
	pthread_mutex_unlock(&l->lock);
}

/* Whole lines of the n bytes; how many bytes they were. */
static size_t
tell(char *at, size_t n, lines_fn *fn, void *arg, int *rc)
{
	char *p = at, *end;

	while (*rc == 0 && (end = memchr(p, '\n', n - (size_t)(p - at)))) {
		*rc = fn(arg, p, (size_t)(end + 1 - p));
		p = end + 1;
	}
	return (size_t)(p - at);
}

static int
each_in(int fd, lines_fn *fn, void *arg)
{
	char at[4 * LINES_LEN];
	size_t n = 0, used;
	ssize_t r;
	int rc = 0;

	while (rc == 0 && (r = read(fd, at + n, sizeof(at) - n)) != 0) {
		if (r == -1 && errno == EINTR)
			continue;
		if (r == -1)
			return -errno;
		n += (size_t)r;
		used = tell(at, n, fn, arg, &rc);
		n -= used;
		memmove(at, at + used, n);
		/* no line of ours is that long */
		if (n == sizeof(at))
			n = 0;
	}
	return rc;
}

int
lines_each(struct lines *l, lines_fn *fn, void *arg)
{
	int fds[LINES_FILES], rc = 0;

	open_all(l, fds);
	for (int i = 0; i < LINES_FILES; i++) {
		if (fds[i] != -1 && rc == 0)
			rc = each_in(fds[i], fn, arg);
		fdio_close(&fds[i]);
	}
	return rc;
}
