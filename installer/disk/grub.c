#include "disk/grub.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fdio.h"

/* GRUB counts in sectors of 512 bytes, whatever the disk's. */
#define SECTOR 512
#define BOOT_CODE 440		/* of the first sector; then the old table */
#define CORE_MAX ((size_t)1 << 20)

/* Places in boot.img: the sector where core.img begins, and a jump that is
 * taken only when the disk is a floppy, which two nops undo. */
#define BOOT_KERNEL_SECTOR 0x5c
#define BOOT_DRIVE_CHECK 0x66
#define NOP_NOP 0x9090
/* In core.img: the sector of all but its first. */
#define CORE_REST_SECTOR 0x1f4

/* The file's bytes, *len of them; NULL with errno.  The caller frees. */
static char *
load(const char *path, size_t most, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *data = fd == -1 ? NULL : calloc(1, most);
	ssize_t n = data ? read(fd, data, most) : -1;

	if (fd != -1)
		close(fd);
	if (n <= 0 && data) {
		free(data);
		return NULL;
	}
	*len = (size_t)n;
	return data;
}

static void
put_sector(char *at, uint64_t sector)
{
	sector = htole64(sector);
	memcpy(at, &sector, sizeof sector);
}

static int
write_at(int fd, const char *data, size_t len, uint64_t at)
{
	int rc = fdio_write_at(fd, data, len, (int64_t)at);

	if (rc)
		return rc;
	return fsync(fd) == -1 ? -errno : 0;
}

/* Whole sectors, so that a disk of 4 KiB sectors could be written too. */
static int
write_boot(int fd, const char *boot, size_t len)
{
	char first[4096];

	if (pread(fd, first, sizeof first, 0) != sizeof first)
		return -EIO;
	memset(first, 0, BOOT_CODE);
	memcpy(first, boot, len);
	return write_at(fd, first, sizeof first, 0);
}

int
grub_bios_none(const char *disk)
{
	/* int 0x18: this device starts nothing; and should that return, hlt
	 * and again */
	static const char code[] = { '\xcd', '\x18', '\xf4', '\xeb', '\xfd' };
	int fd = open(disk, O_RDWR | O_CLOEXEC);
	int rc;

	if (fd == -1)
		return -errno;
	rc = write_boot(fd, code, sizeof code);
	close(fd);
	return rc;
}

int
grub_bios_install(const char *disk, uint64_t start, uint64_t size,
    const char *boot_img, const char *core_img)
{
	const uint16_t nops = NOP_NOP;
	size_t boot_len, core_len;
	char *core = NULL, *boot = load(boot_img, SECTOR, &boot_len);
	int fd = -1, rc = -ENOENT;

	if (boot)
		core = load(core_img, CORE_MAX, &core_len);
	if (!core || boot_len < SECTOR || core_len <= SECTOR ||
	    core_len > size)
		goto out;
	put_sector(boot + BOOT_KERNEL_SECTOR, start / SECTOR);
	memcpy(boot + BOOT_DRIVE_CHECK, &nops, sizeof nops);
	put_sector(core + CORE_REST_SECTOR, start / SECTOR + 1);
	fd = open(disk, O_RDWR | O_CLOEXEC);
	rc = fd == -1 ? -errno : write_at(fd, core, core_len, start);
	if (rc == 0)
		rc = write_boot(fd, boot, BOOT_CODE);
out:
	if (fd != -1)
		close(fd);
	free(core);
	free(boot);
	return rc;
}
