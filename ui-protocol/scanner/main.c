/*
 * scanner -o DIR FILE...: reads the interface definition and writes the
 * generated sources and wire.lock into DIR, the reference into DIR/api.  A file
 * whose content would not change is left alone, so that make rebuilds nothing
 * for it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "check.h"
#include "emit.h"
#include "parse.h"

static const struct output {
	const char *name;
	void (*emit)(FILE *f, const struct model *m);
	bool protocol;		/* only if a protocol was given */
} outputs[] = {
	{ "types.h", emit_types_h, false },
	{ "types.c", emit_types_c, false },
	{ "store.h", emit_store_h, false },
	{ "errors.h", emit_errors_h, false },
	{ "methods.h", emit_methods_h, false },
	{ "methods.c", emit_methods_c, false },
	{ "xenops.h", emit_xenops_h, true },
	{ "xenops.c", emit_xenops_c, true },
	{ "ops_stubs.h", emit_ops_stubs_h, true },
	{ "wire.lock", emit_lock, false },
	{ "api/index.html", emit_html_index, false },
	{ "api/errors.html", emit_html_errors, false },
	{ "api/xenapi.d.ts", emit_ts, false },
};

/* Has the file exactly these bytes? */
static bool
file_has(const char *path, const char *data, size_t len)
{
	FILE *f = fopen(path, "r");
	bool same = f != NULL;
	size_t i = 0;
	int ch;

	while (same && (ch = getc(f)) != EOF)
		same = i < len && (unsigned char)data[i++] == ch;
	if (f)
		fclose(f);
	return same && i == len;
}

static int
file_write(const char *path, const char *data, size_t len)
{
	const char *tmp = fmt("%s.tmp", path);
	FILE *f = fopen(tmp, "w");
	bool ok = f != NULL;

	if (f) {
		ok = fwrite(data, 1, len, f) == len;
		ok = fclose(f) == 0 && ok;
	}
	if (!ok || rename(tmp, path) == -1) {
		fprintf(stderr, "cannot write '%s': %s\n", path,
		    strerror(errno));
		return -1;
	}
	return 0;
}

/* What was written to f, a memory stream, becomes the file's content. */
static int
file_keep(const char *path, FILE *f, char **data, size_t *len)
{
	if (fclose(f))
		abort();
	return file_has(path, *data, *len) ? 0 : file_write(path, *data, *len);
}

static int
output_write(const struct output *o, const char *dir, const struct model *m)
{
	char *data = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&data, &len);

	if (!f)
		abort();
	o->emit(f, m);
	return file_keep(fmt("%s/%s", dir, o->name), f, &data, &len);
}

static int
page_write(const struct class *c, const char *dir)
{
	char *data = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&data, &len);

	if (!f)
		abort();
	emit_html_class(f, c);
	return file_keep(fmt("%s/api/%s.html", dir, c->name), f, &data, &len);
}

int
main(int argc, char **argv)
{
	struct model m = { 0 };
	int rc = 0;

	if (argc < 4 || strcmp(argv[1], "-o")) {
		fprintf(stderr, "usage: %s -o DIR FILE...\n", argv[0]);
		return 2;
	}
	for (int i = 3; i < argc; i++)
		parse_file(&m, argv[i]);
	if (!m.complaints)
		model_check(&m);
	if (m.complaints)
		return 1;
	if (mkdir(fmt("%s/api", argv[2]), 0777) == -1 && errno != EEXIST) {
		fprintf(stderr, "cannot make '%s/api': %s\n", argv[2],
		    strerror(errno));
		return 1;
	}
	for (unsigned i = 0; i < sizeof(outputs) / sizeof(*outputs); i++)
		if (m.protocol || !outputs[i].protocol)
			rc |= output_write(&outputs[i], argv[2], &m);
	for (int i = 0; i < m.classes.n; i++)
		rc |= page_write(m.classes.v[i], argv[2]);
	return rc ? 1 : 0;
}
