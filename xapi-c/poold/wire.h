/*
 * Messages as bytes between members, raft's and ours.  One message, in the form
 * of base/codec.h:
 *     varint version (1), varint type (raft's number), then varints in the
 *     order of raft's struct, and
 *       append entries   varint n, then per entry: term, type, bytes
 *       install snapshot varint n, then per member: id, address as bytes,
 *                        role; then the snapshot as bytes
 * or a type of ours, above raft's:
 *       forward          token, base, entry as bytes
 *       refused          token, an errno
 *       barrier          token
 *       passed           token, index
 * Whole messages only, of LINK_MESSAGE_MAX bytes at most (a snapshot of 20,000
 * VMs); how they are cut out of a stream is link.h's.  What comes
 * in is checked in full, and claims to be from nobody but who sent it.
 */
#ifndef POOLD_WIRE_H
#define POOLD_WIRE_H

#include <raft.h>

#include "base/buf.h"

#define WIRE_ENTRIES_MAX 1024		/* of one message; raft sends 32 */
#define WIRE_SERVERS_MAX 256		/* of one configuration */
#define WIRE_FORWARD_MAX (8u << 20)	/* bytes of an entry that is forwarded */

/* Appends the message; false: it is too long, or none that we know. */
bool wire_encode(struct buf *b, const struct raft_message *msg);
/*
 * 0 or -EBADMSG.  Memory inside is by raft_malloc, for raft to take over or
 * for wire_release.  server_id is from, which the caller knows; server_address
 * is the caller's to set.
 */
int wire_decode(struct raft_message *msg, uint64_t from, const void *data,
    size_t len);
void wire_release(struct raft_message *msg);

/* What a member says to the one that leads, or that one to it. */
enum wire_word {
	WIRE_BATCH,	/* order it: base, entry */
	WIRE_REFUSED,	/* the batch will never be in the log: rc */
	WIRE_BARRIER,	/* where does the log end, if you lead? */
	WIRE_PASSED,	/* there: base is the index */
};

struct wire_forward {
	enum wire_word word;
	uint64_t token;		/* not 0; the answer's is the question's */
	int rc;			/* -errno */
	uint64_t base;
	const void *entry;	/* in the message */
	size_t len;
};

/* Is it one of ours?  It may be damaged. */
bool wire_is_forward(const void *data, size_t len);
void wire_encode_forward(struct buf *b, const struct wire_forward *f);
/* 0 or -EBADMSG, as an entry longer than WIRE_FORWARD_MAX. */
int wire_decode_forward(struct wire_forward *f, const void *data, size_t len);

#endif
