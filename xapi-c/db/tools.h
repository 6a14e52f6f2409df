/*
 * What an operator can do to a database file that no xapi has open: look for
 * damage, write it out as text, put a copy in its place, keep what is good of
 * it.  The files in question are named by path; messages name them too.
 *
 * A file that is replaced is not lost, see db/replace.h.  What was interrupted
 * after it had made the new file is finished by the next start of xapi.
 */
#ifndef DB_TOOLS_H
#define DB_TOOLS_H

#include <stdio.h>

#include "db/db.h"

struct tool {
	const struct class_type *const *classes;
	int n_classes;
	/* Gets each finding and what was done about it, a line of text. */
	void (*say)(void *arg, const char *text);
	void *arg;
};

/* All of them: 0 or -errno, after saying why.  -EBADMSG: too damaged. */

/* *n_out: how much is wrong with the file, by SQLite or by our rules. */
int tool_check(const struct tool *tool, const char *path, int *n_out);
/* Fields that are secret are left out unless secrets. */
int tool_dump(const struct tool *tool, const char *path, FILE *out,
    bool secrets);
/* Puts the database in from, a file or a dump, in place of path. */
int tool_restore(const struct tool *tool, const char *from,
    const char *path);
/* Makes path anew of all that can be read in it; not if nothing is wrong. */
int tool_repair(const struct tool *tool, const char *path);

/* What to do about the reason that db_open gave; "" if there is no advice. */
const char *tool_way_out(const char *why);

#endif
