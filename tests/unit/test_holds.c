/* Whatever lies on a disk is found before the installer could write over it,
 * and is gone once it is erased. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "installer/disk/disk.h"
#include "installer/disk/holds.h"
#include "installer/install/plan.h"
#include "scratch.h"
#include "unit.h"

#define MIB ((uint64_t)1 << 20)
#define SIZE (9 * 1024 * MIB)
#define PART MIB		/* where the partition of dos_table begins */

static struct disk disk;

static void
put(uint64_t at, const void *data, size_t len)
{
	int fd = open(disk.path, O_WRONLY);

	ck_assert_int_eq(pwrite(fd, data, len, (off_t)at), (ssize_t)len);
	close(fd);
}

static void
put32(uint64_t at, uint32_t value)
{
	put(at, &value, sizeof(value));
}

static void
run(const char *const argv[])
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		freopen("/dev/null", "w", stdout);
		execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	ck_assert_msg(status == 0, "%s: %d", argv[0], status);
}

#define RUN(...) run((const char *const[]){ __VA_ARGS__, NULL })

/* -- what can be on a disk -- */

static void
nothing(void)
{
}

static void
some_bytes(void)
{
	put(MIB - 1, "x", 1);
}

static void
last_byte(void)
{
	put(SIZE - 1, "x", 1);
}

static void
dos_table(void)
{
	static const unsigned char entry[16] = { [4] = 0x83 };

	put(446, entry, sizeof(entry));
	put32(446 + 8, PART / 512);
	put32(446 + 12, 4096 * 100);
	put(510, "\x55\xaa", 2);
}

/* The last partition that the kernel would find only by its table. */
static void
ext4_in_partition(void)
{
	char offset[32];

	dos_table();
	snprintf(offset, sizeof(offset), "offset=%llu",
	    (unsigned long long)PART);
	RUN("mke2fs", "-q", "-F", "-t", "ext4", "-E", offset, disk.path,
	    "100m");
}

static void
xenserver(void)
{
	RUN("mke2fs", "-q", "-F", "-t", "ext3", "-L", "root-vgdorqth",
	    disk.path, "100m");
}

static void
fat(void)
{
	RUN("mkfs.fat", "-F", "32", "-n", "DATA", disk.path);
}

static void
answers(void)
{
	RUN("mkfs.fat", "-F", "32", "-n", "BEDPLATE", disk.path);
}

static void
swap(void)
{
	put(4096 - 10, "SWAPSPACE2", 10);
	put32(1024, 1);
	put32(1028, 1000);
}

/* LVM's sum: CRC-32 without the last step, from its own start. */
static uint32_t
lvm_sum(const unsigned char *p, size_t len)
{
	uint32_t sum = 0xf597a6cf;

	while (len--) {
		sum ^= *p++;
		for (int i = 0; i < 8; i++)
			sum = sum >> 1 ^ (sum & 1 ? 0xedb88320 : 0);
	}
	return sum;
}

static void
lvm(void)
{
	unsigned char label[512] = "LABELONE";
	uint32_t sum;

	label[8] = 1;			/* its sector */
	label[20] = 32;			/* where the header begins */
	memcpy(label + 24, "LVM2 001", 8);
	memset(label + 32, 'u', 32);
	sum = lvm_sum(label + 20, sizeof(label) - 20);
	memcpy(label + 16, &sum, sizeof(sum));
	put(512, label, sizeof(label));
}

static void
md_old(void)
{
	uint64_t at = (SIZE & ~(uint64_t)65535) - 65536;

	put32(at, 0xa92b4efc);
	put32(at + 8, 90);
}

/* Version 1, with its sum. */
static void
md_at(uint64_t at)
{
	uint32_t sb[64] = { 0xa92b4efc, 1 };
	uint64_t sum = 0;

	sb[144 / 4] = (uint32_t)(at / 512);
	for (int i = 0; i < 64; i++)
		sum += sb[i];
	sb[216 / 4] = (uint32_t)(sum + (sum >> 32));
	put(at, sb, sizeof(sb));
}

static void
md_at_the_end(void)
{
	md_at((SIZE / 512 - 16) / 8 * 8 * 512);
}

static void
md_at_4k(void)
{
	md_at(4096);
}

