#include <stdlib.h>
#include <string.h>

#include "db/trie.h"
#include "unit.h"

#define MODEL 600

/* The model: a sorted array. */
struct model {
	struct trie_entry e[MODEL];
	int n;
};

static int drops;

static void
count_drop(void *value)
{
	(void)value;
	drops++;
}

/* Few distinct bytes, so that keys share long beginnings. */
static void
random_key(uint8_t key[static TRIE_KEY])
{
	static const uint8_t some[] = { 0x00, 0x01, 0x10, 0xff };
	int i;

	for (i = 0; i < TRIE_KEY; i++)
		key[i] = some[i < 12 ? 0 : rand() % 4];
	if (rand() % 4 == 0)
		key[rand() % TRIE_KEY] = (uint8_t)rand();
}

static int
model_find(const struct model *m, const uint8_t *key)
{
	int i = 0;

	while (i < m->n && memcmp(m->e[i].key, key, TRIE_KEY) < 0)
		i++;
	return i;
}

static bool
model_at(const struct model *m, int i, const uint8_t *key)
{
	return i < m->n && !memcmp(m->e[i].key, key, TRIE_KEY);
}

static void
model_set(struct model *m, const uint8_t *key, void *value)
{
	int i = model_find(m, key);

	if (!model_at(m, i, key)) {
		memmove(&m->e[i + 1], &m->e[i],
		    sizeof(m->e[0]) * (size_t)(m->n - i));
		m->n++;
	}
	memcpy(m->e[i].key, key, TRIE_KEY);
	m->e[i].value = value;
}

static void
model_remove(struct model *m, int i)
{
	m->n--;
	memmove(&m->e[i], &m->e[i + 1], sizeof(m->e[0]) * (size_t)(m->n - i));
}

struct walk {
	const struct model *m;
	int at;
};

static int
compare_next(const struct trie_entry *e, void *arg)
{
	struct walk *w = arg;

	ck_assert_int_lt(w->at, w->m->n);
	ck_assert(!memcmp(e->key, w->m->e[w->at].key, TRIE_KEY));
	ck_assert_ptr_eq(e->value, w->m->e[w->at].value);
	w->at++;
	return 0;
}

static void
compare(const struct trie *t, const struct model *m)
{
	struct walk w = { m, 0 };

	ck_assert_int_eq(t->count, m->n);
	trie_each(t, compare_next, &w);
	ck_assert_int_eq(w.at, m->n);
}

static void
compare_lookups(const struct trie *t, const struct model *m)
{
	uint8_t key[TRIE_KEY];
	const struct trie_entry *e;
	int i;

	random_key(key);
	i = model_find(m, key);
	e = trie_ceil(t, key);
	if (i == m->n) {
		ck_assert_ptr_null(e);
	} else {
		ck_assert_ptr_nonnull(e);
		ck_assert(!memcmp(e->key, m->e[i].key, TRIE_KEY));
	}
	ck_assert_ptr_eq(trie_get(t, key),
	    model_at(m, i, key) ? m->e[i].value : NULL);
}

START_TEST(behaves_like_a_sorted_array)
{
	struct trie t = { 0 };
	struct model *m = calloc(1, sizeof(*m));
	int step;

	srand(1);
	for (step = 0; step < 20000; step++) {
		uint8_t key[TRIE_KEY];
		int i;

		random_key(key);
		i = model_find(m, key);
		if (rand() % 2 && m->n < MODEL - 1) {
			void *value = (void *)(uintptr_t)(step + 1);

			trie_set(&t, key, value);
			model_set(m, key, value);
		} else {
			ck_assert(trie_remove(&t, key) == model_at(m, i, key));
			if (model_at(m, i, key))
				model_remove(m, i);
		}
		compare_lookups(&t, m);
		if (step % 100 == 0)
			compare(&t, m);
	}
	compare(&t, m);
	trie_release(&t);
	free(m);
}
END_TEST

START_TEST(old_versions_stay_as_they_were)
{
	struct trie versions[200] = { { 0 } };
	struct model *models = calloc(200, sizeof(*models));
	int i;

	srand(2);
	for (i = 1; i < 200; i++) {
		uint8_t key[TRIE_KEY];

		versions[i] = trie_copy(&versions[i - 1]);
		models[i] = models[i - 1];
		random_key(key);
		trie_set(&versions[i], key, &models[i]);
		model_set(&models[i], key, &models[i]);
		if (i % 3 == 0) {
			memcpy(key, models[i].e[0].key, TRIE_KEY);
			ck_assert(trie_remove(&versions[i], key));
			model_remove(&models[i], 0);
		}
	}
	for (i = 0; i < 200; i++)
		compare(&versions[i], &models[i]);
	for (i = 0; i < 200; i += 2)
		trie_release(&versions[i]);
	for (i = 1; i < 200; i += 2) {
		compare(&versions[i], &models[i]);
		trie_release(&versions[i]);
	}
	free(models);
}
END_TEST

START_TEST(values_are_dropped_once_when_the_last_version_goes)
{
	struct trie a = { .drop = count_drop }, b;
	uint8_t key[TRIE_KEY] = { 0 };
	int i;

	for (i = 0; i < 100; i++) {
		key[15] = (uint8_t)i;
		trie_set(&a, key, &drops);
	}
	b = trie_copy(&a);
	ck_assert_int_eq(drops, 0);
	trie_set(&a, key, &drops);
	ck_assert(trie_remove(&b, key));
	ck_assert_int_eq(drops, 1);
	trie_release(&a);
	ck_assert_int_eq(drops, 2);
	trie_release(&b);
	ck_assert_int_eq(drops, 101);
}
END_TEST

START_TEST(successor_of_a_key_carries_over)
{
	uint8_t key[TRIE_KEY] = { 0 };

	key[15] = 0xff;
	ck_assert(trie_key_next(key));
	ck_assert_int_eq(key[14], 1);
	ck_assert_int_eq(key[15], 0);
	memset(key, 0xff, sizeof(key));
	ck_assert(!trie_key_next(key));
}
END_TEST

int
main(void)
{
	return UNIT_RUN("trie", behaves_like_a_sorted_array,
	    old_versions_stay_as_they_were,
	    values_are_dropped_once_when_the_last_version_goes,
	    successor_of_a_key_carries_over);
}
