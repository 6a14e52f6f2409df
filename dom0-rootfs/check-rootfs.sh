#!/bin/sh
# check-rootfs.sh BUILD STAND_IN...: the image against its lists.
set -eu

b=$1
shift
top=$(dirname "$0")
bad=0

fail()
{
	echo "FAIL $1"
	bad=1
}

# each applet link is an applet
"$b/sysroot/bin/busybox" --list >"$b/dom0/applets"
sed -n 's,^l .*/\([^/ ]*\) 0777 root root \(/bin/\)\{0,1\}busybox$,\1,p' \
    "$top"/lists/*.list "$top"/initramfs/*.list | sort -u |
    while read -r name; do
	grep -qxF -- "$name" "$b/dom0/applets" || echo "$name"
done >"$b/dom0/applets.missing"
if [ -s "$b/dom0/applets.missing" ]; then
	fail "busybox has no $(tr '\n' ' ' <"$b/dom0/applets.missing")"
fi

# what the file system holds is what was listed: kind, mode, owner, path
unsquashfs -lln "$b/rootfs.squashfs" | awk '$6 != "squashfs-root" {
	sub(/^squashfs-root/, "", $6); print $1, $2, $6 }' |
    LC_ALL=C sort >"$b/dom0/seen"
awk '{ print $1, $2, $7 }' "$b/dom0/rootfs.listing" >"$b/dom0/listed"
[ "$(wc -l <"$b/dom0/seen")" -eq "$(wc -l <"$b/dom0/listed")" ] ||
    fail "file system and listing differ in number of files"
cut -d ' ' -f 3 "$b/dom0/seen" | LC_ALL=C sort >"$b/dom0/seen.paths"
cut -d ' ' -f 3 "$b/dom0/listed" | LC_ALL=C sort |
    cmp -s - "$b/dom0/seen.paths" || fail "file system and listing differ"

# shell that runs in dom0
find "$top/skel" "$top/initramfs" "$top/standin" -type f |
    while read -r f; do
	! head -n 1 "$f" | grep -q '^#!/bin/sh' || echo "$f"
done | xargs shellcheck -s sh || fail "shellcheck"

[ $# -eq 0 ] || echo "note: stand-ins allowed for: $*"
[ $bad -eq 0 ] && echo "PASS rootfs"
