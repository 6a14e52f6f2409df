/*
 * A member's database in xapi's process, over poold's socket (base/poold.h): the
 * struct member_db of the member here, and its batches from there.
 *
 * Threads: the loop's calls store_db and store_role, and waits for xapi's answer
 * where it would wait for a database here.  Of its own, one reads what xapi says,
 * two more wait for the log, and for the loop, in its place.
 */
#ifndef POOLD_STORE_H
#define POOLD_STORE_H

#include "base/poold.h"
#include "poold/loop.h"

struct store;

extern const struct member_db store_db;		/* its argument: a store */

/* Says HELLO on fd, a connected socket, and waits for START: its a, and its
 * peers.  0 or -errno.  A store lives as long as the process. */
int store_new(int fd, const uint8_t pin[static POOL_PIN],
    struct store **out, uint64_t *id_out, struct pool_peers *peers_out);
/*
 * Listens to xapi, for this member.  gone, on a thread of the store's: xapi is
 * (-EPIPE), or has said what it must not (-EBADMSG); the process has to end,
 * since others wait for answers that do not come.
 */
void store_begin(struct store *s, struct loop *loop, struct member *m,
    void (*gone)(int rc));
/* For struct member_config. */
void store_role(struct store *s, bool leads, uint64_t leader);
void store_current(struct store *s);

#endif
