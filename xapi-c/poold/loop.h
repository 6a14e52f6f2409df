/*
 * The thread that a member lives on: libuv's loop with raft's own disk back end
 * and the other members by peers.h.  The raft directory holds the log in
 * segments, term and vote, and the last snapshots; it belongs to one process at
 * a time.
 *
 *     loop_open -> member_new with loop_io, loop_wake -> db_open -> loop_start
 *       -> loop_call ... -> loop_close -> db_close -> member_free
 *
 * raft ends the process (abort) when term or vote cannot be stored; writes of
 * the log that find no room are repeated.  Errors are -errno.
 */
#ifndef POOLD_LOOP_H
#define POOLD_LOOP_H

#include "poold/member.h"
#include "poold/peers.h"

struct loop;

/* identity: see peers_new. */
int loop_open(const char *dir, uint64_t id, const char *identity,
    struct loop **loop_out);
struct raft_io *loop_io(struct loop *loop);
/* For functions of loop_call, or before loop_start. */
struct peers *loop_peers(struct loop *loop);
/* For member_config; any thread.  random is the kernel's. */
void loop_wake(void *loop);
uint64_t loop_random(void *loop);
void loop_forward(void *loop, uint64_t to, const struct wire_forward *f);
/* Starts the thread, then the member on it. */
int loop_start(struct loop *loop, struct member *m);
/* Runs fn on the loop's thread and returns what it does.  Not from there. */
int loop_call(struct loop *loop, int (*fn)(struct member *m, void *arg),
    void *arg);
/* Closes the member, ends the thread and frees the loop; NULL is allowed. */
void loop_close(struct loop *loop);

#endif
