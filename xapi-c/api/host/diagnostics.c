/* Numbers about this process, for who looks for what is wrong with it. */
#include <string.h>
#include <sys/resource.h>

#include "api/xapi.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/types.h"

static void
put(struct call *c, struct vec *map, const char *name, int64_t n)
{
	*map = map_set(c->arena, *map, name, arena_printf(c->arena, "%lld",
	    (long long)n));
}

static int64_t
milliseconds(struct timeval t)
{
	return (int64_t)t.tv_sec * 1000 + t.tv_usec / 1000;
}

int
api_diagnostics_gc_stats(struct call *c,
    const struct diagnostics_gc_stats_args *a, struct vec *result)
{
	struct rusage u;

	if (!call_find(c, CLASS_HOST, &a->host))
		return -1;
	getrusage(RUSAGE_SELF, &u);
	put(c, result, "max_resident_kib", u.ru_maxrss);
	put(c, result, "minor_faults", u.ru_minflt);
	put(c, result, "major_faults", u.ru_majflt);
	put(c, result, "user_ms", milliseconds(u.ru_utime));
	put(c, result, "system_ms", milliseconds(u.ru_stime));
	put(c, result, "voluntary_switches", u.ru_nvcsw);
	put(c, result, "involuntary_switches", u.ru_nivcsw);
	return 0;
}

/* The number of the last write, and how many objects of each class there are. */
int
api_diagnostics_db_stats(struct call *c, struct vec *result)
{
	put(c, result, "generation", (int64_t)db_generation(c->root));
	for (int i = 0; i < CLASS_N; i++)
		if (db_count(c->root, i))
			put(c, result, classes[i]->rec.name,
			    db_count(c->root, i));
	return 0;
}

/* [message, how often] of those that were called since the daemon started;
 * params may have "method": of that one only. */
int
api_diagnostics_network_stats(struct call *c,
    const struct diagnostics_network_stats_args *a, struct vec *result)
{
	const char *only = map_get(a->params, "method");
	struct vec *rows = arena_alloc(c->arena,
	    (size_t)n_methods * sizeof(*rows));
	uint32_t n = 0;

	if (!call_find(c, CLASS_HOST, &a->host))
		return -1;
	for (int i = 0; c->x->calls && i < n_methods; i++) {
		uint64_t times = atomic_load_explicit(&c->x->calls[i],
		    memory_order_relaxed);

		if (!times || (only && strcmp(only, methods[i].name)))
			continue;
		rows[n] = vec_add_string(c->arena, (struct vec){ 0 },
		    methods[i].name);
		rows[n] = vec_add_string(c->arena, rows[n], arena_printf(
		    c->arena, "%llu", (unsigned long long)times));
		n++;
	}
	*result = (struct vec){ .v = rows, .n = n };
	return 0;
}
