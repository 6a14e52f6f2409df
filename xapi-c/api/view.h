/*
 * Where a rule looks objects up: in a write, or in a root.  So one function
 * answers for what is stored and for what a write is about to make of it.
 */
#ifndef API_VIEW_H
#define API_VIEW_H

#include "api/call.h"

struct view {
	struct db_txn *t;
	const struct db_root *root;	/* if t is NULL */
};

const void *view_get(const struct view *v, int class_id,
    const struct ref *ref);
/* As db_each and txn_each. */
int view_each(const struct view *v, int class_id,
    int (*fn)(const void *obj, void *arg), void *arg);

#endif
