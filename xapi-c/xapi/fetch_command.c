#include "xapi/fetch_command.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "net/fetch.h"

#define FILE_MAX (256u << 10)
#define LIMIT_S 60			/* names, connection and all */
#define HEX_LEN 64

bool
fetch_command_is_meant(int argc, char **argv, int *skip)
{
	const char *name = strrchr(argv[0], '/');

	name = name ? name + 1 : argv[0];
	*skip = strcmp(name, "bedplate-fetch") ? 1 : 0;
	return !*skip || (argc > 1 && !strcmp(argv[1], "fetch"));
}

/* The hex digits of word if it is NAME=sha256:HEX. */
static const char *
digest_of(const char *word, const char *name)
{
	size_t len = strlen(name);
	const char *hex;

	if (strncmp(word, name, len) != 0 ||
	    strncmp(word + len, "=sha256:", 8) != 0)
		return NULL;
	hex = word + len + 8;
	for (const char *p = hex; *p; p++)
		if (!isxdigit((unsigned char)*p))
			return NULL;
	return strlen(hex) == HEX_LEN ? hex : NULL;
}

static bool
parse(int argc, char **argv, struct fetch *f)
{
	bool ok = argc >= 3;

	for (int i = 3; ok && i < argc; i++) {
		const char *cert = digest_of(argv[i], "cert");
		const char *digest = digest_of(argv[i], "digest");

		if (cert)
			f->cert = cert;
		if (digest)
			f->digest = digest;
		ok = cert || digest;
	}
	if (ok)
		f->url = argv[1];
	return ok;
}

int
fetch_command(int argc, char **argv)
{
	const struct atomic_file how = { .mode = 0600, .fleeting = true };
	struct fetch f = { .max = FILE_MAX };
	struct buf text = { 0 };
	char why[FETCH_WHY];
	int rc;

	if (!parse(argc, argv, &f)) {
		fprintf(stderr, "usage: bedplate-fetch URL FILE "
		    "[cert=sha256:HEX] [digest=sha256:HEX]\n");
		return 2;
	}
	alarm(LIMIT_S);
	if (fetch(&f, &text, why)) {
		fprintf(stderr, "bedplate-fetch: %s\n", why);
		return 1;
	}
	rc = atomic_file_write(argv[2], text.data ? text.data : "", text.len,
	    &how);
	if (text.data)
		explicit_bzero(text.data, text.cap);
	buf_release(&text);
	if (rc)
		fprintf(stderr, "bedplate-fetch: '%s': %s\n", argv[2],
		    strerror(-rc));
	return rc ? 1 : 0;
}
