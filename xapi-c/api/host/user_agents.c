#include "api/host/user_agents.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "api/call.h"
#include "api/xapi.h"
#include "base/mem.h"
#include "gen/methods.h"

struct agent {
	char name[USER_AGENT_MAX_LEN + 1];
	char version[USER_AGENT_MAX_LEN + 1];
};

struct user_agents {
	pthread_mutex_t lock;
	struct agent ring[USER_AGENTS_MAX];
	uint32_t n;
	uint32_t oldest;		/* its place, once all are taken */
};

struct user_agents *
user_agents_new(void)
{
	struct user_agents *all = mem_zalloc(sizeof(*all));

	pthread_mutex_init(&all->lock, NULL);
	return all;
}

void
user_agents_free(struct user_agents *all)
{
	if (all)
		pthread_mutex_destroy(&all->lock);
	free(all);
}

/* NAME or NAME/VERSION, up to a blank. */
static bool
parse(const char *header, struct agent *out)
{
	size_t len = strnlen(header, USER_AGENT_MAX_LEN + 1);
	size_t word = strcspn(header, " "), name = strcspn(header, " /");

	if (len > USER_AGENT_MAX_LEN || name == 0)
		return false;
	for (size_t i = 0; i < len; i++)
		if (header[i] < ' ' || header[i] > '~')
			return false;
	*out = (struct agent){ .name = "" };
	memcpy(out->name, header, name);
	if (word > name)
		memcpy(out->version, header + name + 1, word - name - 1);
	out->version[strcspn(out->version, "/")] = '\0';
	return true;
}

/* The place of one of that name, or one to be overwritten. */
static struct agent *
place(struct user_agents *all, const char *name)
{
	struct agent *oldest;

	for (uint32_t i = 0; i < all->n; i++)
		if (!strcmp(all->ring[i].name, name))
			return &all->ring[i];
	if (all->n < USER_AGENTS_MAX)
		return &all->ring[all->n++];
	oldest = &all->ring[all->oldest];
	all->oldest = (all->oldest + 1) % USER_AGENTS_MAX;
	return oldest;
}

void
user_agents_saw(struct user_agents *all, const char *header)
{
	struct agent agent;

	if (!header || !parse(header, &agent))
		return;
	pthread_mutex_lock(&all->lock);
	*place(all, agent.name) = agent;
	pthread_mutex_unlock(&all->lock);
}

struct vec
user_agents_get(struct user_agents *all, struct arena *a)
{
	struct vec map = { 0 };

	pthread_mutex_lock(&all->lock);
	for (uint32_t i = 0; i < all->n; i++)
		map = map_set(a, map, arena_strdup(a, all->ring[i].name),
		    arena_strdup(a, all->ring[i].version));
	pthread_mutex_unlock(&all->lock);
	return map;
}

int
api_host_get_tracked_user_agents(struct call *c,
    const struct host_get_tracked_user_agents_args *a, struct vec *result)
{
	if (!call_find(c, CLASS_HOST, &a->self))
		return -1;
	*result = user_agents_get(c->x->user_agents, c->arena);
	return 0;
}
