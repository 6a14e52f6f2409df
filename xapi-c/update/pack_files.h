/*
 * What is behind the header of an extension pack: its files, one after the
 * other, sorted by name, each once.  Little-endian:
 *
 *	name	64	padded with zeros, at least one
 *	size	 8
 *	bytes	size
 *
 * A name is "about", or of a file in plugins/, extensions/ or lib/; nothing else
 * can be said in this form: no link, no device, no other folder, no mode.
 * Programs are what is not in lib/.
 */
#ifndef UPDATE_PACK_FILES_H
#define UPDATE_PACK_FILES_H

#include "base/pack.h"

struct pack_file {
	char name[PACK_FILE_NAME];
	bool program;
	const uint8_t *data;		/* in the pack's bytes */
	size_t size;
};

struct pack_files {
	struct pack_about about;
	unsigned n;
	struct pack_file v[PACK_FILES_MAX];
};

/* data has to outlive out.  False with *why, a static text. */
bool pack_files_parse(const uint8_t *data, size_t len,
    struct pack_files *out, const char **why);

#endif
