/*
 * Whole database files made from a picture of all objects: copies, and what
 * replaces a file that is restored or repaired.  Any thread; neither readers
 * nor the writer are held up.  Inside db/ only but for db_save.
 */
#ifndef DB_SAVE_H
#define DB_SAVE_H

#include "db/root.h"

/*
 * Writes all that is stored of root to path, in place of what is there once
 * it is wholly on disk.  The file needs no log beside it.  0 or -errno, with a
 * static text in *why.
 */
int save_root(const struct db_root *root,
    const struct class_type *const *classes, int n_classes,
    uint64_t generation_limit, uint64_t applied, const char *path,
    const char **why);
/* Removes what a save_root to path has left that was cut short. */
void save_clean(const char *path);
/* A number that is the same for roots with the same stored objects. */
uint64_t save_digest(const struct db_root *root);

#endif
