#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"

#define ALIGN 16
#define FIRST_CHUNK ((size_t)4 << 10)
#define MAX_CHUNK ((size_t)64 << 10)

/* Pieces larger than half a chunk get a chunk of their own. */
struct chunk {
	struct chunk *next;
	size_t size;
	size_t used;
	_Alignas(ALIGN) char data[];
};

struct arena {
	struct chunk *head;	/* small pieces come from this one */
	size_t next_size;
	size_t used;
};

static struct chunk *
chunk_new(size_t size)
{
	struct chunk *k;

	if (size > SIZE_MAX - sizeof(*k))
		abort();
	k = mem_alloc(sizeof(*k) + size);
	k->next = NULL;
	k->size = size;
	k->used = 0;
	return k;
}

struct arena *
arena_new(void)
{
	struct arena *a = mem_zalloc(sizeof(*a));

	a->next_size = FIRST_CHUNK;
	return a;
}

void
arena_free(struct arena *a)
{
	struct chunk *k;

	if (!a)
		return;
	while ((k = a->head)) {
		a->head = k->next;
		free(k);
	}
	free(a);
}

static void *
arena_alloc_large(struct arena *a, size_t size)
{
	struct chunk *k = chunk_new(size);

	k->used = size;
	if (a->head) {
		k->next = a->head->next;
		a->head->next = k;
	} else {
		a->head = k;
	}
	return k->data;
}

static void *
arena_alloc_raw(struct arena *a, size_t size)
{
	struct chunk *k = a->head;
	void *p;

	if (size > SIZE_MAX - ALIGN)
		abort();
	size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (!size)
		size = ALIGN;
	a->used += size;
	if (!k || size > k->size - k->used) {
		if (size > a->next_size / 2)
			return arena_alloc_large(a, size);
		k = chunk_new(a->next_size);
		k->next = a->head;
		a->head = k;
		if (a->next_size < MAX_CHUNK)
			a->next_size *= 2;
	}
	p = k->data + k->used;
	k->used += size;
	return p;
}

void *
arena_alloc(struct arena *a, size_t size)
{
	return memset(arena_alloc_raw(a, size), 0, size);
}

void *
arena_memdup(struct arena *a, const void *p, size_t n)
{
	void *d = arena_alloc_raw(a, n);

	if (n)
		memcpy(d, p, n);
	return d;
}

char *
arena_strndup(struct arena *a, const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *d = arena_alloc_raw(a, len + 1);

	memcpy(d, s, len);
	d[len] = '\0';
	return d;
}

char *
arena_strdup(struct arena *a, const char *s)
{
	return arena_memdup(a, s, strlen(s) + 1);
}

char *
arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
	va_list copy;
	char *s;
	int n;

	va_copy(copy, ap);
	n = vsnprintf(NULL, 0, fmt, copy);
	va_end(copy);
	if (n < 0)
		abort();
	s = arena_alloc_raw(a, (size_t)n + 1);
	vsnprintf(s, (size_t)n + 1, fmt, ap);
	return s;
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return s;
}

size_t
arena_used(const struct arena *a)
{
	return a->used;
}
