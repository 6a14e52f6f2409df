/*
 * What holds for every request that a parser has taken, whatever was sent: its
 * limits, and texts that can be read to their ends.  Plain assert(): unit tests
 * and fuzzers share it.
 */
#ifndef UNIT_VALUE_CHECK_H
#define UNIT_VALUE_CHECK_H

#undef NDEBUG
#include <assert.h>
#include <string.h>

#include "base/utf8.h"
#include "wire/value.h"

static inline void
check_text(const char *s)
{
	size_t left = strlen(s), n;

	for (; left; left -= n, s += n) {
		n = utf8_len(s, left);
		assert(n > 0 && n <= left);
	}
}

/* Values in it, itself included. */
static inline uint32_t
check_value(const struct value *v, int depth)
{
	uint32_t i, n = 1;

	assert(depth <= VALUE_MAX_DEPTH);
	switch (v->kind) {
	case VALUE_STRING:
	case VALUE_DATETIME:
		check_text(v->s);
		break;
	case VALUE_ARRAY:
		for (i = 0; i < v->n; i++)
			n += check_value(&v->items[i], depth + 1);
		break;
	case VALUE_STRUCT:
		for (i = 0; i < v->n; i++) {
			check_text(v->members[i].name);
			n += check_value(&v->members[i].v, depth + 1);
		}
		break;
	default:
		assert(v->kind <= VALUE_STRUCT);
	}
	return n;
}

static inline void
check_request(const struct request *req)
{
	uint32_t i, n = 0;

	check_text(req->method);
	for (i = 0; i < req->n_params; i++)
		n += check_value(&req->params[i], 1);
	assert(n <= VALUE_MAX_ELEMENTS);
}

#endif
