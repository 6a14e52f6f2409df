/*
 * The entry by which UEFI firmware starts an installed disk, kept by the
 * firmware in its variables.  The disk can be started without one, by its file
 * EFI/BOOT/BOOTX64.EFI, but then after whatever has an entry.
 */
#ifndef INSTALLER_DISK_EFI_H
#define INSTALLER_DISK_EFI_H

#define EFI_FOLDER "/sys/firmware/efi"		/* there: started by UEFI */

/*
 * Puts an entry for that file on the disk's partition, counted from 1, first in
 * the firmware's order.  One that is there is used; what others there are stays.
 * vars: folder, an efivarfs.  sector: the disk's, in bytes.  0 or -errno: the
 * order is as it was.
 */
int efi_entry_set(const char *vars, const char *disk, unsigned sector,
    unsigned partition);

#endif
