/* How a disk is named, laid out and made bootable by the installer. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "installer/disk/disk.h"
#include "installer/disk/grub.h"
#include "installer/disk/layout.h"
#include "scratch.h"
#include "unit.h"

#define GIB ((uint64_t)1 << 30)

static const struct disk two[] = {
	{ .path = "/dev/sda", .serial = "S1", .wwn = "naa.1", .size = 9 * GIB },
	{ .path = "/dev/nvme0n1", .serial = "S2", .size = 9 * GIB },
	{ .path = "/dev/sdb", .serial = "S3", .removable = true },
};

START_TEST(a_disk_is_named_by_what_stays)
{
	const char *why;

	ck_assert_ptr_eq(disk_named(two, 3, "S2", &why), &two[1]);
	ck_assert_ptr_eq(disk_named(two, 3, "naa.1", &why), &two[0]);
	ck_assert_ptr_null(disk_named(two, 3, "S9", &why));
	ck_assert_ptr_null(disk_named(two, 3, "", &why));
}
END_TEST

START_TEST(kernel_names_count_only_for_the_one_fixed_disk)
{
	const char *why;

	ck_assert_ptr_null(disk_named(two, 3, "sda", &why));
	ck_assert_ptr_nonnull(strstr(why, "serial"));
	ck_assert_ptr_eq(disk_named(&two[1], 2, "nvme0n1", &why), &two[1]);
	ck_assert_ptr_eq(disk_named(&two[1], 2, "/dev/nvme0n1", &why),
	    &two[1]);
}
END_TEST

START_TEST(a_disk_in_use_is_counted_but_not_taken)
{
	const struct disk used[] = {
		{ .path = "/dev/sda", .serial = "S1", .in_use = true },
		{ .path = "/dev/sdb", .serial = "S2" },
	};
	const char *why;

	ck_assert_ptr_null(disk_named(used, 2, "S1", &why));
	ck_assert_ptr_nonnull(strstr(why, "in use"));
	ck_assert_ptr_null(disk_named(used, 2, "sdb", &why));
	ck_assert_ptr_eq(disk_named(used, 2, "S2", &why), &used[1]);
}
END_TEST

START_TEST(two_disks_of_one_serial_number_are_none)
{
	const struct disk same[] = {
		{ .path = "/dev/sda", .serial = "S" },
		{ .path = "/dev/sdb", .serial = "S" },
	};
	const char *why;

	ck_assert_ptr_null(disk_named(same, 2, "S", &why));
	ck_assert_ptr_nonnull(strstr(why, "more than one"));
}
END_TEST

START_TEST(partitions_fill_the_disk_one_after_the_other)
{
	struct layout l, again;
	const char *why;

	ck_assert(layout_plan(&two[1], &l, &why));
	for (int i = 1; i < PART_N; i++)
		ck_assert_uint_eq(l.parts[i].start,
		    l.parts[i - 1].start + l.parts[i - 1].size);
	ck_assert_uint_eq(l.parts[PART_SR].start + l.parts[PART_SR].size,
	    9 * GIB - (1 << 20));
	ck_assert_uint_le(l.parts[PART_SR].start, 4 * GIB);
	ck_assert_str_eq(l.parts[PART_ESP].path, "/dev/nvme0n1p2");
	ck_assert_ptr_nonnull(strstr(l.parts[PART_STATE].name, l.id));
	ck_assert(layout_plan(&two[0], &again, &why));
	ck_assert_str_eq(again.parts[PART_ESP].path, "/dev/sda2");
	ck_assert_str_ne(again.id, l.id);
}
END_TEST

START_TEST(a_small_disk_is_refused)
{
	const struct disk small = { .path = "/dev/sda", .size = 8 * GIB - 1 };
	struct layout l;
	const char *why;

	ck_assert(!layout_plan(&small, &l, &why));
	ck_assert_ptr_nonnull(strstr(why, "8 GiB"));
}
END_TEST

static const char *
file_of(const char *name, int fill, size_t len)
{
	const char *path = scratch_file(name);
	int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0600);
	char *data = malloc(len);

	memset(data, fill, len);
	ck_assert_int_eq(write(fd, data, len), (ssize_t)len);
	close(fd);
	free(data);
	return path;
}

/* The first sector names the place of the rest, and keeps its table. */
START_TEST(boot_code_leaves_the_partition_table)
{
	char *disk = strdup(file_of("disk", 'd', 1 << 20));
	char *boot = strdup(file_of("boot", 'b', 512));
	char *core = strdup(file_of("core", 'c', 4000));
	unsigned char s[8192];
	uint64_t at;
	int fd;

	ck_assert_int_eq(grub_bios_install(disk, 65536, 8192, boot, core), 0);
	fd = open(disk, O_RDONLY);
	ck_assert_int_eq(pread(fd, s, 512, 0), 512);
	ck_assert_int_eq(s[0], 'b');
	ck_assert_int_eq(s[440], 'd');
	memcpy(&at, s + 0x5c, sizeof(at));
	ck_assert_uint_eq(at, 128);
	ck_assert_int_eq(pread(fd, s, 4001, 65536), 4001);
	memcpy(&at, s + 0x1f4, sizeof(at));
	ck_assert_uint_eq(at, 129);
	ck_assert_int_eq(s[3999], 'c');
	ck_assert_int_eq(s[4000], 'd');
	/* too large for its place: nothing is written */
	ck_assert_int_ne(grub_bios_install(disk, 0, 2048, boot, core), 0);
	close(fd);
	free(disk);
	free(boot);
	free(core);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("install", a_disk_is_named_by_what_stays,
	    kernel_names_count_only_for_the_one_fixed_disk,
	    a_disk_in_use_is_counted_but_not_taken,
	    two_disks_of_one_serial_number_are_none,
	    partitions_fill_the_disk_one_after_the_other,
	    a_small_disk_is_refused, boot_code_leaves_the_partition_table);
}
