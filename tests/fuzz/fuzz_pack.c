/*
 * Extension packs: files behind a header, which only who has a key can make, and
 * what one says of itself, which is read again whenever it is used.  The first
 * byte chooses.
 */
#include <string.h>

#include "base/pack.h"
#include "fuzz.h"
#include "update/head.h"
#include "update/pack_files.h"

static void
check_about(const struct pack_about *p)
{
	assert(pack_name_ok(p->name) && !strchr(p->vendor, ':'));
	assert(p->limit_s > 0 && p->limit_s <= PACK_LIMIT_MAX_S);
	assert(!strpbrk(p->description, "\n\x1b"));
}

static void
try_files(const uint8_t *data, size_t len)
{
	static struct pack_files files;
	const char *why = NULL;

	if (!pack_files_parse(data, len, &files, &why)) {
		assert(why && *why);
		return;
	}
	check_about(&files.about);
	assert(!*files.about.signer && !*files.about.version);
	for (unsigned i = 0; i < files.n; i++) {
		const struct pack_file *f = &files.v[i];

		assert(f->data >= data && f->data + f->size <= data + len);
		assert(*f->name != '/' && !strstr(f->name, ".."));
		assert(f->program == (!strncmp(f->name, "plugins/", 8) ||
		    !strncmp(f->name, "extensions/", 11)));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct pack_about about;
	const char *why = NULL;
	struct head h;

	if (len == 0)
		return 0;
	if (*data == 0)
		try_files(data + 1, len - 1);
	else if (*data == 1 && pack_about_parse((const char *)data + 1,
	    len - 1, true, &about, &why))
		check_about(&about);
	else if (*data == 2 && head_parse(&head_pack, data + 1, len - 1, &h,
	    &why))
		assert(h.n <= PACK_BYTES_MAX / HEAD_CHUNK);
	return 0;
}
