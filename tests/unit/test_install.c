/* How a disk is named, laid out and made bootable by the installer. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "installer/disk/disk.h"
#include "installer/disk/efi.h"
#include "installer/disk/grub.h"
#include "installer/disk/layout.h"
#include "installer/disk/mark.h"
#include "installer/disk/table.h"
#include "installer/install/choose.h"
#include "installer/install/first.h"
#include "installer/install/plan.h"
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

/* As answer files that were written for other systems have them. */
START_TEST(links_by_id_are_understood)
{
	static const struct disk some[] = {
		{ .path = "/dev/sda", .model = "SSD 870 EVO", .serial = "S1",
			.wwn = "naa.5002538F" },
		{ .path = "/dev/sdb", .model = "SSD 870 EVO", .serial = "S2" },
		{ .path = "/dev/nvme0n1", .wwn = "eui.0025388b" },
	};
	static const struct {
		const char *name;
		int i;
	} names[] = {
		{ "wwn-0x5002538f", 0 }, { "scsi-35002538f", 0 },
		{ "ata-SSD_870_EVO_S1", 0 }, { "ata-SSD_870_EVO_S2", 1 },
		{ "nvme-eui.0025388b", 2 }, { "wwn-0x", -1 }, { "", -1 },
		{ "ata-SSD_870_EVO", -1 }, { "nvme-", -1 }, { "scsi-3", -1 },
	};
	const char *why;
	char name[64];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(name, sizeof(name), "/dev/disk/by-id/%s",
		    names[i].name);
		ck_assert_ptr_eq(disk_named(some, 3, name, &why),
		    names[i].i == -1 ? NULL : &some[names[i].i]);
	}
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

	ck_assert(layout_plan("/dev/nvme0n1", 9 * GIB, &l, &why));
	for (int i = 1; i < PART_N; i++)
		ck_assert_uint_eq(l.parts[i].start,
		    l.parts[i - 1].start + l.parts[i - 1].size);
	ck_assert_uint_eq(l.parts[PART_SR].start + l.parts[PART_SR].size,
	    9 * GIB - (1 << 20));
	ck_assert_uint_le(l.parts[PART_SR].start, 4 * GIB);
	ck_assert_str_eq(l.parts[PART_ESP].path, "/dev/nvme0n1p2");
	ck_assert_ptr_nonnull(strstr(l.parts[PART_STATE].name, l.id));
	ck_assert(layout_plan("/dev/sda", 9 * GIB, &again, &why));
	ck_assert_str_eq(again.parts[PART_ESP].path, "/dev/sda2");
	ck_assert_str_ne(again.id, l.id);
}
END_TEST

