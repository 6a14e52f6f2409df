#include "image/passed.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define ROOM_AT_FIRST 64

int
passed_keep(struct passed *p, uint64_t at, const uint8_t *data, size_t len)
{
	struct passed_cluster *c;

	if (len > PASSED_MAX - p->bytes)
		return -1;
	if (p->n == p->room) {
		p->room = p->room ? 2 * p->room : ROOM_AT_FIRST;
		p->list = mem_realloc(p->list, p->room * sizeof(*p->list));
	}
	c = &p->list[p->n++];
	c->at = at;
	c->data = mem_alloc(len);
	memcpy(c->data, data, len);
	p->bytes += len;
	return 0;
}

static int
by_place(const void *key, const void *item)
{
	uint64_t at = *(const uint64_t *)key;
	const struct passed_cluster *c = item;

	return at < c->at ? -1 : at > c->at;
}

uint8_t *
passed_take(struct passed *p, uint64_t at)
{
	struct passed_cluster *c = p->n ? bsearch(&at, p->list, p->n,
	    sizeof(*p->list), by_place) : NULL;
	uint8_t *data = c ? c->data : NULL;

	if (c)
		c->data = NULL;
	return data;
}

void
passed_release(struct passed *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->list[i].data);
	free(p->list);
	*p = (struct passed){ 0 };
}
