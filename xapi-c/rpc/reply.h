/*
 * A reply's body as a list of slices: text written for this reply, bytes that
 * are always there, and encoded objects shared with every other client, which
 * are kept alive but not copied.
 * A zeroed struct reply is empty; reply_release returns it to that.  One
 * thread at a time.
 */
#ifndef RPC_REPLY_H
#define RPC_REPLY_H

#include <sys/uio.h>

#include "base/buf.h"
#include "db/encoded.h"

struct slice {
	const char *data;		/* NULL: at `at` in the reply's text */
	size_t at;
	size_t len;
	const struct object *keep;	/* whose bytes these are, or NULL */
};

struct reply {
	struct buf text;		/* append here: emit_*(&r->text, ...) */
	size_t taken;			/* of text, by slices */
	struct slice *slices;
	size_t n, cap;
	size_t len;			/* of slices, once reply_finish ran */
	size_t gone, gone_len;		/* slices that were sent, their bytes */
};

/* The object's record in that form. */
void reply_object(struct reply *r, const struct object *o, enum form form);
/* Bytes that outlive the reply. */
void reply_bytes(struct reply *r, const char *data, size_t len);
/* Puts the last text into a slice; nothing may be added after it. */
void reply_finish(struct reply *r);
/* Fills at most max vectors with what comes after the first `skip` bytes,
 * which were sent: skip never goes back. */
int reply_iov(struct reply *r, size_t skip, struct iovec *iov, int max);
/* What it takes for itself alone. */
size_t reply_memory(const struct reply *r);
/* Forgets what was added; the memory is freed. */
void reply_release(struct reply *r);

#endif
