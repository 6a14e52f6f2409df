/*
 * The result of a message before it is written in the client's format.  What
 * it points at lives in the call's arena or in objects of the call's root.
 */
#ifndef RPC_ANSWER_H
#define RPC_ANSWER_H

#include "base/object.h"

struct answer {
	/* A value of that type ... */
	const struct type *type;
	const void *value;
	/* ... or one object's record ... */
	const struct object *object;
	/* ... or a map from reference to record. */
	const struct object *const *objects;
	uint32_t n_objects;
	bool is_map;
};

#endif
