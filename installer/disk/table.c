#include "table.h"

#include <errno.h>
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

/* The devices come a little later than the table. */
static int
settle(const struct layout *l)
{
	int left = SETTLE_MS;

	for (int i = 0; i < PART_N; i++)
		while (access(l->parts[i].path, F_OK) == -1) {
			if ((left -= SETTLE_STEP_MS) < 0)
				return -ENXIO;
			usleep(SETTLE_STEP_MS * 1000);
		}
	return 0;
}

int
table_write(const struct disk *d, const struct layout *l)
{
	struct fdisk_context *cxt = fdisk_new_context();
	int rc;

	if (!cxt)
		return -ENOMEM;
	rc = fdisk_assign_device(cxt, d->path, 0);
	if (rc)
		goto out;
	fdisk_disable_dialogs(cxt, 1);
	fdisk_enable_wipe(cxt, 1);
	rc = fdisk_create_disklabel(cxt, "gpt");
	for (int i = 0; rc == 0 && i < PART_N; i++)
		rc = add_part(cxt, l, i, d->sector);
	if (rc == 0)
		rc = fdisk_write_disklabel(cxt);
	if (rc == 0)
		rc = fdisk_reread_partition_table(cxt);
	fdisk_deassign_device(cxt, 0);
out:
	fdisk_unref_context(cxt);
	return rc ? rc : settle(l);
}
