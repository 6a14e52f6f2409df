/*
 * Rolling copies of a database in a folder: state-YYYYMMDDTHHMMSSZ.db, each a
 * whole file that `xapi-db restore` takes.  A copy is made of a picture of all
 * objects, so that no write waits for it.  Kept are the newest few, the last
 * one of each of the last days, never more than a number of bytes.
 */
#ifndef DB_COPIES_H
#define DB_COPIES_H

#include <time.h>

#include "db/db.h"

/* Where they are, beside the database. */
#define COPIES_FOLDER "copies"
#define COPIES_NEWEST 6
#define COPIES_DAYS 14
#define COPIES_MAX_BYTES (64u << 20)
#define COPIES_SPARE (16u << 20)	/* what a copy has to leave free */

struct copies {
	const char *folder;
	const struct class_type *const *classes;
	int n_classes;
	uint64_t digest;	/* of the last copy; 0: not known */
};

/* Makes a copy if anything stored has changed since the last one, and removes
 * those that are not kept.  1 (made), 0 (no need) or -errno. */
int copies_make(struct copies *c, const struct db_root *root, time_t now);
/* Bytes that must be free for a copy of the database at path: it is written
 * twice, to a log first. */
uint64_t copies_room(const char *path);
/* Removes what an interrupted process was at. */
void copies_clean(const char *folder);
/* Tells the path of each, newest first; 0 or -errno. */
int copies_list(const char *folder, void (*fn)(void *arg, const char *path),
    void *arg);
/* The time of the newest copy, 0 if there is none. */
time_t copies_newest(const char *folder);

#endif
