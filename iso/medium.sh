#!/bin/sh
# medium.sh ISO WORK ORIGIN: the manifest's lines of the medium itself, in the
# form of mkimage.py's listing.  ORIGIN names the package of each of Debian's
# files; GRUB is the build host's.
set -eu

iso=$1 files=$2/files packages=$3
rm -rf "$files"
xorriso -osirrox on -indev "$iso" -extract / "$files" >"$2/medium.log" 2>&1 ||
    { cat "$2/medium.log" >&2; exit 1; }

# package NAME...: each with its version, as ORIGIN has them
package()
{
	for name; do
		cut -f 2 "$packages" | grep -m 1 "^$name" ||
		    { echo "medium.sh: no package '$name'" >&2; return 1; }
	done | paste -s -d ,
}

grub()
{
	dpkg-query -W -f '${Package} ${Version}\n' "$1"
}

origin()
{
	case $1 in
	/boot/xen.gz) package xen-hypervisor ;;
	/boot/vmlinuz) package linux-image ;;
	/boot/ucode.cpio) package intel-microcode amd64-microcode ;;
	/boot/initrd.img | /boot/grub/grub.cfg | /bedplate/*) echo bedplate ;;
	/boot/grub/disk.cfg | /boot/grub/start.cfg) echo bedplate ;;
	/boot/grub/i386-pc/* | /boot/grub/boot.img | /boot/grub/core.img)
		grub grub-pc-bin ;;
	/boot/grub/* | /efi/* | /efi.img | /EFI/* | /mach_kernel | /System/*)
		grub grub-efi-amd64-bin ;;
	/.disk/* | /boot.catalog) echo bedplate ;;
	*) echo "medium.sh: '$1' is from nowhere" >&2; return 1 ;;
	esac
}

(cd "$files" && find . -type f) | sed 's,^\.,,' | LC_ALL=C sort >"$2/paths"
while read -r path; do
	from=$(origin "$path")
	sum=$(sha256sum <"$files$path")
	printf 'f 0444 root root %s %s %s\t%s\n' \
	    "$(stat -c %s "$files$path")" "${sum%% *}" "$path" "$from"
done <"$2/paths"
rm -rf "$files"
