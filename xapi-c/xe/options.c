#include "xe/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_LINE 4096

void
xe_usage(void)
{
	fputs("Usage: xe <cmd> [-s server] [-p port] ([-u username] "
	    "[-pw password] or [-pwf <password file>]) [--nossl] "
	    "<other arguments>\n\n"
	    "A full list of commands can be obtained by running\n"
	    "\txe help -s <server> -p <port> --all\n", stderr);
}

static int
parse_port(struct xe_options *o, const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (*text && !*end && n >= 0 && n <= 65535) {
		o->port = (int)n;
		return 0;
	}
	fputs("Port number must be an integer (0-65535)\n", stderr);
	return -1;
}

/* 0: it was for us, 1: it was not, -1. */
static int
take(struct xe_options *o, const char *key, const char *value)
{
	bool yes = strcmp(value, "true") == 0;

	if (strcmp(key, "server") == 0)
		o->server = value;
	else if (strcmp(key, "port") == 0)
		return parse_port(o, value);
	else if (strcmp(key, "username") == 0)
		o->user = value;
	else if (strcmp(key, "password") == 0)
		o->password = value;
	else if (strcmp(key, "passwordfile") == 0)
		o->password_file = value;
	else if (strcmp(key, "nossl") == 0)
		o->plain = yes;
	else if (strcmp(key, "debug") == 0)
		o->debug = yes;
	else
		return 1;
	return 0;
}

static int
keep(struct xe_options *o, const char *arg)
{
	if (o->n == XE_MAX_ARGS) {
		fputs("Too many arguments\n", stderr);
		return -1;
	}
	o->args[o->n++] = arg;
	return 0;
}

/* "key=value": ours, or the server's. */
static int
take_word(struct arena *a, struct xe_options *o, const char *word)
{
	const char *eq = strchr(word, '=');
	int rc = 1;

	if (eq && word[0] != '-')
		rc = take(o, arena_strndup(a, word, (size_t)(eq - word)),
		    eq + 1);
	return rc > 0 ? keep(o, word) : rc;
}

static const struct {
	const char *option, *key, *value;	/* value NULL: the next word */
} shorts[] = {
	{ "-s", "server", NULL }, { "-h", "server", NULL },
	{ "-p", "port", NULL }, { "-u", "username", NULL },
	{ "-pw", "password", NULL }, { "-pwf", "passwordfile", NULL },
	{ "--nossl", "nossl", "true" }, { "--debug", "debug", "true" },
};

/* How many words were one option of ours; 0: it is none. */
static int
take_short(struct xe_options *o, int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(shorts) / sizeof(shorts[0]); i++) {
		bool next = !shorts[i].value;

		if (strcmp(argv[0], shorts[i].option) != 0 ||
		    (next && argc < 2))
			continue;
		if (take(o, shorts[i].key, next ? argv[1] :
		    shorts[i].value) < 0)
			return -1;
		return next ? 2 : 1;
	}
	return 0;
}

static int
read_rc(struct arena *a, struct xe_options *o)
{
	const char *home = getenv("HOME");
	char line[MAX_LINE];
	FILE *f = home ? fopen(arena_printf(a, "%s/.xe", home), "re") : NULL;
	int rc = 0;

	while (f && rc == 0 && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\r\n")] = '\0';
		if (line[0] && line[0] != '#')
			rc = take_word(a, o, arena_strdup(a, line));
	}
	if (f)
		fclose(f);
	return rc;
}

static int
read_environment(struct arena *a, struct xe_options *o)
{
	const char *p = getenv("XE_EXTRA_ARGS");
	char *word, *to;

	while (p && *p) {
		word = to = arena_alloc(a, strlen(p) + 1);
		while (*p && *p != ',') {
			if (*p == '\\' && p[1])
				p++;
			*to++ = *p++;
		}
		if (*p)
			p++;
		if (*word && take_word(a, o, word))
			return -1;
	}
	return 0;
}

/* User and password, a line each. */
static int
read_password_file(struct arena *a, struct xe_options *o)
{
	char user[MAX_LINE], password[MAX_LINE];
	FILE *f = fopen(o->password_file, "re");
	bool ok;

	if (!f) {
		fprintf(stderr, "Error opening password file '%s'\n",
		    o->password_file);
		return -1;
	}
	ok = fgets(user, sizeof(user), f) &&
	    fgets(password, sizeof(password), f);
	fclose(f);
	if (!ok) {
		fputs("Error: password file format: expecting username on the "
		    "first line, password on the second line\n", stderr);
		return -1;
	}
	user[strcspn(user, "\r\n")] = '\0';
	password[strcspn(password, "\r\n")] = '\0';
	o->user = arena_strdup(a, user);
	o->password = arena_strdup(a, password);
	return 0;
}

/* The command's name comes first for the server, wherever it stood. */
static int
read_command_line(struct arena *a, struct xe_options *o, int argc,
    char **argv)
{
	for (int i = 0, n; i < argc; i += n) {
		if (strcmp(argv[i], "-help") == 0 ||
		    strcmp(argv[i], "--help") == 0)
			return 1;
		o->version |= strcmp(argv[i], "-version") == 0;
		n = take_short(o, argc - i, argv + i);
		if (n < 0)
			return -1;
		if (n)
			continue;
		n = 1;
		if (take_word(a, o, argv[i]))
			return -1;
	}
	return 0;
}

int
xe_options_parse(struct arena *a, int argc, char **argv,
    struct xe_options *out)
{
	struct xe_options low = { 0 };
	int rc;

	*out = (struct xe_options){ .user = "root", .password = "" };
	out->args = arena_alloc(a, XE_MAX_ARGS * sizeof(*out->args));
	low.args = arena_alloc(a, XE_MAX_ARGS * sizeof(*low.args));
	low.user = out->user;
	low.password = out->password;
	if (read_rc(a, &low) || read_environment(a, &low))
		return -1;
	/* What the others left for the server comes after the command. */
	out->server = low.server;
	out->port = low.port;
	out->user = low.user;
	out->password = low.password;
	out->password_file = low.password_file;
	out->plain = low.plain;
	rc = read_command_line(a, out, argc, argv);
	for (int i = 0; i < low.n && rc == 0; i++)
		rc = keep(out, low.args[i]);
	if (rc == 0 && out->password_file)
		rc = read_password_file(a, out);
	return rc == 0 && !out->version && out->n == 0 ? 1 : rc;
}
