#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void *
mem_alloc(size_t size)
{
	void *p = malloc(size ? size : 1);

	if (!p)
		abort();
	return p;
}

void *
mem_zalloc(size_t size)
{
	void *p = calloc(1, size ? size : 1);

	if (!p)
		abort();
	return p;
}

void *
mem_realloc(void *p, size_t size)
{
	p = realloc(p, size ? size : 1);
	if (!p)
		abort();
	return p;
}

char *
mem_strdup(const char *s)
{
	size_t n = strlen(s) + 1;

	return memcpy(mem_alloc(n), s, n);
}

bool
mem_is_zero(const void *p, size_t n)
{
	const char *c = p;
	uint64_t word, any = 0;

	for (; n >= 8 * sizeof(word) && !any; n -= 8 * sizeof(word)) {
		for (int i = 0; i < 8; i++, c += sizeof(word)) {
			memcpy(&word, c, sizeof(word));
			any |= word;
		}
	}
	for (; n > 0; n--)
		any |= (unsigned char)*c++;
	return !any;
}
