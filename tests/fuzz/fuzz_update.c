/* Headers of update images, before anybody knows who wrote them. */
#include <string.h>

#include "fuzz.h"
#include "update/head.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *why = NULL;
	struct head h;

	if (!head_parse(&head_update, data, len, &h, &why)) {
		assert(why && *why);
		return 0;
	}
	assert(h.len == len && len <= HEAD_MAX);
	assert(h.n > 0 && h.n <= HEAD_CHUNKS_MAX);
	assert(h.size > (h.n - 1) * HEAD_CHUNK && h.size <= h.n * HEAD_CHUNK);
	assert(head_chunk_len(&h, h.n - 1) > 0);
	assert(*h.product && !strpbrk(h.product, "\n\x1b"));
	assert(*h.version && *h.machine);
	/* nobody can guess one */
	assert(!head_is_signed(&h));
	return 0;
}
