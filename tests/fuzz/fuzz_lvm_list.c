/* What lvs prints: names and tags in it are those of any disk in the host. */
#include <string.h>

#include "fuzz.h"
#include "xenopsd/storage/lvm_list.h"

static void
check_volume(const struct lvm_volume *lv)
{
	assert(!strpbrk(lv->name, "|\n") && !strpbrk(lv->tags, "|\n"));
	assert(!strpbrk(lv->uuid, "|\n") && !strpbrk(lv->vg_uuid, "|\n"));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct storage s = { .arena = arena_new() };
	const struct lvm_head head = { .read = false };
	const struct sr sr = { .device = "" };
	struct lvm_listing *l;
	struct buf text = { 0 };
	uint8_t uuid[16];

	buf_add(&text, data, len);
	l = lvm_listing_take(&s, &sr, &head, &text);
	for (uint32_t i = 0; l && i < l->n; i++) {
		assert(uuid_from_text(l->v[i].name, uuid));
		check_volume(&l->v[i]);
	}
	if (l && l->pool.name)
		check_volume(&l->pool);
	buf_release(&text);
	arena_free(s.arena);
	return 0;
}
