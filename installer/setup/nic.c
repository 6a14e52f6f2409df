#include "setup/nic.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/sysfs.h"

#define SYS_NET "/sys/class/net"
#define PATH_SIZE 512

/* Guests' interfaces have a device as well. */
static bool
is_physical(const char *name)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof path, SYS_NET "/%s/device", name);
	return access(path, F_OK) == 0 && strncmp(name, "vif", 3) &&
	    strncmp(name, "tap", 3);
}

static bool
take(const char *name, struct nic *nic)
{
	char carrier[4];

	if (!is_physical(name) || strlen(name) >= sizeof nic->name)
		return false;
	snprintf(nic->name, sizeof nic->name, "%.15s", name);
	sysfs_text(SYS_NET, name, "address", nic->mac, sizeof nic->mac);
	/* of one that is down it cannot be read */
	sysfs_text(SYS_NET, name, "carrier", carrier, sizeof carrier);
	nic->link = carrier[0] == '1';
	return true;
}

int
nics_list(struct nic out[static NICS_MAX])
{
	struct dirent **e;
	int n = scandir(SYS_NET, &e, NULL, alphasort), found = 0;

	for (int i = 0; i < n; i++) {
		if (found < NICS_MAX && take(e[i]->d_name, &out[found]))
			found++;
		free(e[i]);
	}
	if (n >= 0)
		free(e);
	return found;
}
