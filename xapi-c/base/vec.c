#include <string.h>

#include "base/arena.h"
#include "base/type.h"

static bool
text_equal(const char *a, const char *b)
{
	return !strcmp(a ? a : "", b ? b : "");
}

/* Index of the pair with that key, or map.n.  Pairs are size bytes each. */
static uint32_t
pair_index(struct vec map, size_t size, const char *key)
{
	const char *p = map.v;
	uint32_t i;

	for (i = 0; i < map.n; i++, p += size) {
		if (text_equal(*(const char *const *)p, key))
			break;
	}
	return i;
}

const char *
map_get(struct vec map, const char *key)
{
	const struct string_pair *p = map.v;
	uint32_t i = pair_index(map, sizeof(*p), key);

	if (i == map.n)
		return NULL;
	return p[i].value ? p[i].value : "";
}

size_t
vec_text_size(struct vec v, uint32_t texts)
{
	const char *const *text = v.v;
	size_t size = 0;

	for (size_t i = 0; i < (size_t)v.n * texts; i++)
		size += sizeof(*text) + (text[i] ? strlen(text[i]) : 0);
	return size;
}

bool
set_has_string(struct vec set, const char *s)
{
	const char *const *v = set.v;
	uint32_t i;

	for (i = 0; i < set.n; i++) {
		if (text_equal(v[i], s))
			return true;
	}
	return false;
}

static uint32_t
ref_index(struct vec set, const struct ref *r)
{
	const struct ref *v = set.v;
	uint32_t i;

	for (i = 0; i < set.n; i++) {
		if (ref_equal(&v[i], r))
			break;
	}
	return i;
}

bool
set_has_ref(struct vec set, const struct ref *r)
{
	return ref_index(set, r) < set.n;
}

bool
set_has_enum(struct vec set, int value)
{
	const int *v = set.v;
	uint32_t i;

	for (i = 0; i < set.n; i++) {
		if (v[i] == value)
			return true;
	}
	return false;
}

static struct vec
vec_append(struct arena *a, struct vec old, size_t size, const void *elem)
{
	char *v = arena_alloc(a, size * ((size_t)old.n + 1));

	if (old.n)
		memcpy(v, old.v, size * old.n);
	memcpy(v + size * old.n, elem, size);
	return (struct vec){ v, old.n + 1 };
}

static struct vec
vec_without(struct arena *a, struct vec old, size_t size, uint32_t i)
{
	char *v;

	if (i >= old.n)
		return old;
	if (old.n == 1)
		return (struct vec){ NULL, 0 };
	v = arena_memdup(a, old.v, size * (old.n - 1));
	memcpy(v + size * i, (const char *)old.v + size * (i + 1),
	    size * (old.n - 1 - i));
	return (struct vec){ v, old.n - 1 };
}

static struct vec
vec_replace(struct arena *a, struct vec old, size_t size, uint32_t i,
    const void *elem)
{
	char *v;

	if (i == old.n)
		return vec_append(a, old, size, elem);
	v = arena_memdup(a, old.v, size * old.n);
	memcpy(v + size * i, elem, size);
	return (struct vec){ v, old.n };
}

struct vec
vec_add_string(struct arena *a, struct vec set, const char *s)
{
	const char *copy;

	if (set_has_string(set, s))
		return set;
	copy = arena_strdup(a, s);
	return vec_append(a, set, sizeof(copy), &copy);
}

/* All of them: a client may have set the same text twice. */
struct vec
vec_remove_string(struct arena *a, struct vec set, const char *s)
{
	const char *const *v = set.v;
	const char **kept;
	uint32_t i, n = 0;

	if (!set_has_string(set, s))
		return set;
	kept = arena_alloc(a, sizeof(*kept) * set.n);
	for (i = 0; i < set.n; i++) {
		if (!text_equal(v[i], s))
			kept[n++] = v[i];
	}
	return (struct vec){ n ? kept : NULL, n };
}

struct vec
vec_add_ref(struct arena *a, struct vec set, const struct ref *r)
{
	return set_has_ref(set, r) ? set : vec_append(a, set, sizeof(*r), r);
}

struct vec
vec_remove_ref(struct arena *a, struct vec set, const struct ref *r)
{
	return vec_without(a, set, sizeof(*r), ref_index(set, r));
}

struct vec
map_set(struct arena *a, struct vec map, const char *key, const char *value)
{
	struct string_pair p = {
		arena_strdup(a, key), arena_strdup(a, value),
	};

	return vec_replace(a, map, sizeof(p), pair_index(map, sizeof(p), key),
	    &p);
}

struct vec
map_remove(struct arena *a, struct vec map, const char *key)
{
	size_t size = sizeof(struct string_pair);

	return vec_without(a, map, size, pair_index(map, size, key));
}

struct vec
enum_map_set(struct arena *a, struct vec map, const char *key, int value)
{
	struct enum_pair p = { .key = arena_strdup(a, key), .value = value };

	return vec_replace(a, map, sizeof(p), pair_index(map, sizeof(p), key),
	    &p);
}

struct vec
enum_map_remove(struct arena *a, struct vec map, const char *key)
{
	size_t size = sizeof(struct enum_pair);

	return vec_without(a, map, size, pair_index(map, size, key));
}

struct vec
vec_enums(struct arena *a, const int *values, uint32_t n)
{
	if (!n)
		return (struct vec){ NULL, 0 };
	return (struct vec){ arena_memdup(a, values, sizeof(*values) * n), n };
}
