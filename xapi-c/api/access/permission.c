#include "api/access/permission.h"

#include <string.h>

#include "gen/store.h"

/* FNV-1a, twice with different bases: names are ours, nobody attacks them. */
void
permission_ref(const char *name, struct ref *ref_out)
{
	uint64_t h[2] = { 0xcbf29ce484222325u, 0x9e3779b97f4a7c15u };

	for (const char *p = name; *p; p++)
		for (int i = 0; i < 2; i++)
			h[i] = (h[i] ^ (unsigned char)*p) * 0x100000001b3u;
	memcpy(ref_out->b, h, sizeof(ref_out->b));
	ref_out->b[6] = (uint8_t)((ref_out->b[6] & 0x0f) | 0x80);
	ref_out->b[8] = (uint8_t)((ref_out->b[8] & 0x3f) | 0x80);
}

bool
permission_is_role(const struct role *r)
{
	return r->subroles.n > 0;
}

bool
permission_in(const struct db_root *root, const char *name, int64_t level)
{
	const struct role *r;
	struct ref ref;

	permission_ref(name, &ref);
	r = role_find(root, &ref);
	return r && !permission_is_role(r) && r->level <= level;
}

struct names {
	int64_t level;
	const char **v;
	uint32_t n;
};

static int
name_look(const void *obj, void *arg)
{
	const struct role *r = obj;
	struct names *names = arg;

	if (!permission_is_role(r) && r->level <= names->level)
		names->v[names->n++] = r->name_label;
	return 0;
}

struct vec
permission_names(struct arena *a, const struct db_root *root, int64_t level)
{
	struct names names = {
		.level = level,
		.v = arena_alloc(a, (db_count(root, CLASS_ROLE) + 1) *
		    sizeof(*names.v)),
	};

	db_each(root, CLASS_ROLE, name_look, &names);
	return (struct vec){ .v = names.v, .n = names.n };
}
