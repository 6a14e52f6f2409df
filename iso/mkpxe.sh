#!/bin/sh
# mkpxe.sh WORK OUT HYPERVISOR INITRD SLOT-CPIO GRUBCFG GRUB-LIB GRUB-MODULES: the
# folder OUT/bedplate, for the top of a TFTP server.  bios.0 and uefi.efi are
# what DHCP names, or iPXE loads; the rest they load from beside them.  Started at
# the top.
set -eu

work=$1 out=$2 hv=$3 initrd=$4 slot=$5 cfg=$6 lib=$7 modules=$8
tree=$work/pxe
rm -rf "$tree"
mkdir -p "$tree/bedplate"
cp "$hv/xen.gz" "$hv/vmlinuz" "$hv/ucode.cpio" "$tree/bedplate/"
cp "$cfg" "$tree/bedplate/grub.cfg"
cp iso/options.cfg "$tree/bedplate/"
# The kernel unpacks one archive after the other.
cat "$slot" "$initrd" >"$tree/bedplate/initrd.img"
# shellcheck disable=SC2086 # a list of words
grub-mkimage -d "$lib/i386-pc" -O i386-pc-pxe -p /bedplate \
    -o "$tree/bedplate/bios.0" biosdisk pxe $modules
# shellcheck disable=SC2086
grub-mkimage -d "$lib/x86_64-efi" -O x86_64-efi -p /bedplate \
    -o "$tree/bedplate/uefi.efi" efi_gop efi_uga efinet $modules
chmod -R go=rX "$tree"
find "$tree" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
rm -rf "$out"
mv "$tree" "$out"
