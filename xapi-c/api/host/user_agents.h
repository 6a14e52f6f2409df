/*
 * What clients called themselves that showed a good session or logged in, since
 * the daemon started: a name and the version that came last, the first words of
 * User-Agent (NAME/VERSION ...).  Longer headers, and those that are not
 * printable ASCII, are left out.  Any thread.
 */
#ifndef API_HOST_USER_AGENTS_H
#define API_HOST_USER_AGENTS_H

#include "base/arena.h"
#include "base/type.h"

#define USER_AGENT_MAX_LEN 64		/* of a header */
#define USER_AGENTS_MAX 128		/* then the one that came first goes */

struct user_agents;

struct user_agents *user_agents_new(void);
void user_agents_free(struct user_agents *all);	/* NULL is allowed */
/* header: NULL if there is none. */
void user_agents_saw(struct user_agents *all, const char *header);
/* A string map, from names to versions, in the arena. */
struct vec user_agents_get(struct user_agents *all, struct arena *a);

#endif
