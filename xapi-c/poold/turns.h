/*
 * Whose batch the leader orders next.  A batch is made for a state, so each that is
 * ordered leaves the others stale, to be made again; whoever makes them fastest
 * would have all turns.  So those who ask stand in a line, this member as the
 * others, and keep their place while their batch is made anew: a stale one at the
 * head is waited for a while.
 * One thread.  Time is the caller's, in ms.
 */
#ifndef POOLD_TURNS_H
#define POOLD_TURNS_H

#include <raft.h>
#include <stdbool.h>

#define TURNS_MAX 128			/* members in the line */
#define TURNS_BYTES_MAX (64u << 20)	/* of their entries */

struct turn {
	uint64_t member;
	uint64_t token;
	uint64_t base;			/* the entry that it builds upon */
	struct raft_buffer entry;	/* raft_malloc's; empty: kept elsewhere */
};

struct turns;

struct turns *turns_new(void);
void turns_free(struct turns *l);	/* NULL is allowed */
/* Would an entry of so many bytes have a place? */
bool turns_have_room(const struct turns *l, uint64_t member, size_t len);
/* There is room.  Takes the entry, in place of what the member had. */
void turns_ask(struct turns *l, const struct turn *t);
/* Whose turn it is, for a log whose last entry taken is applied; a stale one is
 * waited for until now + wait.  false: nobody's yet.  The entry is the caller's. */
bool turns_next(struct turns *l, uint64_t applied, uint64_t now, uint64_t wait,
    struct turn *out);
/* Takes the first out, stale or not, as long as there are some. */
bool turns_take(struct turns *l, struct turn *out);

#endif
