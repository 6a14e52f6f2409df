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

/* The compiler's builtin is a slow call without the CPU's instruction. */
static unsigned int
popcount16(unsigned int v)
{
	v -= v >> 1 & 0x5555;
	v = (v & 0x3333) + (v >> 2 & 0x3333);
	v = (v + (v >> 4)) & 0x0f0f;
	return (v + (v >> 8)) & 31;
}

static unsigned int
child_count(const struct trie_node *n)
{
	return popcount16(n->map);
}

/* Where the child for nibble value v is, or would be. */
static unsigned int
child_slot(const struct trie_node *n, unsigned int v)
{
	return popcount16(n->map & ((1u << v) - 1));
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
	size_t n = popcount16(map);
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

/*
 * The functions below make a new version of a node.  They take over the
 * caller's reference to it; if that is the only one, nobody else can see the
 * node, and it is changed in place.
 */
static bool
is_exclusive(const struct trie_node *n)
{
	return atomic_load_explicit(&n->refs, memory_order_acquire) == 1;
}

/* A new node above n and leaf, which differ in nibble pos. */
static struct trie_node *
split(struct trie_node *n, struct trie_node *leaf, const uint8_t *key,
    unsigned int pos)
{
	unsigned int a = nibble(first_entry(n)->key, pos);
	unsigned int b = nibble(key, pos);
	struct inner *in = inner_new(pos, (uint16_t)(1u << a | 1u << b));

	in->child[a < b ? 0 : 1] = n;
	in->child[a < b ? 1 : 0] = leaf;
	return &in->node;
}

/* A node with the children of n that are in map, and room for the others. */
static struct inner *
copy_children(const struct trie *t, struct trie_node *n, uint16_t map)
{
	struct inner *in = inner_new(n->pos, map);
	bool exclusive = is_exclusive(n);
	unsigned int v, from = 0, to = 0;

	for (v = 0; v < FANOUT; v++) {
		struct trie_node *child = NULL;

		if (has_child(n, v))
			child = inner_of(n)->child[from++];
		if (!(map & 1u << v)) {
			if (child && exclusive)
				node_put(t, child);
			continue;
		}
		if (child && !exclusive)
			node_get(child);
		in->child[to++] = child;
	}
	if (exclusive)
		free(n);
	else
		node_put(t, n);
	return in;
}

/* n itself, or a copy, so that its children may be replaced. */
static struct inner *
own(const struct trie *t, struct trie_node *n)
{
	return is_exclusive(n) ? inner_of(n) : copy_children(t, n, n->map);
}

/* With leaf, which first differs from what is below n in nibble pos (NIBBLES:
 * is there already). */
static struct trie_node *
put_leaf(const struct trie *t, struct trie_node *n, struct trie_node *leaf,
    const uint8_t *key, unsigned int pos)
{
	struct trie_node **child;
	struct inner *in;
	unsigned int v;

	if (is_leaf(n) && pos == NIBBLES) {
		node_put(t, n);
		return leaf;
	}
	if (n->pos > pos)
		return split(n, leaf, key, pos);
	v = nibble(key, n->pos);
	if (n->pos == pos) {
		in = copy_children(t, n, (uint16_t)(n->map | 1u << v));
		in->child[child_slot(&in->node, v)] = leaf;
		return &in->node;
	}
	in = own(t, n);
	child = &in->child[child_slot(&in->node, v)];
	*child = put_leaf(t, *child, leaf, key, pos);
	return &in->node;
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
	t->node = put_leaf(t, old, leaf, key, pos);
	if (pos < NIBBLES)
		t->count++;
}

/* Without key, which is below n; NULL if nothing is left. */
static struct trie_node *
take_leaf(const struct trie *t, struct trie_node *n, const uint8_t *key)
{
	struct trie_node **child, *other;
	struct inner *in;
	unsigned int v;

	if (is_leaf(n)) {
		node_put(t, n);
		return NULL;
	}
	v = nibble(key, n->pos);
	child = &inner_of(n)->child[child_slot(n, v)];
	if (!is_leaf(*child)) {
		in = own(t, n);
		child = &in->child[child_slot(&in->node, v)];
		*child = take_leaf(t, *child, key);
		return &in->node;
	}
	if (child_count(n) > 2) {
		in = copy_children(t, n, (uint16_t)(n->map & ~(1u << v)));
		return &in->node;
	}
	other = node_get(inner_of(n)->child[!child_slot(n, v)]);
	node_put(t, n);
	return other;
}

bool
trie_remove(struct trie *t, const uint8_t key[static TRIE_KEY])
{
	if (!t->node ||
	    memcmp(nearest_entry(t->node, key)->key, key, TRIE_KEY))
		return false;
	t->node = take_leaf(t, t->node, key);
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
