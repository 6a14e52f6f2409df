/*
 * One database file taking the place of another, and how a start finds out
 * that the file it had is gone.  Files beside PATH:
 *     PATH.new             the next database, whole: while it is there it is
 *                          what counts, and whoever comes puts it in place
 *     PATH.replaced-TIME   the one before, and its log; with it stay the
 *                          newest REPLACED_KEPT of earlier ones
 *     copies/              see db/copies.h
 * At each moment PATH is a database, with the log that belongs to it or none,
 * or PATH.new is there; a power cut at any point leaves one of the two.
 */
#ifndef DB_REPLACE_H
#define DB_REPLACE_H

#include <limits.h>

/* A database that takes another's place uses no generation which clients may
 * have seen of the other: none gets so far. */
#define GENERATION_LEAP (1ULL << 32)
#define REPLACED_KEPT 4

/*
 * Puts PATH.new in place of PATH, which is kept; aside_out gets its new name,
 * or "" if there was none.  0 or -errno: nothing is lost, PATH.new is there.
 */
int replace_finish(const char *path, char aside_out[static PATH_MAX]);
/* The same if PATH.new is there: what a restore or a repair has begun. */
int replace_resume(const char *path);
/*
 * Before PATH is opened: replace_resume.  -EBADMSG: there is no database, but
 * there was one, since it has left files behind; a new one would hide that.
 * *why gets a static text.
 */
int replace_settle(const char *path, const char **why);

#endif
