#include "disk/table.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libfdisk.h>

#define SETTLE_MS 10000
#define SETTLE_STEP_MS 50

static int
add_part(struct fdisk_context *cxt, const struct layout *l, int i,
    unsigned sector)
{
	struct fdisk_partition *pa = fdisk_new_partition();
	struct fdisk_parttype *type = fdisk_label_parse_parttype(
	    fdisk_get_label(cxt, "gpt"), l->parts[i].type);
	int rc = -ENOMEM;

	if (pa && type) {
		fdisk_partition_set_partno(pa, (size_t)i);
		fdisk_partition_set_start(pa, l->parts[i].start / sector);
		fdisk_partition_set_size(pa, l->parts[i].size / sector);
		fdisk_partition_size_explicit(pa, 1);
		fdisk_partition_set_name(pa, l->parts[i].name);
		fdisk_partition_set_type(pa, type);
		rc = fdisk_add_partition(cxt, pa, NULL);
	}
	if (type)
		fdisk_unref_parttype(type);
	if (pa)
		fdisk_unref_partition(pa);
	return rc;
}

/* The devices come a little later than the table; an image in a file has
 * none. */
static int
settle(const char *disk, const struct layout *l)
{
	int left = SETTLE_MS;
	struct stat st;

	if (stat(disk, &st) == -1)
		return -errno;
	if (!S_ISBLK(st.st_mode))
		return 0;
	for (int i = 0; i < PART_N; i++)
		while (access(l->parts[i].path, F_OK) == -1) {
			if ((left -= SETTLE_STEP_MS) < 0)
				return -ENXIO;
			usleep(SETTLE_STEP_MS * 1000);
		}
	return 0;
}

static int
replace(const char *disk, unsigned sector, const struct layout *l, int n,
    bool tell)
{
	struct fdisk_context *cxt = fdisk_new_context();
	int rc;

	if (!cxt)
		return -ENOMEM;
	rc = fdisk_assign_device(cxt, disk, 0);
	if (rc)
		goto out;
	fdisk_disable_dialogs(cxt, 1);
	fdisk_enable_wipe(cxt, 1);
	fdisk_enable_bootbits_protection(cxt, 1);
	rc = fdisk_create_disklabel(cxt, "gpt");
	for (int i = 0; rc == 0 && i < n; i++)
		rc = add_part(cxt, l, i, sector);
	if (rc == 0)
		rc = fdisk_write_disklabel(cxt);
	if (rc == 0 && tell)
		rc = fdisk_reread_partition_table(cxt);
	fdisk_deassign_device(cxt, 0);
out:
	fdisk_unref_context(cxt);
	return rc;
}

int
table_put(const char *disk, unsigned sector, const struct layout *l, int n)
{
	return replace(disk, sector, l, n, false);
}

int
table_write(const char *disk, unsigned sector, const struct layout *l)
{
	int rc = replace(disk, sector, l, PART_N, true);

	return rc ? rc : settle(disk, l);
}

/* -- reading -- */

/* A partition that has its name and, but for the first, the first's ID. */
static bool
take_part(struct layout *l, int i, struct fdisk_partition *pa, uint64_t sector)
{
	const char *name = fdisk_partition_get_name(pa), *id;
	char prefix[37];

	layout_prefix((enum part)i, prefix);
	if (!name || strncmp(name, prefix, strlen(prefix)))
		return false;
	id = name + strlen(prefix);
	if (strspn(id, "0123456789abcdef") != LAYOUT_ID_LEN ||
	    strlen(id) != LAYOUT_ID_LEN || (i > 0 && strcmp(id, l->id)))
		return false;
	snprintf(l->id, sizeof l->id, "%s", id);
	snprintf(l->parts[i].name, sizeof l->parts[i].name, "%s", name);
	l->parts[i].start = fdisk_partition_get_start(pa) * sector;
	l->parts[i].size = fdisk_partition_get_size(pa) * sector;
	return true;
}

static bool
take_parts(struct fdisk_context *cxt, struct layout *l)
{
	uint64_t sector = fdisk_get_sector_size(cxt);

	if (!fdisk_is_label(cxt, GPT))
		return false;
	for (int i = 0; i < PART_N; i++) {
		struct fdisk_partition *pa = NULL;
		bool ok = fdisk_get_partition(cxt, (size_t)i, &pa) == 0 &&
		    take_part(l, i, pa, sector);

		if (pa)
			fdisk_unref_partition(pa);
		if (!ok)
			return false;
	}
	return true;
}

int
table_read(const char *disk, struct layout *out)
{
	struct fdisk_context *cxt = fdisk_new_context();
	int rc;

	memset(out, 0, sizeof *out);
	if (!cxt)
		return -ENOMEM;
	fdisk_disable_dialogs(cxt, 1);
	rc = fdisk_assign_device(cxt, disk, 1);
	if (rc == 0) {
		rc = take_parts(cxt, out) ? 0 : TABLE_FOREIGN;
		fdisk_deassign_device(cxt, 1);
	}
	fdisk_unref_context(cxt);
	if (rc == 0)
		layout_paths(out, disk);
	return rc;
}
