/*
 * Entries of the log; inside db/ only.  In the form of base/codec.h:
 *     varint version (1), varint kind, varint base, varint generation, then
 *       LOG_BATCH   bytes per commit record
 *       LOG_COPY    bytes: one commit record that puts every object
 */
#ifndef DB_LOG_ENTRY_H
#define DB_LOG_ENTRY_H

#include "db/commit.h"
#include "db/log.h"

#define LOG_VERSION 1

enum log_kind { LOG_BATCH = 1, LOG_COPY };

struct log_entry {
	enum log_kind kind;
	uint64_t base;
	uint64_t generation;
	const uint8_t *p, *end;		/* the records */
};

/* 0 or -EBADMSG. */
int log_decode(struct log_entry *e, const void *data, size_t len);
void log_encode_copy(struct buf *b, const struct db_root *root);
/* Carries an entry into root, a clone that nobody else has yet, and adds the
 * rows to be stored.  0, -EBADMSG, -ENOENT, -EEXIST. */
int log_replay(const struct log_entry *e,
    const struct class_type *const *classes, int n_classes,
    struct db_root *root, struct row_changes *rows);
/* As db_fits, for a root that is published. */
int log_fits(const struct log_entry *e,
    const struct class_type *const *classes, int n_classes,
    const struct db_root *root);

#endif
