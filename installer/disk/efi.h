/*
 * The entry by which UEFI firmware starts an installed disk, kept by the
 * firmware in its variables.  The disk can be started without one, by its file
 * EFI/BOOT/BOOTX64.EFI, but then after whatever has an entry.
 */
#ifndef INSTALLER_DISK_EFI_H
#define INSTALLER_DISK_EFI_H

#include <stdint.h>

#define EFI_GUID 16		/* bytes, as a disk's table has them */
#define EFI_FOLDER "/sys/firmware/efi"		/* there: started by UEFI */

/*
 * Puts an entry for that file on the disk's partition, counted from 1, first in
 * the firmware's order.  One that is there is used, and so is our own for the
 * partition of that number that had the GUID old, which is gone; what others
 * there are stays.  vars: folder, an efivarfs.  sector: the disk's, in bytes.
 * old: NULL, or all zero, for none.  0 or -errno: the order is as it was.
 */
int efi_entry_set(const char *vars, const char *disk, unsigned sector,
    unsigned partition, const uint8_t *old);
/* The GUID of a partition, before it goes.  All zero if there is none. */
void efi_guid(const char *disk, unsigned sector, unsigned partition,
    uint8_t out[EFI_GUID]);

#endif
