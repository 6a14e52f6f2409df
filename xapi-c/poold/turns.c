#include "poold/turns.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct place {
	struct turn turn;
	bool stale;		/* the batch is gone, the place is kept */
	uint64_t until;		/* so long; 0: it has not been waited for */
};

struct turns {
	struct place line[TURNS_MAX];
	size_t n;
	size_t bytes;
};

struct turns *
turns_new(void)
{
	return mem_zalloc(sizeof(struct turns));
}

static struct place *
find(const struct turns *l, uint64_t member)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		if (l->line[i].turn.member == member)
			return (struct place *)&l->line[i];
	}
	return NULL;
}

static void
drop_entry(struct turns *l, struct place *p)
{
	l->bytes -= p->turn.entry.len;
	raft_free(p->turn.entry.base);
	p->turn.entry = (struct raft_buffer){ 0 };
}

static void
leave(struct turns *l)
{
	l->bytes -= l->line[0].turn.entry.len;
	l->n--;
	memmove(&l->line[0], &l->line[1], l->n * sizeof(l->line[0]));
}

void
turns_free(struct turns *l)
{
	struct turn t;

	while (l && turns_take(l, &t))
		raft_free(t.entry.base);
	free(l);
}

bool
turns_have_room(const struct turns *l, uint64_t member, size_t len)
{
	const struct place *p = find(l, member);
	size_t had = p ? p->turn.entry.len : 0;

	return (p || l->n < TURNS_MAX) && len <= TURNS_BYTES_MAX &&
	    l->bytes - had <= TURNS_BYTES_MAX - len;
}

void
turns_ask(struct turns *l, const struct turn *t)
{
	struct place *p = find(l, t->member);

	if (p) {
		drop_entry(l, p);
	} else {
		p = &l->line[l->n++];
		p->until = 0;
	}
	p->turn = *t;
	p->stale = false;
	l->bytes += t->entry.len;
}

bool
turns_next(struct turns *l, uint64_t applied, uint64_t now, uint64_t wait,
    struct turn *out)
{
	struct place *p = &l->line[0];

	while (l->n) {
		if (!p->stale && p->turn.base == applied)
			return turns_take(l, out);
		if (!p->stale) {
			drop_entry(l, p);
			p->stale = true;
		}
		if (!p->until)
			p->until = now + wait;
		if (now < p->until)
			return false;
		leave(l);
	}
	return false;
}

bool
turns_take(struct turns *l, struct turn *out)
{
	if (!l->n)
		return false;
	*out = l->line[0].turn;
	leave(l);
	return true;
}
