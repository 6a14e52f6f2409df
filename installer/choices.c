#include "choices.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "state.h"

#define PATH_SIZE 512
#define LINE_SIZE 128

const char *
choices_set_password(struct choices *c, const char *password)
{
	const char *problem = password_problem(password);

	if (problem)
		return problem;
	return secret_make(password, c->password_hash) == 0 ? NULL :
	    "the password cannot be hashed";
}

const char *
choices_problem(const struct choices *c)
{
	if (*c->password_hash && !secret_is_hash(c->password_hash))
		return "the password's hash is none";
	if (*c->hostname && hostname_problem(c->hostname))
		return hostname_problem(c->hostname);
	if (!timezone_is_plain(c->timezone))
		return "the time zone's name is none";
	if (!keymap_is_plain(c->keymap))
		return "the keyboard's name is none";
	return c->has_network ? netconf_problem(&c->network) : NULL;
}

static int
store_network(const struct choices *c, const char *path)
{
	return c->has_network ? netconf_write(&c->network, path) : 0;
}

_Static_assert(sizeof(((struct choices *)0)->hostname) < LINE_SIZE &&
    sizeof(((struct choices *)0)->timezone) < LINE_SIZE &&
    sizeof("product_version_text=\n") + PRODUCT_TEXT_MAX < LINE_SIZE &&
    sizeof(((struct choices *)0)->keymap) < LINE_SIZE, "a line is cut");

/* A file with one line; none if there is no text for it. */
static int
store_line(const char *text, const char *path)
{
	char line[LINE_SIZE];

	if (!*text)
		return 0;
	snprintf(line, sizeof line, "%s\n", text);
	return state_write(path, line, 0644, 0);
}

static int
store_hostname(const struct choices *c, const char *path)
{
	return store_line(c->hostname, path);
}

static int
store_timezone(const struct choices *c, const char *path)
{
	return store_line(c->timezone, path);
}

static int
store_keymap(const struct choices *c, const char *path)
{
	return store_line(c->keymap, path);
}

static int
store_product(const struct choices *c, const char *path)
{
	const char *const lines[][2] = {
		{ "product_brand", c->product_brand },
		{ "product_version", c->product_version },
		{ "platform_version", c->platform_version },
	};
	char text[3 * LINE_SIZE] = "";
	size_t n = 0;

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		if (*lines[i][1])
			n += (size_t)snprintf(text + n, sizeof text - n,
			    "%s=%s\n", lines[i][0], lines[i][1]);
	return n ? state_write(path, text, 0644, 0) : 0;
}

static int
store_password(const struct choices *c, const char *path)
{
	return *c->password_hash ?
	    secret_write(path, c->password_hash, XAPI_GID) : 0;
}

int
choices_store(const struct choices *c, const char *folder, const char **what)
{
	static const struct {
		const char *name;	/* as STATE_NETWORK and the like */
		const char *what;
		int (*store)(const struct choices *c, const char *path);
	} files[] = {
		{ "network.conf", "the network", store_network },
		{ "hostname", "the host name", store_hostname },
		{ "timezone", "the time zone", store_timezone },
		{ "keymap", "the keyboard", store_keymap },
		{ "product", "brand and versions", store_product },
		{ "login/secret", "the password", store_password },
	};
	char path[PATH_SIZE];
	int rc = choices_problem(c) ? -EINVAL : 0;

	*what = "what was chosen";
	for (size_t i = 0; rc == 0 && i < sizeof files / sizeof *files; i++) {
		*what = files[i].what;
		if (snprintf(path, sizeof path, "%s/%s", folder,
		    files[i].name) >= (int)sizeof path)
			return -ENAMETOOLONG;
		rc = files[i].store(c, path);
	}
	return rc;
}
