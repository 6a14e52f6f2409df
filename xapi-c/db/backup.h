/*
 * Backups of a database while it is in use: all that is stored of one picture
 * of it, as the text of db/dump.h with its secrets, and the next database made
 * of such a text.  That counts from the next db_open on (db/replace.h); what
 * is written until then is lost with what it takes the place of.  Unlike
 * xapi-db, which saves what can be saved, nothing with a fault is taken.  Any
 * thread.
 */
#ifndef DB_BACKUP_H
#define DB_BACKUP_H

#include <stdio.h>

#include "db/db.h"

#define BACKUP_MAX_BYTES (32 << 20)	/* of text, that others send */
#define BACKUP_MAX_OBJECTS 65536
#define BACKUP_WHY 256

struct backup_tables {
	const struct class_type *const *classes;	/* indexed by id */
	int n_classes;
};

/* What a text held. */
struct backup {
	struct db_root *root;		/* the caller puts it */
	uint64_t generation;		/* none of its objects is newer */
};

/* 0 or -errno of the output. */
int backup_write(FILE *out, const struct db_root *root,
    const struct backup_tables *t);
/* 0, or -errno with why: -EBADMSG, it is no backup, or has a fault; -E2BIG,
 * more objects than are taken. */
int backup_read(FILE *in, const struct backup_tables *t, struct backup *out,
    char why[static BACKUP_WHY]);
/* Makes it the next database in place of the one at path, which is db's and
 * stays open.  0 or -errno, with a static text in *why. */
int backup_place(const struct backup *b, const struct backup_tables *t,
    struct db *db, const char *path, const char **why);
/* Makes it a database file of its own at path, whole and on disk. */
int backup_save(const struct backup *b, const struct backup_tables *t,
    const char *path, const char **why);
/*
 * Before db_open, and before slot_copy_settle: PATH.restored, which a restore of
 * the host has put there by backup_save, becomes the next database at path.
 * What a system on trial has kept of the one before (db/slot_copy.h) goes, and
 * no client has seen its generations.  Nothing is there: nothing is done.  What
 * was cut goes on at the next start.  0 or -errno, with a static text in *why.
 */
int backup_settle(const char *path, const struct backup_tables *t,
    const char **why);

#endif
