#include "db/replace.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "base/fdio.h"
#include "base/log.h"
#include "db/copies.h"
#include "db/save.h"

#define ASIDE ".replaced-"

static int
name_beside(char out[static PATH_MAX], const char *path, const char *end)
{
	return snprintf(out, PATH_MAX, "%s%s", path, end) < PATH_MAX ? 0 :
	    -ENAMETOOLONG;
}

static bool
is_there(const char *path, const char *end)
{
	char name[PATH_MAX];

	return !name_beside(name, path, end) && access(name, F_OK) == 0;
}

/* A name that neither a file nor its log has. */
static int
choose_aside(const char *path, char aside[static PATH_MAX])
{
	char end[48];
	time_t now = time(NULL);
	struct tm tm;
	int rc;

	do {
		gmtime_r(&now, &tm);
		strftime(end, sizeof(end), ASIDE "%Y%m%dT%H%M%SZ", &tm);
		rc = name_beside(aside, path, end);
		now++;
	} while (!rc && (is_there(aside, "") || is_there(aside, "-wal") ||
	    is_there(aside, "-journal")));
	return rc;
}

/* The log goes with the file that it belongs to. */
static int
keep_aside(const char *path, char aside[static PATH_MAX])
{
	static const char *const ends[] = { "-wal", "-journal", "" };
	char from[PATH_MAX], to[PATH_MAX];
	int rc = choose_aside(path, aside);
	size_t i;

	for (i = 0; i < sizeof(ends) / sizeof(ends[0]) && !rc; i++) {
		rc = name_beside(from, path, ends[i]);
		if (!rc)
			rc = name_beside(to, aside, ends[i]);
		if (!rc && link(from, to) == -1 && errno != ENOENT)
			rc = -errno;
	}
	if (!rc && !is_there(aside, ""))
		aside[0] = '\0';
	return rc ? rc : fdio_sync_folder(path);
}

/* SQLite would carry what the old log has into the new file. */
static int
remove_logs(const char *path)
{
	static const char *const ends[] = { "-wal", "-journal", "-shm" };
	char name[PATH_MAX];
	size_t i;
	int rc = 0;

	for (i = 0; i < sizeof(ends) / sizeof(ends[0]) && !rc; i++) {
		rc = name_beside(name, path, ends[i]);
		if (!rc && unlink(name) == -1 && errno != ENOENT)
			rc = -errno;
	}
	return rc ? rc : fdio_sync_folder(path);
}

static void
split(const char *path, char folder[static PATH_MAX], const char **name)
{
	const char *slash = strrchr(path, '/');

	*name = slash ? slash + 1 : path;
	snprintf(folder, PATH_MAX, "%.*s", slash ? (int)(*name - path) : 2,
	    slash ? path : "./");
}

/* -- what was replaced long ago -- */

#define TIME_LEN 16			/* of 20261128T101500Z */

struct newest {
	char times[REPLACED_KEPT][TIME_LEN + 1];	/* newest first */
	int n;
};

/* When what the name says was put aside, or NULL: its file or a log of it. */
static const char *
aside_time(const char *entry, const char *name)
{
	static const char digits[] = "0123456789";
	const char *time = entry + strlen(name) + strlen(ASIDE), *end;

	if (strncmp(entry, name, strlen(name)) ||
	    strncmp(entry + strlen(name), ASIDE, strlen(ASIDE)) ||
	    strspn(time, digits) != 8 || time[8] != 'T' ||
	    strspn(time + 9, digits) != 6 || time[15] != 'Z')
		return NULL;
	end = time + TIME_LEN;
	return *end && strcmp(end, "-wal") && strcmp(end, "-journal") ? NULL :
	    time;
}

static bool
is_newest(const struct newest *new, const char *time)
{
	for (int i = 0; i < new->n; i++)
		if (!strncmp(new->times[i], time, TIME_LEN))
			return true;
	return false;
}

