#include "xapi/fetch_command.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "base/mem.h"
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

/* The words after the URL. */
static bool
parse_digests(int argc, char **argv, struct fetch *f)
{
	for (int i = 0; i < argc; i++) {
		const char *cert = digest_of(argv[i], "cert");
		const char *digest = digest_of(argv[i], "digest");

		if (cert)
			f->cert = cert;
		if (digest)
			f->digest = digest;
		if (!cert && !digest)
			return false;
	}
	return true;
}

static int
usage(void)
{
	fprintf(stderr, "usage: bedplate-fetch URL FILE [cert=sha256:HEX] "
	    "[digest=sha256:HEX]\n"
	    "       bedplate-fetch -p FILE URL [cert=sha256:HEX]\n");
	return 2;
}

static int
get(const struct fetch *f, const char *path)
{
	const struct atomic_file how = { .mode = 0600, .fleeting = true };
	struct buf text = { 0 };
	char why[FETCH_WHY];
	int rc;

	if (fetch(f, &text, why)) {
		fprintf(stderr, "bedplate-fetch: %s\n", why);
		return 1;
	}
	rc = atomic_file_write(path, text.data ? text.data : "", text.len,
	    &how);
	if (text.data)
		explicit_bzero(text.data, text.cap);
	buf_release(&text);
	if (rc)
		fprintf(stderr, "bedplate-fetch: '%s': %s\n", path,
		    strerror(-rc));
	return rc ? 1 : 0;
}

static int
post(struct fetch *f, const char *path)
{
	char *data = mem_alloc(FILE_MAX), why[FETCH_WHY];
	FILE *in = fopen(path, "re");
	struct buf answer = { 0 };
	int rc = 1;

	if (!in) {
		fprintf(stderr, "bedplate-fetch: '%s': %s\n", path,
		    strerror(errno));
		goto out;
	}
	f->post_len = fread(data, 1, FILE_MAX, in);
	f->post = data;
	fclose(in);
	rc = fetch(f, &answer, why) ? 1 : 0;
	if (rc)
		fprintf(stderr, "bedplate-fetch: %s\n", why);
out:
	buf_release(&answer);
	free(data);
	return rc;
}

int
fetch_command(int argc, char **argv)
{
	struct fetch f = { .max = FILE_MAX };
	bool sends = argc > 3 && strcmp(argv[1], "-p") == 0;

	if (argc < 3 || !parse_digests(argc - 3 - sends, argv + 3 + sends, &f))
		return usage();
	f.url = argv[sends ? 3 : 1];
	signal(SIGPIPE, SIG_IGN);
	alarm(LIMIT_S);
	return sends ? post(&f, argv[2]) : get(&f, argv[2]);
}
