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
		strftime(end, sizeof(end), ".replaced-%Y%m%dT%H%M%SZ", &tm);
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

int
replace_finish(const char *path, char aside_out[static PATH_MAX])
{
	char fresh[PATH_MAX];
	int rc = name_beside(fresh, path, ".new");

	if (!rc)
		rc = keep_aside(path, aside_out);
	if (!rc)
		rc = remove_logs(path);
	return rc ? rc : atomic_file_adopt(fresh, path);
}

static bool
has_bytes(const char *path, const char *end)
{
	char name[PATH_MAX];
	struct stat st;

	return !name_beside(name, path, end) && stat(name, &st) == 0 &&
	    st.st_size > 0;
}

static void
split(const char *path, char folder[static PATH_MAX], const char **name)
{
	const char *slash = strrchr(path, '/');

	*name = slash ? slash + 1 : path;
	snprintf(folder, PATH_MAX, "%.*s", slash ? (int)(*name - path) : 2,
	    slash ? path : "./");
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
		    (!strncmp(e->d_name + n, ".replaced-", 10) ||
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
