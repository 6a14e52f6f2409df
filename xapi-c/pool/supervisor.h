/*
 * poold beside xapi, while xapi wants it and lives.  xapi reads the network, so it can
 * start no program (base/confine.h).  A process that is forked before it gives that
 * up does so: it becomes poold's user and keeps nothing of xapi's but the logs, can
 * be told one thing, whether poold is wanted, and starts it again when it ends, after
 * a pause that grows while it ends soon.
 *
 *     supervisor_new, with one thread, before anything is opened or given up
 *       -> supervisor_want ... -> supervisor_free
 *
 * It is told by a socket, whose end is xapi's, however that came.  Then, and when it
 * is not wanted, poold is killed, which may happen to it at any time; if the
 * supervisor is killed, so is poold, and xapi cannot have another: it has to end.
 */
#ifndef POOL_SUPERVISOR_H
#define POOL_SUPERVISOR_H

#include <stdbool.h>
#include <stdint.h>

#define SUPERVISOR_PAUSE_MS 100		/* the first pause */
#define SUPERVISOR_PAUSE_MAX_MS 10000	/* and the longest; one that has run for
					 * so long has not ended soon */

struct supervisor;

struct supervisor_config {
	const char *const *argv;	/* the program's path first; outlives us */
	const char *user;		/* NULL: the one that we are */
};

/* 0 or -errno. */
int supervisor_new(const struct supervisor_config *cfg,
    struct supervisor **out);
/* Any thread.  0 or -errno: -EPIPE, the supervisor is gone. */
int supervisor_want(struct supervisor *s, bool wanted);
/* poold has ended when it returns; the supervisor is not waited for, since a xapi that
 * is confined cannot.  NULL is allowed. */
void supervisor_free(struct supervisor *s);

/* The pause before the next start of a poold that has run so long, and for which
 * the pause before was last (0: none). */
int64_t supervisor_pause_ms(int64_t last_ms, int64_t ran_ms);

#endif
