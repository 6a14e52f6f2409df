#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "db/trie.h"

#define NIBBLES (TRIE_KEY * 2)
#define FANOUT 16

/*
 * An inner node stands for all keys that agree in the nibbles before pos; its
 * children differ in nibble pos, and bit n of map says that there is one for
 * value n.  It has two children or more.  A leaf has pos NIBBLES.
 */
struct trie_node {
	atomic_uint refs;
	uint16_t map;
	uint8_t pos;
};

struct inner {
	struct trie_node node;
	struct trie_node *child[];
};

struct leaf {
	struct trie_node node;
	struct trie_entry e;
};

static unsigned int
nibble(const uint8_t *key, unsigned int pos)
{
	return pos & 1 ? key[pos / 2] & 15 : key[pos / 2] >> 4;
}

static bool
is_leaf(const struct trie_node *n)
{
	return n->pos == NIBBLES;
}

static struct inner *
inner_of(const struct trie_node *n)
{
	return (struct inner *)(uintptr_t)n;
}

static struct leaf *
leaf_of(const struct trie_node *n)
{
	return (struct leaf *)(uintptr_t)n;
}

static unsigned int
child_count(const struct trie_node *n)
{
	return (unsigned int)__builtin_popcount(n->map);
}

/* Where the child for nibble value v is, or would be. */
static unsigned int
child_slot(const struct trie_node *n, unsigned int v)
{
	return (unsigned int)__builtin_popcount(n->map & ((1u << v) - 1));
}

static bool
has_child(const struct trie_node *n, unsigned int v)
{
	return n->map & (1u << v);
}

static struct trie_node *
node_get(struct trie_node *n)
{
	atomic_fetch_add_explicit(&n->refs, 1, memory_order_relaxed);
	return n;
}

static void
node_put(const struct trie *t, struct trie_node *n)
{
	unsigned int i;

	if (atomic_fetch_sub_explicit(&n->refs, 1, memory_order_acq_rel) != 1)
		return;
	if (is_leaf(n)) {
		if (t->drop)
			t->drop(leaf_of(n)->e.value);
	} else {
		for (i = 0; i < child_count(n); i++)
			node_put(t, inner_of(n)->child[i]);
	}
	free(n);
}

static struct trie_node *
leaf_new(const uint8_t *key, void *value)
{
	struct leaf *l = mem_alloc(sizeof(*l));

	atomic_init(&l->node.refs, 1);
	l->node.map = 0;
	l->node.pos = NIBBLES;
	memcpy(l->e.key, key, TRIE_KEY);
	l->e.value = value;
	return &l->node;
}

static struct inner *
inner_new(unsigned int pos, uint16_t map)
{
	size_t n = (size_t)__builtin_popcount(map);
	struct inner *in = mem_alloc(sizeof(*in) + n * sizeof(in->child[0]));

	atomic_init(&in->node.refs, 1);
	in->node.map = map;
	in->node.pos = (uint8_t)pos;
	return in;
}

struct trie
trie_copy(const struct trie *t)
{
	struct trie copy = *t;

	if (copy.node)
		node_get(copy.node);
	return copy;
}

void
trie_release(struct trie *t)
{
	if (t->node)
		node_put(t, t->node);
	t->node = NULL;
	t->count = 0;
}

static const struct trie_entry *
first_entry(const struct trie_node *n)
{
	while (!is_leaf(n))
		n = inner_of(n)->child[0];
	return &leaf_of(n)->e;
}

void *
trie_get(const struct trie *t, const uint8_t key[static TRIE_KEY])
{
	const struct trie_node *n = t->node;

	while (n && !is_leaf(n)) {
		unsigned int v = nibble(key, n->pos);

		if (!has_child(n, v))
			return NULL;
		n = inner_of(n)->child[child_slot(n, v)];
	}
	if (!n || memcmp(leaf_of(n)->e.key, key, TRIE_KEY))
		return NULL;
	return leaf_of(n)->e.value;
}

/* The entry that shares the longest beginning with key. */
static const struct trie_entry *
nearest_entry(const struct trie_node *n, const uint8_t *key)
{
	while (!is_leaf(n)) {
		unsigned int v = nibble(key, n->pos);

		n = inner_of(n)->child[has_child(n, v) ? child_slot(n, v) : 0];
	}
	return &leaf_of(n)->e;
}

static unsigned int
first_difference(const uint8_t *a, const uint8_t *b)
{
	unsigned int pos = 0;

	while (pos < NIBBLES && nibble(a, pos) == nibble(b, pos))
		pos++;
	return pos;
}

/* A new node above n and leaf, which differ in nibble pos. */
static struct trie_node *
split(struct trie_node *n, const uint8_t *n_key, struct trie_node *leaf,
    const uint8_t *leaf_key, unsigned int pos)
{
	unsigned int a = nibble(n_key, pos), b = nibble(leaf_key, pos);
	struct inner *in = inner_new(pos, (uint16_t)(1u << a | 1u << b));

	in->child[a < b ? 0 : 1] = node_get(n);
	in->child[a < b ? 1 : 0] = leaf;
	return &in->node;
}

