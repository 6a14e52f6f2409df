/*
 * Commit records and what follows from a finished write; inside db/ only.
 *
 * A record is what one write did to replicated objects, in the binary form of
 * base/codec.h:
 *     varint version (1), varint generation, then until the end, per object:
 *     varint class tag, varint op, 16 bytes ref, and
 *       COMMIT_PUT     varint created, bytes: all fields that differ from
 *                      their defaults
 *       COMMIT_EDIT    bytes: the fields that changed
 *       COMMIT_DELETE  nothing
 */
#ifndef DB_COMMIT_H
#define DB_COMMIT_H

#include "db/txn.h"

#define COMMIT_VERSION 1

enum commit_op { COMMIT_PUT = 1, COMMIT_EDIT, COMMIT_DELETE };

/* Rows that a batch of writes leaves to be stored. */
struct row_change {
	const struct class_type *cls;
	const struct object *obj;	/* NULL: delete the row; we own it */
	struct ref ref;
};

struct row_changes {
	struct row_change *v;
	size_t n;
	size_t cap;
};

void row_changes_release(struct row_changes *rows);

/* Appends the record of a finished write; false (and nothing appended) if it
 * touches nothing that is replicated. */
bool commit_encode(struct buf *b, const struct db_txn *t);
/* Redoes a record in t; 0, -EBADMSG or -ENOENT (it does not fit the state).
 * The write's generation will not be below the record's. */
int commit_apply(struct db_txn *t, const void *data, size_t len);
/* Appends a record that puts every replicated object of root. */
void commit_encode_copy(struct buf *b, const struct db_root *root);
/* Makes the replicated objects those of such a record: others are deleted,
 * those that are there keep their local and volatile fields. */
int commit_apply_copy(struct db_txn *t, const void *data, size_t len);
/* Carries a finished write into root (the clone that t works on) and adds the
 * rows that are to be stored. */
void commit_publish(const struct db_txn *t, struct db_root *root,
    struct row_changes *rows);

#endif
