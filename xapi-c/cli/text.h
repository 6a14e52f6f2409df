/*
 * Values as xe shows them: an object by its uuid, a set as "a; b", a map as
 * "k: v; k: v".  Any thread.
 */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include "base/buf.h"
#include "base/type.h"

struct db_root;

#define CLI_NO_OBJECT "<not in database>"

/* Appends it; leaves b->data NULL where nothing was to append. */
void cli_text_add(struct buf *b, const struct db_root *root,
    const struct type *t, const void *v);
/* Equal but for the case of letters, and '_' which may be '-'. */
bool cli_text_same(const char *a, const char *b);

#endif
