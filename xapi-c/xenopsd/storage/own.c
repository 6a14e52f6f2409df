#include "xenopsd/storage/own.h"

#include "base/installation.h"

const char *
own_partition(struct arena *a, const char *root)
{
	char line[INSTALLATION_CMDLINE], id[INSTALLATION_ID_SIZE];
	char path[INSTALLATION_PATH];

	installation_cmdline(root, line);
	return installation_id(line, id) &&
	    installation_partition(root, id, "sr", path) ?
	    arena_strdup(a, path) : NULL;
}
