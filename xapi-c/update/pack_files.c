#include "update/pack_files.h"

#include <endian.h>
#include <string.h>

struct entry {
	char name[PACK_FILE_NAME];
	uint64_t size;
};

static const char *const folders[] = { "plugins/", "extensions/", "lib/" };

static bool
name_ok(struct pack_file *f)
{
	f->program = false;
	if (!strcmp(f->name, PACK_ABOUT))
		return true;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		size_t len = strlen(folders[i]);

		if (strncmp(f->name, folders[i], len))
			continue;
		f->program = strcmp(folders[i], "lib/") != 0;
		return pack_file_name_ok(f->name + len);
	}
	return false;
}

/* The next file; what of data is behind it. */
static bool
take(struct pack_file *f, const uint8_t **data, size_t *len,
    const char **why)
{
	struct entry e;

	*why = "it is cut short";
	if (*len < sizeof(e))
		return false;
	memcpy(&e, *data, sizeof(e));
	*data += sizeof(e);
	*len -= sizeof(e);
	if (le64toh(e.size) > *len)
		return false;
	f->size = (size_t)le64toh(e.size);
	f->data = *data;
	*data += f->size;
	*len -= f->size;
	*why = "a file in it has a name that it must not have";
	memcpy(f->name, e.name, sizeof(f->name));
	return memchr(e.name, '\0', sizeof(e.name)) && name_ok(f);
}

bool
pack_files_parse(const uint8_t *data, size_t len, struct pack_files *out,
    const char **why)
{
	out->n = 0;
	while (len > 0) {
		struct pack_file *f = &out->v[out->n];

		*why = "it has too many files";
		if (out->n == PACK_FILES_MAX || !take(f, &data, &len, why))
			return false;
		*why = "its files are not in order";
		if (out->n > 0 && strcmp(f[-1].name, f->name) >= 0)
			return false;
		out->n++;
	}
	*why = "it does not say what it is";
	return out->n > 0 && !strcmp(out->v[0].name, PACK_ABOUT) &&
	    pack_about_parse((const char *)out->v[0].data, out->v[0].size,
	    false, &out->about, why);
}
