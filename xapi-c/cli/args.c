#include "cli/args.h"

#include <string.h>

#include "base/utf8.h"

#define SESSION "session_id="

static const char *
long_name(struct arena *a, const char *option)
{
	static const struct {
		const char *option, *name;
	} names[] = {
		{ "-u", "username" }, { "-pw", "password" },
		{ "-s", "server" }, { "-h", "server" }, { "-p", "port" },
		{ "-pwf", "passwordfile" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i].option, option) == 0)
			return names[i].name;
	return arena_strdup(a, option + 1);
}

/* The next line without its end; moves *p on. */
static char *
next_line(struct arena *a, const char **p, const char *end)
{
	const char *nl = memchr(*p, '\n', (size_t)(end - *p));
	size_t len = (size_t)((nl ? nl : end) - *p);
	char *line;

	if (len && (*p)[len - 1] == '\r')
		line = arena_strndup(a, *p, len - 1);
	else
		line = arena_strndup(a, *p, len);
	*p = nl ? nl + 1 : end;
	return line;
}

/* One argument; *p is after it, and moved on if it wants another. */
static int
parse_one(struct arena *a, char *line, const char **p, const char *end,
    struct cli_pair *out, const char **why)
{
	char *eq = strchr(line, '=');

	if (strncmp(line, "--", 2) == 0) {
		*out = (struct cli_pair){ line + 2, "true" };
		if (eq) {
			*eq = '\0';
			out->value = eq + 1;
		}
	} else if (line[0] == '-' && line[1]) {
		if (*p == end) {
			*why = arena_printf(a, "Switch %s requires a "
			    "parameter", line);
			return -1;
		}
		out->key = long_name(a, line);
		out->value = next_line(a, p, end);
	} else {
		*out = (struct cli_pair){ line, "" };
		if (eq) {
			*eq = '\0';
			out->value = eq + 1;
		}
	}
	return 0;
}

static bool
is_text(const char *p, size_t len)
{
	size_t n;

	for (; len > 0; p += n, len -= n) {
		n = utf8_len(p, len);
		if (!n)
			return false;
	}
	return true;
}

int
cli_args_parse(struct arena *a, const char *body, size_t len,
    struct cli_args *out, const char **why)
{
	const char *p = body, *end = body + len;
	char *line;

	*out = (struct cli_args){ 0 };
	*why = "";
	if (len > CLI_MAX_BODY || !is_text(body, len)) {
		*why = "the arguments are too long, or no text";
		return -1;
	}
	line = next_line(a, &p, end);
	if (strncmp(line, SESSION, strlen(SESSION)) == 0) {
		out->session = line + strlen(SESSION);
		line = next_line(a, &p, end);
	}
	if (!*line || strchr(line, '='))
		return -1;
	out->command = line;
	out->v = arena_alloc(a, CLI_MAX_ARGS * sizeof(*out->v));
	while (p < end) {
		line = next_line(a, &p, end);
		if (!*line)
			continue;
		if (out->n == CLI_MAX_ARGS) {
			*why = "too many arguments";
			return -1;
		}
		if (parse_one(a, line, &p, end, &out->v[out->n++], why))
			return -1;
	}
	return 0;
}

const char *
cli_arg(const struct cli_args *args, const char *key)
{
	for (int i = 0; i < args->n; i++)
		if (strcmp(args->v[i].key, key) == 0)
			return args->v[i].value;
	return NULL;
}

bool
cli_parse_bool(const char *text, bool *out)
{
	static const char *const yes[] = { "true", "t", "yes", "y", "1" };
	static const char *const no[] = { "false", "f", "no", "n", "0" };

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		*out = strcmp(text, yes[i]) == 0;
		if (*out || strcmp(text, no[i]) == 0)
			return true;
	}
	return false;
}

bool
cli_arg_is_set(const struct cli_args *args, const char *key)
{
	const char *text = cli_arg(args, key);
	bool on;

	return text && cli_parse_bool(text, &on) && on;
}

bool
cli_arg_is_standard(const char *key)
{
	static const char *const names[] = { "server", "password", "port",
		"username", "minimal", "force", "multiple", "all",
		"message-priority", "trace", "passwordfile" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(key, names[i]) == 0)
			return true;
	return false;
}
