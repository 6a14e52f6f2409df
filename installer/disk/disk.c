#include "disk/disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/sysfs.h"
#include "disk/table.h"

#define SYS_BLOCK "/sys/block"
#define PATH_SIZE 512
#define SECTOR 512		/* what /sys/block/x/size counts */

static uint64_t
number(const char *name, const char *key)
{
	char text[32];

	sysfs_text(SYS_BLOCK, name, key, text, sizeof text);
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

	sysfs_text(SYS_BLOCK, name, "device/serial", out, size);
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
look_at_ours(struct disk *d)
{
	struct holds sr;

	mark_read(d->path, &d->layout, &d->mark);
	d->kind = d->mark.unfinished ? DISK_UNFINISHED : DISK_INSTALLED;
	holds_look_at(d->path, d->layout.parts[PART_SR].start,
	    d->layout.parts[PART_SR].size, &sr);
	d->has_sr = *sr.text || sr.unread;
}

/* An installation that was cut before it had its partitions leaves its mark on
 * a disk that was emptied; another's mark may lie below a file system. */
static bool
is_begun(struct disk *d)
{
	const char *why;

	if (d->holds.known || d->holds.unread ||
	    !layout_plan(d->path, d->size, &d->layout, &why))
		return false;
	mark_read(d->path, &d->layout, &d->mark);
	return d->mark.unfinished;
}

/* Ours, if the whole table says so: one that cannot be read is not asked. */
void
disk_look(struct disk *d)
{
	d->has_sr = false;
	holds_look(d->path, &d->holds);
	d->has_table = table_read(d->path, &d->layout) == 0;
	if (d->has_table)
		look_at_ours(d);
	else if (is_begun(d))
		d->kind = DISK_UNFINISHED;
	else
		d->kind = *d->holds.text || d->holds.unread ? DISK_FOREIGN :
		    DISK_BLANK;
}

/* -- the list -- */

bool
disk_take(const char *name, struct disk *d)
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
	sysfs_text(SYS_BLOCK, name, "device/model", d->model, sizeof d->model);
	sysfs_text(SYS_BLOCK, name, "device/wwid", d->wwn, sizeof d->wwn);
	if (!*d->wwn)
		sysfs_text(SYS_BLOCK, name, "wwid", d->wwn, sizeof d->wwn);
	serial_of(name, d->serial, sizeof d->serial);
	disk_look(d);
	return !d->holds.answers;
}

int
disks_list(struct disk out[static DISKS_MAX])
{
	struct dirent **e;
	int n = scandir(SYS_BLOCK, &e, NULL, alphasort), found = 0;

	for (int i = 0; i < n; i++) {
		if (found < DISKS_MAX && disk_take(e[i]->d_name, &out[found]))
			found++;
		free(e[i]);
	}
	if (n >= 0)
		free(e);
	return found;
}
