/*
 * The query language of get_all_where and get_all_records_where:
 *     true | false | not e | e and e | e or e | ( e ) | value = value
 *     | name<>[] | name=[]
 * where a value is "text" or field "name" (also spelled name__label), compared
 * in the text form of the database: true, 42, OpaqueRef:.., ('a' 'b').
 * A parsed query lives in its arena and may be used by any thread.
 */
#ifndef RPC_WHERE_H
#define RPC_WHERE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/type.h"

#define WHERE_MAX_DEPTH 64
#define WHERE_MAX_TERMS 1000

struct where;

/* NULL if it is not a query on that class; *why is then a static text. */
const struct where *where_parse(struct arena *a, const struct record_type *rt,
    const char *text, const char **why);
/* scratch is the caller's: one serves for all objects. */
bool where_matches(const struct where *w, const void *obj,
    struct buf *scratch);

#endif
