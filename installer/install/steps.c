/*
 * The steps of an installation; see plan.h for their order.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "disk/efi.h"
#include "disk/grub.h"
#include "disk/image.h"
#include "disk/table.h"
#include "install/files.h"
#include "install/plan.h"
#include "program.h"
#include "state.h"

#define PATH_SIZE 512
#define ENV_SIZE 1024		/* of grubenv, always */

/* Runs a program to its end. */
static int
run(struct install *in, const char *const argv[])
{
	int status = program_run(argv);

	if (status == 0)
		return 0;
	return install_fail(in, "%s ended with %d", argv[0],
	    WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

#define RUN(in, ...) run(in, (const char *const[]){ __VA_ARGS__, NULL })

/* -- wipe -- */

static int
blank(struct install *in, const char *path, uint64_t size)
{
	int rc = image_blank(path, 0, size);

	return rc ? install_fail(in, "cannot erase %s: %s", path,
	    strerror(-rc)) : 0;
}

/* Each of the old partitions, so that no file system, RAID or volume group
 * comes back from inside of a new one. */
static int
blank_partition(struct install *in, const char *name)
{
	char path[PATH_SIZE];
	struct stat st;
	uint64_t size;
	int fd;

	snprintf(path, sizeof path, "/dev/%s", name);
	if (stat(path, &st) == -1 || !S_ISBLK(st.st_mode))
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	size = fd == -1 ? 0 : (uint64_t)lseek(fd, 0, SEEK_END);
	if (fd != -1)
		close(fd);
	return size ? blank(in, path, size) : 0;
}

static int
blank_disk(struct install *in)
{
	const char *name = in->disk.path + strlen("/dev/");
	char path[PATH_SIZE];
	struct dirent **e;
	int n, rc = 0;

	snprintf(path, sizeof path, "/sys/block/%s", name);
	n = scandir(path, &e, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		if (rc == 0 && !strncmp(e[i]->d_name, name, strlen(name)))
			rc = blank_partition(in, e[i]->d_name);
		free(e[i]);
	}
	if (n >= 0)
		free(e);
	return rc ? rc : blank(in, in->disk.path, in->disk.size);
}

/* What firmware starts from goes first.  The BIOS boot partition holds the
 * mark, and is written over later. */
static int
blank_system(struct install *in)
{
	static const enum part parts[] = { PART_ESP, PART_SLOT_A, PART_SLOT_B,
		PART_STATE };
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof parts / sizeof parts[0]; i++)
		rc = blank(in, in->layout.parts[parts[i]].path,
		    in->layout.parts[parts[i]].size);
	return rc;
}

static int
set_mark(struct install *in, bool unfinished)
{
	struct mark *m = &in->disk.mark;
	int rc;

	m->unfinished = unfinished;
	rc = mark_write(in->disk.path, &in->layout, m);
	return rc ? install_fail(in, "cannot mark %s: %s", in->disk.path,
	    strerror(-rc)) : 0;
}

static int
start_nothing(struct install *in)
{
	int rc = grub_bios_none(in->disk.path);

	return rc ? install_fail(in, "cannot erase %s: %s", in->disk.path,
	    strerror(-rc)) : 0;
}

/* What was on it does not start any more, before a part of it is gone.  The
 * first sector is there again before the table is. */
static int
wipe_fresh(struct install *in)
{
	efi_guid(in->disk.path, in->disk.sector, PART_ESP + 1, in->old_esp);
	memset(&in->disk.mark, 0, sizeof in->disk.mark);
	return start_nothing(in) || blank_disk(in) || set_mark(in, true) ||
	    start_nothing(in) ? -1 : 0;
}

static int
wipe(struct install *in)
{
	if (!in->over)
		return wipe_fresh(in);
	return set_mark(in, true) || start_nothing(in) ||
	    blank_system(in) ? -1 : 0;
}

/* -- partition, slot, sr -- */

static int
partition(struct install *in)
{
	int rc = table_write(in->disk.path, in->disk.sector, &in->layout);

	return rc ? install_fail(in, "cannot partition %s: %s",
	    in->disk.path, strerror(-rc)) : 0;
}

/* The other slot holds nothing, whatever was at its place. */
static int
slot(struct install *in)
{
	int rc = image_write(in->slot, in->layout.parts[PART_SLOT_A].path,
	    in->layout.parts[PART_SLOT_A].size, install_progress, in);

	if (rc)
		return install_fail(in, "cannot write the system to %s: %s",
		    in->layout.parts[PART_SLOT_A].path, strerror(-rc));
	return blank(in, in->layout.parts[PART_SLOT_B].path,
	    in->layout.parts[PART_SLOT_B].size);
}

int
install_sr(struct install *in)
{
	return blank(in, in->layout.parts[PART_SR].path,
	    in->layout.parts[PART_SR].size);
}

/* -- state -- */

/* What an operator set up before the installation: the names of its files are
 * the same on the new volume. */
static const struct {
	const char *name;
	struct atomic_file how;
} kept[] = {
	{ "login/secret", { .mode = 0640, .group = XAPI_GID } },
	{ "network.conf", { .mode = 0644 } },
	{ "hostname", { .mode = 0644 } },
	{ "timezone", { .mode = 0644 } },
	{ "keymap", { .mode = 0644 } },
	{ "product", { .mode = 0644 } },
};

static int
keep_all(struct install *in)
{
	char from[PATH_SIZE];

	for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
		snprintf(from, sizeof from, "%s/%s", in->state, kept[i].name);
		if (access(from, F_OK) == 0 &&
		    files_copy(in, from, kept[i].name, &kept[i].how))
			return -1;
	}
	return 0;
}