START_TEST(a_small_disk_is_refused)
{
	struct layout l;
	const char *why;

	ck_assert(!layout_plan("/dev/sda", 8 * GIB - 1, &l, &why));
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

/* -- what becomes of a disk -- */

static enum choose
chosen(const struct disk *d, const struct choices *c, const char *because)
{
	const char *why = "";
	enum choose what = choose(d, c, false, &why);

	ck_assert_msg(strstr(why, because) != NULL, "%s", why);
	return what;
}

START_TEST(only_a_disk_that_holds_nothing_is_taken_without_a_word)
{
	const struct choices plain = { .disk = "S" };
	const struct choices wipe = { .disk = "S", .wipe = true };
	struct disk d = { .size = 9 * GIB, .sector = 512 };

	ck_assert_int_eq(chosen(&d, &plain, ""), CHOOSE_FRESH);
	d.in_use = true;
	ck_assert_int_eq(chosen(&d, &wipe, "in use"), CHOOSE_REFUSED);
	d.in_use = false;
	d.kind = DISK_FOREIGN;
	snprintf(d.holds.text, sizeof(d.holds.text), "LVM2_member");
	ck_assert_int_eq(chosen(&d, &plain, "LVM2_member"), CHOOSE_REFUSED);
	ck_assert_int_eq(chosen(&d, &wipe, ""), CHOOSE_FRESH);
	d.holds.unread = true;
	ck_assert_int_eq(chosen(&d, &wipe, "read"), CHOOSE_REFUSED);
}
END_TEST

START_TEST(an_installed_host_is_left_alone_but_for_a_new_serial)
{
	const struct choices wipe = { .wipe = true };
	const struct choices person = { .wipe_host = true };
	const struct choices again = { .reinstall = "2", .wipe = true };
	struct disk d = { .size = 9 * GIB, .sector = 512,
		.kind = DISK_INSTALLED };

	ck_assert_int_eq(chosen(&d, &wipe, "installed host"), CHOOSE_THERE);
	ck_assert_int_eq(chosen(&d, &person, ""), CHOOSE_FRESH);
	ck_assert_int_eq(chosen(&d, &again, ""), CHOOSE_OVER);
	ck_assert_ptr_null(mark_add(&d.mark, "12"));
	ck_assert_int_eq(chosen(&d, &again, ""), CHOOSE_OVER);
	ck_assert_ptr_null(mark_add(&d.mark, "2"));
	ck_assert_int_eq(chosen(&d, &again, "already"), CHOOSE_THERE);
	d.kind = DISK_BLANK;
	ck_assert_int_eq(chosen(&d, &again, "no installed host"),
	    CHOOSE_REFUSED);
}
END_TEST

START_TEST(an_unfinished_installation_goes_on_and_keeps_an_sr)
{
	const struct choices plain = { .disk = "S" };
	const struct choices again = { .reinstall = "2" };
	struct disk d = { .size = 9 * GIB, .sector = 512,
		.kind = DISK_UNFINISHED };

	ck_assert_int_eq(chosen(&d, &plain, ""), CHOOSE_FRESH);
	ck_assert_int_eq(chosen(&d, &again, ""), CHOOSE_FRESH);
	d.has_table = d.has_sr = true;
	ck_assert_int_eq(chosen(&d, &plain, "storage repository"),
	    CHOOSE_REFUSED);
	ck_assert_int_eq(chosen(&d, &again, ""), CHOOSE_OVER);
}
END_TEST

START_TEST(large_sectors_need_uefi)
{
	const struct choices c = { .disk = "S" };
	const struct disk d = { .size = 9 * GIB, .sector = 4096 };
	const char *why;

	ck_assert_int_eq(chosen(&d, &c, "UEFI"), CHOOSE_REFUSED);
	ck_assert_int_eq(choose(&d, &c, true, &why), CHOOSE_FRESH);
}
END_TEST

START_TEST(a_serial_is_kept_as_a_whole_or_refused)
{
	struct mark m = { .unfinished = false };
	char serial[16];
	int n = 0;

	ck_assert_ptr_nonnull(mark_add(&m, ""));
	ck_assert_ptr_nonnull(mark_add(&m, "a\nb"));
	ck_assert_ptr_nonnull(mark_add(&m,
	    "123456789012345678901234567890123"));
	do
		snprintf(serial, sizeof(serial), "s%d", n++);
	while (!mark_add(&m, serial));
	ck_assert_int_gt(n, 20);
	ck_assert(mark_has(&m, "s0") && mark_has(&m, "s19"));
	ck_assert(!mark_has(&m, serial) && !mark_has(&m, "s"));
}
END_TEST

START_TEST(each_step_has_what_it_needs)
{
	struct install in = { .over = false };

	ck_assert(plan_is_whole(&in));
	in.over = true;
	ck_assert(plan_is_whole(&in));
}
END_TEST

/* A script in a file; what the installation is told of it. */
static void
add_script(struct install *in, const char *stage, const char *text)
{
	static char words[2][PATH_MAX + 64];
	char *word = words[in->scripts.n];
	FILE *f = fopen(scratch_file(stage), "w");

	fprintf(f, "%s\n", text);
	fclose(f);
	snprintf(word, sizeof(words[0]), "%s=%s", stage, scratch_file(stage));
	ck_assert(scripts_add(&in->scripts, word));
}

START_TEST(a_script_that_fails_first_leaves_the_disk_alone)
{
	struct install in = { .over = false };
	char said[64] = "";
	FILE *f;

	/* a step would have a disk without a name, and nobody to tell */
	add_script(&in, "installation-start", "exit 3");
	add_script(&in, "installation-complete", "echo $# $1 >$0.said");
	ck_assert_int_eq(plan_run(&in), -1);
	ck_assert_str_eq(in.why,
	    "the script of installation-start ended with 3");
	ck_assert_str_eq(in.remains,
	    "nothing was written, the disk is as it was");
	f = fopen(scratch_file("installation-complete.said"), "r");
	ck_assert_ptr_nonnull(f);
	ck_assert_ptr_nonnull(fgets(said, sizeof(said), f));
	fclose(f);
	ck_assert_str_eq(said, "1 1\n");
}
END_TEST

/* -- tables and marks, in an image -- */

static struct disk image;

static void
new_image(void)
{
	int fd;

	memset(&image, 0, sizeof(image));
	image.size = 9 * GIB;
	image.sector = 512;
	snprintf(image.path, sizeof(image.path), "%s", scratch_file("image"));
	fd = open(image.path, O_CREAT | O_TRUNC | O_RDWR, 0600);
	ck_assert_int_eq(ftruncate(fd, (off_t)image.size), 0);
	close(fd);
}

static void
write_image(const void *data, size_t len, uint64_t at)
{
	int fd = open(image.path, O_WRONLY);

	ck_assert_int_eq(pwrite(fd, data, len, (off_t)at), (ssize_t)len);
	close(fd);
}

START_TEST(an_installation_is_known_by_its_table_and_mark)
{
	struct layout l;
	struct mark m = { .unfinished = true };
	unsigned char first[512];
	const char *why;
	int fd;

	new_image();
	disk_look(&image);
	ck_assert_int_eq(image.kind, DISK_BLANK);
	ck_assert(layout_plan(image.path, image.size, &l, &why));
	ck_assert_int_eq(mark_write(image.path, &l, &m), 0);
	ck_assert_int_eq(grub_bios_none(image.path), 0);
	disk_look(&image);
	ck_assert_int_eq(image.kind, DISK_UNFINISHED);
	ck_assert(!image.has_table);
	ck_assert_int_eq(table_write(image.path, 512, &l), 0);
	disk_look(&image);
	ck_assert_int_eq(image.kind, DISK_UNFINISHED);
	ck_assert(image.has_table);
	ck_assert(!image.has_sr);
	ck_assert_str_eq(image.layout.id, l.id);
	ck_assert_uint_eq(image.layout.parts[PART_SR].start,
	    l.parts[PART_SR].start);
	/* a table alone would make a BIOS hang */
	fd = open(image.path, O_RDONLY);
	ck_assert_int_eq(pread(fd, first, sizeof(first), 0), 512);
	close(fd);
	ck_assert_uint_eq(first[0] << 8 | first[1], 0xcd18);
	ck_assert_uint_eq(first[510] << 8 | first[511], 0x55aa);

	write_image("data", 4, l.parts[PART_SR].start);
	m.unfinished = false;
	ck_assert_ptr_null(mark_add(&m, "1"));
	ck_assert_int_eq(mark_write(image.path, &l, &m), 0);
	disk_look(&image);
	ck_assert_int_eq(image.kind, DISK_INSTALLED);
	ck_assert(image.has_sr && mark_has(&image.mark, "1"));
}
END_TEST

/* As iso/mkflash.sh leaves it, put to a larger disk. */
START_TEST(a_flash_image_keeps_its_place_on_a_larger_disk)
{
	struct layout small, own;
	const char *why;

	new_image();
	ck_assert(layout_again(image.path, LAYOUT_MIN_DISK, LAYOUT_ID_NONE,
	    &small, &why));
	ck_assert_int_eq(table_put(image.path, 512, &small, PART_STATE), 0);
	disk_look(&image);
	ck_assert_int_eq(image.kind, DISK_FOREIGN);
	ck_assert(layout_again(image.path, image.size, "0123456789abcdef",
	    &own, &why));
	for (int i = 0; i < PART_STATE; i++)
		ck_assert_uint_eq(own.parts[i].start, small.parts[i].start);
	ck_assert_int_eq(table_put(image.path, 512, &own, PART_N), 0);
	disk_look(&image);
	ck_assert_int_eq(image.kind, DISK_INSTALLED);
	ck_assert_str_eq(image.layout.id, "0123456789abcdef");
	ck_assert_uint_gt(image.layout.parts[PART_SR].size, 5 * GIB);
}
END_TEST

START_TEST(a_first_start_needs_room)
{
	struct install in = { .target = "/nowhere" };

	new_image();
	in.disk = image;
	in.disk.size = 4 * GIB;
	ck_assert_int_eq(first_start(&in, LAYOUT_ID_NONE), FIRST_FAILED);
	ck_assert_str_eq(in.why, "the disk is smaller than 8 GiB");
}
END_TEST

/* -- the firmware's entry -- */

#define VAR(name) name "-8be4df61-93ca-11d2-aa0d-00e098032b8c"

static char vars[PATH_MAX];

static void
new_vars(void)
{
	const char *why;
	struct layout l;

	snprintf(vars, sizeof(vars), "%s", scratch_file("vars"));
	ck_assert_int_eq(mkdir(vars, 0700), 0);
	new_image();
	ck_assert(layout_plan(image.path, image.size, &l, &why));
	ck_assert_int_eq(table_write(image.path, 512, &l), 0);
}

static void
set_var(const char *name, const void *data, size_t len)
{
	char path[PATH_MAX + 64];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", vars, name);
	f = fopen(path, "w");
	ck_assert_uint_eq(fwrite(data, 1, len, f), len);
	fclose(f);
}

static void
check_var(const char *name, const void *data, size_t len)
{
	char path[PATH_MAX + 64], got[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", vars, name);
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fread(got, 1, sizeof(got), f), len);
	ck_assert_mem_eq(got, data, len);
	fclose(f);
}

START_TEST(the_firmware_gets_an_entry_for_the_disk_and_starts_it_first)
{
	/* as UEFI 2.10, 3.1.3 and 10.3 have it */
	char want[] = "\7\0\0\0\1\0\0\0\x5e\0"
	    "B\0e\0d\0p\0l\0a\0t\0e\0\0\0"
	    "\4\1\x2a\0\2\0\0\0\0\x10\0\0\0\0\0\0\0\x60\x09\0\0\0\0\0"
	    "0123456789abcdef\2\2"
	    "\4\4\x30\0\\\0E\0F\0I\0\\\0B\0O\0O\0T\0\\\0"
	    "B\0O\0O\0T\0X\0""6\0""4\0.\0E\0F\0I\0\0\0\x7f\xff\4";
	uint64_t first, last;
	int fd;

	new_vars();
	fd = open(image.path, O_RDONLY);
	ck_assert_int_eq(pread(fd, &first, 8, 1024 + 128 + 32), 8);
	ck_assert_int_eq(pread(fd, &last, 8, 1024 + 128 + 40), 8);
	ck_assert_int_eq(pread(fd, want + 52, 16, 1024 + 128 + 16), 16);
	close(fd);
	last -= first - 1;
	memcpy(want + 36, &first, 8);
	memcpy(want + 44, &last, 8);
	set_var(VAR("BootOrder"), "\7\0\0\0\2\0\0\0", 8);
	set_var(VAR("Boot0000"), "\7\0\0\0other", 9);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(efi_entry_set(vars, image.path, 512, 2, NULL), 0);
		check_var(VAR("Boot0001"), want, sizeof(want));
		check_var(VAR("BootOrder"), "\7\0\0\0\1\0\2\0\0\0", 10);
		check_var(VAR("Boot0000"), "\7\0\0\0other", 9);
	}
	/* somebody put another first */
	set_var(VAR("BootOrder"), "\7\0\0\0\2\0\1\0", 8);
	ck_assert_int_eq(efi_entry_set(vars, image.path, 512, 2, NULL), 0);
	check_var(VAR("BootOrder"), "\7\0\0\0\1\0\2\0", 8);
}
END_TEST

