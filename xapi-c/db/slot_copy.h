/*
 * The database of a host that tries a new system (bedplate-slot).  The system
 * on trial works with the database itself, migrated if need be, after a copy
 * was kept beside it:
 *     PATH.slot-X	the database as the system in slot X left it
 * It is there, whole, from before the first change until the trial has ended:
 *
 *     trial of B starts        copy_settle makes PATH.slot-a
 *     it became the good one   copy_drop removes that; then, and only then,
 *                              may changes be acknowledged
 *     A starts again           copy_settle puts PATH.slot-a in place
 *
 * So what a trial wrote goes with it, and nothing that was acknowledged does.
 * Each step can be cut anywhere and is done again by the next start.  Before
 * db_open, one thread.  0 or -errno.
 */
#ifndef DB_SLOT_COPY_H
#define DB_SLOT_COPY_H

#include <stdbool.h>

#include "base/object.h"

struct slot_copy {
	const char *path;		/* the database */
	char running;			/* 'a' or 'b'; 0: no slots, no copies */
	bool on_trial;
	const struct class_type *const *classes;	/* as db_open */
	int n_classes;
};

/* Before the database is opened.  *why gets a static text. */
int slot_copy_settle(const struct slot_copy *s, const char **why);
/* The running system is the good one: nobody goes back.  Any thread. */
int slot_copy_drop(const struct slot_copy *s);

#endif
