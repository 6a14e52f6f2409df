/*
 * What an extension pack says of itself, in its file "about": lines KEY=VALUE of
 * printable ASCII, each key once.  Its maker writes name, vendor, uuid, and if
 * he likes description and limit; who installs it adds version, built, size and
 * signer (packs.h).  Any thread.
 */
#ifndef BASE_PACK_H
#define BASE_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PACK_ABOUT "about"
#define PACK_ABOUT_MAX 2048		/* bytes */
#define PACK_BYTES_MAX ((size_t)16 << 20)
#define PACK_FILES_MAX 256
#define PACK_FILE_NAME 64		/* with its NUL: of a file in a pack */
#define PACK_LIMIT_S 300
#define PACK_LIMIT_MAX_S 3600

struct pack_about {
	char name[33];
	char vendor[33];
	char uuid[37];			/* of this version of the pack */
	char description[129];
	int64_t limit_s;		/* for one call of a program */

	char version[33];
	int64_t built;			/* seconds since 1970: orders versions */
	int64_t size;			/* bytes */
	char signer[64];		/* name of the key */
};

/* False with *why, a static text.  installed: with what that adds, else
 * without. */
bool pack_about_parse(const char *text, size_t len, bool installed,
    struct pack_about *out, const char **why);
/* Letters, digits, and . _ - after the first; of a pack no capitals. */
bool pack_name_ok(const char *name);
bool pack_file_name_ok(const char *name);

#endif
