#!/bin/sh
# mkslot.sh WORK OUT HYPERVISOR BUILD ID GRUB-FILE...: the image of a system
# slot, an ISO 9660 file system that GRUB and the initramfs read.
set -eu

work=$1 out=$2 hv=$3 b=$4 id=$5
shift 5
tree=$work/slot
rm -rf "$tree"
mkdir -p "$tree/boot/grub" "$tree/bedplate"
cp "$hv/xen.gz" "$hv/vmlinuz" "$hv/ucode.cpio" "$b/initrd.img" "$tree/boot/"
cp "$@" "$tree/boot/grub/"
cp "$b/rootfs.squashfs" "$tree/bedplate/"
cp "$id" "$tree/bedplate/build"
chmod -R go=rX "$tree"
find "$tree" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +

date=$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y%m%d%H%M%S00)
rm -f "$out"
xorriso -outdev "$out" -volid BEDPLATE_SLOT -volume_date uuid "$date" \
    -volume_date all_file_dates "$date" -uid 0 -gid 0 -map "$tree" / \
    >"$work/slot.log" 2>&1 ||
    { cat "$work/slot.log" >&2; exit 1; }
