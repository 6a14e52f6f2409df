#include "xe/command.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "wire/thin.h"
#include "xe/session.h"

bool
xe_is_meant(const char *name)
{
	const char *slash = strrchr(name, '/');

	return strcmp(slash ? slash + 1 : name, "xe") == 0;
}

int
xe_command(int argc, char **argv)
{
	struct arena *a = arena_new();
	struct xe_options o;
	int rc;

	signal(SIGPIPE, SIG_IGN);
	rc = xe_options_parse(a, argc - 1, argv + 1, &o);
	if (rc > 0) {
		xe_usage();
		rc = 0;
	} else if (rc < 0) {
		rc = 1;
	} else if (o.version) {
		printf("ThinCLI protocol: %d.%d\n", THIN_MAJOR, THIN_MINOR);
	} else {
		rc = xe_session(a, &o);
	}
	arena_free(a);
	return rc;
}
