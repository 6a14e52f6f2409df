#include "image/awaited.h"

#include <stdlib.h>

#include "base/mem.h"

#define ROOM_AT_FIRST 1024

int
awaited_add(struct awaited *a, const struct awaited_piece *p)
{
	size_t i = a->n;

	if (a->n == AWAITED_MAX)
		return -1;
	if (a->n == a->room) {
		a->room = a->room ? 2 * a->room : ROOM_AT_FIRST;
		a->heap = mem_realloc(a->heap, a->room * sizeof(*a->heap));
	}
	for (; i > 0 && a->heap[(i - 1) / 2].at > p->at; i = (i - 1) / 2)
		a->heap[i] = a->heap[(i - 1) / 2];
	a->heap[i] = *p;
	a->n++;
	a->tables += p->n == 0;
	return 0;
}

const struct awaited_piece *
awaited_first(const struct awaited *a)
{
	return a->n ? &a->heap[0] : NULL;
}

void
awaited_drop_first(struct awaited *a)
{
	const struct awaited_piece *last = &a->heap[--a->n];
	size_t i = 0, child;

	a->tables -= a->heap[0].n == 0;
	while ((child = 2 * i + 1) < a->n) {
		if (child + 1 < a->n && a->heap[child + 1].at <
		    a->heap[child].at)
			child++;
		if (a->heap[child].at >= last->at)
			break;
		a->heap[i] = a->heap[child];
		i = child;
	}
	a->heap[i] = *last;
}

void
awaited_release(struct awaited *a)
{
	free(a->heap);
	*a = (struct awaited){ 0 };
}
