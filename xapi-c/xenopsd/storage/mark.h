/*
 * The files that say that a folder is an SR, and which host uses it: bedplate-sr
 * and, where other hosts see the folder, bedplate-owner.  Called as a driver's
 * functions are (driver.h).
 */
#ifndef XENOPSD_STORAGE_MARK_H
#define XENOPSD_STORAGE_MARK_H

#include "xenopsd/storage/books.h"

/* Lasts when it returns. */
int mark_write(struct storage *s, const char *folder, const char *name);
/* no_such_sr without a mark; io if its format is newer. */
int mark_check(struct storage *s, const struct sr *sr, const char *folder);
/* Removes the folder with its mark; fails, and leaves all, if anything else is
 * in it.  None there is no error. */
int mark_remove(struct storage *s, const struct sr *sr, const char *folder);

/*
 * Makes this host (env->host_uuid) the folder's user; in_use if another one is.
 * It is so until mark_disown, whatever happens to it: nobody can know from afar
 * that it does not write any more.
 */
int mark_own(struct storage *s, const struct sr *sr, const char *folder);
void mark_disown(struct storage *s, const char *folder);

#endif
