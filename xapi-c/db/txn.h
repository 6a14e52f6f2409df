/*
 * A write under way, inside db/ only: drafts of the objects it changes, on top
 * of the working root.  Writer thread.
 *
 *     txn_init -> the caller's function -> txn_finish (keeps the relations,
 *     finds what changed) -> commit_* (db/commit.h) -> txn_release
 */
#ifndef DB_TXN_H
#define DB_TXN_H

#include "base/buf.h"
#include "db/root.h"

struct draft {
	const struct class_type *cls;
	const struct object *base;	/* NULL: new */
	struct object *rec;		/* the class's struct, in the arena */
	bool deleted;
	bool in_memory;		/* this version is not to be stored */
	bool touched;		/* a new version even if equal */
	bool changed;		/* set by txn_finish */
	const uint8_t *extra;	/* fields with unknown tags */
	uint32_t extra_len;
};

struct db_txn {
	const struct class_type *const *classes;
	int n_classes;
	const struct db_root *root;
	struct arena *arena;
	struct trie index;	/* drafts by ref */
	struct draft **drafts;
	uint32_t n;
	uint32_t cap;
	uint64_t generation;
};

void txn_init(struct db_txn *t, const struct class_type *const *classes,
    int n_classes, const struct db_root *root);
void txn_release(struct db_txn *t);
/* The draft of an object, made if need be; NULL: no such object. */
struct draft *txn_draft(struct db_txn *t, const struct ref *ref);
/* A new draft with the class's defaults; NULL if the ref is taken. */
struct draft *txn_draft_new(struct db_txn *t, const struct class_type *cls,
    const struct ref *ref);
/* 0, *n_out drafts have changed; -EEXIST: a uuid is taken. */
int txn_finish(struct db_txn *t, uint32_t *n_out);

/* relations.c: brings the far ends in line with the drafts. */
void relations_update(struct db_txn *t);
/* The same for a write that makes every object there is, all of them drafts
 * with empty far ends; references to objects that are not there become null. */
void relations_build(struct db_txn *t);

#endif
