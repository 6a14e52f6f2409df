#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "base/log.h"
#include "base/mem.h"
#include "db/object.h"
#include "db/schema.h"
#include "db/sqlite.h"

#define SQL_MAX 512

struct db_file {
	sqlite3 *db;
	const struct class_type *const *classes;
	int n_classes;
	uint64_t generation_limit;
	uint64_t applied;
	int64_t log_index;		/* of the last record */
	int64_t schema;
	bool look;			/* to read only */
	bool damaged;			/* damage is passed over */
	const char *keep;		/* only to be copied, to that name */
	int gaps;
	char error[128];		/* of the last failed transaction */
	sqlite3_stmt **put;		/* by class id */
	sqlite3_stmt **del;
	sqlite3_stmt *begin, *commit, *rollback;
	sqlite3_stmt *log, *log_trim, *set_limit, *set_applied;
};

static int
errno_of(sqlite3 *db, int rc)
{
	int sys = sqlite3_system_errno(db);

	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_IOERR:
		return sys == ENOSPC || sys == EDQUOT ? -ENOSPC : -EIO;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EBADMSG;
	case SQLITE_NOMEM:
		abort();
	default:
		return -EIO;
	}
}

static int
exec(struct db_file *f, const char *sql)
{
	return errno_of(f->db, sqlite3_exec(f->db, sql, NULL, NULL, NULL));
}

/* The number that sql yields. */
static int
query_int(struct db_file *f, const char *sql, int64_t *v_out)
{
	sqlite3_stmt *st = NULL;
	int rc;

	*v_out = 0;
	rc = sqlite3_prepare_v2(f->db, sql, -1, &st, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		*v_out = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return errno_of(f->db, rc);
}

static int
prepare(struct db_file *f, sqlite3_stmt **st, const char *sql)
{
	return errno_of(f->db, sqlite3_prepare_v3(f->db, sql, -1,
	    SQLITE_PREPARE_PERSISTENT, st, NULL));
}

/* Runs a statement that yields nothing, and makes it ready for the next time. */
static int
step(struct db_file *f, sqlite3_stmt *st)
{
	int rc = errno_of(f->db, sqlite3_step(st));

	sqlite3_reset(st);
	return rc;
}

/* An empty file of our own mode, so that SQLite need not choose one. */
static int
touch(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd == -1)
		return -errno;
	close(fd);
	return 0;
}

/* SQLite removes the log of such a one, which may be all that is left. */
static bool
is_empty(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !st.st_size;
}

/* Is this a file of ours, or an empty one?  Nothing is written before that is
 * known. */
static int
check_identity(struct db_file *f, bool *fresh, const char **why)
{
	int64_t id, tables;
	int rc;

	rc = query_int(f, "SELECT count(*) FROM sqlite_schema", &tables);
	if (!rc)
		rc = query_int(f, "PRAGMA application_id", &id);
	if (!rc)
		rc = query_int(f, "PRAGMA user_version", &f->schema);
	*why = rc == -EBUSY ? "in use by another process" :
	    rc == -EBADMSG ? "not a database" : "cannot be read";
	if (rc)
		return rc;
	*fresh = !tables && !id && !f->schema;
	if (*fresh)
		return 0;
	*why = "a database of another program";
	if (id != SCHEMA_APPLICATION_ID || f->schema < 1)
		return -EBADMSG;
	*why = "written by a newer version";
	return f->schema > SCHEMA_VERSION ? -EBADMSG : 0;
}

int
file_damage(struct db_file *f, void (*fn)(void *arg, const char *text),
    void *arg)
{
	sqlite3_stmt *st = NULL;
	const char *text;
	int rc, r;

	rc = prepare(f, &st, "PRAGMA integrity_check(20)");
	while (!rc && (r = sqlite3_step(st)) != SQLITE_DONE) {
		rc = errno_of(f->db, r);
		text = (const char *)sqlite3_column_text(st, 0);
		if (!rc && text && strcmp(text, "ok"))
			fn(arg, text);
	}
	if (rc)
		fn(arg, sqlite3_errmsg(f->db));
	sqlite3_finalize(st);
	return rc;
}

static int
check_damage(struct db_file *f)
{
	sqlite3_stmt *st = NULL;
	const char *text;
	int rc;

	rc = prepare(f, &st, "PRAGMA quick_check(1)");
	if (!rc) {
		rc = errno_of(f->db, sqlite3_step(st));
		text = (const char *)sqlite3_column_text(st, 0);
		if (!rc && (!text || strcmp(text, "ok")))
			rc = -EBADMSG;
	}
	sqlite3_finalize(st);
	return rc;
}

