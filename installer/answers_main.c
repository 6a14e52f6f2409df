/*
 * bedplate-answers [-v] FILE: applies an answer file to a host that nobody has
 * set up yet.  -v: it lies on a volume, with its scripts, and there is no
 * network yet.  Once there is a password nothing is read any more, so a medium
 * left in a drive cannot take a host over.  Exit status 1: the file is no good,
 * or a script cannot be had, and nothing of it was applied; 2: it could not be
 * stored; else as bedplate-install's.  Where a failure is to be told is left in
 * REPORT, a line of words for bedplate-fetch -p, for the caller.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "answers.h"
#include "base/atomic_file.h"
#include "program.h"
#include "state.h"

#define INSTALL "/usr/sbin/bedplate-install"
#define FETCH "/usr/sbin/bedplate-fetch"
#define REPORT "/run/bedplate/report"
#define SCRIPTS "/run/bedplate/scripts"
#define SCRIPT_MAX (256 * 1024)
#define PATH_SIZE 512

struct source {
	const char *file;
	bool volume;
};

static char text[ANSWERS_MAX_BYTES + 1];

/* To text; its length, or -1. */
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

static int
refuse(const struct source *from, int line, const char *why)
{
	fprintf(stderr, "bedplate-answers: %s:%d: %s\n", from->file, line,
	    why);
	return 1;
}

/* -- scripts: all are here before anything is done -- */

static void
script_path(int i, char out[static PATH_SIZE])
{
	snprintf(out, PATH_SIZE, SCRIPTS "/%d", i);
}

static int
fetch(const struct answers_url *u, const char *to)
{
	char cert[ANSWERS_DIGEST + 8], digest[ANSWERS_DIGEST + 8];
	const char *argv[6] = { FETCH, u->url, to };
	int n = 3;

	if (*u->cert) {
		snprintf(cert, sizeof cert, "cert=%s", u->cert);
		argv[n++] = cert;
	}
	if (*u->digest) {
		snprintf(digest, sizeof digest, "digest=%s", u->digest);
		argv[n++] = digest;
	}
	return program_run(argv) ? -1 : 0;
}

/* Beside the answer file; the volume is let go before it runs. */
static int
copy(const struct source *from, const char *name, const char *to)
{
	const struct atomic_file how = { .mode = 0600, .fleeting = true };
	const char *slash = strrchr(from->file, '/');
	char path[PATH_SIZE];
	ssize_t len;

	if (snprintf(path, sizeof path, "%.*s%s",
	    slash ? (int)(slash + 1 - from->file) : 0, from->file, name) >=
	    (int)sizeof path)
		return -1;
	len = read_file(path);
	if (len == -1 || len > SCRIPT_MAX)
		return -1;
	return atomic_file_write(to, text, (size_t)len, &how) ? -1 : 0;
}

static int
get_script(const struct source *from, const struct answers_script *s, int i)
{
	char to[PATH_SIZE];

	if (s->local != from->volume)
		return refuse(from, s->line, from->volume ?
		    "<script type=\"url\"> of a file on a volume: there is no "
		    "network yet; put the script beside it, type=\"local\"" :
		    "<script type=\"local\"> is for a file on a volume");
	script_path(i, to);
	if (s->local ? copy(from, s->from.url, to) : fetch(&s->from, to))
		return refuse(from, s->line, "<script>: it cannot be had, or "
		    "is larger than 256 KiB");
	return 0;
}

static int
get_scripts(const struct source *from, const struct answers *a)
{
	int rc = 0;

	if (a->n_scripts && mkdir(SCRIPTS, 0700) == -1 && errno != EEXIST) {
		perror("bedplate-answers: '" SCRIPTS "'");
		return 1;
	}
	for (int i = 0; rc == 0 && i < a->n_scripts; i++)
		rc = get_script(from, &a->scripts[i], i);
	return rc;
}

/* -- what is to be done -- */

/* A failure to say where failures are told is one to be told here. */
static int
leave_report(const struct answers_url *u)
{
	const struct atomic_file how = { .mode = 0600, .fleeting = true };
	char line[ANSWERS_URL + ANSWERS_DIGEST + 16];
	int rc;

	if (!*u->url)
		return 0;
	snprintf(line, sizeof line, "%s%s%s\n", u->url,
	    *u->cert ? " cert=" : "", u->cert);
	rc = atomic_file_write(REPORT, line, strlen(line), &how);
	if (rc)
		fprintf(stderr, "bedplate-answers: '" REPORT "': %s\n",
		    strerror(-rc));
	return rc;
}

/* Hands over to the program that does it; only failures return. */
static int
install(const struct answers *a)
{
	char stage[SCRIPTS_MAX][PATH_SIZE + 64], path[PATH_SIZE];
	const char *argv[8 + 2 * SCRIPTS_MAX] = { INSTALL, "-r" };
	int n = 2;

	if (a->choices.wipe)
		argv[n++] = "-w";
	if (*a->choices.reinstall) {
		argv[n++] = "-R";
		argv[n++] = a->choices.reinstall;
	}
	for (int i = 0; i < a->n_scripts; i++) {
		script_path(i, path);
		snprintf(stage[i], sizeof stage[i], "%s=%s",
		    script_stage_name(a->scripts[i].stage), path);
		argv[n++] = "-S";
		argv[n++] = stage[i];
	}
	argv[n++] = "--";
	argv[n++] = a->choices.disk;
	fflush(NULL);
	execv(INSTALL, (char *const *)argv);
	return 2;
}

static int
read_answers(const struct source *from, struct answers *a)
{
	ssize_t len = read_file(from->file);
	const char *why;

	if (len == -1) {
		fprintf(stderr, "bedplate-answers: cannot read '%s': %s\n",
		    from->file, strerror(errno));
		return 1;
	}
	if (!answers_parse(text, (size_t)len, a, &why))
		return refuse(from, a->line, why);
	return 0;
}

static int
check_timezone(const struct source *from, const struct answers *a)
{
	char why[TIMEZONE_TEXT + 64];

	if (!*a->choices.timezone ||
	    timezone_is_known(a->choices.timezone, TIMEZONES))
		return 0;
	snprintf(why, sizeof why, "<timezone>: there is no '%s'",
	    a->choices.timezone);
	return refuse(from, a->timezone_line, why);
}

static int
check_keymap(const struct source *from, const struct answers *a)
{
	char why[KEYMAP_TEXT + 64];

	if (!*a->choices.keymap || keymap_is_known(a->choices.keymap, KEYMAPS))
		return 0;
	snprintf(why, sizeof why, "<keymap>: there is no '%s'",
	    a->choices.keymap);
	return refuse(from, a->keymap_line, why);
}

int
main(int argc, char **argv)
{
	static struct answers a;
	struct source from = { .volume = argc == 3 && !strcmp(argv[1], "-v") };

	if (argc != 2 + from.volume) {
		fprintf(stderr, "usage: bedplate-answers [-v] FILE\n");
		return 1;
	}
	if (state_secret_is_set())
		return 0;
	from.file = argv[argc - 1];
	if (read_answers(&from, &a) || leave_report(&a.report) ||
	    check_timezone(&from, &a) || check_keymap(&from, &a) ||
	    get_scripts(&from, &a))
		return 1;
	if (apply(&a.choices))
		return 2;
	return *a.choices.disk ? install(&a) : 0;
}
