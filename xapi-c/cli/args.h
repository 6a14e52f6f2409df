/*
 * The body of a request to /cli: a line per argument of xe's command line, the
 * command's name first, before it perhaps session_id=REF.
 *     name=value    a parameter; the value may hold '='
 *     --name        name=true
 *     -x value      one of the short options of xe
 * Everything parsed lives in the arena.  Any thread.
 */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H

#include <stdbool.h>

#include "base/arena.h"

#define CLI_MAX_BODY (200u << 10)
#define CLI_MAX_ARGS 4096

struct cli_pair {
	const char *key, *value;
};

struct cli_args {
	const char *session;		/* NULL: user and password instead */
	const char *command;
	struct cli_pair *v;
	int n;
};

/* 0, or -1 with *why, which is "" or a text. */
int cli_args_parse(struct arena *a, const char *body, size_t len,
    struct cli_args *out, const char **why);
/* The first of that name, or NULL. */
const char *cli_arg(const struct cli_args *args, const char *key);
/* true, t, yes, y and 1 say yes; false, f, no, n and 0 no. */
bool cli_parse_bool(const char *text, bool *out);
/* Is it given, and does it say yes? */
bool cli_arg_is_set(const struct cli_args *args, const char *key);
/* Concerns xe itself and not what a command works on. */
bool cli_arg_is_standard(const char *key);

#endif
