#!/bin/sh
# mkflash.sh WORK OUT SLOT GRUB BEDPLATE-FLASH: the image that is copied to a
# stick, a card, or built-in flash.  GRUB is the folder with its parts for a disk.
set -eu

work=$1 out=$2 slot=$3 grub=$4 flash=$5
esp=$work/esp.img
rm -f "$esp"
truncate -s 300M "$esp"
mkfs.fat -F 32 -n BEDPLATEESP -i "$(printf %08x "$SOURCE_DATE_EPOCH")" \
    --invariant "$esp" >"$work/flash.log"

# Both are written over in place, and never grow: 512 and 1024 bytes.
{
	echo 'set id=0000000000000000'
	printf '%487s\n' '' | tr ' ' '#'
} >"$work/id.cfg"
{
	printf '# GRUB Environment Block\nslot=a\n'
	printf '%992s' '' | tr ' ' '#'
} >"$work/grubenv"

mmd -i "$esp" ::/grub ::/EFI ::/EFI/BOOT
mcopy -i "$esp" "$work/id.cfg" "$work/grubenv" ::/grub/
mcopy -i "$esp" "$grub/disk.cfg" ::/grub/grub.cfg
mcopy -i "$esp" "$grub/bootx64.efi" ::/EFI/BOOT/BOOTX64.EFI
"$flash" "$out" "$esp" "$slot" "$grub"
rm "$esp"
