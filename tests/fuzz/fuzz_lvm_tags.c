/*
 * Tags of LVM volumes: those on a foreign disk may be anything, and what we
 * write comes back.
 */
#include <string.h>

#include "base/buf.h"
#include "fuzz.h"
#include "xenopsd/storage/lvm_tags.h"

/* LVM allows 1024 characters of a few kinds. */
static void
check_tag(const char *tag)
{
	static const char set[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-=:";

	assert(strlen(tag) <= 1024 && strspn(tag, set) == strlen(tag));
	assert(tag[0] != '-');
}

/* A name and a description become tags, and are read again: whole, or cut. */
static void
round_trip(struct arena *a, const char *name, const char *description)
{
	const struct xenops_vdi_info in = {
		.name = name, .description = description, .read_only = true,
		.parent = "11111111-2222-4333-8444-555555555555",
	};
	const char *tags[LVM_TAGS_MAX];
	struct xenops_vdi_info out = { 0 };
	struct buf all = { 0 };
	int i, n = lvm_tags_encode(a, &in, tags);

	assert(n <= LVM_TAGS_MAX);
	for (i = 0; i < n; i++) {
		check_tag(tags[i]);
		buf_addf(&all, "%s%s", i ? "," : "", tags[i]);
	}
	lvm_tags_decode(a, all.data, &out);
	assert(!strncmp(out.name, name, strlen(out.name)));
	assert(!strncmp(out.description, description,
	    strlen(out.description)));
	assert(!strcmp(out.parent, in.parent) && out.read_only);
	buf_release(&all);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct arena *a = arena_new();
	char *text = arena_strndup(a, (const char *)data, len);
	char *half = text + strlen(text) / 2;
	struct xenops_vdi_info vdi = { 0 };

	lvm_tags_decode(a, text, &vdi);
	assert(strlen(vdi.name) + strlen(vdi.description) +
	    strlen(vdi.parent) <= len);
	round_trip(a, arena_strndup(a, text, (size_t)(half - text)), half);
	arena_free(a);
	return 0;
}
