#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "db/object.h"
#include "db/root.h"

struct tombstone {
	struct ref ref;
	uint64_t created;
	uint64_t deleted;
};

static void
drop_object(void *value)
{
	object_put(value);
}

/* FNV-1a, with a last mixing step because the tries look at the high bits. */
static uint64_t
hash_bytes(const void *data, size_t n)
{
	const uint8_t *p = data;
	uint64_t h = 0xcbf29ce484222325u;

	while (n--)
		h = (h ^ *p++) * 0x100000001b3u;
	h ^= h >> 32;
	h *= 0xd6e8feb86659fd93u;
	return h ^ h >> 32;
}

static void
put_be64(uint8_t *p, uint64_t v)
{
	int i;

	for (i = 0; i < 8; i++)
		p[i] = (uint8_t)(v >> (56 - 8 * i));
}

void
root_uuid_key(const char *uuid, uint8_t key[static TRIE_KEY])
{
	size_t n = strlen(uuid);

	if (uuid_from_text(uuid, key))
		return;
	put_be64(key, hash_bytes(uuid, n));
	put_be64(key + 8, n);
}

static void
key_of_name(const char *name, const struct ref *ref,
    uint8_t key[static TRIE_KEY])
{
	put_be64(key, hash_bytes(name, strlen(name)));
	put_be64(key + 8, hash_bytes(ref, sizeof(*ref)));
}

static void
key_of_change(uint64_t generation, const struct ref *ref,
    uint8_t key[static TRIE_KEY])
{
	put_be64(key, generation);
	put_be64(key + 8, hash_bytes(ref, sizeof(*ref)));
}

struct db_root *
root_new(int n_classes, uint64_t generation)
{
	struct db_root *root;
	int i;

	root = mem_zalloc(sizeof(*root) +
	    sizeof(root->tables[0]) * (size_t)n_classes);
	atomic_init(&root->refs, 1);
	root->generation = generation;
	root->n = n_classes;
	root->objects.drop = drop_object;
	for (i = 0; i < n_classes; i++) {
		root->tables[i].tombstones.drop = free;
		root->tables[i].last = generation;
		root->tables[i].horizon = generation;
	}
	return root;
}

struct db_root *
root_clone(const struct db_root *old)
{
	struct db_root *root = root_new(old->n, old->generation);
	int i;

	root->applied = old->applied;
	root->bytes = old->bytes;
	root->objects = trie_copy(&old->objects);
	for (i = 0; i < old->n; i++) {
		const struct table *from = &old->tables[i];

		root->tables[i] = (struct table){
			.by_uuid = trie_copy(&from->by_uuid),
			.by_name = trie_copy(&from->by_name),
			.changes = trie_copy(&from->changes),
			.tombstones = trie_copy(&from->tombstones),
			.last = from->last,
			.horizon = from->horizon,
		};
	}
	return root;
}

void
db_root_put(struct db_root *root)
{
	int i;

	if (!root || atomic_fetch_sub_explicit(&root->refs, 1,
	    memory_order_acq_rel) != 1)
		return;
	for (i = 0; i < root->n; i++) {
		trie_release(&root->tables[i].by_uuid);
		trie_release(&root->tables[i].by_name);
		trie_release(&root->tables[i].changes);
		trie_release(&root->tables[i].tombstones);
	}
	trie_release(&root->objects);
	free(root);
}

const struct object *
root_find(const struct db_root *root, const struct ref *ref)
{
	return trie_get(&root->objects, ref->b);
}

/* Takes o out of the indexes that name its contents. */
static void
unindex(struct table *tab, const struct object *o)
{
	uint8_t key[TRIE_KEY];

	if (o->cls->uuid_field >= 0) {
		root_uuid_key(object_string(o, o->cls->uuid_field), key);
		trie_remove(&tab->by_uuid, key);
	}
	if (o->cls->name_field >= 0) {
		key_of_name(object_string(o, o->cls->name_field), &o->ref,
		    key);
		trie_remove(&tab->by_name, key);
	}
	key_of_change(o->changed, &o->ref, key);
	trie_remove(&tab->changes, key);
}

static void
index_object(struct table *tab, struct object *o)
{
	uint8_t key[TRIE_KEY];

	if (o->cls->uuid_field >= 0) {
		root_uuid_key(object_string(o, o->cls->uuid_field), key);
		trie_set(&tab->by_uuid, key, o);
	}
	if (o->cls->name_field >= 0) {
		key_of_name(object_string(o, o->cls->name_field), &o->ref,
		    key);
		trie_set(&tab->by_name, key, o);
	}
	key_of_change(o->changed, &o->ref, key);
	trie_set(&tab->changes, key, o);
}

void
root_put_object(struct db_root *root, struct object *o)
{
	struct table *tab = &root->tables[o->cls->id];
	const struct object *old = root_find(root, &o->ref);

	if (old) {
		unindex(tab, old);
		root->bytes -= old->bytes;
	}
	root->bytes += o->bytes;
	index_object(tab, o);
	tab->last = o->changed;
	trie_set(&root->objects, o->ref.b, o);
}

