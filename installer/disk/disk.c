#include "disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <blkid.h>

#define SYS_BLOCK "/sys/block"
#define PATH_SIZE 512
#define SECTOR 512		/* what /sys/block/x/size counts */

/* An attribute below /sys/block/name, without blanks at its ends; "" if there
 * is none. */
static void
attribute(const char *name, const char *key, char *out, size_t size)
{
	char path[PATH_SIZE];
	FILE *f;
	char *end;

	out[0] = '\0';
	snprintf(path, sizeof path, SYS_BLOCK "/%s/%s", name, key);
	f = fopen(path, "re");
	if (!f)
		return;
	if (fgets(out, (int)size, f)) {
		memmove(out, out + strspn(out, " "),
		    strlen(out + strspn(out, " ")) + 1);
		end = out + strlen(out);
		while (end > out && strchr(" \n", end[-1]))
			*--end = '\0';
	}
	fclose(f);
}

static uint64_t
number(const char *name, const char *key)
{
	char text[32];

	attribute(name, key, text, sizeof text);
	return strtoull(text, NULL, 10);
}

/* Of a SCSI disk the serial number is in page 0x80 of its vital data, behind
 * four bytes; others tell it as text. */
static void
serial_of(const char *name, char *out, size_t size)
{
	char path[PATH_SIZE];
	ssize_t n = -1;
	int fd;

	attribute(name, "device/serial", out, size);
	if (*out)
		return;
	snprintf(path, sizeof path, SYS_BLOCK "/%s/device/vpd_pg80", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd != -1) {
		n = pread(fd, out, size - 1, 4);
		close(fd);
	}
	out[n > 0 ? n : 0] = '\0';
	memmove(out, out + strspn(out, " "),
	    strlen(out + strspn(out, " ")) + 1);
}

/* Disks with a driver of hardware below them: not loop, ram, dm, md, zram. */
static bool
is_real(const char *name)
{
	static const char *const kinds[] = { "sd", "nvme", "vd", "mmcblk",
		"xvd", "hd" };
	char path[PATH_SIZE];

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (strncmp(name, kinds[i], strlen(kinds[i])))
			continue;
		snprintf(path, sizeof path, SYS_BLOCK "/%s/device", name);
		return access(path, F_OK) == 0;
	}
	return false;
}

/* Nobody has it or a part of it: no file system is mounted from there (the
 * medium is), no volume group or RAID uses it. */
static bool
is_free(const char *path)
{
	int fd = open(path, O_RDONLY | O_EXCL | O_CLOEXEC);

	if (fd != -1)
		close(fd);
	return fd != -1;
}

/* -- what lies on it -- */

static void
add(char *out, size_t size, const char *text)
{
	size_t n = strlen(out);

	if (n + 3 < size && !strstr(out, text))
		snprintf(out + n, size - n, "%s%s", n ? ", " : "", text);
}

/* One signature of a partition or of the whole: its kind and its label. */
static void
describe(blkid_probe pr, char *out, size_t size)
{
	const char *type, *label, *table;
	char text[DISK_TEXT];

	if (blkid_probe_lookup_value(pr, "PTTYPE", &table, NULL) == 0)
		add(out, size, table);
	if (blkid_probe_lookup_value(pr, "TYPE", &type, NULL))
		return;
	if (blkid_probe_lookup_value(pr, "LABEL", &label, NULL) || !*label)
		label = NULL;
	snprintf(text, sizeof text, label ? "%s '%s'" : "%s", type, label);
	add(out, size, text);
}

static void
probe(const char *path, char *out, size_t size)
{
	blkid_probe pr = blkid_new_probe_from_filename(path);

	if (!pr)
		return;
	blkid_probe_enable_superblocks(pr, 1);
	blkid_probe_set_superblocks_flags(pr,
	    BLKID_SUBLKS_TYPE | BLKID_SUBLKS_LABEL);
	blkid_probe_enable_partitions(pr, 1);
	if (blkid_do_safeprobe(pr) == 0)
		describe(pr, out, size);
	blkid_free_probe(pr);
}

/* The partitions, then the disk itself: names come as the kernel has them. */
static void
what_it_holds(const char *name, char *out, size_t size)
{
	char path[PATH_SIZE];
	struct dirent **e;
	int n;

	snprintf(path, sizeof path, "/dev/%s", name);
	probe(path, out, size);
	snprintf(path, sizeof path, SYS_BLOCK "/%s", name);
	n = scandir(path, &e, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		if (strncmp(e[i]->d_name, name, strlen(name)) == 0) {
			snprintf(path, sizeof path, "/dev/%s", e[i]->d_name);
			probe(path, out, size);
		}
		free(e[i]);
	}
	if (n >= 0)
		free(e);
}

/* -- the list -- */

static bool
take(const char *name, struct disk *d)
{
	if (!is_real(name) || number(name, "ro"))
		return false;
	memset(d, 0, sizeof *d);
	if (snprintf(d->path, sizeof d->path, "/dev/%s", name) >=
	    (int)sizeof d->path)
		return false;
	d->in_use = !is_free(d->path);
	d->size = number(name, "size") * SECTOR;
	if (d->size == 0)
		return false;
	d->sector = (unsigned)number(name, "queue/logical_block_size");
	d->removable = number(name, "removable");
	attribute(name, "device/model", d->model, sizeof d->model);
	attribute(name, "device/wwid", d->wwn, sizeof d->wwn);
	if (!*d->wwn)
		attribute(name, "wwid", d->wwn, sizeof d->wwn);
	serial_of(name, d->serial, sizeof d->serial);
	what_it_holds(name, d->holds, sizeof d->holds);
	/* media with answers */
	return !strstr(d->holds, "'BEDPLATE'");
}

int
disks_list(struct disk out[static DISKS_MAX])
{
	struct dirent **e;
	int n = scandir(SYS_BLOCK, &e, NULL, alphasort), found = 0;

	for (int i = 0; i < n; i++) {
		if (found < DISKS_MAX && take(e[i]->d_name, &out[found]))
			found++;
		free(e[i]);
	}
	if (n >= 0)
		free(e);
	return found;
}