/* A whole copy of the file as it is, whatever its schema. */
static int
keep_as(struct db_file *f, const char *kept)
{
	sqlite3_stmt *st = NULL;
	char tmp[PATH_MAX];
	int rc;

	if (snprintf(tmp, sizeof(tmp), "%s.tmp", kept) >= (int)sizeof(tmp))
		return -ENAMETOOLONG;
	unlink(tmp);
	rc = touch(tmp);
	if (!rc)
		rc = prepare(f, &st, "VACUUM INTO ?");
	if (!rc) {
		sqlite3_bind_text(st, 1, tmp, -1, SQLITE_STATIC);
		rc = step(f, st);
	}
	sqlite3_finalize(st);
	if (!rc)
		rc = atomic_file_adopt(tmp, kept);
	if (rc)
		unlink(tmp);
	else
		log_info("the database as it is now is kept as '%s'", kept);
	return rc;
}

/* As PATH.schema-N. */
static int
keep_before_migration(struct db_file *f, const char *path)
{
	char kept[PATH_MAX];

	return snprintf(kept, sizeof(kept), "%s.schema-%d", path,
	    (int)f->schema) < (int)sizeof(kept) ? keep_as(f, kept) :
	    -ENAMETOOLONG;
}

/* The steps that lead to today's schema, within a transaction. */
static int
migrate(struct db_file *f)
{
	char sql[64];
	int rc = 0, from;

	for (from = (int)f->schema; from < SCHEMA_VERSION && !rc; from++) {
		log_info("migrating the database from schema %d", from);
		rc = exec(f, schema_step(from));
	}
	snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", SCHEMA_VERSION);
	return rc ? rc : exec(f, sql);
}

static int
create(struct db_file *f)
{
	char sql[128];
	int rc;

	snprintf(sql, sizeof(sql), "PRAGMA application_id = %d;"
	    "PRAGMA user_version = %d;", SCHEMA_APPLICATION_ID,
	    SCHEMA_VERSION);
	rc = exec(f, sql);
	return rc ? rc : exec(f, schema_create);
}

static int
create_tables(struct db_file *f, bool fresh)
{
	char sql[SQL_MAX];
	int rc, i;

	rc = exec(f, "BEGIN IMMEDIATE");
	if (!rc && fresh)
		rc = create(f);
	else if (!rc && f->schema < SCHEMA_VERSION)
		rc = migrate(f);
	for (i = 0; i < f->n_classes && !rc; i++) {
		if (f->classes[i]->flags & CLASS_VOLATILE)
			continue;
		snprintf(sql, sizeof(sql), "CREATE TABLE IF NOT EXISTS"
		    " class_%s (ref BLOB PRIMARY KEY, uuid TEXT,"
		    " name_label TEXT, created INTEGER NOT NULL,"
		    " changed INTEGER NOT NULL, fields BLOB NOT NULL)",
		    f->classes[i]->rec.name);
		rc = exec(f, sql);
	}
	if (!rc)
		rc = exec(f, "COMMIT");
	if (!rc)
		f->schema = SCHEMA_VERSION;
	return rc;
}

static int
prepare_class(struct db_file *f, const struct class_type *cls)
{
	char sql[SQL_MAX];
	int rc;

	if (cls->flags & CLASS_VOLATILE)
		return 0;
	snprintf(sql, sizeof(sql), "INSERT OR REPLACE INTO class_%s"
	    " VALUES (?, ?, ?, ?, ?, ?)", cls->rec.name);
	rc = prepare(f, &f->put[cls->id], sql);
	if (rc)
		return rc;
	snprintf(sql, sizeof(sql), "DELETE FROM class_%s WHERE ref = ?",
	    cls->rec.name);
	return prepare(f, &f->del[cls->id], sql);
}

static int
prepare_all(struct db_file *f)
{
	const struct {
		sqlite3_stmt **st;
		const char *sql;
	} all[] = {
		{ &f->begin, "BEGIN IMMEDIATE" },
		{ &f->commit, "COMMIT" },
		{ &f->rollback, "ROLLBACK" },
		{ &f->log, "INSERT INTO log VALUES (?, ?)" },
		{ &f->log_trim, "DELETE FROM log WHERE idx <= ?" },
		{ &f->set_limit, "UPDATE meta SET value = ?"
		    " WHERE name = 'generation_limit'" },
		{ &f->set_applied, "UPDATE meta SET value = ?"
		    " WHERE name = 'applied'" },
	};
	int rc = 0, k;
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]) && !rc; i++)
		rc = prepare(f, all[i].st, all[i].sql);
	f->put = mem_zalloc(sizeof(f->put[0]) * (size_t)f->n_classes);
	f->del = mem_zalloc(sizeof(f->del[0]) * (size_t)f->n_classes);
	for (k = 0; k < f->n_classes && !rc; k++)
		rc = prepare_class(f, f->classes[k]);
	return rc;
}

