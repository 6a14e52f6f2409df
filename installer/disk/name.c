#include "disk/disk.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define BY_ID "/dev/disk/by-id/"

static bool
is_kernel_name(const struct disk *d, const char *name)
{
	return strcmp(d->path, name) == 0 ||
	    strcmp(d->path + strlen("/dev/"), name) == 0;
}

/* "naa.5000c5" and "eui.0025" are called by their digits, "0025". */
static bool
is_wwn(const struct disk *d, const char *digits)
{
	const char *dot = strchr(d->wwn, '.');

	return *digits && dot && strcasecmp(dot + 1, digits) == 0;
}

/* Model and serial number as they are in names of links, "MODEL_X_S3Z9". */
static bool
is_model_serial(const struct disk *d, const char *name)
{
	char text[2 * DISK_TEXT + 1];

	if (!*d->serial)
		return false;
	snprintf(text, sizeof text, "%s%s%s", d->model, *d->model ? "_" : "",
	    d->serial);
	for (char *p = text; *p; p++)
		if (*p == ' ')
			*p = '_';
	return strcmp(text, name) == 0;
}

/* What other systems call the disk by its links below /dev/disk/by-id. */
static bool
is_link_name(const struct disk *d, const char *name)
{
	static const char *const buses[] = { "ata-", "nvme-", "virtio-",
		"scsi-", "mmc-" };

	if (strncmp(name, BY_ID, strlen(BY_ID)))
		return false;
	name += strlen(BY_ID);
	if (strncmp(name, "wwn-0x", 6) == 0)
		return is_wwn(d, name + 6);
	if (strncmp(name, "nvme-eui.", 9) == 0)
		return is_wwn(d, name + 9);
	if (strncmp(name, "scsi-3", 6) == 0 && is_wwn(d, name + 6))
		return true;
	for (size_t i = 0; i < sizeof buses / sizeof buses[0]; i++)
		if (strncmp(name, buses[i], strlen(buses[i])) == 0)
			return is_model_serial(d, name + strlen(buses[i]));
	return false;
}

static bool
is_lasting_name(const struct disk *d, const char *name)
{
	return (*d->serial && strcmp(d->serial, name) == 0) ||
	    (*d->wwn && strcmp(d->wwn, name) == 0) || is_link_name(d, name);
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

		if (!by_kernel && !is_lasting_name(d, name))
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
