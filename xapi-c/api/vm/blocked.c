#include "api/vm/blocked.h"


/* An element of the map. */
struct blocked {
	int op;
	const char *why;
};

const char *
vm_blocked_by(const struct vm *vm, int op)
{
	const struct blocked *b = vm->blocked_operations.v;

	for (uint32_t i = 0; i < vm->blocked_operations.n; i++)
		if (b[i].op == op)
			return b[i].why;
	return NULL;
}
