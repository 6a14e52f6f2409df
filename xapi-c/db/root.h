/*
 * One picture of all objects and its indexes; inside db/ only.  The writer
 * clones the current root, changes the clone and publishes it; from then on it
 * is immutable.
 */
#ifndef DB_ROOT_H
#define DB_ROOT_H

#include <stdatomic.h>

#include "db/db.h"
#include "db/trie.h"

/* Deletions remembered for event.from, per class. */
#define ROOT_TOMBSTONES 512

struct table {
	struct trie by_uuid;	/* objects */
	struct trie by_name;	/* objects, by name_label and ref */
	struct trie changes;	/* objects, by generation of last change */
	struct trie tombstones;	/* struct tombstone, by generation */
	uint64_t last;		/* generation of the last change */
	uint64_t horizon;	/* older deletions are forgotten */
};

struct db_root {
	atomic_uint refs;
	uint64_t generation;
	uint64_t bytes;		/* of the objects' blocks */
	uint64_t applied;	/* index of the last log entry in it */
	struct trie objects;	/* by ref; owns the objects */
	int n;
	struct table tables[];	/* by class id */
};

struct db_root *root_new(int n_classes, uint64_t generation);
struct db_root *root_clone(const struct db_root *old);
/* Adds o (whose reference is handed over) or replaces the earlier version.
 * That one, like what root_delete takes out, is gone with this unless another
 * root or the caller has a reference. */
void root_put_object(struct db_root *root, struct object *o);
void root_delete(struct db_root *root, const struct object *o,
    uint64_t generation);
/* The key of a uuid in by_uuid; others may share it if it has no uuid's form. */
void root_uuid_key(const char *uuid, uint8_t key[static TRIE_KEY]);
const struct object *root_find(const struct db_root *root,
    const struct ref *ref);

#endif
