/*
 * The files that anybody may GET: pages, scripts, pictures.  They are mapped
 * once, before xapi gives up its root directory, and stay as they are; no
 * request ever opens a file.  Any thread may read a loaded site.
 */
#ifndef HTTP_SITE_H
#define HTTP_SITE_H

#include <stddef.h>

#define SITE_MAX_FILES 512
#define SITE_MAX_BYTES (16u << 20)	/* of all files */
#define SITE_MAX_DEPTH 4		/* of folders */
#define SITE_MAX_PATH 256		/* of a file, as in a request */

struct site;

struct site_file {
	const char *path;		/* "/api/VM.html" */
	const char *type;
	const char *data;
	size_t len;
};

/* All regular files below the folder; links and what begins with a dot are
 * left out.  -ENOENT if it is not there, -E2BIG beyond a limit, or another
 * -errno, and no site. */
int site_load(const char *folder, struct site **site_out);
/* NULL: there is none.  A path that ends in / is that of its index.html. */
const struct site_file *site_find(const struct site *s, const char *path);
/* Once nothing is sent any more.  NULL is allowed. */
void site_free(struct site *s);

#endif
