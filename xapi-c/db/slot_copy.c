#include "db/slot_copy.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "base/fdio.h"
#include "base/log.h"
#include "db/replace.h"
#include "db/sqlite.h"

static char
other(char slot)
{
	return slot == 'a' ? 'b' : 'a';
}

static int
copy_of(const struct slot_copy *s, char slot, char out[static PATH_MAX])
{
	return snprintf(out, PATH_MAX, "%s.slot-%c", s->path, slot) <
	    PATH_MAX ? 0 : -ENAMETOOLONG;
}

/* Nothing of it is left when 0 is returned, after a power cut neither. */
static int
drop(const struct slot_copy *s, char slot)
{
	char path[PATH_MAX];
	int rc = copy_of(s, slot, path);

	if (rc)
		return rc;
	if (unlink(path) == -1)
		return errno == ENOENT ? 0 : -errno;
	return fdio_sync_folder(path);
}

/* The one that is there was made before the trial changed anything. */
static int
keep(const struct slot_copy *s, const char **why)
{
	char path[PATH_MAX];
	int rc = copy_of(s, other(s->running), path);

	*why = "no copy of it can be kept";
	if (rc || access(path, F_OK) == 0)
		return rc;
	return access(s->path, F_OK) == 0 ? file_keep(s->path, path, why) : 0;
}

/* No client has seen what its next generations are. */
static int
leap(const struct slot_copy *s, const char *path, const char **why)
{
	struct db_file *f = NULL;
	int rc = file_open(path, s->classes, s->n_classes, &f, why);

	if (rc)
		return rc;
	*why = "cannot be written";
	rc = file_raise_generation_limit(f, file_generation_limit(f) +
	    GENERATION_LEAP);
	if (!rc)
		rc = file_make_single(f);
	file_close(f);
	return rc;
}

static int
put_back(const struct slot_copy *s, const char **why)
{
	char path[PATH_MAX], fresh[PATH_MAX];
	int rc = copy_of(s, s->running, path);

	*why = "what it was before the other system's trial cannot be put in "
	    "place";
	if (rc || access(path, F_OK) == -1)
		return rc;
	if (snprintf(fresh, sizeof(fresh), "%s.new", s->path) >= PATH_MAX)
		return -ENAMETOOLONG;
	rc = leap(s, path, why);
	if (!rc)
		rc = atomic_file_adopt(path, fresh);
	if (!rc)
		log_warn("the other system was given up: the database is what "
		    "it was before");
	return rc;
}

int
slot_copy_settle(const struct slot_copy *s, const char **why)
{
	int rc;

	if (!s->running)
		return 0;
	*why = "what was to replace it cannot be put in place";
	rc = replace_resume(s->path);
	if (rc)
		return rc;
	if (!s->on_trial) {
		rc = put_back(s, why);
		return rc ? rc : drop(s, other(s->running));
	}
	/* of an older trial of the other one, which has become the good one */
	rc = drop(s, s->running);
	return rc ? rc : keep(s, why);
}

int
slot_copy_drop(const struct slot_copy *s)
{
	return drop(s, other(s->running));
}
