#include "api/op_moves.h"

uint64_t
op_moves_count(const struct op_moves *m)
{
	return m->count;
}

void
op_moves_note(struct op_moves *m, const struct ref *ref)
{
	m->last[m->count % OP_MOVES_KEPT] = *ref;
	m->count++;
}

bool
op_moves_since(const struct op_moves *m, const struct ref *ref,
    uint64_t count)
{
	const uint64_t now = m->count;

	if (now - count > OP_MOVES_KEPT)
		return true;
	for (uint64_t i = count; i < now; i++)
		if (ref_equal(&m->last[i % OP_MOVES_KEPT], ref))
			return true;
	return false;
}
