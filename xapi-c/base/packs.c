#include "base/packs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/below.h"
#include "base/fdio.h"

#define LOCK ".lock"			/* for changes */
#define USE ".use"			/* shared by who runs programs */
#define OLD_NAME 20
#define FILE_FLAGS (O_DIRECTORY | O_RDONLY | O_NOFOLLOW | O_CLOEXEC)

static int
path_of(char path[static PATH_MAX], const char *folder, const char *name)
{
	return snprintf(path, PATH_MAX, "%s/%s", folder, name) < PATH_MAX ?
	    0 : -ENAMETOOLONG;
}

/* -- removing -- */

static int
remove_files(int dir)
{
	DIR *d = fdopendir(dir);
	struct dirent *e;
	int rc = 0;

	if (!d) {
		close(dir);
		return -ENOMEM;
	}
	while (!rc && (e = readdir(d))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		if (unlinkat(dirfd(d), e->d_name, 0) == -1)
			rc = -errno;
	}
	closedir(d);
	return rc;
}

/* A pack has folders of files, and nothing deeper. */
static int
remove_pack(int packs, const char *name)
{
	static const char *const parts[] = { "plugins", "extensions", "lib" };
	int pack = openat(packs, name, FILE_FLAGS), rc = 0;

	if (pack == -1)
		return errno == ENOENT ? 0 : -errno;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		int part = openat(pack, parts[i], FILE_FLAGS);

		if (part == -1)
			continue;
		rc = rc ? rc : remove_files(part);
		if (!rc && unlinkat(pack, parts[i], AT_REMOVEDIR) == -1)
			rc = -errno;
	}
	if (!rc)
		rc = remove_files(pack);	/* closes it */
	else
		close(pack);
	return rc ? rc : unlinkat(packs, name, AT_REMOVEDIR) == -1 ?
	    -errno : 0;
}

static void
old_name(char name[static OLD_NAME], int i)
{
	snprintf(name, OLD_NAME, ".old%d", i);
}

/* PACKS_NEW under a name at which it can wait. */
static int
put_aside(int packs)
{
	char name[OLD_NAME];

	for (int i = 0; i < PACKS_OLD_MAX; i++) {
		old_name(name, i);
		if (renameat2(packs, PACKS_NEW, packs, name,
		    RENAME_NOREPLACE) == 0 || errno == ENOENT)
			return 0;
		if (errno != EEXIST)
			return -errno;
	}
	return -EBUSY;
}

static int
open_lock(const char *packs, const char *file, int how)
{
	char path[PATH_MAX];
	int rc = path_of(path, packs, file);
	int fd = rc ? -1 : open(path, O_RDWR | O_CREAT | O_NOFOLLOW |
	    O_CLOEXEC, 0600);

	if (rc || fd == -1)
		return rc ? rc : -errno;
	if (flock(fd, how) == 0)
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}

int
packs_use(const char *packs)
{
	return open_lock(packs, USE, LOCK_SH);
}

/* What was put aside, unless a program runs. */
static int
remove_old(int fd, const char *packs)
{
	int use = open_lock(packs, USE, LOCK_EX | LOCK_NB), rc = 0;
	char name[OLD_NAME];

	if (use < 0)
		return use == -EWOULDBLOCK ? 0 : use;
	for (int i = 0; !rc && i < PACKS_OLD_MAX; i++) {
		old_name(name, i);
		rc = remove_pack(fd, name);
	}
	close(use);
	return rc;
}

int
packs_clear(const char *packs)
{
	int fd = open(packs, FILE_FLAGS);
	int rc = fd == -1 ? -errno : put_aside(fd);

	if (!rc)
		rc = remove_old(fd, packs);
	fdio_close(&fd);
	return rc;
}

/* The last place is for what this change will put aside. */
static bool
has_place(const char *packs)
{
	char path[PATH_MAX], name[OLD_NAME];
	struct stat st;

	old_name(name, PACKS_OLD_MAX - 1);
	return path_of(path, packs, name) == 0 && lstat(path, &st) == -1;
}

int
packs_lock(const char *packs)
{
	int fd, rc;

	if (mkdir(packs, 0700) == -1 && errno != EEXIST)
		return -errno;
	fd = open_lock(packs, LOCK, LOCK_EX);
	if (fd < 0)
		return fd;
	rc = packs_clear(packs);
	if (!rc && !has_place(packs))
		rc = -EBUSY;
	if (rc)
		fdio_close(&fd);
	return rc ? rc : fd;
}

int
packs_remove(const char *packs, const char *name)
{
	char from[PATH_MAX], to[PATH_MAX];
	int rc;

	if (!pack_name_ok(name))
		return -ENOENT;
	rc = path_of(from, packs, name);
	if (!rc)
		rc = path_of(to, packs, PACKS_NEW);
	if (!rc && rename(from, to) == -1)
		rc = -errno;
	if (!rc)
		rc = fdio_sync_folder(from);
	return rc ? rc : packs_clear(packs);
}

/* -- reading -- */

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int
packs_names(const char *folder, struct arena *a, const char **names, int max)
{
	DIR *d = opendir(folder);
	struct dirent *e;
	int n = 0;

	while (d && n < max && (e = readdir(d)))
		if (pack_file_name_ok(e->d_name))
			names[n++] = arena_strdup(a, e->d_name);
	if (d)
		closedir(d);
	qsort(names, (size_t)n, sizeof(*names), by_name);
	return n;
}

int
packs_about(const char *packs, const char *name, struct pack_about *out)
{
	char path[PATH_MAX], text[PACK_ABOUT_MAX + 1];
	const char *why;
	ssize_t n;
	int fd, rc;

	if (!pack_name_ok(name))
		return -ENOENT;
	if (snprintf(path, sizeof(path), "%s/%s/" PACK_ABOUT, packs, name) >=
	    (int)sizeof(path))
		return -ENAMETOOLONG;
	rc = below_open(path, O_RDONLY, 0, &fd);
	if (rc)
		return rc;
	n = read(fd, text, sizeof(text));
	fdio_close(&fd);
	return n > 0 && pack_about_parse(text, (size_t)n, true, out, &why) ?
	    0 : -EBADMSG;
}

static bool
has(const char *packs, const char *pack, const char *kind,
    const char *program)
{
	char path[PATH_MAX];
	struct stat st;

	return snprintf(path, sizeof(path), "%s/%s/%s/%s", packs, pack, kind,
	    program) < (int)sizeof(path) && lstat(path, &st) == 0 &&
	    S_ISREG(st.st_mode);
}

bool
packs_find(const char *packs, const char *kind, const char *program,
    struct pack_about *out)
{
	struct arena *a = arena_new();
	const char *names[PACKS_MAX];
	bool found = false;
	int n = 0;

	if (pack_file_name_ok(program))
		n = packs_names(packs, a, names, PACKS_MAX);
	for (int i = 0; i < n && !found; i++)
		found = has(packs, names[i], kind, program) &&
		    packs_about(packs, names[i], out) == 0;
	arena_free(a);
	return found;
}
