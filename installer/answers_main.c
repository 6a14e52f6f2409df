/*
 * bedplate-answers FILE: applies an answer file to a host that nobody has set
 * up yet.  Once there is a password nothing is read any more, so a medium left
 * in a drive cannot take a host over.  Exit status 1: the file is no good, and
 * nothing of it was applied; 2: it could not be stored.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "answers.h"
#include "state.h"

#define INSTALL "/usr/sbin/bedplate-install"

static char text[ANSWERS_MAX_BYTES + 1];

static ssize_t
read_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t r = 1;

	if (fd == -1)
		return -1;
	while (r > 0 && len < sizeof text) {
		r = read(fd, text + len, sizeof text - len);
		if (r > 0)
			len += (size_t)r;
	}
	close(fd);
	return r == -1 ? -1 : (ssize_t)len;
}

static int
apply(const struct choices *c)
{
	const char *what;
	int rc = choices_store(c, "/state", &what);

	if (rc)
		fprintf(stderr, "bedplate-answers: cannot store %s: %s\n",
		    what, strerror(-rc));
	return rc;
}

/* Hands over to the program that does it; only failures return. */
static int
install(const struct choices *c)
{
	const char *argv[8] = { INSTALL, "-r" };
	int n = 2;

	if (c->wipe)
		argv[n++] = "-w";
	if (*c->reinstall) {
		argv[n++] = "-R";
		argv[n++] = c->reinstall;
	}
	argv[n++] = "--";
	argv[n++] = c->disk;
	fflush(NULL);
	execv(INSTALL, (char *const *)argv);
	return 2;
}

int
main(int argc, char **argv)
{
	struct answers a;
	const char *why;
	ssize_t len;

	if (argc != 2) {
		fprintf(stderr, "usage: bedplate-answers FILE\n");
		return 1;
	}
	if (state_secret_is_set())
		return 0;
	len = read_file(argv[1]);
	if (len == -1) {
		fprintf(stderr, "bedplate-answers: cannot read '%s': %s\n",
		    argv[1], strerror(errno));
		return 1;
	}
	if (!answers_parse(text, (size_t)len, &a, &why)) {
		fprintf(stderr, "bedplate-answers: %s:%d: %s\n", argv[1],
		    a.line, why);
		return 1;
	}
	if (*a.choices.timezone &&
	    !timezone_is_known(a.choices.timezone, TIMEZONES)) {
		fprintf(stderr, "bedplate-answers: %s:%d: <timezone>: there is "
		    "no '%s'\n", argv[1], a.timezone_line,
		    a.choices.timezone);
		return 1;
	}
	if (apply(&a.choices))
		return 2;
	return *a.choices.disk ? install(&a.choices) : 0;
}
