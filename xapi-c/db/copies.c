#include "db/copies.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "base/log.h"
#include "base/mem.h"
#include "db/save.h"

#define NAME_FORMAT "state-%Y%m%dT%H%M%SZ.db"
#define NAME_LEN 25			/* of what that makes */
#define UNFINISHED "unfinished"		/* a copy under way */
#define DAY_S 86400

struct copy {
	char name[NAME_LEN + 1];
	time_t time;
	uint64_t size;
};

struct list {
	struct copy *v;
	size_t n, cap;
};

static bool
parse_name(const char *name, time_t *time_out)
{
	struct tm tm = { 0 };
	const char *end = strptime(name, NAME_FORMAT, &tm);

	if (!end || *end || strlen(name) != NAME_LEN)
		return false;
	*time_out = timegm(&tm);
	return true;
}

static int
newest_first(const void *a, const void *b)
{
	const struct copy *x = a, *y = b;

	return (x->time < y->time) - (x->time > y->time);
}

static void
add(struct list *l, int fd, const char *name)
{
	struct copy c;
	struct stat st;

	if (!parse_name(name, &c.time) ||
	    fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return;
	c.size = (uint64_t)st.st_size;
	memcpy(c.name, name, sizeof(c.name));
	if (l->n == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 16;
		l->v = mem_realloc(l->v, l->cap * sizeof(l->v[0]));
	}
	l->v[l->n++] = c;
}

static int
list_copies(const char *folder, struct list *l)
{
	DIR *dir = opendir(folder);
	struct dirent *e;

	if (!dir)
		return -errno;
	while ((e = readdir(dir)))
		add(l, dirfd(dir), e->d_name);
	closedir(dir);
	if (l->n)
		qsort(l->v, l->n, sizeof(l->v[0]), newest_first);
	return 0;
}

int
copies_list(const char *folder, void (*fn)(void *arg, const char *path),
    void *arg)
{
	struct list l = { 0 };
	char path[PATH_MAX];
	int rc = list_copies(folder, &l);
	size_t i;

	for (i = 0; i < l.n; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, l.v[i].name);
		fn(arg, path);
	}
	free(l.v);
	return rc == -ENOENT ? 0 : rc;
}

time_t
copies_newest(const char *folder)
{
	struct list l = { 0 };
	time_t newest;

	list_copies(folder, &l);
	newest = l.n ? l.v[0].time : 0;
	free(l.v);
	return newest;
}

static void
remove_copy(const char *folder, const struct copy *c)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", folder, c->name);
	if (unlink(path) == -1)
		log_warn("cannot remove '%s': %s", path, strerror(errno));
}

/* The newest copy always stays. */
static void
prune(const char *folder, time_t now)
{
	struct list l = { 0 };
	uint64_t bytes = 0;
	size_t i;

	list_copies(folder, &l);
	for (i = 0; i < l.n; i++) {
		const struct copy *c = &l.v[i];
		bool last_of_day = i && c->time / DAY_S !=
		    l.v[i - 1].time / DAY_S;
		bool young = now - c->time <= (time_t)COPIES_DAYS * DAY_S;

		bytes += c->size;
		if (!i || ((i < COPIES_NEWEST || (last_of_day && young)) &&
		    bytes <= COPIES_MAX_BYTES))
			continue;
		bytes -= c->size;
		remove_copy(folder, c);
	}
	free(l.v);
}

static int
path_in(const char *folder, const char *name, char path[static PATH_MAX])
{
	return snprintf(path, PATH_MAX, "%s/%s", folder, name) < PATH_MAX ? 0 :
	    -ENAMETOOLONG;
}

void
copies_clean(const char *folder)
{
	char path[PATH_MAX];

	if (path_in(folder, UNFINISHED, path))
		return;
	save_clean(path);
	unlink(path);
}

uint64_t
copies_room(const char *path)
{
	struct stat st;

	return COPIES_SPARE + (stat(path, &st) == 0 ?
	    2 * (uint64_t)st.st_size : 0);
}

static int
save(const struct copies *c, const struct db_root *root, time_t now)
{
	char path[PATH_MAX], tmp[PATH_MAX], name[NAME_LEN + 1];
	const char *why = "its path is too long";
	struct tm tm;
	int rc;

	gmtime_r(&now, &tm);
	strftime(name, sizeof(name), NAME_FORMAT, &tm);
	if (mkdir(c->folder, 0700) == -1 && errno != EEXIST)
		return -errno;
	rc = path_in(c->folder, name, path);
	if (!rc)
		rc = path_in(c->folder, UNFINISHED, tmp);
	if (!rc)
		rc = save_root(root, c->classes, c->n_classes,
		    root->generation + 1, root->applied, tmp, &why);
	if (!rc) {
		why = "cannot be renamed";
		rc = atomic_file_adopt(tmp, path);
	}
	if (rc)
		log_warn("cannot make the copy '%s': %s (%s)", path, why,
		    strerror(-rc));
	return rc;
}

int
copies_make(struct copies *c, const struct db_root *root, time_t now)
{
	uint64_t digest = save_digest(root);
	int rc = 0;

	if (digest != c->digest) {
		rc = save(c, root, now);
		if (!rc) {
			c->digest = digest;
			rc = 1;
		}
	}
	prune(c->folder, now);
	return rc;
}