/* A copy of n whose child v is child (a reference that is handed over). */
static struct trie_node *
with_child(const struct trie_node *n, unsigned int v, struct trie_node *child)
{
	struct inner *in = inner_new(n->pos, (uint16_t)(n->map | 1u << v));
	const struct inner *old = inner_of(n);
	unsigned int i, from = 0;

	for (i = 0; i < child_count(&in->node); i++) {
		if (i != child_slot(&in->node, v)) {
			in->child[i] = node_get(old->child[from++]);
			continue;
		}
		in->child[i] = child;
		if (has_child(n, v))
			from++;
	}
	return &in->node;
}

/* A copy of n, a node of three children or more, without child v. */
static struct trie_node *
without_child(const struct trie_node *n, unsigned int v)
{
	struct inner *in = inner_new(n->pos, (uint16_t)(n->map & ~(1u << v)));
	const struct inner *old = inner_of(n);
	unsigned int i, to = 0;

	for (i = 0; i < child_count(n); i++) {
		if (i != child_slot(n, v))
			in->child[to++] = node_get(old->child[i]);
	}
	return &in->node;
}

/* The new version of n with leaf, which first differs from what is below n in
 * nibble pos (NIBBLES: is there already). */
static struct trie_node *
put_leaf(struct trie_node *n, struct trie_node *leaf, const uint8_t *key,
    unsigned int pos)
{
	struct trie_node *child;
	unsigned int v;

	if (is_leaf(n) && pos == NIBBLES)
		return leaf;
	if (n->pos > pos)
		return split(n, first_entry(n)->key, leaf, key, pos);
	v = nibble(key, n->pos);
	if (n->pos == pos)
		return with_child(n, v, leaf);
	child = inner_of(n)->child[child_slot(n, v)];
	return with_child(n, v, put_leaf(child, leaf, key, pos));
}

void
trie_set(struct trie *t, const uint8_t key[static TRIE_KEY], void *value)
{
	struct trie_node *leaf = leaf_new(key, value);
	struct trie_node *old = t->node;
	unsigned int pos;

	if (!old) {
		t->node = leaf;
		t->count = 1;
		return;
	}
	pos = first_difference(nearest_entry(old, key)->key, key);
	t->node = put_leaf(old, leaf, key, pos);
	node_put(t, old);
	if (pos < NIBBLES)
		t->count++;
}

/* The new version of n without key, which is below it; NULL if empty. */
static struct trie_node *
take_leaf(const struct trie_node *n, const uint8_t *key)
{
	struct trie_node *child;
	unsigned int v, slot;

	if (is_leaf(n))
		return NULL;
	v = nibble(key, n->pos);
	slot = child_slot(n, v);
	child = take_leaf(inner_of(n)->child[slot], key);
	if (child)
		return with_child(n, v, child);
	if (child_count(n) == 2)
		return node_get(inner_of(n)->child[!slot]);
	return without_child(n, v);
}

bool
trie_remove(struct trie *t, const uint8_t key[static TRIE_KEY])
{
	struct trie_node *old = t->node;

	if (!old || memcmp(nearest_entry(old, key)->key, key, TRIE_KEY))
		return false;
	t->node = take_leaf(old, key);
	node_put(t, old);
	t->count--;
	return true;
}

static const struct trie_entry *
ceil_below(const struct trie_node *n, const uint8_t *key)
{
	const struct trie_entry *first = first_entry(n), *e;
	unsigned int pos = first_difference(first->key, key);
	unsigned int v, slot;

	if (pos == NIBBLES)
		return first;
	if (is_leaf(n) || pos < n->pos) {
		return nibble(first->key, pos) > nibble(key, pos) ?
		    first : NULL;
	}
	v = nibble(key, n->pos);
	slot = child_slot(n, v);
	if (has_child(n, v)) {
		e = ceil_below(inner_of(n)->child[slot], key);
		if (e)
			return e;
		slot++;
	}
	if (slot == child_count(n))
		return NULL;
	return first_entry(inner_of(n)->child[slot]);
}

const struct trie_entry *
trie_ceil(const struct trie *t, const uint8_t key[static TRIE_KEY])
{
	return t->node ? ceil_below(t->node, key) : NULL;
}

bool
trie_key_next(uint8_t key[static TRIE_KEY])
{
	int i;

	for (i = TRIE_KEY - 1; i >= 0; i--) {
		if (++key[i])
			return true;
	}
	return false;
}

static int
each_below(const struct trie_node *n,
    int (*fn)(const struct trie_entry *e, void *arg), void *arg)
{
	unsigned int i;
	int rc = 0;

	if (is_leaf(n))
		return fn(&leaf_of(n)->e, arg);
	for (i = 0; i < child_count(n) && !rc; i++)
		rc = each_below(inner_of(n)->child[i], fn, arg);
	return rc;
}

int
trie_each(const struct trie *t,
    int (*fn)(const struct trie_entry *e, void *arg), void *arg)
{
	return t->node ? each_below(t->node, fn, arg) : 0;
}
