#include "db/backup.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "base/fdio.h"
#include "db/dump.h"
#include "db/load.h"
#include "db/replace.h"
#include "db/save.h"
#include "db/sqlite.h"

int
backup_write(FILE *out, const struct db_root *root,
    const struct backup_tables *t)
{
	return dump_write(out, root, t->classes, t->n_classes,
	    db_generation(root), true);
}

/* The first one. */
static void
keep_problem(void *arg, const char *text)
{
	char *why = arg;

	if (!*why)
		snprintf(why, BACKUP_WHY, "%s", text);
}

int
backup_read(FILE *in, const struct backup_tables *t, struct backup *out,
    char why[static BACKUP_WHY])
{
	struct load l = {
		.classes = t->classes, .n_classes = t->n_classes,
		.salvage = true, .max_objects = BACKUP_MAX_OBJECTS,
		.integrity = { .problem = keep_problem, .arg = why },
	};
	const char *text = "";
	int rc;

	*out = (struct backup){ 0 };
	*why = '\0';
	rc = dump_read(in, &l, &out->generation, &out->root, &text);
	if (rc)
		snprintf(why, BACKUP_WHY, "%s", text);
	else if (l.integrity.n)
		rc = -EBADMSG;
	if (rc) {
		db_root_put(out->root);
		out->root = NULL;
	}
	return rc;
}

int
backup_place(const struct backup *b, const struct backup_tables *t,
    struct db *db, const char *path, const char **why)
{
	struct db_root *now = db_root_get(db);
	uint64_t generation = db_generation(now);
	char fresh[PATH_MAX];

	db_root_put(now);
	if (generation < b->generation)
		generation = b->generation;
	*why = "its name is too long";
	if (snprintf(fresh, sizeof fresh, "%s.new", path) >= (int)sizeof fresh)
		return -ENAMETOOLONG;
	return save_root(b->root, t->classes, t->n_classes,
	    generation + GENERATION_LEAP, 0, fresh, why);
}

int
backup_save(const struct backup *b, const struct backup_tables *t,
    const char *path, const char **why)
{
	return save_root(b->root, t->classes, t->n_classes,
	    b->generation + GENERATION_LEAP, 0, path, why);
}

/* -- what a restore of the host has left -- */

/* 0 for a file that is not there or can't be read: it is replaced anyway. */
static int
limit_of(const char *path, const struct backup_tables *t,
    uint64_t *limit_out, const char **why)
{
	struct db_file *f = NULL;
	int rc = -ENOENT;

	if (access(path, F_OK) == 0)
		rc = file_look(path, t->classes, t->n_classes, true, &f, why);
	*limit_out = rc ? 0 : file_generation_limit(f);
	file_close(f);
	return rc == -EBUSY ? rc : 0;
}

static int
raise_above(const char *path, const struct backup_tables *t, uint64_t limit,
    const char **why)
{
	struct db_file *f = NULL;
	int rc = file_open(path, t->classes, t->n_classes, &f, why);

	if (rc)
		return rc;
	*why = "cannot be written";
	if (file_generation_limit(f) < limit + GENERATION_LEAP)
		rc = file_raise_generation_limit(f, limit + GENERATION_LEAP);
	if (!rc)
		rc = file_make_single(f);
	file_close(f);
	return rc;
}

static int
drop_slot_copies(const char *path)
{
	static const char *const ends[] = { ".slot-a", ".slot-b" };
	char name[PATH_MAX];

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		snprintf(name, sizeof(name), "%s%s", path, ends[i]);
		if (unlink(name) == -1 && errno != ENOENT)
			return -errno;
	}
	return fdio_sync_folder(path);
}

int
backup_settle(const char *path, const struct backup_tables *t,
    const char **why)
{
	char restored[PATH_MAX], fresh[PATH_MAX];
	uint64_t limit;
	int rc;

	*why = "its name is too long";
	if (snprintf(restored, sizeof(restored), "%s.restored", path) >=
	    PATH_MAX || snprintf(fresh, sizeof(fresh), "%s.new", path) >=
	    PATH_MAX)
		return -ENAMETOOLONG;
	if (access(restored, F_OK) == -1)
		return 0;
	*why = "what was to replace it cannot be put in place";
	rc = replace_resume(path);
	if (!rc)
		rc = limit_of(path, t, &limit, why);
	if (!rc)
		rc = raise_above(restored, t, limit, why);
	if (rc)
		return rc;
	*why = "what a backup of the host has cannot be put in place";
	rc = drop_slot_copies(path);
	return rc ? rc : atomic_file_adopt(restored, fresh);
}