static int
keep_chosen(struct install *in)
{
	const char *what;
	int rc = choices_store(&in->choices, in->target, &what);

	return rc ? install_fail(in, "cannot store %s: %s", what,
	    strerror(-rc)) : 0;
}

static int
run_scripts(struct install *in)
{
	char why[SCRIPT_WHY];

	return scripts_run(&in->scripts, STAGE_POPULATED, in->target, why) ?
	    install_fail(in, "%s", why) : 0;
}

static int
fill_state(struct install *in)
{
	return files_folder(in, "login") || keep_all(in) || keep_chosen(in) ||
	    run_scripts(in) ? -1 : 0;
}

int
install_state(struct install *in)
{
	if (RUN(in, "/usr/sbin/mke2fs", "-q", "-F", "-t", "ext4", "-m", "1",
	    "-L", "bedplate-state", in->layout.parts[PART_STATE].path) ||
	    files_attach(in, PART_STATE, "ext4"))
		return -1;
	return files_detach(in, fill_state(in));
}

/* -- esp -- */

static int
grub_env(struct install *in)
{
	static const char text[] = "# GRUB Environment Block\nslot=a\n";
	char env[ENV_SIZE];

	memset(env, '#', sizeof env);
	memcpy(env, text, sizeof text - 1);
	return files_put(in, "grub/grubenv", env, sizeof env, &files_plain);
}

static int
fill_esp(struct install *in)
{
	char from[PATH_SIZE];

	snprintf(from, sizeof from, "%s/disk.cfg", in->programs);
	if (files_folder(in, "grub") || files_folder(in, "EFI") ||
	    files_folder(in, "EFI/BOOT") || grub_env(in) ||
	    files_id(in, "") ||
	    files_copy(in, from, "grub/grub.cfg", &files_plain))
		return -1;
	snprintf(from, sizeof from, "%s/bootx64.efi", in->programs);
	return files_copy(in, from, "EFI/BOOT/BOOTX64.EFI", &files_plain);
}

static int
esp(struct install *in)
{
	if (RUN(in, "/usr/sbin/mkfs.fat", "-F", "32", "-n", "BEDPLATEESP",
	    in->layout.parts[PART_ESP].path) ||
	    files_attach(in, PART_ESP, "vfat"))
		return -1;
	return files_detach(in, fill_esp(in));
}

/* -- bios, finish -- */

static int
bios(struct install *in)
{
	char boot[PATH_SIZE], core[PATH_SIZE];
	int rc;

	if (in->disk.sector != 512)
		return 0;
	snprintf(boot, sizeof boot, "%s/boot.img", in->programs);
	snprintf(core, sizeof core, "%s/core.img", in->programs);
	rc = grub_bios_install(in->disk.path, in->layout.parts[PART_BOOT].start,
	    in->layout.parts[PART_BOOT].size - MARK_ROOM, boot, core);
	return rc ? install_fail(in, "cannot make %s bootable: %s",
	    in->disk.path, strerror(-rc)) : 0;
}

static int
efi_entry(struct install *in)
{
	int rc;

	if (mkdir(in->target, 0700) == -1 && errno != EEXIST)
		return -errno;
	if (mount("efivarfs", in->target, "efivarfs",
	    MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == -1)
		return -errno;
	rc = efi_entry_set(in->target, in->disk.path, in->disk.sector,
	    PART_ESP + 1, in->old_esp);
	umount(in->target);
	return rc;
}

/* Firmware that takes no entry starts the disk all the same, in its turn. */
static int
efi(struct install *in)
{
	int rc = access(EFI_FOLDER, F_OK) == 0 ? efi_entry(in) : 0;

	if (rc)
		snprintf(in->note, sizeof in->note, "The firmware takes no "
		    "entry for this disk (%s): put the disk first in its "
		    "boot order.", strerror(-rc));
	return 0;
}

/* For GRUB on a medium, which starts the disk that has this, and for the
 * installer. */
int
install_finish(struct install *in)
{
	const char *why = *in->choices.reinstall ?
	    mark_add(&in->disk.mark, in->choices.reinstall) : NULL;

	if (why)
		return install_fail(in, "%s", why);
	if (files_attach(in, PART_ESP, "vfat") ||
	    files_detach(in, files_put(in, "grub/installed", "", 0, &files_plain)))
		return -1;
	return set_mark(in, false);
}

int
install_complete(struct install *in)
{
	return bios(in) || efi(in) || install_finish(in) ? -1 : 0;
}

#define AGAIN "nothing on the disk starts; run the installation again"

const struct step install_steps[] = {
	{ "wipe", "erasing what was on the disk", 0, EMPTY_DISK, false, 1,
		"the disk may still hold parts of what was on it", wipe },
	{ "partition", "making partitions", EMPTY_DISK, PARTITIONS, true, 1,
		AGAIN, partition },
	{ "slot", "writing the system and reading it back", PARTITIONS, SLOT,
		false, 20, AGAIN, slot },
	{ "state", "making the state volume", PARTITIONS, STATE, false, 3,
		AGAIN, install_state },
	{ "sr", "keeping the rest for the first storage repository",
		PARTITIONS, SR, true, 1, AGAIN, install_sr },
	{ "esp", "making the EFI system partition", PARTITIONS | SLOT | STATE |
		SR, BOOT_FILES, false, 3, AGAIN, esp },
	{ "bios", "making the disk bootable", BOOT_FILES, BOOT_CODE, false, 1,
		"the disk may start by UEFI; run the installation again",
		bios },
	{ "efi", "telling the firmware", BOOT_FILES, BOOT_CODE, false, 1,
		"it goes on: the firmware starts the disk in its turn", efi },
	{ "finish", "marking the installation as whole", BOOT_CODE, WHOLE,
		false, 1, "the disk starts the new system",
		install_finish },
};
const int install_n_steps = sizeof install_steps / sizeof install_steps[0];
