#include "db/backup.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "db/dump.h"
#include "db/load.h"
#include "db/replace.h"
#include "db/save.h"

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
