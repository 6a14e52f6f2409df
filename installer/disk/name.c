#include "disk/disk.h"

#include <stddef.h>
#include <string.h>

static bool
is_kernel_name(const struct disk *d, const char *name)
{
	return strcmp(d->path, name) == 0 ||
	    strcmp(d->path + strlen("/dev/"), name) == 0;
}

static int
fixed_disks(const struct disk *disks, int n)
{
	int fixed = 0;

	for (int i = 0; i < n; i++)
		fixed += !disks[i].removable;
	return fixed;
}

const struct disk *
disk_named(const struct disk *disks, int n, const char *name,
    const char **why)
{
	const struct disk *found = NULL;

	*why = "no disk of this machine has that name";
	for (int i = 0; i < n; i++) {
		const struct disk *d = &disks[i];
		bool by_kernel = is_kernel_name(d, name);

		if (!by_kernel && strcmp(d->serial, name) != 0 &&
		    strcmp(d->wwn, name) != 0)
			continue;
		if (by_kernel && fixed_disks(disks, n) != 1) {
			*why = "the kernel's names for disks change: with more "
			    "than one, name it by serial number or WWN";
			return NULL;
		}
		if (found) {
			*why = "more than one disk has that name";
			return NULL;
		}
		found = d;
	}
	if (found && found->in_use) {
		*why = "the disk is in use";
		return NULL;
	}
	return found;
}
