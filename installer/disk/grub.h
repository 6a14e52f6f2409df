/*
 * GRUB's boot programs for BIOS, put where the firmware looks for them.
 */
#ifndef INSTALLER_DISK_GRUB_H
#define INSTALLER_DISK_GRUB_H

#include <stdint.h>

/*
 * Writes core.img into the BIOS boot partition, which begins at byte start,
 * and then boot.img into the disk's first sector, which names that place; the
 * partition table in that sector stays.  boot_img and core_img are files.  On
 * disk when it returns; 0 or -errno.
 */
int grub_bios_install(const char *disk, uint64_t start, uint64_t size,
    const char *boot_img, const char *core_img);

/*
 * Until then: a first sector from which a BIOS goes on with the next device,
 * for a partition table alone would make it hang here.
 */
int grub_bios_none(const char *disk);

#endif