static void
forget_oldest(struct table *tab)
{
	static const uint8_t zero[TRIE_KEY];
	const struct trie_entry *e = trie_ceil(&tab->tombstones, zero);
	const struct tombstone *s = e->value;
	uint8_t key[TRIE_KEY];

	tab->horizon = s->deleted;
	memcpy(key, e->key, sizeof(key));
	trie_remove(&tab->tombstones, key);
}

/* The tombstone is the trie's from the start: trimming may take it at once. */
static void
remember_deletion(struct table *tab, const struct object *o,
    uint64_t generation)
{
	struct tombstone *s = mem_alloc(sizeof(*s));
	uint8_t key[TRIE_KEY];

	*s = (struct tombstone){ o->ref, o->created, generation };
	key_of_change(generation, &o->ref, key);
	trie_set(&tab->tombstones, key, s);
	if (tab->tombstones.count > ROOT_TOMBSTONES)
		forget_oldest(tab);
}

void
root_delete(struct db_root *root, const struct object *o, uint64_t generation)
{
	struct table *tab = &root->tables[o->cls->id];
	struct ref ref = o->ref;	/* o goes with its leaf */

	remember_deletion(tab, o, generation);
	root->bytes -= o->bytes;
	unindex(tab, o);
	trie_remove(&root->objects, ref.b);
	tab->last = generation;
}

uint64_t
db_generation(const struct db_root *root)
{
	return root->generation;
}

uint64_t
db_class_generation(const struct db_root *root, int class_id)
{
	return root->tables[class_id].last;
}

uint64_t
db_class_horizon(const struct db_root *root, int class_id)
{
	return root->tables[class_id].horizon;
}

uint32_t
db_count(const struct db_root *root, int class_id)
{
	return root->tables[class_id].changes.count;
}

const void *
db_find(const struct db_root *root, int class_id, const struct ref *ref)
{
	const struct object *o = root_find(root, ref);

	return o && o->cls->id == class_id ? o : NULL;
}

const void *
db_find_uuid(const struct db_root *root, int class_id, const char *uuid)
{
	const struct object *o;
	uint8_t key[TRIE_KEY];

	root_uuid_key(uuid, key);
	o = trie_get(&root->tables[class_id].by_uuid, key);
	if (!o || strcmp(object_string(o, o->cls->uuid_field), uuid))
		return NULL;
	return o;
}

int
db_class_of(const struct db_root *root, const struct ref *ref)
{
	const struct object *o = root_find(root, ref);

	return o ? o->cls->id : -1;
}

struct each {
	int (*fn)(const void *obj, void *arg);
	void *arg;
};

static int
each_value(const struct trie_entry *e, void *arg)
{
	struct each *each = arg;

	return each->fn(e->value, each->arg);
}

int
db_each(const struct db_root *root, int class_id,
    int (*fn)(const void *obj, void *arg), void *arg)
{
	struct each each = { fn, arg };

	return trie_each(&root->tables[class_id].changes, each_value, &each);
}

int
db_each_named(const struct db_root *root, int class_id,
    const char *name_label, int (*fn)(const void *obj, void *arg), void *arg)
{
	const struct trie *t = &root->tables[class_id].by_name;
	const struct trie_entry *e;
	uint8_t key[TRIE_KEY], head[TRIE_KEY];
	int rc = 0;

	key_of_name(name_label, &REF_NULL, key);
	memcpy(head, key, sizeof(head));
	memset(key + 8, 0, 8);
	while (!rc && (e = trie_ceil(t, key)) && !memcmp(e->key, head, 8)) {
		const struct object *o = e->value;

		if (!strcmp(object_string(o, o->cls->name_field), name_label))
			rc = fn(o, arg);
		memcpy(key, e->key, sizeof(key));
		if (!trie_key_next(key))
			break;
	}
	return rc;
}

/* The entry of t after prev. */
static const struct trie_entry *
entry_after(const struct trie *t, const struct trie_entry *prev)
{
	uint8_t key[TRIE_KEY];

	memcpy(key, prev->key, sizeof(key));
	return trie_key_next(key) ? trie_ceil(t, key) : NULL;
}

static struct db_change
change_of_object(const struct trie_entry *e)
{
	const struct object *o = e->value;

	return (struct db_change){ o, o->ref, o->created, o->changed };
}

static struct db_change
change_of_tombstone(const struct trie_entry *e)
{
	const struct tombstone *s = e->value;

	return (struct db_change){ NULL, s->ref, s->created, s->deleted };
}

/* Objects and tombstones are two sorted lists, merged here. */
int
db_changes(const struct db_root *root, int class_id, uint64_t since,
    int (*fn)(const struct db_change *ch, void *arg), void *arg)
{
	const struct table *tab = &root->tables[class_id];
	const struct trie_entry *o, *s;
	uint8_t key[TRIE_KEY] = { 0 };
	struct db_change ch;
	int rc = 0;

	if (since >= tab->last)
		return 0;
	put_be64(key, since + 1);
	o = trie_ceil(&tab->changes, key);
	s = trie_ceil(&tab->tombstones, key);
	while (!rc && (o || s)) {
		if (o && (!s || memcmp(o->key, s->key, TRIE_KEY) < 0)) {
			ch = change_of_object(o);
			o = entry_after(&tab->changes, o);
		} else {
			ch = change_of_tombstone(s);
			s = entry_after(&tab->tombstones, s);
		}
		rc = fn(&ch, arg);
	}
	return rc;
}
