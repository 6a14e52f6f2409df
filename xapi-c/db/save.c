#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "base/mem.h"
#include "db/object.h"
#include "db/save.h"
#include "db/sqlite.h"

static int
add_row(const struct trie_entry *e, void *arg)
{
	struct row_changes *rows = arg;
	const struct object *o = e->value;

	if ((o->cls->flags & CLASS_VOLATILE) || o->in_memory)
		return 0;
	object_get(o);
	rows->v[rows->n++] = (struct row_change){ o->cls, o, o->ref };
	return 0;
}

static void
all_rows(const struct db_root *root, struct row_changes *rows)
{
	rows->cap = root->objects.count + 1;
	rows->v = mem_alloc(rows->cap * sizeof(rows->v[0]));
	trie_each(&root->objects, add_row, rows);
}

static int
write_rows(struct db_file *f, const struct db_root *root,
    uint64_t generation_limit, uint64_t applied)
{
	struct row_changes rows = { 0 };
	int rc = file_raise_generation_limit(f, generation_limit);

	all_rows(root, &rows);
	if (!rc)
		rc = file_commit(f, &rows, NULL, NULL, 0, applied);
	row_changes_release(&rows);
	return rc ? rc : file_make_single(f);
}

static void
remove_beside(const char *path)
{
	static const char *const ends[] = { "", "-wal", "-journal", "-shm" };
	char name[PATH_MAX];
	size_t i;

	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		snprintf(name, sizeof(name), "%s%s", path, ends[i]);
		unlink(name);
	}
}

static int
tmp_of(const char *path, char tmp[static PATH_MAX])
{
	return snprintf(tmp, PATH_MAX, "%s.tmp", path) < PATH_MAX - 8 ? 0 :
	    -ENAMETOOLONG;
}

void
save_clean(const char *path)
{
	char tmp[PATH_MAX];

	if (!tmp_of(path, tmp))
		remove_beside(tmp);
}

int
save_root(const struct db_root *root,
    const struct class_type *const *classes, int n_classes,
    uint64_t generation_limit, uint64_t applied, const char *path,
    const char **why)
{
	struct db_file *f = NULL;
	char tmp[PATH_MAX];
	int rc = tmp_of(path, tmp);

	*why = "the path is too long";
	if (rc)
		return rc;
	remove_beside(tmp);
	rc = file_open(tmp, classes, n_classes, &f, why);
	if (!rc) {
		*why = "cannot be written";
		rc = write_rows(f, root, generation_limit, applied);
	}
	file_close(f);
	if (!rc)
		rc = atomic_file_adopt(tmp, path);
	if (rc)
		remove_beside(tmp);
	else
		*why = NULL;
	return rc;
}

static int
digest_object(const struct trie_entry *e, void *arg)
{
	const struct object *o = e->value;
	struct buf b = { 0 };
	uint64_t *digest = arg;
	size_t i;

	if ((o->cls->flags & CLASS_VOLATILE) || o->in_memory)
		return 0;
	buf_add(&b, o->ref.b, sizeof(o->ref.b));
	object_encode_row(&b, o);
	for (i = 0; i < b.len; i++)
		*digest = (*digest ^ (uint8_t)b.data[i]) * 0x100000001b3u;
	buf_release(&b);
	return 0;
}

uint64_t
save_digest(const struct db_root *root)
{
	uint64_t digest = 0xcbf29ce484222325u;

	trie_each(&root->objects, digest_object, &digest);
	return digest;
}
