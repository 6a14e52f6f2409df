/*
 * Blobs: bytes that clients keep with an object, or with none.  The record is an
 * object of the database; the bytes are a file in a folder beside it, under a
 * name that the record has.  New bytes are a new file, and the record
 * turns to it once it is on disk, so that a cut at any moment leaves the old
 * bytes or the new ones.  What no record names is swept away.  Any thread.
 */
#ifndef API_BLOB_H
#define API_BLOB_H

#include "api/call.h"

#define BLOB_BYTES (8 << 20)		/* of one */
#define BLOBS_BYTES (32 << 20)		/* of all, with those that come */
#define BLOB_TEXT 256			/* bytes of a name or mime type */

struct blobs;

/* There is one in any case; without its folder no blob takes bytes. */
struct blobs *blobs_new(const char *folder);
void blobs_free(struct blobs *b);		/* NULL is allowed */
/* Now and then, by a housekeeper. */
void blobs_sweep(struct xapi *x);

/* In the write that deletes their owner, whose map it is. */
void blobs_drop(struct db_txn *t, struct vec blobs);

/* New bytes on their way. */
struct blob_put {
	struct ref blob;
	int fd;				/* -1: none; length bytes belong in it */
	int64_t length;
	char name[2 * UUID_TEXT_LEN + 2];	/* the blob's uuid, a random one */
};

/* which: a ref's or uuid's text.  -1 with c->err; else blob_put_end follows. */
int blob_put_begin(struct call *c, const char *which, int64_t length,
    struct blob_put *out);
/* All have come (whole): they are the blob's when it returns 0.  Else they are
 * dropped, and c->err is left alone. */
int blob_put_end(struct call *c, struct blob_put *p, bool whole);

/* The bytes, which end where the file does, and their type in c->arena. */
int blob_open(struct call *c, const char *which, int *fd_out,
    const char **mime_type_out);

#endif