static int
read_numbers(struct db_file *f)
{
	int64_t v;
	int rc;

	rc = query_int(f, "SELECT value FROM meta"
	    " WHERE name = 'generation_limit'", &v);
	f->generation_limit = (uint64_t)v;
	if (!rc)
		rc = query_int(f, "SELECT value FROM meta"
		    " WHERE name = 'applied'", &v);
	f->applied = (uint64_t)v;
	if (!rc)
		rc = query_int(f, "SELECT max(idx) FROM log", &f->log_index);
	return rc;
}

static int
file_set_up(struct db_file *f, const char *path, const char **why)
{
	bool fresh;
	int rc;

	rc = exec(f, "PRAGMA locking_mode = EXCLUSIVE");
	if (!rc)
		rc = check_identity(f, &fresh, why);
	if (rc)
		return rc;
	*why = "damaged";
	rc = check_damage(f);
	if (rc)
		return rc;
	if (!fresh && f->schema < SCHEMA_VERSION) {
		*why = "no copy can be kept before it is migrated";
		rc = keep_before_migration(f, path);
		if (rc)
			return rc;
	}
	*why = "cannot be written";
	rc = exec(f, "PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY;"
	    "PRAGMA cache_size = -1024;"
	    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
	if (!rc)
		rc = create_tables(f, fresh);
	if (!rc)
		rc = prepare_all(f);
	return rc ? rc : read_numbers(f);
}

static int
look_set_up(struct db_file *f, const char **why)
{
	bool fresh;
	int rc;

	/* Closing would move what is in the log into the file. */
	sqlite3_db_config(f->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	rc = exec(f, "PRAGMA locking_mode = EXCLUSIVE;"
	    "PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY;"
	    "PRAGMA query_only = ON;");
	if (!rc)
		rc = check_identity(f, &fresh, why);
	if (!rc && fresh) {
		*why = "empty";
		rc = -EBADMSG;
	}
	if (rc)
		return rc;
	*why = "damaged";
	rc = f->damaged ? 0 : check_damage(f);
	if (rc)
		return rc;
	*why = "cannot be read";
	rc = read_numbers(f);
	return f->damaged ? 0 : rc;
}

static int
keep_set_up(struct db_file *f, const char **why)
{
	bool fresh;
	int rc;

	rc = exec(f, "PRAGMA locking_mode = EXCLUSIVE");
	if (!rc)
		rc = check_identity(f, &fresh, why);
	if (rc || fresh)
		return rc;
	*why = "damaged";
	rc = check_damage(f);
	if (rc)
		return rc;
	*why = "no copy of it can be kept";
	return keep_as(f, f->keep);
}

static int
open_with(struct db_file *f, const char *path, const char **why)
{
	int rc;

	*why = "cannot be opened";
	rc = f->look ? 0 : touch(path);
	if (rc)
		return rc;
	*why = "empty";
	if (f->look && is_empty(path))
		return -EBADMSG;
	*why = "cannot be opened";
	rc = errno_of(NULL, sqlite3_open_v2(path, &f->db,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL));
	if (rc)
		return rc;
	sqlite3_extended_result_codes(f->db, 1);
	if (f->keep)
		return keep_set_up(f, why);
	return f->look ? look_set_up(f, why) : file_set_up(f, path, why);
}

static int
file_new(const char *path, struct db_file *f, struct db_file **f_out,
    const char **why)
{
	int rc = open_with(f, path, why);

	if (rc) {
		if (f->db)
			log_error("cannot open '%s': %s (%s)", path, *why,
			    sqlite3_errmsg(f->db));
		file_close(f);
		f = NULL;
	} else {
		*why = NULL;
	}
	*f_out = f;
	return rc;
}

int
file_open(const char *path, const struct class_type *const *classes,
    int n_classes, struct db_file **f_out, const char **why)
{
	struct db_file *f = mem_zalloc(sizeof(*f));

	f->classes = classes;
	f->n_classes = n_classes;
	return file_new(path, f, f_out, why);
}

int
file_look(const char *path, const struct class_type *const *classes,
    int n_classes, bool damaged, struct db_file **f_out, const char **why)
{
	struct db_file *f = mem_zalloc(sizeof(*f));

	f->classes = classes;
	f->n_classes = n_classes;
	f->look = true;
	f->damaged = damaged;
	return file_new(path, f, f_out, why);
}

int
file_keep(const char *path, const char *kept, const char **why)
{
	struct db_file *f = mem_zalloc(sizeof(*f));
	int rc;

	f->keep = kept;
	rc = file_new(path, f, &f, why);
	file_close(f);
	return rc;
}

int
file_schema(const struct db_file *f)
{
	return (int)f->schema;
}

int
file_gaps(const struct db_file *f)
{
	return f->gaps;
}

int
file_make_single(struct db_file *f)
{
	sqlite3_stmt *st;

	/* a statement that is ready to run keeps the log */
	while ((st = sqlite3_next_stmt(f->db, NULL)))
		sqlite3_finalize(st);
	return exec(f, "PRAGMA journal_mode = DELETE");
}

const char *
file_error(const struct db_file *f)
{
	return f->error;
}

void
file_close(struct db_file *f)
{
	sqlite3_stmt *st;

	if (!f)
		return;
	while (f->db && (st = sqlite3_next_stmt(f->db, NULL)))
		sqlite3_finalize(st);
	if (sqlite3_close(f->db) != SQLITE_OK)
		abort();
	free(f->put);
	free(f->del);
	free(f);
}

struct each_row {
	struct file_row row;
	int (*fn)(const struct file_row *row, void *arg);
	void *arg;
	int64_t last;			/* rowid */
};

/* One row; -EBADMSG also if it is none of ours. */
static int
read_row(struct db_file *f, sqlite3_stmt *st, struct each_row *e)
{
	e->last = sqlite3_column_int64(st, 3);
	if (sqlite3_column_bytes(st, 0) != (int)sizeof(e->row.ref)) {
		f->gaps++;
		return f->damaged ? 0 : -EBADMSG;
	}
	memcpy(&e->row.ref, sqlite3_column_blob(st, 0), sizeof(e->row.ref));
	e->row.created = (uint64_t)sqlite3_column_int64(st, 1);
	e->row.fields = sqlite3_column_blob(st, 2);
	e->row.len = (size_t)sqlite3_column_bytes(st, 2);
	return e->fn(&e->row, e->arg);
}

/* Rows in an order; which: the end of the statement. */
static int
walk_rows(struct db_file *f, struct each_row *e, const char *which)
{
	sqlite3_stmt *st = NULL;
	char sql[SQL_MAX];
	int rc, r;

	snprintf(sql, sizeof(sql), "SELECT ref, created, fields, rowid"
	    " FROM class_%s %s", e->row.cls->rec.name, which);
	rc = prepare(f, &st, sql);
	while (!rc) {
		r = sqlite3_step(st);
		if (r != SQLITE_ROW) {
			rc = errno_of(f->db, r);
			break;
		}
		rc = read_row(f, st, e);
	}
	sqlite3_finalize(st);
	return rc;
}

/* From the front as far as that goes, then from the back to the same place. */
static int
salvage_rows(struct db_file *f, struct each_row *e)
{
	char which[80];
	int rc;

	e->last = INT64_MIN;
	rc = walk_rows(f, e, "ORDER BY rowid");
	if (rc != -EBADMSG)
		return rc;
	f->gaps++;
	snprintf(which, sizeof(which), "WHERE rowid > %lld ORDER BY rowid"
	    " DESC", (long long)e->last);
	rc = walk_rows(f, e, which);
	return rc == -EBADMSG ? 0 : rc;
}

/* A file that is only read may be older than the class. */
static bool
has_table(struct db_file *f, const struct class_type *cls)
{
	char sql[SQL_MAX];
	int64_t n;

	if (!f->look)
		return true;
	snprintf(sql, sizeof(sql), "SELECT count(*) FROM sqlite_schema WHERE"
	    " type = 'table' AND name = 'class_%s'", cls->rec.name);
	return !query_int(f, sql, &n) && n;
}

int
file_each_row(struct db_file *f,
    int (*fn)(const struct file_row *row, void *arg), void *arg)
{
	int rc = 0, i;

	for (i = 0; i < f->n_classes && !rc; i++) {
		struct each_row e = {
			.row = { .cls = f->classes[i] }, .fn = fn, .arg = arg,
		};

		if ((f->classes[i]->flags & CLASS_VOLATILE) ||
		    !has_table(f, f->classes[i]))
			continue;
		rc = f->damaged ? salvage_rows(f, &e) :
		    walk_rows(f, &e, "ORDER BY created");
	}
	return rc;
}

int
file_each_log(struct db_file *f, int (*fn)(uint64_t idx, const void *data,
    size_t len, void *arg), void *arg)
{
	sqlite3_stmt *st = NULL;
	int rc, r;

	rc = prepare(f, &st, "SELECT idx, record FROM log ORDER BY idx");
	while (!rc) {
		r = sqlite3_step(st);
		if (r != SQLITE_ROW) {
			rc = errno_of(f->db, r);
			break;
		}
		rc = fn((uint64_t)sqlite3_column_int64(st, 0),
		    sqlite3_column_blob(st, 1),
		    (size_t)sqlite3_column_bytes(st, 1), arg);
	}
	sqlite3_finalize(st);
	return rc;
}

uint64_t
file_generation_limit(const struct db_file *f)
{
	return f->generation_limit;
}

uint64_t
file_applied(const struct db_file *f)
{
	return f->applied;
}

/* Ends a transaction whose statements returned rc. */
static int
finish(struct db_file *f, int rc)
{
	if (!rc)
		rc = step(f, f->commit);
	if (rc) {
		snprintf(f->error, sizeof(f->error), "%s",
		    sqlite3_errmsg(f->db));
		/* some errors have rolled back already */
		if (!sqlite3_get_autocommit(f->db))
			step(f, f->rollback);
	}
	return rc;
}

int
file_raise_generation_limit(struct db_file *f, uint64_t limit)
{
	int rc = step(f, f->begin);

	if (!rc) {
		sqlite3_bind_int64(f->set_limit, 1, (sqlite3_int64)limit);
		rc = step(f, f->set_limit);
	}
	rc = finish(f, rc);
	if (!rc)
		f->generation_limit = limit;
	return rc;
}

static void
bind_text_field(sqlite3_stmt *st, int at, const struct object *o, int field)
{
	if (field >= 0)
		sqlite3_bind_text(st, at, object_string(o, field), -1,
		    SQLITE_STATIC);
	else
		sqlite3_bind_null(st, at);
}

static int
put_row(struct db_file *f, const struct object *o)
{
	sqlite3_stmt *st = f->put[o->cls->id];
	struct buf b = { 0 };
	int rc;

	object_encode_row(&b, o);
	sqlite3_bind_blob(st, 1, o->ref.b, sizeof(o->ref.b), SQLITE_STATIC);
	bind_text_field(st, 2, o, o->cls->uuid_field);
	bind_text_field(st, 3, o, o->cls->name_field);
	sqlite3_bind_int64(st, 4, (sqlite3_int64)o->created);
	sqlite3_bind_int64(st, 5, (sqlite3_int64)o->changed);
	sqlite3_bind_blob(st, 6, b.len ? b.data : "", (int)b.len,
	    SQLITE_STATIC);
	rc = step(f, st);
	sqlite3_clear_bindings(st);
	buf_release(&b);
	return rc;
}

static int
delete_row(struct db_file *f, const struct row_change *ch)
{
	sqlite3_stmt *st = f->del[ch->cls->id];

	sqlite3_bind_blob(st, 1, ch->ref.b, sizeof(ch->ref.b), SQLITE_STATIC);
	return step(f, st);
}

static int
add_log(struct db_file *f, int64_t idx, const void *data, size_t len)
{
	int rc;

	sqlite3_bind_int64(f->log, 1, idx);
	sqlite3_bind_blob(f->log, 2, data, (int)len, SQLITE_STATIC);
	rc = step(f, f->log);
	sqlite3_clear_bindings(f->log);
	return rc;
}

static int
add_records(struct db_file *f, const char *log, const size_t *records,
    size_t n)
{
	int rc = 0;
	size_t i;

	for (i = 0; i < n && !rc; i++) {
		rc = add_log(f, f->log_index + 1 + (int64_t)i, log,
		    records[i]);
		log += records[i];
	}
	if (!rc && n) {
		sqlite3_bind_int64(f->log_trim, 1,
		    f->log_index + (int64_t)n - FILE_LOG_KEPT);
		rc = step(f, f->log_trim);
	}
	return rc;
}

int
file_commit(struct db_file *f, const struct row_changes *rows,
    const char *log, const size_t *records, size_t n_records,
    uint64_t applied)
{
	int rc = step(f, f->begin);
	size_t i;

	for (i = 0; i < rows->n && !rc; i++) {
		rc = rows->v[i].obj ? put_row(f, rows->v[i].obj) :
		    delete_row(f, &rows->v[i]);
	}
	if (!rc)
		rc = add_records(f, log, records, n_records);
	if (!rc && applied != f->applied) {
		sqlite3_bind_int64(f->set_applied, 1, (sqlite3_int64)applied);
		rc = step(f, f->set_applied);
	}
	rc = finish(f, rc);
	if (!rc) {
		f->log_index += (int64_t)n_records;
		f->applied = applied;
	}
	return rc;
}