START_TEST(a_fresh_installation_takes_the_place_of_its_disks_older_entry)
{
	uint8_t old[EFI_GUID], none[EFI_GUID];
	const char *why;
	struct layout l;

	new_vars();
	efi_guid(image.path, 512, 9, none);
	ck_assert_int_eq(efi_entry_set(vars, image.path, 512, 2, none), 0);
	efi_guid(image.path, 512, 2, old);
	ck_assert(layout_plan(image.path, image.size, &l, &why));
	ck_assert_int_eq(table_write(image.path, 512, &l), 0);
	/* another disk's is left */
	ck_assert_int_eq(efi_entry_set(vars, image.path, 512, 2, none), 0);
	check_var(VAR("BootOrder"), "\7\0\0\0\1\0\0\0", 8);
	efi_guid(image.path, 512, 2, old);
	ck_assert_int_eq(table_write(image.path, 512, &l), 0);
	ck_assert_int_eq(efi_entry_set(vars, image.path, 512, 2, old), 0);
	check_var(VAR("BootOrder"), "\7\0\0\0\1\0\0\0", 8);
	ck_assert_int_eq(efi_entry_set(vars, image.path, 512, 2, old), 0);
	check_var(VAR("BootOrder"), "\7\0\0\0\1\0\0\0", 8);
}
END_TEST