/* The superblock, with its sum: CRC-32C of all behind the sum's place. */
static void
btrfs(void)
{
	unsigned char sb[4096] = { 0 };
	uint32_t sum = ~0u;

	memcpy(sb + 0x40, "_BHRfS_M", 8);
	sb[0x32] = 1;			/* where it is: 0x10000 */
	sb[0x88] = 1;			/* devices */
	sb[0x91] = sb[0x95] = 0x10;	/* sectors and nodes of 4096 */
	for (size_t i = 32; i < sizeof(sb); i++) {
		sum ^= sb[i];
		for (int k = 0; k < 8; k++)
			sum = sum >> 1 ^ (sum & 1 ? 0x82f63b78 : 0);
	}
	sum = ~sum;
	memcpy(sb, &sum, sizeof(sum));
	put(0x10000, sb, sizeof(sb));
}

static const struct {
	const char *name;
	void (*make)(void);
	const char *said;
} kinds[] = {
	{ "nothing", nothing, "" },
	{ "bytes near the start", some_bytes, "no known kind" },
	{ "the last byte", last_byte, "no known kind" },
	{ "an empty table", dos_table, "dos" },
	{ "a file system in a partition", ext4_in_partition, "ext4" },
	{ "XenServer", xenserver, "XenServer or XCP-ng" },
	{ "FAT", fat, "vfat 'DATA'" },
	{ "swap", swap, "swap" },
	{ "LVM", lvm, "LVM2_member" },
	{ "RAID, 0.90", md_old, "linux_raid_member" },
	{ "RAID, 1.0", md_at_the_end, "linux_raid_member" },
	{ "RAID, 1.2", md_at_4k, "linux_raid_member" },
	{ "btrfs", btrfs, "btrfs" },
};
#define KINDS (int)(sizeof(kinds) / sizeof(kinds[0]))

static void
make(int i)
{
	int fd;

	memset(&disk, 0, sizeof(disk));
	disk.size = SIZE;
	disk.sector = 512;
	snprintf(disk.path, sizeof(disk.path), "%s", scratch_file("disk"));
	fd = open(disk.path, O_CREAT | O_TRUNC | O_RDWR, 0600);
	ck_assert_int_eq(ftruncate(fd, SIZE), 0);
	close(fd);
	kinds[i].make();
}

START_TEST(all_that_lies_on_a_disk_is_named)
{
	for (int i = 0; i < KINDS; i++) {
		make(i);
		disk_look(&disk);
		ck_assert_msg(strstr(disk.holds.text, kinds[i].said),
		    "%s: '%s'", kinds[i].name, disk.holds.text);
		ck_assert_int_eq(disk.kind, *kinds[i].said ? DISK_FOREIGN :
		    DISK_BLANK);
		ck_assert(!disk.holds.unread && !disk.holds.answers);
	}
}
END_TEST

/* ... and not by what another installation left below it. */
START_TEST(an_old_mark_makes_no_disk_ours)
{
	const struct mark m = { .unfinished = true };
	struct layout l;
	const char *why;

	for (int i = 0; i < KINDS; i++) {
		make(i);
		ck_assert(layout_plan(disk.path, disk.size, &l, &why));
		ck_assert_int_eq(mark_write(disk.path, &l, &m), 0);
		disk_look(&disk);
		ck_assert_msg(disk.kind == (disk.holds.known ? DISK_FOREIGN :
		    DISK_UNFINISHED), "%s", kinds[i].name);
	}
}
END_TEST

START_TEST(what_was_erased_is_not_found_again)
{
	struct install in = { .why = "" };
	const char *why;

	ck_assert_str_eq(install_steps[0].name, "wipe");
	for (int i = 0; i < KINDS; i++) {
		make(i);
		disk_look(&disk);
		ck_assert(plan_init(&in, &disk, false, &why));
		ck_assert_msg(install_steps[0].run(&in) == 0, "%s", in.why);
		disk_look(&disk);
		ck_assert_msg(!disk.holds.known, "%s: '%s'", kinds[i].name,
		    disk.holds.text);
		ck_assert_int_eq(disk.kind, DISK_UNFINISHED);
	}
}
END_TEST

START_TEST(a_medium_with_answers_is_known)
{
	make(0);
	answers();
	disk_look(&disk);
	ck_assert(disk.holds.answers);
}
END_TEST

START_TEST(what_cannot_be_read_may_hold_anything)
{
	snprintf(disk.path, sizeof(disk.path), "/nowhere");
	disk_look(&disk);
	ck_assert(disk.holds.unread);
	ck_assert_int_eq(disk.kind, DISK_FOREIGN);
	snprintf(disk.path, sizeof(disk.path), "/proc");
	disk_look(&disk);
	ck_assert(disk.holds.unread);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("holds",
	    all_that_lies_on_a_disk_is_named, an_old_mark_makes_no_disk_ours,
	    what_was_erased_is_not_found_again, a_medium_with_answers_is_known,
	    what_cannot_be_read_may_hold_anything);
}
