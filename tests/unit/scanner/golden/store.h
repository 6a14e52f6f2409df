/*
 * Generated from ui-protocol/xenapi/ by the scanner; do not edit.
 * The object store (db/db.h) with types.
 */
#ifndef GEN_STORE_H
#define GEN_STORE_H

#include "db/db.h"
#include "gen/types.h"

/* Lamp */
static inline const struct lamp *
lamp_find(const struct db_root *r, const struct ref *ref)
{
	return db_find(r, CLASS_LAMP, ref);
}

static inline const struct lamp *
lamp_find_uuid(const struct db_root *r, const char *uuid)
{
	return db_find_uuid(r, CLASS_LAMP, uuid);
}

static inline const struct lamp *
lamp_txn_get(struct db_txn *t, const struct ref *ref)
{
	return txn_get(t, CLASS_LAMP, ref);
}

static inline struct lamp *
lamp_txn_edit(struct db_txn *t, const struct ref *ref)
{
	return txn_edit(t, CLASS_LAMP, ref);
}

static inline struct lamp *
lamp_txn_new(struct db_txn *t)
{
	return txn_new(t, CLASS_LAMP, NULL);
}

static inline bool
lamp_txn_delete(struct db_txn *t, const struct ref *ref)
{
	return txn_delete(t, CLASS_LAMP, ref);
}

#endif
