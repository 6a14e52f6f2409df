/*
 * A database as text: a line of JSON that tells what it is, then one per
 * object, ordered by class and reference, with the fields that differ from
 * their defaults:
 *     {"bedplate-database":1,"generation_limit":N,"secrets":B}
 *     {"class":"VM","ref":"OpaqueRef:...","created":N,"fields":{...}}
 * "unknown" has the fields of a newer version in hexadecimal.  Inside db/ only.
 */
#ifndef DB_DUMP_H
#define DB_DUMP_H

#include <stdio.h>

#include "db/load.h"

/* Secret fields are left out unless secrets.  0 or -errno of the output. */
int dump_write(FILE *out, const struct db_root *root,
    const struct class_type *const *classes, int n_classes,
    uint64_t generation_limit, bool secrets);
/* Makes a root of such a text; lines that make no object are problems, and
 * left out.  -EBADMSG: it is no dump; -E2BIG: of more objects than l takes. */
int dump_read(FILE *in, struct load *l, uint64_t *generation_limit_out,
    struct db_root **root_out, const char **why);

#endif
