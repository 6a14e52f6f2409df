#include "http/site.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/mem.h"

struct site {
	struct site_file files[SITE_MAX_FILES];	/* by path */
	int n;
	size_t bytes;
};

static const struct {
	const char *suffix;
	const char *type;
} types[] = {
	{ ".html", "text/html; charset=utf-8" },
	{ ".css", "text/css; charset=utf-8" },
	{ ".js", "text/javascript; charset=utf-8" },
	{ ".ts", "text/plain; charset=utf-8" },
	{ ".txt", "text/plain; charset=utf-8" },
	{ ".json", "application/json" },
	{ ".svg", "image/svg+xml" },
	{ ".png", "image/png" },
	{ ".ico", "image/x-icon" },
	{ ".woff2", "font/woff2" },
};

static const char *
type_of(const char *path)
{
	const char *dot = strrchr(path, '.');

	for (size_t i = 0; dot && i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(dot, types[i].suffix) == 0)
			return types[i].type;
	}
	return "application/octet-stream";
}

static int
map_file(int fd, size_t len, const char **data_out)
{
	void *p;

	*data_out = "";
	if (len == 0)
		return 0;
	p = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return -errno;
	*data_out = p;
	return 0;
}

static int
add_file(struct site *s, int folder, const char *name, const char *path)
{
	struct site_file *f = &s->files[s->n];
	int fd, rc = 0;
	struct stat st;

	fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return -errno;
	if (fstat(fd, &st) == -1)
		rc = -errno;
	else if (s->n == SITE_MAX_FILES ||
	    (size_t)st.st_size > SITE_MAX_BYTES - s->bytes)
		rc = -E2BIG;
	else
		rc = map_file(fd, (size_t)st.st_size, &f->data);
	fdio_close(&fd);
	if (rc)
		return rc;
	f->path = mem_strdup(path);
	f->type = type_of(path);
	f->len = (size_t)st.st_size;
	s->bytes += f->len;
	s->n++;
	return 0;
}

static int add_folder(struct site *s, int fd, const char *path, int depth);

static int
add_entry(struct site *s, int folder, const char *name, const char *in,
    int depth)
{
	char path[SITE_MAX_PATH];
	struct stat st;
	int fd;

	if (snprintf(path, sizeof(path), "%s/%s", in, name) >=
	    (int)sizeof(path))
		return -E2BIG;
	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return -errno;
	if (S_ISREG(st.st_mode))
		return add_file(s, folder, name, path);
	if (!S_ISDIR(st.st_mode))
		return 0;
	if (depth == SITE_MAX_DEPTH)
		return -E2BIG;
	fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
	    O_CLOEXEC);
	return fd == -1 ? -errno : add_folder(s, fd, path, depth + 1);
}

/* Takes fd over. */
static int
add_folder(struct site *s, int fd, const char *path, int depth)
{
	DIR *dir = fdopendir(fd);
	struct dirent *e;
	int rc = 0;

	if (!dir) {
		rc = -errno;
		fdio_close(&fd);
		return rc;
	}
	while (!rc && (errno = 0, e = readdir(dir))) {
		if (e->d_name[0] != '.')
			rc = add_entry(s, fd, e->d_name, path, depth);
	}
	if (!rc && errno)
		rc = -errno;
	closedir(dir);
	return rc;
}

static int
by_path(const void *a, const void *b)
{
	const struct site_file *x = a, *y = b;

	return strcmp(x->path, y->path);
}

int
site_load(const char *folder, struct site **site_out)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct site *s;
	int rc;

	*site_out = NULL;
	if (fd == -1)
		return -errno;
	s = mem_zalloc(sizeof(*s));
	rc = add_folder(s, fd, "", 1);
	if (rc) {
		site_free(s);
		return rc;
	}
	qsort(s->files, (size_t)s->n, sizeof(s->files[0]), by_path);
	*site_out = s;
	return 0;
}

const struct site_file *
site_find(const struct site *s, const char *path)
{
	char index[SITE_MAX_PATH];
	const struct site_file key = { .path = index };
	size_t len = strlen(path);
	bool folder = len > 0 && path[len - 1] == '/';

	if (!s || snprintf(index, sizeof(index), "%s%s", path,
	    folder ? "index.html" : "") >= (int)sizeof(index))
		return NULL;
	return bsearch(&key, s->files, (size_t)s->n, sizeof(s->files[0]),
	    by_path);
}

void
site_free(struct site *s)
{
	for (int i = 0; s && i < s->n; i++) {
		struct site_file *f = &s->files[i];

		free((char *)f->path);
		if (f->len)
			munmap((void *)f->data, f->len);
	}
	free(s);
}
