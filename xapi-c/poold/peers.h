/*
 * The other members, and raft's messages to and from them: the network side of
 * a raft_io whose disk is raft's own uv back end.
 *
 *     peers_new -> raft_uv_init of peers_io with peers_transport -> peers_begin
 *       -> peers_set, whenever the list changes -> peers_end -> the raft_io is
 *       closed, the loop has run empty -> peers_free
 *
 * Who is a member, where it is and what its certificate is comes from outside,
 * as a list with this member in it; raft knows ids alone.  A message to a member
 * that cannot be reached, or does not keep up, is lost, as raft expects; it is
 * connected to when there is something to send, less and less often.  Whoever is
 * not in the list costs a handshake, of which few are under way at a time.
 * Loop thread, or any before the loop runs.  Errors are -errno.
 */
#ifndef POOLD_PEERS_H
#define POOLD_PEERS_H

#include "base/poold.h"
#include "net/mutual.h"

#define PEERS_PENDING_MAX 32		/* handshakes under way, the oldest go */

struct peers;
struct wire_forward;
struct raft_io;
struct raft_uv_transport;
struct uv_loop_s;

/* identity: the file of key and certificate, made if there is none. */
int peers_new(struct uv_loop_s *uv, uint64_t id, const char *identity,
    struct peers **out);
/* No more connections, and messages go nowhere. */
void peers_end(struct peers *p);
void peers_free(struct peers *p);	/* NULL is allowed */
void peers_own(const struct peers *p, uint8_t out[static POOL_PIN]);
struct raft_io *peers_io(struct peers *p);
struct raft_uv_transport *peers_transport(struct peers *p);
/* Takes the network's part of the raft_io. */
void peers_begin(struct peers *p);
/* Who gets what is not raft's, once raft runs; f is gone with the call. */
void peers_listen(struct peers *p, void (*forward)(void *arg, uint64_t from,
    const struct wire_forward *f), void *arg);
/* What cannot be sent is lost. */
void peers_forward(struct peers *p, uint64_t to, const struct wire_forward *f);
/*
 * From now on these; at most POOL_PEERS_MAX.  Listens at this member's address.
 * -EINVAL: an address, an id or their number; nothing is changed.
 */
int peers_set(struct peers *p, const struct pool_peer *list, size_t n);

#endif