START_TEST(the_firmwares_order_is_left_when_there_is_no_entry)
{
	char large[3000] = "\7";

	new_vars();
	ck_assert_int_eq(efi_entry_set(vars, image.path, 4096, 2, NULL), -EBADMSG);
	ck_assert_int_eq(efi_entry_set("/no/such", image.path, 512, 2,
	    NULL), -ENOENT);
	set_var(VAR("BootOrder"), large, sizeof(large));
	ck_assert_int_eq(efi_entry_set(vars, image.path, 512, 2, NULL), -EFBIG);
	set_var(VAR("BootOrder"), "\7\0\0\0\2\0", 6);
	for (int i = 0; i < 512; i++) {
		char name[64];

		snprintf(name, sizeof(name), VAR("Boot%04X"), i);
		set_var(name, "x", 1);
	}
	ck_assert_int_eq(efi_entry_set(vars, image.path, 512, 2, NULL), -ENOSPC);
	check_var(VAR("BootOrder"), "\7\0\0\0\2\0", 6);
}
END_TEST

START_TEST(what_cannot_be_told_counts_as_installed)
{
	struct layout l;
	const char *why;

	new_image();
	ck_assert(layout_plan(image.path, image.size, &l, &why));
	ck_assert_int_eq(table_write(image.path, 512, &l), 0);
	disk_look(&image);
	ck_assert_int_eq(image.kind, DISK_INSTALLED);
	/* but a disk of which a part is another's */
	snprintf(l.parts[PART_STATE].name, sizeof(l.parts[0].name),
	    "bedplate-state-0123456789abcdef");
	ck_assert_int_eq(table_write(image.path, 512, &l), 0);
	disk_look(&image);
	ck_assert_int_eq(image.kind, DISK_FOREIGN);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("install", a_disk_is_named_by_what_stays,
	    links_by_id_are_understood,
	    kernel_names_count_only_for_the_one_fixed_disk,
	    a_disk_in_use_is_counted_but_not_taken,
	    two_disks_of_one_serial_number_are_none,
	    partitions_fill_the_disk_one_after_the_other,
	    a_small_disk_is_refused, boot_code_leaves_the_partition_table,
	    only_a_disk_that_holds_nothing_is_taken_without_a_word,
	    an_installed_host_is_left_alone_but_for_a_new_serial,
	    an_unfinished_installation_goes_on_and_keeps_an_sr,
	    large_sectors_need_uefi, a_serial_is_kept_as_a_whole_or_refused,
	    each_step_has_what_it_needs,
	    a_script_that_fails_first_leaves_the_disk_alone,
	    an_installation_is_known_by_its_table_and_mark,
	    a_flash_image_keeps_its_place_on_a_larger_disk,
	    a_first_start_needs_room,
	    the_firmware_gets_an_entry_for_the_disk_and_starts_it_first,
	    a_fresh_installation_takes_the_place_of_its_disks_older_entry,
	    the_firmwares_order_is_left_when_there_is_no_entry,
	    what_cannot_be_told_counts_as_installed);
}
