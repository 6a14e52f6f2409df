/*
 * A persistent radix trie with 128-bit keys: writing makes a new trie that
 * shares all but the path to the change with the old one, so any number of
 * versions can be read at once.  Nodes are reference-counted; reading needs no
 * lock.  A struct trie (zeroed: empty) is one version: one thread at a time
 * changes it, trie_copy makes another.
 *
 * A leaf holds a value; if the trie has a drop function, it is called with the
 * value when the last version that has this leaf is gone.  Such a value is the
 * trie's from trie_set on: any later change of the trie may take it away.
 */
#ifndef DB_TRIE_H
#define DB_TRIE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRIE_KEY 16

struct trie_node;

struct trie {
	struct trie_node *node;
	void (*drop)(void *value);	/* may be NULL */
	uint32_t count;
};

struct trie_entry {
	uint8_t key[TRIE_KEY];
	void *value;
};

struct trie trie_copy(const struct trie *t);
void trie_release(struct trie *t);
void *trie_get(const struct trie *t, const uint8_t key[static TRIE_KEY]);
/* Adds or replaces. */
void trie_set(struct trie *t, const uint8_t key[static TRIE_KEY],
    void *value);
bool trie_remove(struct trie *t, const uint8_t key[static TRIE_KEY]);
/* The first entry at or after key in key order; NULL: none.  Valid as long as
 * the trie is. */
const struct trie_entry *trie_ceil(const struct trie *t,
    const uint8_t key[static TRIE_KEY]);
/* Moves key to its successor; false after the last key there is. */
bool trie_key_next(uint8_t key[static TRIE_KEY]);
/* All entries in key order; fn returns non-zero to stop. */
int trie_each(const struct trie *t,
    int (*fn)(const struct trie_entry *e, void *arg), void *arg);

#endif
