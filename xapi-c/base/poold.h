/*
 * What xapi and poold say to each other: parcels on poold's unix socket.  poold
 * serves one xapi and ends with it; its supervisor starts the next one.
 *
 *     poold ── HELLO ─▶ xapi
 *           ◀─ START ──
 *           ── APPLY, REPLACE, COPY, DETACH, FITS ─▶  what the log wants of the database
 *           ◀─ APPLIED, REPLACED, COPIED, DETACHED, FITTED ──  each is answered, in order
 *           ── ROLE ─▶                            whenever it changes
 *           ── CURRENT ─▶                         then, if anybody leads: once
 *           ◀─ APPEND ──  then  ── ORDERED ─▶  and, if kept, ◀─ STORED ──
 *           ◀─ PEERS, ADD, REMOVE, TRANSFER ──  then  ── CHANGED ─▶
 *
 * a and b of a parcel: see the kinds; rc is 0 or -errno as two's complement.
 * Every answer about the database says which entry it then contains.
 */
#ifndef BASE_POOLD_H
#define BASE_POOLD_H

#include <stdbool.h>

#include "base/parcel.h"

#define POOL_PIN 32			/* SHA-256 of a member's certificate */
#define POOL_ADDRESS 64			/* with its NUL */
#define POOL_PEERS_MAX 128

enum poold_kind {
	/* poold's */
	POOLD_HELLO = 1,	/* data: its pin */
	POOLD_ROLE,		/* a: leads, b: the leader's id or 0: none orders */
	POOLD_ORDERED,		/* a: rc, b: index */
	POOLD_APPLY,		/* a: index, data: entry */
	POOLD_REPLACE,		/* data: copy */
	POOLD_COPY,
	POOLD_DETACH,
	POOLD_CHANGED,		/* a: rc */
	POOLD_CURRENT,		/* the database contains all that any member
				 * acknowledged before the last ROLE was said */
	POOLD_FITS,		/* data: entry of another member, not yet ordered */
	/* xapi's */
	POOLD_START = 64,	/* a: this member's id, b: the entry that the
				 * database contains, data: peers */
	POOLD_PEERS,		/* data: peers */
	POOLD_APPEND,		/* a: the entry that it builds upon, data: entry */
	POOLD_STORED,		/* a: rc, b: contained */
	POOLD_APPLIED,		/* a: rc, b: contained */
	POOLD_REPLACED,		/* a: rc, b: contained */
	POOLD_COPIED,		/* b: contained, data: copy */
	POOLD_DETACHED,		/* a: rc, b: contained */
	POOLD_ADD,		/* a: id */
	POOLD_REMOVE,		/* a: id */
	POOLD_TRANSFER,		/* a: id; 0: any */
	POOLD_FITTED,		/* a: rc, b: contained */
};

struct pool_peer {
	uint64_t id;		/* not 0, never used again in its pool */
	/* Number and port: "10.0.0.1:7000", "[fd00::1]:7000". */
	char address[POOL_ADDRESS];
	uint8_t pin[POOL_PIN];
};

/* The members, this one too; makes: they make the pool together, all others of
 * them with empty databases, if this one has not taken part yet. */
struct pool_peers {
	bool makes;
	size_t n;
	struct pool_peer list[POOL_PEERS_MAX];
};

void pool_peers_encode(struct buf *b, const struct pool_peers *p);
/* 0 or -EBADMSG. */
int pool_peers_decode(struct pool_peers *p, const void *data, size_t len);

#endif
