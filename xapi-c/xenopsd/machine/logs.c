#include "xenopsd/machine/logs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "base/fdio.h"
#include "base/syslog.h"

#define FOLDER "/state/log/xapi"
#define FILES_MAX 64			/* svlogd keeps fewer */

struct files {
	const char *names[FILES_MAX];
	int n;
};

/* "@TIME.s" of those that are full, then "current": by name, oldest first. */
static void
add_sorted(struct files *f, const char *name)
{
	int at = f->n++;

	while (at > 0 && strcmp(f->names[at - 1], name) > 0) {
		f->names[at] = f->names[at - 1];
		at--;
	}
	f->names[at] = name;
}

static int
list(struct arena *a, DIR *d, struct files *f)
{
	const struct dirent *e;

	while ((errno = 0, e = readdir(d)))
		if (f->n < FILES_MAX && (e->d_name[0] == '@' ||
		    strcmp(e->d_name, "current") == 0))
			add_sorted(f, arena_strdup(a, e->d_name));
	return -errno;
}

/* The end of a file, which svlogd may be writing to, or have renamed: then there
 * is nothing. */
static int
add_file(int folder, const char *name, struct buf *b)
{
	int fd = openat(folder, name, O_RDONLY | O_NONBLOCK |
	    O_CLOEXEC | O_NOFOLLOW);
	off_t size = fd == -1 ? 0 : lseek(fd, 0, SEEK_END);
	size_t len = size < LOGS_MAX_BYTES ? (size_t)size : LOGS_MAX_BYTES;
	int rc = 0;

	if (fd == -1)
		return errno == ENOENT ? 0 : -errno;
	if (size > 0)
		rc = fdio_read_at(fd, buf_reserve(b, len), len,
		    (int64_t)size - (int64_t)len);
	if (rc == 0 && size > 0)
		b->len += len;
	fdio_close(&fd);
	return rc;
}

const char *
logs_text(struct arena *a, struct buf *b)
{
	size_t skip = b->len > LOGS_MAX_BYTES ? b->len - LOGS_MAX_BYTES : 0;
	const char *line = skip ? memchr(b->data + skip, '\n',
	    b->len - skip) : NULL;
	size_t len;
	char *text;

	if (line)
		skip = (size_t)(line + 1 - b->data);
	len = b->len - skip;
	text = arena_alloc(a, len + 1);
	if (len)
		memcpy(text, b->data + skip, len);
	text[len] = '\0';
	for (size_t i = 0; i < len; i++)
		if (text[i] != '\n' && text[i] != '\t' &&
		    (text[i] < ' ' || text[i] > '~'))
			text[i] = '?';
	buf_release(b);
	return text;
}

int
logs_read(struct request *rq, const char *folder, const char **text_out)
{
	struct files f = { .n = 0 };
	DIR *d = opendir(folder);
	struct buf b = { 0 };
	int rc = d ? list(rq->arena, d, &f) : errno == ENOENT ? 0 : -errno;

	for (int i = 0; rc == 0 && i < f.n; i++)
		rc = add_file(dirfd(d), f.names[i], &b);
	if (d)
		closedir(d);
	*text_out = logs_text(rq->arena, &b);
	return rc == 0 ? 0 : request_fail(rq, XENOPS_CODE_IO,
	    "cannot read the log: %s", strerror(-rc));
}

bool
logs_are_keys(const char *keys)
{
	size_t len = keys ? strlen(keys) : 0;

	for (size_t i = 0; i < len; i++)
		if (keys[i] <= ' ' || keys[i] > '~')
			return false;
	return len > 0 && len <= LOGS_KEYS_MAX;
}

int
host_log_read(struct request *rq, const void *args, void *result)
{
	struct xenops_log_read_result *r = result;

	(void)args;
	return logs_read(rq, FOLDER, &r->text);
}

int
logs_set_server(struct request *rq, const char *dir,
    const struct xenops_syslog_set_args *a)
{
	const char *to = a->destination ? a->destination : "";
	const char *line = arena_printf(rq->arena, "%s\n", to);
	const char *path = arena_printf(rq->arena, "%s/syslog", dir);
	struct syslog_destination where;
	const char *problem = *to ? syslog_destination_parse(to, &where) : NULL;
	int rc;

	if (problem)
		return request_fail(rq, XENOPS_CODE_BAD_REQUEST,
		    "bad server of logs '%.80s': %s", to, problem);
	rc = atomic_file_write(path, line, strlen(line),
	    &(struct atomic_file){ .mode = 0644 });
	return rc ? request_fail(rq, XENOPS_CODE_IO,
	    "cannot keep the server of logs: %s", strerror(-rc)) : 0;
}

int
host_syslog_set(struct request *rq, const void *args, void *result)
{
	(void)result;
	return logs_set_server(rq, "/state", args);
}
