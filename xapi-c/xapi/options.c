#include "xapi/options.h"

#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

#define VERSION_LINES 64

enum { OPT_STATE, OPT_SECRET, OPT_XENOPS, OPT_LOCAL, OPT_VERSION, OPT_PRODUCT,
	OPT_SITE,
	OPT_CMDLINE, OPT_SLOT,
	OPT_HTTP, OPT_HTTPS,
	OPT_LISTEN_ALL, OPT_NO_DROP, OPT_HELP };

static const struct option options[] = {
	{ "state", required_argument, NULL, OPT_STATE },
	{ "secret", required_argument, NULL, OPT_SECRET },
	{ "xenops", required_argument, NULL, OPT_XENOPS },
	{ "local-socket", required_argument, NULL, OPT_LOCAL },
	{ "version-file", required_argument, NULL, OPT_VERSION },
	{ "product-file", required_argument, NULL, OPT_PRODUCT },
	{ "site", required_argument, NULL, OPT_SITE },
	{ "cmdline", required_argument, NULL, OPT_CMDLINE },
	{ "slot", required_argument, NULL, OPT_SLOT },
	{ "http-port", required_argument, NULL, OPT_HTTP },
	{ "https-port", required_argument, NULL, OPT_HTTPS },
	{ "listen-all", no_argument, NULL, OPT_LISTEN_ALL },
	{ "no-drop", no_argument, NULL, OPT_NO_DROP },
	{ "help", no_argument, NULL, OPT_HELP },
	{ 0 },
};

static void
usage(FILE *f)
{
	fputs("usage: xapi [--state DIR] [--secret FILE] [--xenops SOCKET]\n"
	    "    [--local-socket FILE] [--version-file FILE]\n"
	    "    [--product-file FILE] [--site DIR]\n"
	    "    [--cmdline TEXT] [--slot DIR] [--http-port N] "
	    "[--https-port N]\n    [--listen-all] [--no-drop]\n"
	    "It listens on the management addresses and 127.0.0.1, or on "
	    "all there are.\n", f);
}

/* 0 switches a port off. */
static bool
parse_port(const char *text, int *port)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (!*text || *end || n < 0 || n > 65535) {
		fprintf(stderr, "xapi: '%s' is no port\n", text);
		return false;
	}
	*port = (int)n;
	return true;
}

int
options_parse(int argc, char **argv, struct xapi_config *cfg)
{
	int o;

	*cfg = (struct xapi_config){
		.state_dir = "/state/xapi",
		.secret_path = "/state/login/secret",
		.ops_socket = "/run/xenopsd/xapi.sock",
		.local_socket = "/var/lib/xcp/xapi",
		.version_path = "/etc/bedplate-release",
		.product_path = "/state/product",
		.site_dir = "/usr/share/bedplate/site",
		.slot_dir = "/run/bedplate/slot",
		.http_port = 80, .https_port = 443,
	};
	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (o) {
		case OPT_STATE:
			cfg->state_dir = optarg;
			break;
		case OPT_SECRET:
			cfg->secret_path = optarg;
			break;
		case OPT_XENOPS:
			cfg->ops_socket = optarg;
			break;
		case OPT_LOCAL:
			cfg->local_socket = optarg;
			break;
		case OPT_VERSION:
			cfg->version_path = optarg;
			break;
		case OPT_PRODUCT:
			cfg->product_path = optarg;
			break;
		case OPT_SITE:
			cfg->site_dir = optarg;
			break;
		case OPT_CMDLINE:
			cfg->cmdline = optarg;
			break;
		case OPT_SLOT:
			cfg->slot_dir = optarg;
			break;
		case OPT_HTTP:
			if (!parse_port(optarg, &cfg->http_port))
				return -1;
			break;
		case OPT_HTTPS:
			if (!parse_port(optarg, &cfg->https_port))
				return -1;
			break;
		case OPT_LISTEN_ALL:
			cfg->listen_all = true;
			break;
		case OPT_NO_DROP:
			cfg->unprivileged_ok = true;
			break;
		case OPT_HELP:
			usage(stdout);
			exit(0);
		default:
			usage(stderr);
			return -1;
		}
	}
	if (optind == argc)
		return 0;
	usage(stderr);
	return -1;
}

struct vec
options_version(const char *path, struct arena *a)
{
	struct vec map = { 0 };
	char line[512];
	FILE *f = fopen(path, "re");

	if (!f)
		return map;
	for (int i = 0; i < VERSION_LINES && fgets(line, sizeof(line), f);
	    i++) {
		char *eq = strchr(line, '=');
		const char *value;

		line[strcspn(line, "\r\n")] = '\0';
		if (line[0] == '#' || !eq)
			continue;
		*eq = '\0';
		value = arena_strdup(a, eq + 1);
		if (strcmp(line, "VERSION") == 0) {
			map = map_set(a, map, "product_version_text", value);
			map = map_set(a, map, "product_version_text_short",
			    value);
		} else if (islower((unsigned char)line[0])) {
			map = map_set(a, map, arena_strdup(a, line), value);
		}
	}
	fclose(f);
	return map;
}
