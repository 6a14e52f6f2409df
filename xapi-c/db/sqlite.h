/*
 * The database file: rows of stored objects, the log of commit records and a
 * few numbers.  The one includer of sqlite3.h.  Used by db_open and then by
 * the writer thread only.  Functions return 0 or -errno: -ENOSPC, -EIO,
 * -EBUSY (another process has it), -EBADMSG (foreign, newer or damaged).
 *
 * Schema 2 (db/schema.h), application id "BEDP":
 *     meta        name TEXT PRIMARY KEY, value INTEGER: generation_limit,
 *                 applied (index of the last entry of a pool's log)
 *     log         idx INTEGER PRIMARY KEY, record BLOB: the last FILE_LOG_KEPT
 *     class_NAME  ref BLOB PRIMARY KEY, uuid TEXT, name_label TEXT,
 *                 created INTEGER, changed INTEGER,
 *                 fields BLOB: all stored fields in the form of base/codec.h
 * uuid, name_label and changed are for people; what counts is in fields.
 */
#ifndef DB_SQLITE_H
#define DB_SQLITE_H

#include "db/commit.h"

#define FILE_LOG_KEPT 1024

struct db_file;

struct file_row {
	const struct class_type *cls;
	struct ref ref;
	uint64_t created;
	const void *fields;
	size_t len;
};

/*
 * Opens the file, or makes it.  One of an earlier schema is migrated, after a
 * copy of it was kept as PATH.schema-N.  *why gets a static text that says
 * what is wrong with the file.
 */
int file_open(const char *path, const struct class_type *const *classes,
    int n_classes, struct db_file **f_out, const char **why);
/* To read only: nothing in the file is changed.  damaged: pass over what SQLite
 * finds wrong with it. */
int file_look(const char *path, const struct class_type *const *classes,
    int n_classes, bool damaged, struct db_file **f_out, const char **why);
/* Makes kept a whole copy of it, of any schema that we know, unless it is an
 * empty one; nothing else changes. */
int file_keep(const char *path, const char *kept, const char **why);
int file_schema(const struct db_file *f);
void file_close(struct db_file *f);		/* NULL is allowed */
/* fn returns non-zero to stop, which is returned.  In a damaged file, rows that
 * SQLite cannot reach are left out, and file_gaps counts the places. */
int file_each_row(struct db_file *f,
    int (*fn)(const struct file_row *row, void *arg), void *arg);
int file_each_log(struct db_file *f, int (*fn)(uint64_t idx, const void *data,
    size_t len, void *arg), void *arg);

uint64_t file_generation_limit(const struct db_file *f);
/* A transaction of its own. */
int file_raise_generation_limit(struct db_file *f, uint64_t limit);
/* Index of the last log entry whose rows are in the file. */
uint64_t file_applied(const struct db_file *f);
/* All rows and records in one transaction; synced when it returns 0, undone
 * when it does not.  records are the lengths of the records in log.  applied:
 * what file_applied tells afterwards. */
int file_commit(struct db_file *f, const struct row_changes *rows,
    const char *log, const size_t *records, size_t n_records,
    uint64_t applied);
int file_gaps(const struct db_file *f);
/* Moves all into the one file, which needs no log beside it from now on. */
int file_make_single(struct db_file *f);
/* What SQLite finds wrong, line by line; 0 or -errno. */
int file_damage(struct db_file *f, void (*fn)(void *arg, const char *text),
    void *arg);
/* What SQLite said when a transaction failed last. */
const char *file_error(const struct db_file *f);

#endif
