/*
 * A scratch directory for a test, removed when the test's process exits
 * normally.
 */
#ifndef UNIT_SCRATCH_H
#define UNIT_SCRATCH_H

#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char scratch_path[PATH_MAX];
static pid_t scratch_owner;

static int
scratch_remove_one(const char *path, const struct stat *st, int flag,
    struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

/* A folder with all in it but what is mounted there. */
static void
scratch_remove_tree(const char *path)
{
	nftw(path, scratch_remove_one, 8, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

static void
scratch_remove(void)
{
	if (getpid() == scratch_owner)
		scratch_remove_tree(scratch_path);
}

/* Makes the directory at the first call. */
static inline const char *
scratch_dir(void)
{
	const char *tmp = getenv("TMPDIR");

	if (scratch_owner)
		return scratch_path;
	snprintf(scratch_path, sizeof(scratch_path), "%s/bedplate-XXXXXX",
	    tmp ? tmp : "/tmp");
	if (!mkdtemp(scratch_path))
		abort();
	scratch_owner = getpid();
	atexit(scratch_remove);
	return scratch_path;
}

/* DIR/name; valid until the next four calls. */
static inline const char *
scratch_file(const char *name)
{
	static char paths[4][PATH_MAX + NAME_MAX + 1];
	static int next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", scratch_dir(), name);
	return path;
}

#endif
