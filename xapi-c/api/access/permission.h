/*
 * Permissions and levels.  The roles of XenAPI include each other, so a user may
 * all that the greatest of his roles may: its level, 1 for read-only and one
 * more for each greater role; 0 is nothing at all.  Each permission has the
 * least level that includes it.  Any thread.
 */
#ifndef API_ACCESS_PERMISSION_H
#define API_ACCESS_PERMISSION_H

#include "base/arena.h"
#include "db/db.h"
#include "gen/types.h"

/* Of a role or permission of that name. */
void permission_ref(const char *name, struct ref *ref_out);
/* Does the level include the permission?  One that is not there is in none. */
bool permission_in(const struct db_root *root, const char *name,
    int64_t level);
/* Names of all permissions of a level; the texts are those of root. */
struct vec permission_names(struct arena *a, const struct db_root *root,
    int64_t level);
/* Is it one of the roles, and no permission? */
bool permission_is_role(const struct role *r);

#endif