static void
note_time(struct newest *new, const char *time)
{
	int at = 0;

	while (at < new->n && strncmp(new->times[at], time, TIME_LEN) > 0)
		at++;
	if (at == REPLACED_KEPT || is_newest(new, time))
		return;
	if (new->n < REPLACED_KEPT)
		new->n++;
	memmove(new->times[at + 1], new->times[at],
	    sizeof(new->times[0]) * (size_t)(new->n - 1 - at));
	snprintf(new->times[at], sizeof(new->times[at]), "%.*s", TIME_LEN,
	    time);
}

/* All but the newest, and but the one at aside, which a wrong clock may have
 * named like an old one.  What cannot be removed is tried again next time. */
static void
remove_old(const char *path, const char *aside)
{
	char folder[PATH_MAX], other[PATH_MAX];
	struct newest new = { .n = 0 };
	const char *name, *kept, *time;
	struct dirent *e;
	DIR *dir;

	split(path, folder, &name);
	split(aside, other, &kept);
	dir = opendir(folder);
	for (int pass = 0; dir && pass < 2; pass++, rewinddir(dir))
		while ((e = readdir(dir))) {
			time = aside_time(e->d_name, name);
			if (!time || (*kept &&
			    !strncmp(e->d_name, kept, strlen(kept))))
				continue;
			if (pass == 0)
				note_time(&new, time);
			else if (!is_newest(&new, time) &&
			    unlinkat(dirfd(dir), e->d_name, 0) == -1)
				log_warn("cannot remove '%s': %s", e->d_name,
				    strerror(errno));
		}
	if (dir)
		closedir(dir);
}

int
replace_finish(const char *path, char aside_out[static PATH_MAX])
{
	char fresh[PATH_MAX];
	int rc = name_beside(fresh, path, ".new");

	if (!rc)
		rc = keep_aside(path, aside_out);
	if (!rc)
		rc = remove_logs(path);
	if (!rc)
		rc = atomic_file_adopt(fresh, path);
	if (!rc)
		remove_old(path, aside_out);
	return rc;
}

static bool
has_bytes(const char *path, const char *end)
{
	char name[PATH_MAX];
	struct stat st;

	return !name_beside(name, path, end) && stat(name, &st) == 0 &&
	    st.st_size > 0;
}

/* PATH.replaced-TIME, and PATH.schema-N of before a migration. */
static bool
has_earlier(const char *path)
{
	char folder[PATH_MAX];
	const char *name;
	struct dirent *e;
	bool found = false;
	size_t n;
	DIR *dir;

	split(path, folder, &name);
	n = strlen(name);
	dir = opendir(folder);
	while (dir && !found && (e = readdir(dir)))
		found = !strncmp(e->d_name, name, n) &&
		    (!strncmp(e->d_name + n, ASIDE, strlen(ASIDE)) ||
		    !strncmp(e->d_name + n, ".schema-", 8));
	if (dir)
		closedir(dir);
	return found;
}

static bool
has_copies(const char *path)
{
	char folder[PATH_MAX], copies[PATH_MAX];
	const char *name;

	split(path, folder, &name);
	return !name_beside(copies, folder, COPIES_FOLDER) &&
	    copies_newest(copies);
}

int
replace_resume(const char *path)
{
	char aside[PATH_MAX];
	int rc;

	if (!is_there(path, ".new"))
		return 0;
	rc = replace_finish(path, aside);
	if (!rc)
		log_warn("'%s' is what a restore or repair has made", path);
	return rc;
}

int
replace_settle(const char *path, const char **why)
{
	int rc = replace_resume(path);

	*why = "what was to replace it cannot be put in place";
	if (rc)
		return rc;
	*why = "lost: it is missing or empty, but has left files behind";
	if (has_bytes(path, ""))
		return 0;
	return has_bytes(path, "-wal") || has_earlier(path) ||
	    has_copies(path) ? -EBADMSG : 0;
}
